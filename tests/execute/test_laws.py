"""What holds whatever the API answers, whenever writes show, and whoever else edits meanwhile."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from reconciler.execute.snapshot import LOOKS, MOST_SECONDS_OLD, MOST_SECONDS_WAITED
from reconciler.execute.verify import READS
from reconciler.model.fields import FIELDS, NAME
from reconciler.model.lists import AppliedList, DoubtfulList
from reconciler.model.put_answers import Acknowledged, Rejected, Unsettled
from reconciler.model.retry import ATTEMPTS
from reconciler.model.texts import Texts, holds
from tests.execute.scene import Deed, Delete, Edit, Fail, Hold, Pass, Played, Scene, Signal, Slow, play
from tests.fakes import Reply, maybe
from tests.planning.worlds import Short

KEYS = "abcdef"
NAMES = ("Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zeta", "Eta", "Theta")
OTHERS = {field: st.sampled_from(["", "D", "E"]) for field in FIELDS if field != NAME}
WAITS = st.sampled_from([None, 2.0, 6.0, 70.0])
UNREAD = ("unverified", None)
LATE = st.sampled_from([0.0, 0.0, 0.5, 1.5, 2.0, 40.0, 1e9])

replies = st.one_of(
    st.builds(Reply, st.just(Acknowledged()), st.just(True), LATE),
    st.builds(Reply, st.builds(Rejected, st.just("HTTP 400"), st.booleans()), st.just(False)),
    st.builds(
        lambda again, wait: Reply(Unsettled("HTTP 429", landed=False, again=again, wait=wait), lands=False),
        st.booleans(),
        WAITS,
    ),
    st.builds(
        lambda lands, again, wait, late: maybe(lands=lands, again=again, wait=wait, late=late),
        st.booleans(),
        st.booleans(),
        WAITS,
        LATE,
    ),
)
edits = st.builds(
    Edit,
    st.sampled_from(KEYS),
    st.one_of(
        st.fixed_dictionaries({NAME: st.sampled_from((*NAMES, "Theirs"))}),
        *(st.fixed_dictionaries({field: words}) for field, words in OTHERS.items()),
    ),
)
waits: st.SearchStrategy[Deed] = st.one_of(
    st.builds(Pass, st.sampled_from([1.0, 59.0, 61.0])),
    st.builds(Hold, st.sampled_from([1.0, 5.0, 5.5, 58.0])),
    st.builds(Slow, st.sampled_from([0.0, 20.0, 61.0])),
)
breaks: st.SearchStrategy[Deed] = st.one_of(st.builds(Fail, st.integers(1, 3)), st.builds(Signal))
lines = st.one_of(
    st.just("approve"),
    st.builds(
        "{} #{}".format,
        st.sampled_from(["put", "read", "sleep", "landed", "applied", "doubt", "flush"]),
        st.integers(1, 12),
    ),
)


@st.composite
def declarations(draw: st.DrawFn, key: str, name: str) -> Short:
    """Declare a list of that name: as it is, or renamed to a new name or a taken one, or with new texts, or both."""
    wanted = {NAME: draw(st.sampled_from((name, f"New {key}", f"New {key}", *NAMES))), "previously": name}
    return wanted | draw(st.fixed_dictionaries({}, optional=OTHERS))


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Draw lists with names of their own, most of them recorded as they are, and what is to befall them."""
    served = {key: {**dict.fromkeys(FIELDS, "D"), NAME: name} for key, name in zip(KEYS, NAMES, strict=False)}
    wanted = {key: draw(declarations(key, served[key][NAME])) for key in KEYS if draw(st.integers(0, 3))}
    known = {key: texts for key, texts in served.items() if draw(st.integers(0, 5))}
    befalls = draw(st.sampled_from([waits, st.one_of(waits, edits), st.one_of(waits, edits, breaks)]))
    return Scene(
        wanted,
        served,
        known,
        replies=dict(enumerate(draw(st.lists(st.one_of(st.just(Reply()), replies), max_size=10)), 1)),
        deeds=draw(st.dictionaries(lines, st.lists(befalls, min_size=1, max_size=2), max_size=4)),
        hidden={key for key in wanted if not draw(st.integers(0, 5))},  # an undeclared one would hide its name
        breaking=draw(st.one_of(st.just(frozenset()), st.frozensets(st.integers(1, 15), max_size=3))),
        undurable=draw(st.one_of(st.just(frozenset()), st.frozensets(st.integers(1, 8), max_size=2))),
        policy={"on_drift": draw(st.sampled_from(["keep", "overwrite"]))},
    )


@given(scenes())
def test_laws(scene: Scene) -> None:
    check_laws(scene)


@pytest.mark.slow
@pytest.mark.timeout(600)
@given(scenes())
@settings(max_examples=10000)
def test_laws_widely(scene: Scene) -> None:
    check_laws(scene)


def check_laws(scene: Scene) -> None:
    played = play(scene)
    event("raised" if played.error else "stopped" if played.stopped else "ended")
    event(f"{len(played.lines({'put'}))} PUTs")
    assert played.store.holder is None
    each_put_was_planned_and_recorded_before(played)
    each_put_was_judged_by_live_values_of_a_minute_ago_at_most(played)
    nothing_was_put_while_a_record_was_not_synced(played)
    it_ended_soon(played)
    applied_is_live_unless_somebody_else_wrote(played, scene)
    acknowledged_is_never_recorded_as_old(played, scene)
    if played.error:
        assert played.lines({"put"}) == []
    else:
        each_change_has_one_outcome(played)
    if not any(isinstance(deed, Edit) for deeds in scene.deeds.values() for deed in deeds):
        no_name_was_given_twice(played, scene)


def each_put_was_planned_and_recorded_before(played: Played) -> None:
    """An entry in doubt about the very body stands when the PUT goes, and the body is part of the plan's."""
    planned = {change.key: change.body for plan in played.plans for change in plan.environments[0].updates}
    standing: dict[str, object] = {}
    for each in played.clock.events:
        if each.word in {"doubt", "applied", "dropped"}:
            standing[each.about] = each.carried
        if each.word == "put":
            entry = standing[each.about]
            assert isinstance(entry, DoubtfulList)
            assert isinstance(each.carried, dict)
            assert entry.intended == each.carried
            assert each.carried
            assert holds(planned[each.about], each.carried)


def each_put_was_judged_by_live_values_of_a_minute_ago_at_most(played: Played) -> None:
    """Nor by values from before a long wait; one between two requests of a reading only counts in its age."""
    read_at, waited = 0.0, False
    for each in played.clock.events:
        if str(each) == "read all":
            read_at = each.at
        if each.word == "read":
            waited = False
        if each.word == "sleep":
            waited = waited or float(each.about) > MOST_SECONDS_WAITED
        if each.word == "put":
            assert each.at - read_at <= MOST_SECONDS_OLD
            assert not waited


def nothing_was_put_while_a_record_was_not_synced(played: Played) -> None:
    synced = True
    for each in played.clock.events:
        if each.word in {"doubt", "applied", "dropped", "flush"}:
            synced = each.word == "flush"
        assert synced or each.word != "put"


def it_ended_soon(played: Played) -> None:
    changes = sum(len(plan.environments[0].updates) for plan in played.plans)
    puts = Counter(played.lines({"put"}))
    assert all(count <= ATTEMPTS for count in puts.values())
    rounds = 1 + changes * LOOKS * ATTEMPTS + 2 * READS
    assert played.remote.requests <= sum(puts.values()) + rounds * (1 + len(KEYS))


def applied_is_live_unless_somebody_else_wrote(played: Played, scene: Scene) -> None:
    """Where no read showed it, or the state could not take what one showed, what was acknowledged stands.

    A write without answer that landed after the last look was not there to be seen.
    """
    unseen = landed_unseen(played)
    unread = {each.key for each in played.final if scene.breaking or (each.outcome, each.verified) == UNREAD}
    for key, entry in played.store.applied.lists.items():
        live = played.account.lists[f"cl-{key}"].texts
        for field, text in entry.texts.items():
            they = played.account.hands.get((entry.id, field)) == "they"
            if isinstance(entry, AppliedList) and not they and key not in unseen:
                stands = key in unread and any(holds(entry.texts, body) for body in accepted(played, scene, key))
                assert stands or live[field] in (text, entry.stored.get(field)), (key, field)


def landed_unseen(played: Played) -> set[str]:
    """Return the lists with a write that landed late, after the last read."""
    words = [each.word for each in played.clock.events]
    looked = len(words) - words[::-1].index("read") if "read" in words else 0
    return {
        each.about
        for number, each in enumerate(played.clock.events)
        if number > looked and each.word == "landed" and words[number - 1] != "put"
    }


def accepted(played: Played, scene: Scene, key: str) -> list[Texts]:
    """Return the bodies of acknowledged PUTs of a list."""
    puts = enumerate((each for each in played.clock.events if each.word == "put"), 1)
    return [
        put.carried
        for number, put in puts
        if isinstance(put.carried, dict)
        and put.about == key
        and scene.replies.get(number, Reply()).answer == Acknowledged()
    ]


def acknowledged_is_never_recorded_as_old(played: Played, scene: Scene) -> None:
    for key in KEYS:
        for body in accepted(played, scene, key):
            entry = played.store.applied.lists[key]
            assert holds(entry.texts if isinstance(entry, AppliedList) else entry.intended, body)


def each_change_has_one_outcome(played: Played) -> None:
    (plan,) = played.plans
    assert [each.key for each in played.final] == [change.key for change in plan.environments[0].changes]
    puts = Counter(each.about for each in played.clock.events if each.word == "put")
    assert {each.key: each.attempts for each in played.final if each.attempts} == dict(puts)
    for each in played.final:
        assert (each.error is None) == (each.outcome in {"updated", "adopted", "forgotten"})
        entry = played.store.applied.lists.get(each.key)
        assert each.outcome != "in_doubt" or isinstance(entry, DoubtfulList)


def no_name_was_given_twice(played: Played, scene: Scene) -> None:
    """While every acknowledged write shows at once, no two lists ever have one name."""
    if any(reply.late for reply in scene.replies.values()):
        return
    names = {key: str(texts["name"]) for key, texts in scene.served.items()}
    for each in played.clock.events:
        if each.word == "landed" and isinstance(each.carried, dict):
            names[each.about] = each.carried.get("name", names[each.about])
            assert len({name.casefold() for name in names.values()}) == len(names)


def test_deleted_lists_break_nothing() -> None:
    """Deleting takes the list from under every law above, so it is looked at alone."""
    for line in ("approve", "put a", "landed a", "applied a", "read all #2"):
        served = {key: {"name": f"O {key}"} for key in "ab"}
        wanted = {key: {"name": f"N {key}"} for key in "ab"}
        played = play(Scene(wanted, served, deeds={line: [Delete("a"), Pass(61)]}))
        each_change_has_one_outcome(played)
        assert not isinstance(played.store.applied.lists["a"], AppliedList) or played.outcomes["a"] != "updated 1 True"
