"""What is known of one PUT while it is tried, and the outcome that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconciler.execute.verify import Finding, described
from reconciler.model.changes import Adopt, Blocked, Change, Check, Forget, Update
from reconciler.model.lists import KnownList
from reconciler.model.outcomes import Outcome, OutcomeKind
from reconciler.model.texts import Texts, narrowed


@dataclass(slots=True)
class Sending:
    """One change under way: `prior` is the state's entry and `before` the live texts before its first PUT.

    `landed`: a PUT without usable answer may have arrived. `acknowledged`: the API, or a read, said that it did.
    `decided`: live, read again between two attempts, made the next one needless or wrong. `stop`: why the run must end.
    `shown`: the sent fields as the last read showed them, where that was as sent or nearly so.
    """

    change: Update
    prior: KnownList | None
    before: Texts
    attempts: int = 0
    landed: bool = False
    acknowledged: bool = False
    refused_sign_in: bool = False
    decided: Outcome | None = None
    error: str | None = None
    stop: str | None = None
    shown: Texts | None = None

    def meant(self, change: Update, live: Texts) -> None:
        """Go on with what `change` leaves of it; `live`, just read, is what its unsent fields must keep."""
        known = narrowed(self.before, self.change.fields) if self.landed else {}
        self.change, self.before = change, {**live, **known}

    def outcome(self) -> Outcome:
        """Return what became of it as far as the answers tell."""
        if self.decided:
            return self.decided
        return self._outcome("updated" if self.acknowledged else "in_doubt" if self.landed else "failed", None)

    def judged(self, found: Finding) -> Outcome:
        """Return the outcome that a read settles."""
        if found.shown == "sent" and not found.touched:
            return self._outcome("updated", True)
        described_error = described(found, self.change.body)
        if self.acknowledged or found.shown in ("sent", "alike"):
            return self._outcome("unverified", False, described_error)
        if self.landed and found.shown != "before":
            return self._outcome("in_doubt", False, f"{self.error}; {described_error}")
        return self._outcome("failed", False)

    def unread(self, why: str) -> Outcome:
        """Return the outcome where no read could settle it."""
        if not self.acknowledged:
            return self.outcome()
        return self._outcome("unverified", None, f"acknowledged, but not read back: {why}")

    def undo(self) -> Update | None:
        """Return the change that sets back what this one did; None where it is not known to have done anything."""
        now = self.shown if self.shown is not None else self.change.body if self.acknowledged else None
        if now is None:
            return None
        before = {**self.change.after, **now}
        after = {**self.change.after, **narrowed(self.before, self.change.fields)}
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


def unsendable(change: Adopt | Forget | Check | Blocked) -> Outcome:
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
