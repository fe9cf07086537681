"""How two documents that hold lists by key differ, for people: by DeepDiff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

Document = Mapping[str, Mapping[str, object]]
"""The properties of each list, by its key."""


class Difference(NamedTuple):
    """What differs at a path: the key of a list that only one document has, or below it one of its properties.

    `before` or `after` is None where only the other document has something.
    """

    path: tuple[str, ...]
    before: object
    after: object


def differences(before: Document, after: Document) -> list[Difference]:
    """Return how two documents differ, by path."""
    from deepdiff import DeepDiff  # noqa: PLC0415 - slow to import, and few commands compare documents
    from deepdiff.helper import notpresent  # noqa: PLC0415 - likewise

    found = DeepDiff(before, after, threshold_to_diff_deeper=0, view="tree")
    levels = [level for of_kind in found.values() for level in of_kind]
    sides = [[None if side is notpresent else side for side in (level.t1, level.t2)] for level in levels]
    paths = [tuple(level.path(output_format="list")) for level in levels]
    return sorted(
        (Difference(path, *side) for path, side in zip(paths, sides, strict=True)), key=lambda each: each.path
    )
