"""One change on its way: how it stands after each answer and each look at live, and what comes next.

    after the answer to a PUT:

    | stands as  | acknowledged       | rejected         | unsettled, cannot have landed | unsettled, may have |
    | ---------- | ------------------ | ---------------- | ----------------------------- | ------------------- |
    | NotWritten | Acknowledged, done | NotWritten, done | NotWritten, again             | InDoubt, again      |
    | InDoubt    | Acknowledged, done | InDoubt, done    | InDoubt, again                | InDoubt, again      |

    "again" is "done" after `ATTEMPTS` PUTs, and if the answer is not worth another. A first 401 is "again", since the
    next PUT carries a fresh token; a second one ends the run.

    after live was read again, which makes of the change:

    | stands as  | an update         | an adoption        | a block          |
    | ---------- | ----------------- | ------------------ | ---------------- |
    | NotWritten | NotWritten, again | Superseded, done   | Superseded, done |
    | InDoubt    | InDoubt, again    | Acknowledged, done | InDoubt, done    |

What may have landed is sent again as it was, whole: one body is in doubt, not two.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias, assert_never

from reconciler.codes.marking import mark
from reconciler.errors import SignInError
from reconciler.execute.finding import Finding, describe
from reconciler.model import put_answers
from reconciler.model.changes import Adopt, Blocked, Change, Check, Forget, Update
from reconciler.model.lists import KnownList
from reconciler.model.outcomes import Outcome, OutcomeKind
from reconciler.model.retry import ATTEMPTS
from reconciler.model.texts import Texts, only_fields

WithoutPut: TypeAlias = Adopt | Forget | Check | Blocked


@dataclass(frozen=True, slots=True)
class NotWritten:
    """Nothing was sent, or what was sent cannot have landed; `error` says why not."""

    error: str | None = None


@dataclass(frozen=True, slots=True)
class InDoubt:
    """A PUT may have landed: its answer was of no use, as `error` says."""

    error: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The API, or a read, said that the change is made; `error` is what an earlier PUT came to."""

    error: str | None = None


@dataclass(frozen=True, slots=True)
class Superseded:
    """Nothing of it landed, and live, read again, calls for `change` instead."""

    change: WithoutPut


Status: TypeAlias = NotWritten | InDoubt | Acknowledged | Superseded


@dataclass(frozen=True, slots=True)
class Again:
    """Another PUT is called for."""


@dataclass(frozen=True, slots=True)
class AgainLater:
    """Another PUT is called for after a back-off of `at_least` so many seconds, since the last one failed (`why`)."""

    why: str
    at_least: float


@dataclass(frozen=True, slots=True)
class Done:
    """There is nothing more to try; `halt` says why the whole run must end, None if it goes on."""

    halt: str | None = None


Next: TypeAlias = Again | AgainLater | Done


@dataclass(frozen=True, slots=True)
class ChangeAttempt:
    """One change under way.

    `prior` is the state's entry, and `before` the live texts, of before the first PUT that may have landed. `puts`
    counts the PUTs sent, `refused_sign_ins` the 401s among their answers, `looks` the reads of live since
    the last PUT.
    """

    change: Update
    prior: KnownList | None
    status: Status = NotWritten()
    before: Texts = field(default_factory=dict)
    puts: int = 0
    refused_sign_ins: int = 0
    looks: int = 0

    @property
    def may_have_landed(self) -> bool:
        """Whether the list may be, or is, as the change wants it."""
        return isinstance(self.status, InDoubt | Acknowledged)

    @property
    def error(self) -> str | None:
        """What went wrong so far."""
        return None if isinstance(self.status, Superseded) else self.status.error

    def after_sending(self, live: Texts) -> ChangeAttempt:
        """Return the attempt with one PUT more, sent when live was like that."""
        before = self.before if isinstance(self.status, InDoubt) else live
        return replace(self, before=before, puts=self.puts + 1, looks=0)

    def after_answer(self, answer: put_answers.Verdict) -> tuple[ChangeAttempt, Next]:
        """Return how the attempt stands after the answer to its last PUT, and what comes next."""
        match answer:
            case put_answers.Acknowledged():
                return replace(self, status=Acknowledged(self.error)), Done()
            case put_answers.Rejected(error, unauthorized):
                refusals = self.refused_sign_ins + unauthorized
                return replace(self._fail(error, landed=False), refused_sign_ins=refusals), self._after_refusal(answer)
            case put_answers.Unsettled(error, landed, again, wait):
                said = f"{error} (after {self.puts} {'PUT' if self.puts == 1 else 'PUTs'})"
                worth_it = again and self.puts < ATTEMPTS
                return self._fail(said, landed=landed), AgainLater(error, wait or 0.0) if worth_it else Done()
            case _:
                assert_never(answer)

    def _fail(self, error: str, *, landed: bool) -> ChangeAttempt:
        doubtful = landed or isinstance(self.status, InDoubt)
        return replace(self, status=InDoubt(error) if doubtful else NotWritten(error))

    def _after_refusal(self, answer: put_answers.Rejected) -> Next:
        """A refusal is final, but for a first 401."""
        if not answer.unauthorized:
            return Done()
        if self.refused_sign_ins:
            said = f"sign-in was refused twice, each time with a fresh token: {answer.error}"
            return Done(mark(said, SignInError.code))
        return Again() if self.puts < ATTEMPTS else Done()

    def after_revalidation(self, change: Change) -> tuple[ChangeAttempt, Next]:
        """Return how the attempt stands now that live calls for `change`, and what comes next."""
        match self.status, change:
            case InDoubt(), Update():
                return self, Again()
            case InDoubt(error), Adopt():
                return replace(self, status=Acknowledged(error)), Done()
            case InDoubt(), _:
                return self, Done()
            case _, Update():
                return replace(self, change=change), Again()
            case _:
                return replace(self, status=Superseded(change)), Done()

    def broken_off(self, error: str) -> ChangeAttempt:
        """Return the attempt as it stands when the run breaks off; an error of its own says more than that one."""
        if isinstance(self.status, Superseded):
            return replace(self, status=NotWritten(error))
        return self if self.error else replace(self, status=replace(self.status, error=error))

    def outcome(self) -> Outcome:
        """Return what became of it as far as the answers tell."""
        match self.status:
            case Superseded(change):
                decided = outcome_without_put(change)
                return replace(decided, action="update", attempts=self.puts) if self.puts else decided
            case Acknowledged():
                return self._outcome("updated", None)
            case InDoubt():
                return self._outcome("in_doubt", None)
            case NotWritten():
                return self._outcome("failed", None)
            case _:
                assert_never(self.status)

    def verified_outcome(self, found: Finding, *, last: bool) -> Outcome:
        """Return the outcome that a read settles; only the `last` of the reads can show that nothing landed."""
        if found.shown == "sent" and not found.touched:
            return self._outcome("updated", True)
        described_error = describe(found, self.change.body)
        if isinstance(self.status, Acknowledged) or found.took:
            return self._outcome("unverified", False, described_error)
        if isinstance(self.status, InDoubt) and not (found.shown == "before" and last):
            return self._outcome("in_doubt", False, f"{self.error}; {described_error}")
        return self._outcome("failed", False)

    def unread_outcome(self, why: str) -> Outcome:
        """Return the outcome if no read could settle it."""
        if not isinstance(self.status, Acknowledged):
            return self.outcome()
        return self._outcome("unverified", None, f"acknowledged, but not read back: {why}")

    def undo(self, shown: Texts | None) -> Update | None:
        """Return the change that sets back what this one did; None if it is not known to have done anything.

        `shown` holds the managed fields as the last read showed them, None if it showed no such write.
        """
        if shown is None and not isinstance(self.status, Acknowledged):
            return None
        before = self.change.after if shown is None else shown
        after = {**before, **only_fields(self.before, self.change.fields)}
        return replace(self.change, cause="undo", before=before, after=after, warnings=(), waits_for=())

    def _outcome(self, kind: OutcomeKind, verified: bool | None, error: str | None = None) -> Outcome:
        return Outcome(
            key=self.change.key,
            id=self.change.id,
            action="update",
            outcome=kind,
            attempts=self.puts,
            verified=verified,
            error=None if kind == "updated" else error or self.error,
        )


def unsent(change: Change, kind: OutcomeKind, error: str | None = None) -> Outcome:
    """Return the outcome of a change for which no PUT went out."""
    return Outcome(key=change.key, id=change.id, action=change.action, outcome=kind, error=error)


def outcome_without_put(change: WithoutPut) -> Outcome:
    """Return the outcome of a change that is made, or stopped, without a PUT."""
    match change:
        case Adopt():
            return unsent(change, "adopted")
        case Forget():
            return unsent(change, "forgotten")
        case Check():
            return unsent(change, "blocked", "its live values were not read")
        case Blocked(block=block):
            kind: OutcomeKind = "conflict" if block.guard == "conflict" else "blocked"
            return replace(unsent(change, kind, f"{block.reason}; {block.lift}"), guard=block.guard)
        case _:
            assert_never(change)
