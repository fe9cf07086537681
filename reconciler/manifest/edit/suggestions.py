"""Changes of a manifest that a person may take with a click, each of whole lines of one file, by the file's own bytes.

    a value that is wrong without quotes   in quotes, if nothing is wrong in its line then
    blocked, `wrong_id`                    `previously:` with the live name, before the id; if the declared name only
                                           looks like it, the live one in its place
    blocked, `conflict`; drift             the live text

One that takes changes in several places is left out, since a person could take half of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

from reconciler import files as bounded
from reconciler.errors import EditError, ManifestError
from reconciler.manifest import loader
from reconciler.manifest.edit.acceptance import Wanted, accept_texts
from reconciler.manifest.edit.draft import Declared, Draft, declarations
from reconciler.manifest.edit.quoting import double_quoted
from reconciler.manifest.values import Manifest
from reconciler.model.changes import Blocked, Plan
from reconciler.model.fields import NAME
from reconciler.model.problems import Problem
from reconciler.model.texts import unseen_difference

_ENTRY = re.compile(r"([ ]*[\w-]+:[ ]+)([^\s\"'|>].*?)([ ]+#.*)?")


class Suggestion(NamedTuple):
    """Put `lines` in the place of the lines `first` to `last` of `file`, counted from 1, because of `why`."""

    file: str
    first: int
    last: int
    lines: tuple[str, ...]
    why: str


def suggest_quotes(path: Path, problems: Iterable[Problem]) -> Iterator[Suggestion]:
    """Yield the values of a manifest that cannot be loaded which are in order once they are in quotes."""
    for problem in {(each.file, each.line): each for each in problems}.values():
        name = Path(os.path.relpath(problem.file, path.parent)).as_posix()
        for lines in _quoted(problem):
            if problem.line not in _find_faults(path, name, "\n".join(lines)):
                at = problem.line
                yield Suggestion(problem.file, at, at, (lines[at - 1],), problem.message)
                break


def _quoted(problem: Problem) -> Iterator[list[str]]:
    """Yield the lines of the file with the value in question in quotes, and again with what seems a comment, too."""
    try:
        text = bounded.read(Path(problem.file), most=loader.LARGEST_FILE).decode()
    except (OSError, ValueError):
        return
    lines = text.split("\n")
    entry = _ENTRY.fullmatch(lines[problem.line - 1])
    if entry and "\r" not in text:
        start, value, comment = entry[1], entry[2], entry[3] or ""
        ways = [(value, comment), (value + comment, "")]
        for quoted, rest in reversed(ways) if "#" in problem.message else ways:
            lines[problem.line - 1] = start + double_quoted(quoted) + rest
            yield lines


def _find_faults(path: Path, name: str, text: str) -> set[int]:
    """Return the lines of the file `name` in which something is wrong if it holds `text`."""
    try:
        loader.load(path, {name: text.encode()})
    except ManifestError as error:
        return {problem.line for problem in error.problems if problem.file == str(path.parent / name)}
    return set()


def suggest_changes(manifest: Manifest, plan: Plan) -> Iterator[Suggestion]:
    """Yield what lifts blocks of a refreshed plan, and what declares its drift."""
    for environment in plan.environments:
        for change in (each for each in environment.changes if isinstance(each, Blocked)):
            if change.block.guard == "conflict":
                wanted = [Wanted(environment.name, change.key, field, change.before[field]) for field in change.fields]
                yield from _suggest_texts(manifest, wanted, change.block.reason)
            elif change.block.guard == "wrong_id":
                yield from _suggest_previously(manifest, environment.name, change)
        for drift in environment.drift:
            wanted = [Wanted(environment.name, drift.key, field, drift.live[field]) for field in drift.fields]
            yield from _suggest_texts(
                manifest, wanted, "changed elsewhere since the last apply; this declares the live text"
            )


def _suggest_previously(manifest: Manifest, environment: str, change: Blocked) -> Iterator[Suggestion]:
    live = change.before[NAME]
    if NAME in change.after and unseen_difference(live, change.after[NAME]):
        yield from _suggest_texts(manifest, [Wanted(environment, change.key, NAME, live)], change.block.reason)
    elif "previously" in change.block.lift:
        draft = Draft(manifest)
        draft.add_previously(change.key, environment, live)
        yield from _suggest(draft, declarations(manifest), change.block.reason)


def _suggest_texts(manifest: Manifest, wanted: list[Wanted], why: str) -> Iterator[Suggestion]:
    draft = Draft(manifest)
    _, refused, expected = accept_texts(draft, wanted)
    if not refused:
        yield from _suggest(draft, expected, why)


def _suggest(draft: Draft, expected: Declared, why: str) -> Iterator[Suggestion]:
    try:
        changes = draft.changes(expected)
    except EditError:
        return
    if len(changes) == 1:
        ((name, (before, after)),) = changes.items()
        yield from _replaced_lines(str(draft.manifest.path.parent / name), before, after, why)


def _replaced_lines(file: str, before: bytes, after: bytes, why: str) -> Iterator[Suggestion]:
    """Yield the one stretch of lines that changes; lines that are only added come with the line before them."""
    if b"\r" in before:
        return  # a suggestion ends its lines with LF
    old, new = (content.decode().split("\n") for content in (before, after))
    stretches = [each for each in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if each[0] != "equal"]
    if len(stretches) == 1:
        _, first, last, new_first, new_last = stretches[0]
        if first == last:
            first, new_first = first - 1, new_first - 1
        yield Suggestion(file, first + 1, last, tuple(new[new_first:new_last]), why)
