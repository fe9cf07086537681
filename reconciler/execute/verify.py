"""Reading back what was sent: until it shows, and what that makes of the state."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from reconciler.errors import ReconcilerError
from reconciler.execute.attempt import Acknowledged, ChangeAttempt
from reconciler.execute.finding import Finding, finding, stored_forms
from reconciler.execute.records import Records
from reconciler.execute.snapshot import LiveSnapshot
from reconciler.model.outcomes import Outcome
from reconciler.protocols import Clock

READS = 3  # a write may show late: so many reads, a second apart
SECONDS_BETWEEN = 1.0


def read_back(
    sent: Sequence[ChangeAttempt], ids: Collection[str], snapshot: LiveSnapshot, clock: Clock
) -> dict[str, Finding]:
    """Read until every PUT of `sent` shows, at most `READS` times since the last PUT; return what showed, by key.

    `ids` are the lists to look for alone if *read all* leaves them out. Raises what stops the reading if not even one
    read was made since the last PUT; later ones that cannot be made leave what the ones before showed.
    """
    if sent and not snapshot.reads:
        snapshot.refresh(ids, [attempt.change.id for attempt in sent])
    while True:
        found = {attempt.change.key: _finding(attempt, snapshot) for attempt in sent}
        late = [
            attempt.change.id for attempt in sent if attempt.may_have_landed and not found[attempt.change.key].clean
        ]
        if not late or snapshot.reads >= READS:
            return found
        try:
            clock.sleep(SECONDS_BETWEEN)
            snapshot.refresh(ids, late)
        except ReconcilerError:
            return found


def _finding(attempt: ChangeAttempt, snapshot: LiveSnapshot) -> Finding:
    return finding(attempt.change.body, attempt.before, snapshot.live.lists.get(attempt.change.id))


def record_finding(attempt: ChangeAttempt, outcome: Outcome, found: Finding, records: Records) -> None:
    """Write to the state what the last read showed of a PUT, and what came of that; raises StateError."""
    if found.took:
        records.settle(attempt.change, attempt.prior, stored_forms(attempt.change.body, found.live))
    elif isinstance(attempt.status, Acknowledged):
        records.doubt(attempt)
    elif outcome.outcome == "failed":
        records.restore(attempt)
