"""A page as HTML: the template, with style and script in it, and a policy that lets nothing else in.

The template, the style and the script are read from this package, once; that is all that is read. Jinja2 is loaded
when the first page is rendered, since few runs make one.

Every text that the template puts out goes through `escape.terminal`, so that nothing in it hides, and through the
template engine's own escaping: the template cannot forget either. Only style and script are put in as they are, and the
policy names the hash of each: a browser runs no other, wherever one would come from.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from reconciler.codes.marking import mark
from reconciler.report.escape import terminal
from reconciler.report.html import facts
from reconciler.report.html.page import Bar, Page

if TYPE_CHECKING:
    from jinja2 import Template

_WIDTH = 1000.0  # of the chart, in units of its own
_GAP = 4.0
_LEAST = 10.0  # so that a count of one is seen beside a thousand


class Stretch(NamedTuple):
    """A bar in the chart: where it stands, and how wide it is."""

    bar: Bar
    x: float
    width: float


def render_page(page: Page) -> str:
    """Return the page as one self-contained HTML document."""
    style, script = _part("page.css"), _part("page.js")
    return _template().render(
        page=page,
        mark=mark,
        chart=chart(page.bars),
        made_at=facts.date_in_words(page.made_at),
        environments=facts.join_names(page.environments),
        style=style,
        script=script,
        policy=policy(style, script),
    )


def policy(style: str, script: str) -> str:
    """Return the content security policy of a page that holds `style` and `script`, and nothing else."""
    return (
        f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def chart(bars: tuple[Bar, ...]) -> tuple[Stretch, ...]:
    """Lay the bars that are drawn side by side, each as wide as its share, and none too thin to be seen."""
    drawn = [bar for bar in bars if bar.anchor]
    total = sum(bar.number for bar in drawn)
    wide = [max(_LEAST, _WIDTH * bar.number / total) for bar in drawn]
    scale = (_WIDTH - _GAP * (len(drawn) - 1)) / sum(wide) if drawn else 0.0
    stretches, x = [], 0.0
    for bar, width in zip(drawn, wide, strict=True):
        stretches.append(Stretch(bar, round(x, 1), round(width * scale, 1)))
        x += width * scale + _GAP
    return tuple(stretches)


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _part(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415  (only where a page is asked for)
    from markupsafe import Markup  # noqa: PLC0415

    def show(value: object) -> object:
        """Return a text as it may be shown; what is markup already, of this template's own making, stays."""
        return terminal(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, finalize=show, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_part("page.html.jinja"))
