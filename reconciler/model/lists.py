"""Contact lists as three sides see them: desired, applied, live.

The three have one shape, so that comparing them reads as it is written: a mapping of lists, each list with its
id and its `texts`. Desired and applied are keyed by the logical key, live by id, since ids are all the API knows.

What there is one of for each list is a named tuple: a frozen dataclass takes longer to make.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from reconciler.model.fields import Field
from reconciler.model.texts import Texts, length_in_common, mark_difference

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_NONE: Texts = {}


@dataclass(frozen=True, slots=True)
class Target:
    """Whom the requests go to: `host` with its scheme (`https://platform.kore.ai`), stream and account."""

    host: str
    stream_id: str
    account_id: str

    @property
    def account(self) -> tuple[str, str]:
        """What shares one rate limit and one set of lists: host and account id."""
        return self.host, self.account_id

    def __str__(self) -> str:
        """Return it as messages name it."""
        return f"{self.host}, stream {self.stream_id}, account {self.account_id}"

    def differences(self, other: Target) -> str:
        """Say for people in which parts, and from which character on, this target is not the `other`; "" if nowhere."""
        parts = (
            ("host", self.host, other.host),
            ("stream id", self.stream_id, other.stream_id),
            ("account id", self.account_id, other.account_id),
        )
        return ", ".join(
            f"the {name} differs from character {length_in_common(mine, its) + 1} on{mark_difference(mine, its)}"
            for name, mine, its in parts
            if mine != its
        )


class Source(NamedTuple):
    """Where a list stands in the manifest; `line` counts from 1."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class MaxChanges:
    """How many PUTs one apply may send: `number` of them, or that many percent of the declared lists."""

    number: int
    percent: bool = False


@dataclass(frozen=True, slots=True)
class Freeze:
    """Windows of time in which nothing may be sent: on each of `days` (Monday is 0), by the clocks of `zone`.

    `begin` and `end` count from the midnight at which the day begins; `end` may lie in the next day. Nothing before
    `since` counts, nor anything from `until` on; both are by the clocks of the zone, without a zone of their own.
    """

    reason: str
    zone: ZoneInfo
    days: frozenset[int]
    begin: timedelta
    end: timedelta
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What an environment allows; the defaults are those of a manifest without `policy`."""

    max_changes: MaxChanges = MaxChanges(30, percent=True)
    on_drift: Literal["keep", "overwrite"] = "keep"
    rename_in_use: Literal["block", "warn"] = "block"
    rename_while_running: Literal["block", "allow"] = "block"
    ignore_undeclared: tuple[str, ...] = ()
    name_pattern: str = ""
    required: tuple[str, ...] = ()
    freeze: tuple[Freeze, ...] = ()


class DesiredList(NamedTuple):
    """One list as the manifest declares it for one environment, overrides and `name_format` applied.

    `texts` holds the managed fields only, `overridden` names those of them that this environment's override says.
    `file` and `line` are its `source`. `previously` is the live name that this key may take over, or None.
    """

    key: str
    id: str
    texts: Texts
    file: str
    line: int
    previously: str | None = None
    protect: bool = False
    overridden: tuple[Field, ...] = ()

    @property
    def source(self) -> Source:
        """Where it stands in the manifest; computed when it is asked for, which happens for few lists."""
        return Source(self.file, self.line)


@dataclass(frozen=True, slots=True)
class Desired:
    """What the manifest declares for one environment, lists by key."""

    environment: str
    target: Target
    lists: Mapping[str, DesiredList]
    policy: Policy = Policy()


class AppliedList(NamedTuple):
    """One list as its last acknowledged write, or a read, showed it.

    `stored` holds those fields that the API keeps otherwise than sent (equal but for case and white space).
    `applied_at` is RFC 3339 in UTC.
    """

    key: str
    id: str
    texts: Texts
    applied_at: str
    stored: Texts = _NONE


class DoubtfulList(NamedTuple):
    """One list whose last PUT may or may not have landed.

    `intended` is that PUT's body. `texts` holds, for the fields in it, the value last known before the PUT (absent
    when none was), and for the others the applied values, with `stored` as in AppliedList.
    """

    key: str
    id: str
    texts: Texts
    applied_at: str
    intended: Texts
    stored: Texts = _NONE


KnownList: TypeAlias = AppliedList | DoubtfulList


@dataclass(frozen=True, slots=True)
class Applied:
    """The last-applied state of one environment, lists by key.

    `lineage` is "" and `serial` 0 if there is no state yet; every write raises `serial`. `moved_to` is the URL of
    the place that this state was given up for; such a state only `reconciler state migrate` ever sees. `manifest` says
    which manifest it is the state of: a path from the document's folder, or from the repository's; "" if unknown.
    """

    environment: str
    target: Target
    lineage: str
    serial: int
    lists: Mapping[str, KnownList]
    moved_to: str = ""
    manifest: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an environment, or the selected part of it, stands by manifest and state.

    `declared` counts its lists, `in_doubt` holds the keys whose last PUT was never confirmed, `last_applied` is when
    the newest of its lists was recorded, "" if none was. `rename_in_use` is that of its policy. `taken_out` holds the
    keys of the lists that live shows as an apply left them which git has taken out of the state. None of it is known
    of what was read back from a document (`known`).
    """

    declared: int = 0
    in_doubt: frozenset[str] = frozenset()
    last_applied: str = ""
    rename_in_use: Literal["block", "warn"] = "block"
    taken_out: frozenset[str] = frozenset()
    known: bool = True


@dataclass(frozen=True, slots=True)
class LaterState:
    """A later content of a state, which git moved back behind; `way_back` is the command that brings it back.

    `cut_off`: there is none that the history here knows, but that history is not whole.
    """

    applied: Applied
    way_back: str = ""
    cut_off: bool = False


class PastRun(NamedTuple):
    """A run that wrote a state: who made it, in words, and the keys of the lists that it recorded anew.

    `before` holds the lists as they were then. Both are empty if the state before is not known.
    """

    by: str
    recorded: frozenset[str]
    before: Mapping[str, KnownList]


class Campaign(NamedTuple):
    """A campaign that uses a list, as the list's record names it.

    `name` is a copy, which goes stale when the campaign is renamed; `id` stays right, "" if the record has none.
    """

    name: str
    id: str = ""


class LastSave(NamedTuple):
    """Who saved a list last, a user id, and when, as reading the list alone answers; "" if that does not say.

    It is a hint: the time also moves when an integration fills the list. `since_apply`: it was after the last apply of
    the list; if not, `applied_by` says who ran that, "" if it is not known.
    """

    by: str
    at: str
    since_apply: bool = True
    applied_by: str = ""


@dataclass(frozen=True, slots=True)
class LiveList:
    """One list as the API answers it; a field that is null or absent there is "" here.

    `campaigns` holds those that use it. `in_use` is what the API answers as `isListInUse`: true probably means that a
    campaign is running now, false proves nothing. `last_save` is None unless the answer names a user.
    """

    id: str
    texts: Texts
    campaigns: tuple[Campaign, ...] = ()
    in_use: bool = False
    last_save: LastSave | None = None


class Absent(NamedTuple):
    """A list that the API does not have; `reason` is what it answered."""

    id: str
    reason: str


class OddList(NamedTuple):
    """A list whose record cannot be understood, and why; `name` is its name if that can be read."""

    id: str
    reason: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """Every list of the account, by id.

    `absent` holds declared lists that a read of the single list did not find either; `odd` those with unusable records.
    `alone` holds the ids that *read all* left out, each of which took a request of its own.
    """

    lists: Mapping[str, LiveList]
    absent: Mapping[str, Absent] = field(default_factory=dict)
    odd: Mapping[str, OddList] = field(default_factory=dict)
    alone: frozenset[str] = frozenset()
