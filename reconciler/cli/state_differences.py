"""How two states differ, in lines for people, the same for a push and for a history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING

from reconciler.report.escape import quote

if TYPE_CHECKING:
    from reconciler.model.differences import Difference
    from reconciler.model.lists import Applied

_WHEN = "applied_at"  # differs with every write: said only if nothing else does


def difference_lines(before: Applied | None, after: Applied) -> Iterator[str]:
    """Yield which lists were added, which property of which list changed and how, and which were dropped."""
    from reconciler.model.differences import differences
    from reconciler.state.entries import write_entry
    from reconciler.state.history import difference

    keys = difference(before, after)
    if keys.added:
        yield f"added: {', '.join(keys.added)}"
    if before and keys.changed:
        documents = [{key: write_entry(side.lists[key]) for key in keys.changed} for side in (before, after)]
        for _, found in groupby(differences(*documents), key=lambda each: each.path[0]):
            of_list = list(found)
            yield from map(_line, [each for each in of_list if each.path[1] != _WHEN] or of_list)
    if keys.dropped:
        yield f"dropped: {', '.join(keys.dropped)}"


def _line(found: Difference) -> str:
    key, *properties = found.path
    return f"changed: {key}  {'.'.join(properties)}: {_value(found.before)} → {_value(found.after)}"


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_value(each)}" for name, each in value.items())
    return "none" if value is None else quote(str(value))
