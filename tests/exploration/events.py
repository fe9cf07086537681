"""What happens to an account, to the state, and to the runs that work on them, in a few words.

The worlds of the explorer tell these events as they happen, `tests/faults/traces.py` tells those of real runs, and
the predicates hear nothing else. `at` is in seconds; a `run` is named by its number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from reconciler.model.lists import Applied, KnownList
from reconciler.model.texts import Texts

PutAnswered: TypeAlias = Literal["acknowledged", "nothing written", "unknown"]


class Change(NamedTuple):
    """What becomes of a list: the fields that change, before and after."""

    before: Texts
    after: Texts


class Approved(NamedTuple):
    """A run may make these changes, by list id, and no others; `saved` are those of the plan that it was given."""

    run: str
    changes: Mapping[str, Change]
    saved: Mapping[str, Change] | None = None


class Read(NamedTuple):
    """A run was shown these lists, which are all, or `alone` the one that it asked for, if that is there."""

    run: str
    shown: Mapping[str, Texts]
    at: float
    alone: str = ""


class Recorded(NamedTuple):
    """What the state says of each list, by id, should all machines stop now and their power go."""

    entries: Mapping[str, KnownList]


class Sent(NamedTuple):
    """A PUT goes out; `locked` tells whether its run has the only right to write."""

    run: str
    list_id: str
    body: Texts
    at: float
    locked: bool


class Answered(NamedTuple):
    """The PUT of a run that is waited for has its answer, or never will have one (`unknown`)."""

    run: str
    answer: PutAnswered


class Stored(NamedTuple):
    """The account has other texts of a list, from a PUT or from somebody else; `late`: as was Delayed."""

    list_id: str
    texts: Texts
    by_us: bool
    late: bool = False


class Deleted(NamedTuple):
    """Somebody deleted a list."""

    list_id: str


class Delayed(NamedTuple):
    """The account took a PUT of a list, which does not show yet."""

    list_id: str


class Signalled(NamedTuple):
    """A run was told to stop."""

    run: str


class Came(NamedTuple):
    """What the result of a run says of a list."""

    list_id: str
    outcome: str
    attempts: int


class Ended(NamedTuple):
    """A run ended, and the state that is left. `died`: neither by a result, whose outcomes these are, nor an `error`.

    `alone`: no other run came between. `in_order` is what it says of itself (exit code 0). `named` holds the keys of
    which its plan speaks, if it found nothing to do and had read the truth, else None.
    """

    run: str
    state: Applied
    came: Mapping[str, Came] = {}
    error: str = ""
    in_order: bool = False
    alone: bool = True
    named: frozenset[str] | None = None


OfARun: TypeAlias = Approved | Read | Sent | Answered | Signalled | Ended
Event: TypeAlias = OfARun | Recorded | Stored | Deleted | Delayed
