"""What must hold: as a PUT goes out, after each run however it ended, and at the end of all.

Each function is a sentence of docs/reliability.md. All that it asks for comes from events: of the worlds that the
explorer makes, or of real runs (`tests/faults/traces.py`).
"""

from __future__ import annotations

from reconciler.execute.snapshot import MOST_SECONDS_OLD
from reconciler.model.lists import AppliedList, DoubtfulList, KnownList
from reconciler.model.texts import Texts, holds, only_fields
from reconciler.state.lease import LEASE
from tests.exploration.choices import Broken
from tests.exploration.events import Ended, Sent
from tests.exploration.evidence import Evidence, Rules


def check(fact: object, said: str) -> None:
    """Raise Broken, with what is `said`, if it is no fact."""
    if not fact:
        raise Broken(said)


def nothing_unread_is_written(so_far: Evidence, put: Sent) -> None:
    """Each field that is sent was read at most a minute ago, and showed what the approved change was planned from."""
    run = so_far.run(put.run)
    age, change = put.at - run.read_at.get(put.list_id, float("-inf")), run.approved.get(put.list_id)
    check(age <= MOST_SECONDS_OLD, f"{put.list_id} is written by values that are {age:.0f} s old")
    for field in put.body:
        shown = run.shown.get(put.list_id, {}).get(field)
        planned = {change.before.get(field), change.after.get(field)} if change else set()
        check(shown in planned, f"{put.list_id}: {field} is sent though it showed {shown!r}, not one of {planned}")


def only_approved_fields_are_sent(so_far: Evidence, put: Sent) -> None:
    """A PUT carries nothing that the approved change of its list does not say."""
    change = so_far.run(put.run).approved.get(put.list_id)
    said = change.after if change else {}
    check(put.body and holds(said, put.body), f"{put.list_id}: {put.body} is sent, approved was {said}")


def nothing_is_overwritten(so_far: Evidence, put: Sent) -> None:
    """Unless the policy says so, a PUT goes over what was applied, or was shown of a new list: not over other texts."""
    given, run = so_far.given, so_far.run(put.run)
    if given.desired.policy.on_drift == "overwrite":
        return
    key, first = put.list_id.removeprefix("cl-"), given.first.lists
    sides = [given.served[put.list_id], *(each[key].texts for each in (given.desired.lists, first) if key in each)]
    for field in put.body:
        ours = {side.get(field) for side in sides}
        if key not in first and put.list_id in run.approved:
            ours.add(run.approved[put.list_id].before[field])
        shown = run.shown.get(put.list_id, {}).get(field)
        check(shown in ours, f"{put.list_id}: {field} is sent over {shown!r}, which is another's")


def no_name_is_given_twice(so_far: Evidence, put: Sent) -> None:
    """No list is given a name that another has, unless somebody else gave it, or a rename has yet to show."""
    name = put.body.get("name")
    for other, texts in so_far.lists.items():
        twice = other != put.list_id and texts["name"] == name
        known = (other, "name") not in so_far.others and not so_far.delayed[other]
        check(not (twice and known), f"{put.list_id} is named {name!r}, as {other} still is")


def a_protected_list_is_never_sent(so_far: Evidence, put: Sent) -> None:
    """No PUT goes to a list that the manifest protects."""
    protected = {each.id for each in so_far.given.desired.lists.values() if each.protect}
    check(put.list_id not in protected, f"{put.list_id} is protected")


def who_writes_has_the_lock(so_far: Evidence, put: Sent) -> None:
    """Whoever sends a PUT has the only right to write at that instant: no other run has taken it since."""
    del so_far
    check(put.locked, f"{put.list_id}: {put.body} is sent without the lock")


def a_saved_plan_only_shrinks(so_far: Evidence, put: Sent) -> None:
    """If a saved plan is applied, a PUT carries nothing that it does not say."""
    saved = so_far.run(put.run).saved
    if saved is not None:
        said = saved[put.list_id].after if put.list_id in saved else {}
        check(holds(said, put.body), f"{put.list_id}: {put.body} is sent, the saved plan says {said}")


def nothing_is_sent_after_a_signal(so_far: Evidence, put: Sent) -> None:
    """Once a run was told to stop, it sends no PUT."""
    check(not so_far.run(put.run).signalled, f"{put.list_id}: {put.body} is sent after a signal")


def an_intent_is_on_disk_before_its_put(so_far: Evidence, put: Sent) -> None:
    """As a PUT goes out, the state says that it may have landed, and would say so without power, too."""
    known = so_far.recorded.get(put.list_id)
    intended = isinstance(known, DoubtfulList) and known.intended == put.body
    check(intended, f"{put.list_id}: {put.body} is sent, and the state has only {known}")


def one_put_at_a_time_waits_for_its_answer(so_far: Evidence, put: Sent) -> None:
    """At most one PUT of an account waits for its answer, unless that machine stood still beyond its lease."""
    for name, run in so_far.runs.items():
        waits = run.waiting
        check(
            waits is None or (name != put.run and put.at - waits.at > LEASE),
            f"{put.list_id} is sent by {put.run} while {name} waits for the answer to {waits}",
        )


def applied_was_acknowledged_or_read(so_far: Evidence, ended: Ended) -> None:
    """What the state calls applied was so from the beginning, was acknowledged, or was shown by a read."""
    first = so_far.given.first.lists
    for known in ended.state.lists.values():
        for field, text in known.texts.items() if isinstance(known, AppliedList) else ():
            before = known.key in first and first[known.key].texts.get(field) == text
            check(before or (known.id, field, text) in so_far.told, f"{known.key}: {text!r} is applied on no evidence")


def applied_is_live(so_far: Evidence, ended: Ended) -> None:
    """What the state calls applied is live, unless somebody else wrote since, or an answer was old or a write late."""
    for known in ended.state.lists.values():
        if so_far.is_hidden(known):
            continue
        live = so_far.lists.get(known.id, {})
        for field, text in known.texts.items():
            so = live.get(field) in (text, known.stored.get(field)) or (known.id, field) in so_far.others
            check(so, f"{known.key}: {field} is called applied as {text!r}, live is {live.get(field)!r}")


def no_doubt_is_lost(so_far: Evidence, ended: Ended) -> None:
    """Until a read, a PUT without an answer is in doubt in the state; an acknowledged one is in doubt, or applied."""
    entries = {known.id: known for known in ended.state.lists.values()}
    for list_id, body in so_far.open.items():
        known = entries.get(list_id)
        doubted = isinstance(known, DoubtfulList) and known.intended == body
        check(doubted, f"{list_id}: the PUT of {body} has no answer, the state says {known}")
    for list_id, body in so_far.acknowledged.items():
        known = entries.get(list_id)
        said = known.intended if isinstance(known, DoubtfulList) else known.texts if known else {}
        check(holds(said, body), f"{list_id}: the PUT of {body} was acknowledged, the state says {known}")


def the_summary_agrees(so_far: Evidence, ended: Ended) -> None:
    """A run that fails sent nothing; each outcome agrees with the answers, the reads and the state."""
    run = so_far.run(ended.run)
    check(not ended.error or not run.sent, f"it failed, {ended.error}, after PUTs: {run.sent}")
    for key, came in ended.came.items():
        answers, known = run.answers_of(came.list_id), ended.state.lists.get(key)
        check(came.attempts == len(answers), f"{key}: {len(answers)} PUTs, {came}")
        change, shown = run.approved.get(came.list_id), run.shown.get(came.list_id, {})
        seen = change is not None and run.reads > 1 and holds(shown, change.after)
        acknowledged = "acknowledged" in answers
        if came.outcome == "updated":
            check(acknowledged or seen, f"{key}: updated, but nothing said so")
        if came.outcome == "in_doubt" and ended.alone:
            check(isinstance(known, DoubtfulList), f"{key}: {came}, the state says {known}")
        if came.outcome == "failed":
            check(not acknowledged, f"{key}: {came}, though it was acknowledged")


def in_order_means_so(so_far: Evidence, ended: Ended) -> None:
    """A run that says that all is in order (exit code 0) leaves no doubt, and what it changed showed so at the end."""
    if not ended.in_order or not ended.alone:
        return
    run = so_far.run(ended.run)
    for key, came in ended.came.items():
        known, change = ended.state.lists.get(key), run.approved.get(came.list_id)
        check(not isinstance(known, DoubtfulList), f"in order, but the state says of {key}: {known}")
        shown = run.shown.get(came.list_id, {})
        check(change is None or holds(shown, change.after), f"in order, but {key} showed {shown}")


def it_ends_as_declared(so_far: Evidence, ended: Ended) -> None:
    """At the end each list is live and applied as declared, or the last run names it, because somebody edited one."""
    if ended.named is None or so_far.run(ended.run).saved is not None:
        return
    desired = so_far.given.desired.lists
    for key, wanted in desired.items():
        known, live = ended.state.lists.get(key), so_far.lists.get(wanted.id, {})
        as_declared = holds(live, wanted.texts) and isinstance(known, AppliedList) and known.texts == wanted.texts
        check(as_declared or key in ended.named, f"{key} ends as {live}, the state says {known}, and no run names it")
        check(as_declared or so_far.edited or wanted.protect, f"{key} ends as {live}: {ended.named}")
    check(desired.keys() >= ended.state.lists.keys(), f"the state keeps {ended.state.lists}")


def it_ends_as_planned(so_far: Evidence, ended: Ended) -> None:
    """At the end each change of a saved plan, or of one that sets back, is made, or named because somebody edited."""
    saved = so_far.run(ended.run).saved
    if ended.named is None or saved is None:
        return
    for list_id, change in saved.items():
        key, live = list_id.removeprefix("cl-"), so_far.lists.get(list_id, {})
        known = ended.state.lists.get(key)
        if so_far.given.undo and not so_far.edited:
            first = only_fields(so_far.given.served[list_id], change.after)
            check(holds(live, first), f"{key} was {first}, and ends as {live}")
        made = holds(live, change.after) and isinstance(known, AppliedList)
        check(made or (so_far.edited and (key in ended.named or _drifted(known, live))), f"{change} ends as {live}")


def _drifted(known: KnownList | None, live: Texts) -> bool:
    """Tell whether a next look would name what somebody else did after the change was made."""
    return isinstance(known, AppliedList) and not holds(live, known.texts)


RULES = Rules(
    sent=(
        nothing_unread_is_written,
        only_approved_fields_are_sent,
        nothing_is_overwritten,
        no_name_is_given_twice,
        a_protected_list_is_never_sent,
        a_saved_plan_only_shrinks,
        nothing_is_sent_after_a_signal,
        who_writes_has_the_lock,
        an_intent_is_on_disk_before_its_put,
        one_put_at_a_time_waits_for_its_answer,
    ),
    ended=(
        applied_was_acknowledged_or_read,
        applied_is_live,
        no_doubt_is_lost,
        the_summary_agrees,
        in_order_means_so,
        it_ends_as_declared,
        it_ends_as_planned,
    ),
)
