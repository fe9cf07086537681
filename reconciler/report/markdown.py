"""Markdown for pull requests and job summaries: what will be sent first and whole, the rest within a budget of bytes.

The headline and the digest always stand. Room is kept for every update; the other blocks fill what is left, in their
order, and what is left out is counted. A plan whose updates do not all fit says so in its first line, and is not
reviewable from this report. Whatever others wrote stands in a code span, so that it can neither format nor link nor
call anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple, assert_never

from reconciler.model.fields import MANAGED, NAME
from reconciler.model.lists import Campaign
from reconciler.report.escape import code, exact
from reconciler.report.phrases import FAILED, REFUSED, count, shorten
from reconciler.report.view.kinds import Kind
from reconciler.report.view.view import Entry, FieldView, View, counts_in_words
from reconciler.report.words import Piece, word_diff

MAX_BYTES = 65_000  # what GitHub takes in a comment is 65,536 characters
_LONGEST_NAME = MANAGED[NAME].longest
_NAMED_IN_A_GROUP = 50
_TITLE = "### reconciler "
_RESERVE = 600  # for what is said of blocks that are left out
_MOST_BEFORE = 2_000  # characters of a text as it was: what is sent is never cut
_NAMED_IN_A_LINE = 10


@dataclass(frozen=True, slots=True)
class Block:
    """A piece that stands whole or not at all; `items` says how many lists it is about, `sent` that it is an update."""

    text: str
    items: int = 1
    sent: bool = False

    @property
    def size(self) -> int:
        """The bytes that it takes."""
        return len(self.text.encode()) + 1


class Report(NamedTuple):
    """A report, and how many of the updates that an apply would send do not fit in it."""

    text: str
    unshown: int = 0


def render(view: View, max_bytes: int = MAX_BYTES) -> Report:
    """Return the view as Markdown of at most `max_bytes` bytes, its headline at least."""
    ended = [view.ended] if view.ended else []
    head = f"{_title(view)}\n\n{' '.join([*ended, *view.lede])}\n"
    blocks = [*_notices(view), *_table(view), *_lists(view)]
    foot = f"\n`{view.digest}`\n" if view.digest else ""
    return _fit(head, blocks, foot, max_bytes)


def _title(view: View) -> str:
    """Return the subject, the counts (with the name of the environment if it is one), and what could not be read."""
    what = f"apply, {REFUSED}" if view.refused else view.subject
    name = f"{code(view.environments[0].name)} " if len(view.environments) == 1 else ""
    said = [name + counts_in_words(view.counts)] if view.environments else []
    said += [f"{code(name)} {FAILED}" for name in view.failed]
    return f"{what}: {'; '.join(said)}" if said else what


def _fit(head: str, blocks: Sequence[Block], foot: str, max_bytes: int) -> Report:
    """Put what is sent between head and foot first, then of the rest what still has room; all in their order."""
    room = max_bytes - len(f"{_TITLE}{head}{foot}".encode()) - _RESERVE
    fitting: set[int] = set()
    for sent in (True, False):
        for at, block in enumerate(blocks):
            if block.sent == sent:
                if block.size > room:
                    break
                fitting.add(at)
                room -= block.size
    left_out = [block for at, block in enumerate(blocks) if at not in fitting]
    unshown = sum(block.items for block in left_out if block.sent)
    title = f"{_TITLE}NOT REVIEWABLE, {count(unshown, 'update')} not shown here; " if unshown else _TITLE
    parts = [title + head, *(block.text for at, block in enumerate(blocks) if at in fitting)]
    if lists := sum(block.items for block in left_out):
        parts.append(
            f"**{count(lists, 'list')} left out here**, since a comment has a limit: the whole is in the "
            "job's log, and in the reports that were saved with it.\n"
        )
    return Report("\n".join(parts) + foot, unshown)


def _notices(view: View) -> Iterator[Block]:
    for name, words in view.halts:
        yield Block(f"**{code(name)}** {_as_code(words)}\n", items=0)
    for of in view.environments:
        if of.stopped:
            yield Block(f"**{code(of.name)}** stopped: {_as_code(of.stopped)}\n", items=0)
        yield from (Block(f"**{code(of.name)}** ⚠ {_as_code(warning)}\n", items=0) for warning in of.warnings)


def _table(view: View) -> Iterator[Block]:
    if len(view.environments) > 1:
        rows = [f"| {_cell(of.name)} | {counts_in_words(of.counts)} | {of.cost} |" for of in view.environments]
        yield Block(
            "\n".join([f"| environment | what | {view.cost_verb} |", "| --- | --- | --- |", *rows, ""]), items=0
        )


def _cell(name: str) -> str:
    return code(name.replace("|", r"\x7c"))  # in a table, a bar ends a cell, in a code span, too


def _lists(view: View) -> Iterator[Block]:
    """Yield the most urgent of all environments before what is less so of any."""
    for kind, entries in view.groups.items():
        sent = view.subject == "plan" and not view.refused and kind.changes
        for environment, group in groupby(entries, key=attrgetter("environment")):
            found = list(group)
            name = f"**{code(environment)}**: " if len(view.environments) > 1 else ""
            yield Block(f"#### {name}{kind.title.lower()} ({len(found):,})\n", items=0, sent=sent)
            if _is_alike(kind, view):
                yield Block(_group([entry.key for entry in found]), len(found))
            else:
                yield from (Block(_entry(entry, view), sent=sent) for entry in found)


def _is_alike(kind: Kind, view: View) -> bool:
    """Tell whether there is nothing more to say of an entry than its kind."""
    return kind.bulky or (view.subject == "apply" and kind.in_order and not kind.changes)


def _group(keys: Sequence[str]) -> str:
    named = _join(list(map(_text, keys)), _NAMED_IN_A_GROUP)
    return f"<details><summary>{count(len(keys), 'list')}</summary>\n\n{named}\n\n</details>\n"


def _entry(entry: Entry, view: View) -> str:
    place = f" ({code(entry.place)})" if entry.source else ""
    name = f"{_text(entry.known_as)} " if entry.known_as else ""
    lines = [f"- **{code(entry.key)}** {name}{entry.words}{place}"]
    lines += [f"  - {field.title}: {_change_words(field)}" for field in entry.fields]
    for name, said in entry.notes:
        lines.append(f"  - {'⚠' if name == 'warning' else f'{name}:'} {_as_code(said)}")
    if campaigns := entry.unnamed_campaigns if view.subject != "apply" else ():
        lines.append(f"  - used by: {_join(list(map(_campaign, campaigns)), _NAMED_IN_A_LINE)}")
    return "\n".join(lines) + "\n"


def _change_words(field: FieldView) -> str:
    old, new = field.before, field.after
    if new is None:
        return "no longer managed"
    if old == new:
        return _text(new)
    if old and len(old) > _LONGEST_NAME and (pieces := word_diff(old, new)):
        words = "".join(map(_piece, pieces))
    else:
        words = f"{'unknown' if old is None else _text(shorten(old, _MOST_BEFORE))} → {_text(new)}"
    return words if field.manifest is None else f"{words}; in the manifest: {_text(field.manifest)}"


def _text(text: str) -> str:
    return code(exact(text)) if text else "(empty)"


def _as_code(text: str) -> str:
    """Words of this program with names of others in them."""
    return code(shorten(text))


def _campaign(campaign: Campaign) -> str:
    return f"{_text(campaign.name)} [{code(campaign.id)}]" if campaign.id else _text(campaign.name)


def _join(shown: Sequence[str], most: int) -> str:
    more = f", and {len(shown) - most:,} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more


def _piece(piece: Piece) -> str:
    match piece.kind:
        case "kept":
            return code(exact(piece.text))
        case "skipped":
            return piece.text
        case "removed":
            return f"<del>{code(exact(piece.text))}</del>"
        case "added":
            return f"<ins>{code(exact(piece.text))}</ins>"
        case _:
            assert_never(piece.kind)
