"""What a view is made of, as values.

View ─ EnvironmentView* ─ Entry* ─ FieldView*
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from reconciler.model.fields import NAME, Field, label
from reconciler.planning.guard import name_campaigns
from reconciler.report.phrases import FAILED, REFUSED, shorten
from reconciler.report.view.kinds import OUTCOMES, RANKS, Kind

if TYPE_CHECKING:
    from reconciler.model.lists import Campaign, LastSave, Source, Target
    from reconciler.report.steps import Step

Subject: TypeAlias = Literal["plan", "apply", "drift", "compare"]
Counts: TypeAlias = Mapping[str, int]
"""Numbers of lists by what is said of them; the last of them stands also if it is 0 and all others are."""


SENT: Final = ("after an apply", "wanted", "after")
"""Labels of a text that an apply sends, or has sent."""
_MOST_OF_NAME: Final = 200  # characters: the API may answer a name of any length


class FieldView(NamedTuple):
    """A field of a list: `before` is None if unknown, `after` if it is no longer managed; alike, nothing changes.

    `labels` say what the two are. `manifest` is what the manifest says, if that is neither of them.
    """

    field: Field
    before: str | None
    after: str | None
    labels: tuple[str, str]
    manifest: str | None = None

    @property
    def title(self) -> str:
        """The field; if what changes is not what an apply sends, with what stands on either side of the arrow."""
        plain = self.before == self.after or self.labels[1] in SENT
        return label(self.field) if plain else f"{label(self.field)} ({' → '.join(self.labels)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One list in one environment.

    `cause` is a word for links and filters, `why` the same in words, `words` what is done, was done or was found, and
    why. `code` is that of a block; `words` show it. `reason` says what stops the list or went wrong with it, `lift`
    what lifts a block, `next_step` what to do about an outcome. `attempts` counts the PUTs that were sent. `foreseen`:
    the approved plan said that it is blocked, and why. `other_environments`: where else the list is pending, and where
    it is up to date. `name` is what the list is called now, "" if unknown. `last_save` says who saved it, if asked.
    """

    key: str
    id: str
    environment: str
    kind: Kind
    cause: str
    why: str
    words: str
    source: Source | None = None
    fields: tuple[FieldView, ...] = ()
    code: str = ""
    reason: str = ""
    lift: str = ""
    next_step: str = ""
    attempts: int = 0
    foreseen: bool = False
    warnings: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    other_environments: str = ""
    name: str = ""
    last_save: LastSave | None = None

    @property
    def heading_name(self) -> str:
        """The name beside the key in a heading, also if the fields show it, unless an apply may have changed it."""
        return self.known_as if self.kind in OUTCOMES.values() else shorten(self.name, _MOST_OF_NAME)

    @property
    def known_as(self) -> str:
        """The name of the list, unless its fields show it."""
        return "" if any(each.field == NAME for each in self.fields) else shorten(self.name, _MOST_OF_NAME)

    @property
    def title(self) -> str:
        """The key, and the name of the list unless its fields show it."""
        return f"{self.key} ({self.known_as})" if self.known_as else self.key

    @property
    def place(self) -> str:
        """Where the list is declared, else its id."""
        return f"{self.source.file}:{self.source.line}" if self.source else self.id

    @property
    def notes(self) -> Iterator[tuple[str, str]]:
        """What is said of it, each sentence with its label; campaigns apart."""
        if self.other_environments:
            yield "other environments", self.other_environments
        if self.waits_for:
            yield "waits for", ", ".join(self.waits_for)
        if self.last_save:
            yield "last saved", _save_in_words(self.last_save)
        if self.reason:
            yield "why", self.reason
        if self.lift:
            yield "what to do", self.lift
        if self.next_step:
            yield "what to do", self.next_step
        yield from (("warning", warning) for warning in self.warnings)

    @property
    def unnamed_campaigns(self) -> tuple[Campaign, ...]:
        """The campaigns that use it, unless a note names them."""
        named = name_campaigns(self.campaigns)
        return () if any(named in said for _, said in self.notes) else self.campaigns

    @property
    def summary(self) -> str:
        """What stops it, or else the fields that it is about, and its warnings, in one sentence."""
        fields = "" if self.reason else ", ".join(label(each.field) for each in self.fields)
        others = self.other_environments and f"other environments: {self.other_environments}"
        saved = f"last saved {_save_in_words(self.last_save)}" if self.last_save else ""
        said = [each for each in (self.reason, self.lift, fields, saved, others, *self.warnings) if each]
        return f"{self.words}: {'; '.join(said)}" if said else self.words


def _save_in_words(save: LastSave) -> str:
    at = save.at
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(at)
        at = moment.astimezone(UTC).strftime("%A, %Y-%m-%d %H:%M UTC") if moment.tzinfo else at
    when = f" on {shorten(at, _MOST_OF_NAME)}" if at else ""
    ran = f", by {shorten(save.applied_by)}" if save.applied_by else ""
    since = "" if save.since_apply else f", no later than the last apply{ran}"
    return f"by {shorten(save.by, _MOST_OF_NAME)}{when}{since}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentView:
    """One environment; its `entries` by kind, the most urgent first, those of one kind in the order they came in.

    `cost` is what it takes or took, `idle` the sentence that stands for the counts if there is nothing to say,
    `stopped` why a run ended early.
    """

    name: str
    counts: Counts
    cost: str
    entries: tuple[Entry, ...]
    idle: str = ""
    stopped: str = ""
    warnings: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    target: Target | None = None
    lineage: str = ""
    serial: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The whole; `failed` says of environments that could not be looked at why, `refused` why a plan was not applied.

    `lede` are sentences about the run, `ended` how an apply ended, `cost` what an apply of a plan takes. `steps` are
    those that concern all environments. `made_at` is RFC 3339 in UTC. `build` is what a CI system says of its run, by
    label.
    """

    subject: Subject
    in_order: bool
    environments: tuple[EnvironmentView, ...]
    failed: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""
    lede: tuple[str, ...] = ()
    ended: str = ""
    cost: str = ""
    compared_offline: bool = False
    steps: tuple[Step, ...] = ()
    tool: str = ""
    made_at: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    build: Mapping[str, str] = field(default_factory=dict)

    @property
    def cost_verb(self) -> str:
        """What stands before a cost: a plan foretells what an apply takes, a comparison says what it is by."""
        return {"plan": "an apply takes", "compare": "compared by"}.get(self.subject, "took")

    @property
    def counts(self) -> Counts:
        """Those of all environments together."""
        total: Counter[str] = Counter()
        for environment in self.environments:
            total.update(environment.counts)
        return total

    @property
    def halts(self) -> Iterator[tuple[str, str]]:
        """What did not come about, an environment or the apply as a whole, and why."""
        for name, error in self.failed.items():
            yield name, f"{FAILED}: {error}"
        if self.refused:
            yield "apply", f"{REFUSED}: {self.refused}"

    @property
    def groups(self) -> dict[Kind, list[Entry]]:
        """The entries of all environments by kind, the most urgent first; no group is empty."""
        found: dict[Kind, list[Entry]] = {}
        for entry in in_reading_order(each for of in self.environments for each in of.entries):
            found.setdefault(entry.kind, []).append(entry)
        return found


def in_reading_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the entries by kind, the most urgent first."""
    return tuple(sorted(entries, key=lambda entry: RANKS[entry.kind]))


def counts_in_words(counts: Counts) -> str:
    """Return the counts that are not zero, each with its words."""
    shown = [f"{number:,} {words}" for words, number in counts.items() if number]
    return ", ".join(shown or [f"0 {words}" for words in list(counts)[-1:]])
