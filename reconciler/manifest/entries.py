"""The lists of one file, checked each by itself: its shape by pydantic, its texts by the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from reconciler.manifest.reading import Place, Reading
from reconciler.manifest.rules import LENGTHS, name_fault, outer_space_fault
from reconciler.manifest.shape import KEYS, LISTS, ListEntry, Override
from reconciler.manifest.wording import faults, quoted

_AT_A_TIME = 1000  # pydantic answers with copies: in pieces they cost no memory


@dataclass(frozen=True, slots=True)
class FileLists:
    """The lists of one file in its order, each reduced to its sound fields; `faulty` holds keys that lost some."""

    reading: Reading
    entries: Mapping[str, ListEntry]
    faulty: frozenset[str]


def check_lists(reading: Reading) -> FileLists:
    """Check the shape of every list of a file, blaming what is wrong on `reading`."""
    lists = reading.lists
    wrong: dict[str, set[str]] = defaultdict(set)
    for key, errors in _errors(reading):
        for fault in faults(errors, lists[key], ("lists", key)):
            reading.blame(fault.place, fault.message, at_key=fault.at_key)
        wrong[key].update(str(error["loc"][0]) for error in errors if error["loc"])
        ...
    return FileLists(reading, cast("Mapping[str, ListEntry]", lists), frozenset(wrong))
