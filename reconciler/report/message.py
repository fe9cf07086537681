"""A short message for chats, phones and mail: what, how many, the first three lists, and where to read more.

It is plain text of bounded size. Who receives it may take plain text for Markdown or HTML, so what others wrote goes
through `escape.message`, in which nothing links, formats or calls anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

from reconciler.model.fields import NAME
from reconciler.report.escape import message
from reconciler.report.phrases import count, shorten
from reconciler.report.view.headlines import headline
from reconciler.report.view.kinds import UNDECLARED
from reconciler.report.view.view import Entry, View, counts_in_words

When: TypeAlias = Literal["always", "change", "trouble"]
_LISTS: Final = 3
_ENVIRONMENTS: Final = 5
_MOST: Final = 1_500  # characters
_MOST_OF_TEXT: Final = 60
_MOST_OF_REASON: Final = 200
_LINK: Final = re.compile(r"https?://[A-Za-z0-9._~:/?#&=%+,;-]{1,400}")


class Message(NamedTuple):
    """A message: its title, its body, and whether something is wrong."""

    title: str
    body: str
    trouble: bool


def render(view: View, link: str = "") -> Message:
    """Return the message about a view; `link` leads to the build."""
    body = shorten("\n".join(_lines(view)), _MOST)
    more = f"\n{link}" if _LINK.fullmatch(link) else ""
    return Message(_title(view), body + more, has_trouble(view))


def is_wanted(view: View, when: When) -> bool:
    """Tell whether a message is to be sent: about anything, about a change or drift, or only about trouble."""
    changed = any(kind is not UNDECLARED for kind in view.groups)
    return when == "always" or has_trouble(view) or (when == "change" and changed)


def has_trouble(view: View) -> bool:
    """Tell whether a list is blocked or drifted, an apply is incomplete or refused, or an environment unreadable."""
    return not view.in_order or any(not kind.in_order for kind in view.groups)


def _title(view: View) -> str:
    command = "apply" if view.refused else view.subject
    names = [message(shorten(of.name, _MOST_OF_TEXT)) for of in view.environments]
    of = f" of {names[0]}" if len(names) == 1 else f" of {len(names)} environments" if names else ""
    return shorten(f"reconciler {command}{of}: {', '.join(headline(view))}", _MOST_OF_REASON)


def _lines(view: View) -> Iterator[str]:
    for name, words in list(view.halts)[:_ENVIRONMENTS]:
        yield f"{_text(name)}: {message(shorten(words, _MOST_OF_REASON))}"
    for of in view.environments[:_ENVIRONMENTS]:
        yield f"{_text(of.name)}: {counts_in_words(of.counts)}"
        if of.stopped:
            yield f"{_text(of.name)} stopped: {message(shorten(of.stopped, _MOST_OF_REASON))}"
    if (more := len(view.environments) - _ENVIRONMENTS) > 0:
        yield f"and {count(more, 'more environment')}"
    entries = [entry for kind, group in view.groups.items() if kind is not UNDECLARED for entry in group]
    for entry in entries[:_LISTS]:
        yield f"- {_text(entry.environment)}, {_text(entry.key)}: {entry.kind.tag}{_names(entry)}"
    if (more := len(entries) - _LISTS) > 0:
        yield f"and {count(more, 'more list')}"


def _names(entry: Entry) -> str:
    """Return what the list is called and, if that changes, what it was called before."""
    changed = next((each for each in entry.fields if each.field == NAME), None)
    names = [changed.before, changed.after] if changed else [entry.name]
    shown = [f'"{_text(name)}"' for name in dict.fromkeys(names) if name]
    return f", {' → '.join(shown)}" if shown else ""


def _text(text: str) -> str:
    return message(shorten(text, _MOST_OF_TEXT))
