"""A view as text: a headline an environment, a block a list, those of one kind together, and what to do next.

Of an apply, only what is not in order has a line, with what went wrong; what to do about that follows once at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import Final

from reconciler.model.fields import NAME, label
from reconciler.model.lists import Campaign
from reconciler.report.colour import Ink, Pen
from reconciler.report.escape import quote, terminal
from reconciler.report.phrases import REFUSED, count
from reconciler.report.text.field_lines import field_lines
from reconciler.report.text.layout import INDENT, MARGIN, Page
from reconciler.report.view.kinds import OUTCOMES, Tone
from reconciler.report.view.view import Entry, EnvironmentView, View, counts_in_words

_INKS: Final[Mapping[Tone, Ink]] = {
    "stop": "red",
    "caution": "yellow",
    "change": "yellow",
    "good": "green",
    "elsewhere": "magenta",
    "quiet": "cyan",
}
_NOTES: Final[Mapping[str, Ink]] = {"why": "red", "what to do": "bold", "warning": "yellow"}
_OFFLINE: Final = "Compared with the last-applied state only: plan --refresh, and every apply, reads live first."
_UNSEEN_USE: Final = "Which campaigns use these lists was not looked up: a rename of a list in use may be blocked."

_LONG: Final = 8  # lists, after which the headline has left the screen
_NAMED: Final = 5


def render(view: View, *, colour: bool, width: int, most: int | None = None, below_plan: bool = False) -> str:
    """Return the view for a page of `width` columns; of each kind, `most` lists of an environment, None for all.

    `below_plan`: the plan stands above, so that what it said of blocked lists is not said again.
    """
    page = Page(Pen(colour), width)
    shown = [replace(of, entries=_shorten_foreseen(of.entries)) if below_plan else of for of in view.environments]
    parts = ["\n\n".join(_environment(environment, view, page, most)) for environment in shown]
    parts += [page.failure_line(name, error) for name, error in view.failed.items()]
    parts += [page.prose(f"{REFUSED}:", view.refused, ink="red", indent=0)] if view.refused else []
    parts += _closing(view, page)
    return "\n\n".join(parts) + "\n"


def _shorten_foreseen(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the entries, those that are blocked as the plan said without the reason."""
    return tuple(
        replace(entry, words=f"{entry.words}, as shown above", reason="") if entry.foreseen else entry
        for entry in entries
    )


def progress_line(entry: Entry, *, number: int, total: int, colour: bool) -> str:
    """Return one line of progress: the `number`-th of `total` changes of an environment has its outcome.

    What went wrong is said once, at the end, but for a doubt: the end may know better, and say nothing of it.
    """
    words = Pen(colour).paint(_INKS[entry.kind.tone], entry.words)
    line = f"{terminal(entry.environment)}  {number:>{len(str(total))}}/{total}  {terminal(entry.key)}  {words}"
    is_doubt = entry.kind is OUTCOMES["in_doubt"]
    return f"{line}: {terminal(entry.reason).strip()}" if is_doubt and entry.reason else line


def _environment(of: EnvironmentView, view: View, page: Page, most: int | None) -> Iterator[str]:
    lines = [f"{page.pen.paint('bold', terminal(of.name))}  {of.idle or _counts(of, view)}"]
    if of.stopped:
        lines.append(page.prose("stopped:", of.stopped, ink="red", indent=MARGIN))
    lines += [page.prose("warning:", text, ink="yellow", indent=MARGIN) for text in of.warnings]
    if view.subject == "apply":
        lines += [_outcome(entry, page) for entry in of.entries if not entry.kind.in_order]
        yield "\n".join(lines)
        return
    yield "\n".join(lines)
    for _, entries in groupby(of.entries, key=attrgetter("kind")):
        yield "\n".join(_group(list(entries), view, page, most))
    if of.steps:
        yield "\n".join(f"{' ' * MARGIN}{step}" for step in of.steps)


def _counts(of: EnvironmentView | View, view: View, where: str = "") -> str:
    return f"{counts_in_words(of.counts)}{where}  ({view.cost_verb} {of.cost})"


def _outcome(entry: Entry, page: Page) -> str:
    label = f"{terminal(entry.key)}  {entry.words}{':' if entry.reason else ''}"
    return page.prose(label, entry.reason, ink=_INKS[entry.kind.tone], indent=MARGIN)


def _group(entries: Sequence[Entry], view: View, page: Page, most: int | None) -> Iterator[str]:
    """Yield the lists of a kind; what is to be done about several of them alike is said once, below them."""
    keys: dict[str, list[str]] = {}
    for entry in entries:
        keys.setdefault(entry.lift, []).append(entry.key)
    shared = {lift for lift, those in keys.items() if lift and len(those) > 1}
    for entry in entries[:most]:
        yield from _block(replace(entry, lift="") if entry.lift in shared else entry, view, page)
    if hidden := 0 if most is None else len(entries[most:]):
        shown = (
            f"{' ' * INDENT}… and {hidden:,} more, left out on a terminal: {view.subject} --report text=FILE has all"
        )
        yield page.pen.paint("dim", shown)
    for lift in (lift for lift in keys if lift in shared):
        alike = f" ({_join_some(keys[lift])})" if len(keys) > 1 else ""
        yield page.prose(f"what to do about these {len(keys[lift]):,}{alike}:", lift, ink="bold", indent=MARGIN)


def _join_some(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - _NAMED:,} more" if len(keys) > _NAMED else ""
    return ", ".join(map(terminal, keys[:_NAMED])) + more


def _block(entry: Entry, view: View, page: Page) -> Iterator[str]:
    yield page.key_line(entry.kind.sign, _INKS[entry.kind.tone], entry.key, entry.words, entry.place)
    if entry.known_as:
        yield f"{' ' * INDENT}{label(NAME)}: {quote(entry.known_as)}"
    for field in entry.fields:
        yield from field_lines(field, page)
    for what, said in entry.notes:
        yield page.prose(f"{what}:", said, ink=_NOTES.get(what, "plain"), indent=INDENT)
    if campaigns := entry.unnamed_campaigns:
        yield page.prose("used by:", join_campaigns(campaigns), ink="plain", indent=INDENT)


def join_campaigns(campaigns: Iterable[Campaign]) -> str:
    """Return the names and the ids of campaigns."""
    return ", ".join(map(_campaign, campaigns))


def _campaign(campaign: Campaign) -> str:
    return f"{quote(campaign.name)} [{terminal(campaign.id)}]" if campaign.id else quote(campaign.name)


def _closing(view: View, page: Page) -> Iterator[str]:
    several = len(view.environments) > 1
    if view.subject == "plan" and (several or sum(len(of.entries) for of in view.environments) > _LONG):
        where = f" in {count(len(view.environments), 'environment')}" if several else ""
        yield f"{page.pen.paint('bold', 'total')}  {_counts(view, view, where)}"
    if view.compared_offline:
        texts = [field for of in view.environments for entry in of.entries for field in entry.fields]
        renamed = any(field.field == NAME and field.before != field.after for field in texts)
        yield page.pen.paint("dim", f"{_OFFLINE}\n{_UNSEEN_USE}" if renamed else _OFFLINE)
    if view.ended:
        heading = page.pen.paint("green" if view.in_order else "bold", view.ended)
        yield "\n".join([heading, *_steps(view, page)])


def _steps(view: View, page: Page) -> Iterator[str]:
    for step in view.steps:
        if step.kind:
            yield page.prose(f"{step.kind.tag}:", step.words, ink=_INKS[step.kind.tone], indent=MARGIN)
        else:
            yield " " * MARGIN + step.words
