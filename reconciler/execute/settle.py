"""The look at the end: what each PUT came to, by reading it back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.errors import ReconcilerError, StateError
from reconciler.execute.records import Records
from reconciler.execute.sending import Sending
from reconciler.execute.sight import Sight
from reconciler.execute.verify import Finding, finding, stored
from reconciler.model.outcomes import Outcome
from reconciler.model.texts import narrowed
from reconciler.protocols import Clock

READS = 3  # a write may show late: so many reads, a second apart
SECONDS_BETWEEN = 1.0


def read_back(sent: Sequence[Sending], ids: Sequence[str], sight: Sight, clock: Clock) -> dict[str, Finding]:
    """Read until every PUT of `sent` shows, at most `READS` times since the last PUT; return what showed last, by key.

    `ids` are the lists to look for alone where *read all* leaves them out. Raises RemoteError or StoppedError where
    not even one read was made since the last PUT; later ones that cannot be made leave what the ones before showed.
    """
    if not sight.reads:
        sight.renew(ids, [sending.change.id for sending in sent])
    while True:
        found = {sending.change.key: _found(sending, sight) for sending in sent}
        late = [sending.change.id for sending in sent if _may_still_show(sending, found[sending.change.key])]
        if not late or sight.reads >= READS:
            return found
        try:
            clock.sleep(SECONDS_BETWEEN)
            sight.renew(ids, late)
        except ReconcilerError:
            return found


def _may_still_show(sending: Sending, found: Finding) -> bool:
    return (sending.acknowledged or sending.landed) and not found.clean


def _found(sending: Sending, sight: Sight) -> Finding:
    return finding(sending.change.body, sending.before, sight.live.lists.get(sending.change.id))


def settled(sent: Sequence[Sending], sight: Sight, records: Records, clock: Clock) -> Iterator[Outcome]:
    """Yield the final outcome of each PUT and record it; where nothing can be read, say so.

    Raises StateError, after the last outcome, where the state could not take one of them.
    """
    if not sent:
        return
    try:
        found = read_back(sent, [sending.change.id for sending in sent], sight, clock)
    except ReconcilerError as error:
        yield from (sending.unread(str(error)) for sending in sent)
        return
    failure: StateError | None = None
    for sending in sent:
        if sending.decided:
            continue
        outcome = sending.judged(found[sending.change.key], last=sight.reads >= READS)
        try:
            _record(sending, outcome, found[sending.change.key], records)
        except StateError as error:
            failure = error
        yield outcome
    if failure:
        raise failure


def _record(sending: Sending, outcome: Outcome, found: Finding, records: Records) -> None:
    if found.shown in ("sent", "alike"):
        sending.shown = narrowed(found.live, sending.change.after)
        records.settle(sending.change, sending.prior, stored(sending.change.body, found.live))
    elif sending.acknowledged:
        records.doubt(sending)
    elif outcome.outcome == "failed":
        records.restore(sending)
