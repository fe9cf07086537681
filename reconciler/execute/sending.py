"""What is known of one PUT while it is tried, and the outcome that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from reconciler.execute.verify import Finding, described
from reconciler.model.changes import Adopt, Blocked, Change, Check, Forget, Update
from reconciler.model.lists import KnownList, LiveList
from reconciler.model.outcomes import Outcome, OutcomeKind
from reconciler.model.texts import Texts, holds, narrowed

Unsendable: TypeAlias = Adopt | Forget | Check | Blocked


@dataclass(slots=True)
class Sending:
    """One change under way: `prior` is the state's entry and `before` the live texts before its first PUT.

    `landed`: a PUT without usable answer may have arrived. `acknowledged`: the API, or a read, said that it did.
    `decided`: what live, read again after attempts that cannot have landed, made of the change. `stop`: why the run
    must end. `late`: how often its turn came too late for what it had been judged by. `seen`: a read showed what was
    sent. `shown`: the managed fields as the last read showed them, where the sent ones were as sent or nearly so.
    """

    change: Update
    prior: KnownList | None
    before: Texts
    attempts: int = 0
    late: int = 0
    landed: bool = False
    acknowledged: bool = False
    refused_sign_in: bool = False
    decided: Unsendable | None = None
    error: str | None = None
    stop: str | None = None
    seen: bool = False
    shown: Texts | None = None

    def meant(self, change: Update, live: Texts) -> None:
        """Go on with `change` as judged by `live`, just read; what may have landed is sent again as it was, whole."""
        if not self.landed:
            self.change, self.before = change, live

    def look(self, live: LiveList | None) -> None:
        """Learn what a read showed; a write that showed once is not late when a later read does not show it."""
        self.seen = self.seen or (live is not None and holds(live.texts, self.change.body))

    def outcome(self) -> Outcome:
        """Return what became of it as far as the answers tell."""
        if self.decided:
            return replace(unsendable(self.decided), action="update", attempts=self.attempts)
        return self._outcome("updated" if self.acknowledged else "in_doubt" if self.landed else "failed", None)

    def judged(self, found: Finding, *, last: bool) -> Outcome:
        """Return the outcome that a read settles; only the `last` of the reads can show that nothing landed."""
        if found.shown == "sent" and not found.touched:
            return self._outcome("updated", True)
        described_error = described(found, self.change.body)
        if self.acknowledged or found.shown in ("sent", "alike"):
            return self._outcome("unverified", False, described_error)
        if self.landed and not (found.shown == "before" and last):
            return self._outcome("in_doubt", False, f"{self.error}; {described_error}")
        return self._outcome("failed", False)

    def unread(self, why: str) -> Outcome:
        """Return the outcome where no read could settle it."""
        if not self.acknowledged:
            return self.outcome()
        return self._outcome("unverified", None, f"acknowledged, but not read back: {why}")

    def undo(self) -> Update | None:
        """Return the change that sets back what this one did; None where it is not known to have done anything."""
        if self.shown is None and not self.acknowledged:
            return None
        before = self.change.after if self.shown is None else self.shown
        after = {**before, **narrowed(self.before, self.change.fields)}
        return replace(self.change, cause="undo", before=before, after=after, warnings=(), waits_for=())

    def _outcome(self, kind: OutcomeKind, verified: bool | None, error: str | None = None) -> Outcome:
        return Outcome(
            key=self.change.key,
            id=self.change.id,
            action="update",
            outcome=kind,
            attempts=self.attempts,
            verified=verified,
            error=None if kind == "updated" else error or self.error,
        )


def unsent(change: Change, kind: OutcomeKind, error: str | None = None) -> Outcome:
    """Return the outcome of a change for which no PUT went out."""
    return Outcome(key=change.key, id=change.id, action=change.action, outcome=kind, error=error)


def unsendable(change: Unsendable) -> Outcome:
    """Return the outcome of a change that is made, or stopped, without a PUT."""
    if isinstance(change, Adopt):
        return unsent(change, "adopted")
    if isinstance(change, Forget):
        return unsent(change, "forgotten")
    if isinstance(change, Check):
        return unsent(change, "blocked", "its live values were not read")
    block = change.block
    kind: OutcomeKind = "conflict" if block.guard == "conflict" else "blocked"
    return unsent(change, kind, f"{block.guard}: {block.reason}; {block.lift}")
