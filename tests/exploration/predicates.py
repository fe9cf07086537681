"""What must hold: as a PUT goes out, after each run however it ended, and at the end of all.

Each function is one sentence of docs/reliability.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from reconciler.errors import ReconcilerError
from reconciler.execute.snapshot import MOST_SECONDS_OLD
from reconciler.model.changes import Blocked
from reconciler.model.lists import Applied, AppliedList, DoubtfulList, KnownList
from reconciler.model.outcomes import EnvironmentResult, Outcome
from reconciler.model.put_answers import Acknowledged
from reconciler.model.texts import Texts, holds, only_fields
from tests.exploration.choices import Broken
from tests.exploration.world import Process


def check(fact: object, said: str) -> None:
    """Raise Broken, with what is `said`, if it is no fact."""
    if not fact:
        raise Broken(said)


def nothing_unread_is_written(process: Process, list_id: str, body: Texts) -> None:
    """Each field that is sent was read at most a minute ago, and showed what the approved change was planned from."""
    change = process.approved(list_id)
    age = process.monotonic() - process.read_at
    check(age <= MOST_SECONDS_OLD, f"{list_id} is written by values that are {age:.0f} s old")
    for field in body:
        shown = process.shown[list_id][field]
        planned = {change.before[field], change.after[field]} if change else set()
        check(shown in planned, f"{list_id}: {field} is sent though it showed {shown!r}, not one of {planned}")


def only_approved_fields_are_sent(process: Process, list_id: str, body: Texts) -> None:
    """A PUT carries nothing that the approved change of its list does not say."""
    change = process.approved(list_id)
    shown = only_fields(change.after, change.fields) if change else {}
    check(body and holds(shown, body), f"{list_id}: {body} is sent, approved was {shown}")


def nothing_is_overwritten(process: Process, list_id: str, body: Texts) -> None:
    """Unless the policy says so, a PUT goes over what was applied, or was shown of a new list: not over other texts."""
    story, key = process.world.story, list_id.removeprefix("cl-")
    if story.desired().policy.on_drift == "overwrite":
        return
    sides = (story.wanted, story.served, story.known or {})
    for field in body:
        ours = {side[key][field] for side in sides if key in side}
        shown, change = process.shown[list_id][field], process.approved(list_id)
        if key not in story.applied().lists and change:
            ours.add(change.before[field])
        check(shown in ours, f"{list_id}: {field} is sent over {shown!r}, which is another's")


def no_name_is_given_twice(process: Process, list_id: str, body: Texts) -> None:
    """No list is given a name that another has, unless somebody else gave it, or a rename has yet to show."""
    world, late = process.world, {each.list_id for each in process.world.late}
    for other, texts in world.lists.items():
        twice = other != list_id and texts["name"] == body.get("name")
        known = (other, "name") not in world.others and other not in late
        check(not (twice and known), f"{list_id} is named {body.get('name')!r}, as {other} still is")


def a_protected_list_is_never_sent(process: Process, list_id: str, body: Texts) -> None:
    """No PUT goes to a list that the manifest protects."""
    del body
    check(not process.world.story.protects(list_id.removeprefix("cl-")), f"{list_id} is protected")


def who_writes_has_the_lock(process: Process, list_id: str, body: Texts) -> None:
    """Whoever sends a PUT has the only right to write at that instant: no other run has taken it since."""
    check(process.world.place.is_locked_by(process), f"{list_id}: {body} is sent without the lock")


def a_saved_plan_only_shrinks(process: Process, list_id: str, body: Texts) -> None:
    """If a saved plan is applied, a PUT carries nothing that it does not say."""
    saved = process.world.saved
    if saved:
        said = [only_fields(each.after, each.fields) for each in saved.updates if each.id == list_id]
        check(any(holds(each, body) for each in said), f"{list_id}: {body} is sent, the saved plan says {said}")


def nothing_is_sent_after_a_signal(process: Process, list_id: str, body: Texts) -> None:
    """Once a run was told to stop, it sends no PUT."""
    check(not process.signalled, f"{list_id}: {body} is sent after a signal")


PUT_RULES: tuple[Callable[[Process, str, Texts], None], ...] = (
    nothing_unread_is_written,
    only_approved_fields_are_sent,
    nothing_is_overwritten,
    no_name_is_given_twice,
    a_protected_list_is_never_sent,
    a_saved_plan_only_shrinks,
    nothing_is_sent_after_a_signal,
    who_writes_has_the_lock,
)


class Ended(NamedTuple):
    """How a run ended: by itself, with a result or an error, or by its death (neither); and the state that it left."""

    process: Process
    result: EnvironmentResult | None
    error: ReconcilerError | None
    state: Applied

    @property
    def outcomes(self) -> Mapping[str, Outcome]:
        """The outcomes by key."""
        return {each.key: each for each in self.result.outcomes} if self.result else {}

    @property
    def steady(self) -> bool:
        """Whether it went well, its last read was true, and there was nothing to do, but for what is blocked."""
        process, plan = self.process, self.process.plan
        idle = plan is not None and all(isinstance(each, Blocked) for each in plan.environments[0].changes)
        alone = len(process.world.machines) == 1
        true = alone and process.shown == process.world.lists and not process.world.late
        return idle and true and self.result is not None and not process.deviated


def _each_entry(ended: Ended) -> Iterable[tuple[KnownList, Texts]]:
    """Return each list of the state and its true live texts."""
    lists = ended.process.world.lists
    return [(known, lists[known.id]) for known in ended.state.lists.values()]


def applied_was_acknowledged_or_read(ended: Ended) -> None:
    """What the state calls applied was so from the beginning, was acknowledged, or was shown by a read."""
    world = ended.process.world
    first = world.story.applied().lists
    for known, _ in _each_entry(ended):
        for field, text in known.texts.items() if isinstance(known, AppliedList) else ():
            before = known.key in first and first[known.key].texts.get(field) == text
            check(before or (known.id, field, text) in world.told, f"{known.key}: {text!r} is applied on no evidence")


def applied_is_live(ended: Ended) -> None:
    """What the state calls applied is live, unless somebody else wrote since, or an answer was old or a write late."""
    world = ended.process.world
    for known, live in _each_entry(ended):
        hidden = known.id in world.unseen and known.id not in world.acknowledged
        late = known.id in world.missed or known.id in {late.list_id for late in world.late}
        if isinstance(known, DoubtfulList) or hidden or (late and not holds(live, known.texts)):
            continue
        world.missed.discard(known.id)
        for field, text in known.texts.items():
            so = live[field] in (text, known.stored.get(field)) or (known.id, field) in world.others
            check(so, f"{known.key}: {field} is called applied as {text!r}, live is {live[field]!r}")


def no_doubt_is_lost(ended: Ended) -> None:
    """Until a read, a PUT without an answer is in doubt in the state; an acknowledged one is in doubt, or applied."""
    world, entries = ended.process.world, {known.id: known for known in ended.state.lists.values()}
    for list_id, body in world.open.items():
        known = entries.get(list_id)
        doubted = isinstance(known, DoubtfulList) and known.intended == body
        check(doubted, f"{list_id}: the PUT of {body} has no answer, the state says {known}")
    for list_id, body in world.acknowledged.items():
        known = entries.get(list_id)
        said = known.intended if isinstance(known, DoubtfulList) else known.texts if known else {}
        check(holds(said, body), f"{list_id}: the PUT of {body} was acknowledged, the state says {known}")


def the_summary_agrees(ended: Ended) -> None:
    """A run that fails sent nothing; each outcome agrees with the answers, the reads and the state."""
    process, alone = ended.process, len(ended.process.world.machines) == 1
    if ended.error:
        check(not process.puts, f"it failed, {ended.error}, after PUTs: {process.puts}")
    for key, outcome in ended.outcomes.items():
        sent = [answer for list_id, _, answer in process.puts if list_id == outcome.id]
        check(outcome.attempts == len(sent), f"{key}: {len(sent)} PUTs, {outcome}")
        known = ended.state.lists.get(key)
        if outcome.outcome == "updated":
            shown = process.shown.get(outcome.id, {})
            change = process.approved(outcome.id)
            seen = change is not None and process.reads > 1 and holds(shown, change.body)
            check(Acknowledged() in sent or seen, f"{key}: updated, but nothing said so")
        if outcome.outcome == "in_doubt" and alone:
            check(isinstance(known, DoubtfulList), f"{key}: {outcome}, the state says {known}")
        if outcome.outcome == "failed":
            landed = Acknowledged() in sent
            check(not landed, f"{key}: {outcome}, though it was acknowledged")


def in_order_means_so(ended: Ended) -> None:
    """A run that says that all is in order (exit code 0) leaves no doubt, and what it changed showed so at the end."""
    process = ended.process
    if ended.result is None or not ended.result.in_order or len(process.world.machines) > 1:
        return
    for key, outcome in ended.outcomes.items():
        known, change = ended.state.lists.get(key), process.approved(outcome.id)
        check(not isinstance(known, DoubtfulList), f"in order, but the state says of {key}: {known}")
        shown = process.shown[outcome.id]
        check(change is None or holds(shown, change.body), f"in order, but {key} showed {shown}")


RUN_RULES: tuple[Callable[[Ended], None], ...] = (
    applied_was_acknowledged_or_read,
    applied_is_live,
    no_doubt_is_lost,
    the_summary_agrees,
    in_order_means_so,
)


def it_ends_as_declared(ended: Ended) -> None:
    """At the end each list is live and applied as declared, or the last run names it, because somebody edited one."""
    world, plan = ended.process.world, ended.process.plan
    assert plan
    blocked = {each.key for each in plan.environments[0].changes}
    named = blocked | {each.key for each in plan.environments[0].drift}
    for key, wanted in world.story.desired().lists.items():
        known, live = ended.state.lists.get(key), world.lists[wanted.id]
        as_declared = holds(live, wanted.texts) and isinstance(known, AppliedList) and known.texts == wanted.texts
        check(as_declared or key in named, f"{key} ends as {live}, the state says {known}, and no run names it")
        check(as_declared or world.edited or world.story.protects(key), f"{key} ends as {live}: {plan}")
    check(world.story.desired().lists.keys() >= ended.state.lists.keys(), f"the state keeps {ended.state.lists}")


def it_ends_as_planned(ended: Ended) -> None:
    """At the end each change of a saved plan, or of one that sets back, is made, or named because somebody edited."""
    world, plan = ended.process.world, ended.process.plan
    assert world.saved
    assert plan
    named = {each.key for each in plan.environments[0].changes}
    if world.story.undo and not world.edited:
        for change in world.saved.updates:
            first = only_fields(world.story.served[change.key], change.fields)
            check(
                holds(world.lists[change.id], first), f"{change.key} was {first}, and ends as {world.lists[change.id]}"
            )
    for change in world.saved.updates:
        live, known = world.lists[change.id], ended.state.lists.get(change.key)
        made = all(live[field] == change.after[field] for field in change.fields) and isinstance(known, AppliedList)
        check(made or (world.edited and (change.key in named or _drifted(known, live))), f"{change} ends as {live}")


def _drifted(known: KnownList | None, live: Texts) -> bool:
    """Tell whether a next look would name what somebody else did after the change was made."""
    return isinstance(known, AppliedList) and not holds(live, known.texts)
