"""Laws over random worlds: manifest, state, live, policy, and somebody else's edits between plan and apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reconciler.documents.plan_document import digest
from reconciler.execute.records import applied_entry
from reconciler.model.changes import Adopt, Change, Check, EnvironmentPlan, Forget, Update
from reconciler.model.fields import FIELDS, NAME
from reconciler.model.lists import Applied, Desired, KnownList, Live, LiveList
from reconciler.model.texts import Texts, only_fields
from reconciler.planning.build import build
from reconciler.planning.guard import apply_guards
from reconciler.planning.revalidation import revalidate
from tests.documents.test_plan import plan_of
from tests.planning.worlds import AT, TARGET, Short, applied, desired, live

KEYS = "abcd"
NAMES = st.sampled_from(["A", "a", "B", "C", "D", "E"])  # few, so that they collide
EACH = {field: NAMES if field == NAME else st.sampled_from(["", "x", "y"]) for field in FIELDS}
TEXTS = st.fixed_dictionaries({}, optional=EACH)


@dataclass(frozen=True)
class World:
    desired: Desired
    applied: Applied
    live: Live


def of_lists(values: st.SearchStrategy[Short]) -> st.SearchStrategy[dict[str, Short]]:
    return st.dictionaries(st.sampled_from(KEYS), values, max_size=4)


def unique(lists: Mapping[str, Short]) -> bool:
    names = [short["name"].casefold() for short in lists.values() if "name" in short]
    return len(names) == len(set(names))


WANTED = of_lists(
    st.builds(
        lambda texts, more: {**texts, **more},
        TEXTS.filter(bool),
        st.fixed_dictionaries({}, optional={"previously": NAMES, "protect": st.booleans()}),
    )
).filter(unique)
KNOWN = of_lists(
    st.builds(
        lambda texts, more: {**texts, **more},
        TEXTS,
        st.fixed_dictionaries({}, optional={"intended": TEXTS.filter(bool), "stored": TEXTS}),
    )
)
LIVE: st.SearchStrategy[Mapping[str, Short]] = st.dictionaries(
    st.sampled_from([*KEYS, "cl-zzz"]),
    st.fixed_dictionaries(EACH, optional={"campaigns": st.just(["June"]), "in_use": st.just(True)}),
    max_size=5,
).filter(unique)
POLICY = st.fixed_dictionaries({}, optional={"on_drift": st.just("overwrite"), "rename_in_use": st.just("warn")})
WORLDS = st.builds(
    lambda wanted, known, seen, policy: World(desired(wanted, policy), applied(known), live(seen)),
    WANTED,
    KNOWN,
    LIVE,
    POLICY,
)


def planned(world: World) -> EnvironmentPlan:
    plan = build(world.desired, world.applied, world.live)
    return apply_guards(plan, world.desired, world.applied, world.live)


def made(world: World, changes: tuple[Change, ...]) -> World:
    """Carry changes out in their order, as an API with unique names would; the state follows as `execute` says."""
    lists: dict[str, LiveList] = dict(world.live.lists)
    entries: dict[str, KnownList] = dict(world.applied.lists)
    for change in changes:
        if isinstance(change, Update):
            found = lists[change.id]
            lists[change.id] = replace(found, texts={**found.texts, **change.body})
            names = [held.texts["name"].casefold() for held in lists.values()]
            assert len(names) == len(set(names)), "two lists share a name"
        if isinstance(change, Update | Adopt):
            entries[change.key] = applied_entry(change, entries.get(change.key), AT)
        elif isinstance(change, Forget):
            del entries[change.key]
    return World(world.desired, replace(world.applied, lists=entries), replace(world.live, lists=lists))


def law_three_equal_sides(wanted: dict[str, Short]) -> None:
    world = World(desired(wanted), applied(wanted), live(wanted))
    assume(all("name" in short for short in wanted.values()))
    plan = planned(world)
    assert (plan.changes, plan.drift, plan.unchanged) == ((), (), len(wanted))


def law_applying_a_plan_leaves_nothing_or_what_is_blocked(world: World) -> None:
    plan = planned(world)
    after = planned(made(world, plan.changes))
    blocked = {change.key for change in plan.changes if change.action == "blocked"}
    again = {change.key: change for change in after.changes}
    assert again.keys() <= blocked
    assert {drift.key for drift in after.drift} <= {drift.key for drift in plan.drift}


def law_only_managed_fields_are_sent_and_only_where_they_differ(world: World) -> None:
    for change in planned(world).changes:
        if isinstance(change, Update):
            assert change.body.keys() <= world.desired.lists[change.key].texts.keys()
            assert all(world.live.lists[change.id].texts[field] != text for field, text in change.body.items())


def law_the_order_of_the_input_does_not_matter(world: World) -> None:
    turned = World(
        replace(world.desired, lists=dict(list(world.desired.lists.items())[::-1])),
        replace(world.applied, lists=dict(list(world.applied.lists.items())[::-1])),
        replace(world.live, lists=dict(list(world.live.lists.items())[::-1])),
    )
    assert planned(turned) == planned(world)
    assert digest(plan_of(planned(turned))) == digest(plan_of(planned(world)))


def law_nothing_is_written_that_live_did_not_name(world: World) -> None:
    """A list that the state does not know is only written under the declared name, or the previous one."""
    for change in planned(world).changes:
        known = world.applied.lists.get(change.key)
        if isinstance(change, Update) and (known is None or known.id != change.id):
            wanted = world.desired.lists[change.key]
            assert world.live.lists[change.id].texts["name"] in (wanted.texts.get("name"), wanted.previously)


def law_a_reviewed_plan_does_just_what_it_says(world: World) -> None:
    plan = planned(world)
    left = revalidate(plan, world.desired, world.applied, world.live)
    assert [change for change in left.changes if isinstance(change, Update)] == list(plan.updates)


def law_a_reviewed_plan_never_does_more(world: World, edits: Mapping[str, Short], manifest: dict[str, Short]) -> None:
    plan = planned(world)
    edited = live(edits)
    now = World(desired(manifest), world.applied, replace(world.live, lists={**world.live.lists, **edited.lists}))
    names = [held.texts["name"].casefold() for held in now.live.lists.values()]
    assume(len(names) == len(set(names)))
    shown = {change.key: change for change in plan.updates}
    left = revalidate(plan, now.desired, now.applied, now.live)
    for change in left.changes:
        if isinstance(change, Update):
            assert change.id == shown[change.key].id
            assert change.body.items() <= shown[change.key].body.items()
            before = shown[change.key].before
            stored = getattr(now.applied.lists.get(change.key), "stored", {})
            for field in change.fields:
                seen = now.live.lists[change.id].texts[field]
                assert seen == before[field] or stored.get(field) == seen
    made(now, left.changes)  # no two lists of one name at any instant


CHANGES: Mapping[str, type[Adopt | Forget | Check]] = {"adopt": Adopt, "forget": Forget, "check": Check}
HOSTILE = of_lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from([f"cl-{key}" for key in [*KEYS, "zzz"]]),
            "action": st.sampled_from(["update", *CHANGES]),
            "fields": st.sampled_from([*((field,) for field in FIELDS), FIELDS]),
            "before": TEXTS,
            "after": TEXTS,
        }
    )
)


def hostile(lists: Mapping[str, Short]) -> EnvironmentPlan:
    """Return a plan as a file may have it: of the right shape, and nothing else to be said for it."""
    changes: dict[str, Change] = {}
    for key, short in lists.items():
        common = {key: short[key] for key in ("id", "before", "after")} | {"key": key, "cause": "edit", "source": None}
        fields = tuple(field for field in short["fields"] if field in short["after"])
        if short["action"] != "update":
            changes[key] = CHANGES[short["action"]](**common)
        elif fields and short["id"] not in {change.id for change in changes.values()}:
            changes[key] = Update(**common, fields=fields)
    return EnvironmentPlan("prod", TARGET, "lineage", 7, tuple(changes.values()))


def law_a_plan_from_anybody_does_no_harm(world: World, shown: EnvironmentPlan) -> None:
    """It neither writes nor records what comparing and the guards of now would forbid."""
    planned_changes = {change.key: change for change in shown.changes}
    left = revalidate(shown, world.desired, world.applied, world.live)
    after = made(world, left.changes)
    guarded_ids = {wanted.id for wanted in world.desired.lists.values() if wanted.protect}
    for change in left.changes:
        if isinstance(change, Update):
            asked = planned_changes[change.key]
            assert isinstance(asked, Update)
            assert (asked.id, asked.body | change.body) == (change.id, asked.body)
            assert change.id not in guarded_ids
        elif isinstance(change, Forget):
            assert change.key not in world.desired.lists
        if isinstance(change, Update | Adopt):
            assert_truthful(change, world, after)


def assert_truthful(change: Update | Adopt, world: World, after: World) -> None:
    """The state says only what live shows or what it said beyond doubt before, and of all that is declared."""
    known, wanted = world.applied.lists.get(change.key), world.desired.lists.get(change.key)
    seen, now = world.live.lists[change.id].texts, after.live.lists[change.id].texts
    if known is None or known.id != change.id:
        assert wanted is not None
        named = seen["name"] in (wanted.texts.get("name"), wanted.previously)
        assert named or (isinstance(change, Adopt) and seen.items() >= wanted.texts.items())
        assert change.after.items() <= now.items()
        return
    doubted = getattr(known, "intended", {})
    for field, text in change.after.items():
        said = known.texts.get(field) == text
        assert now[field] == text or (said and (field not in doubted or known.stored.get(field) == now[field]))
    declared = wanted.texts.keys() if wanted else set()
    assert known.texts.keys() & declared <= change.after.keys()


def law_a_plan_made_without_live_does_no_harm(world: World) -> None:
    plan = apply_guards(build(world.desired, world.applied), world.desired, world.applied, None)
    law_a_plan_from_anybody_does_no_harm(world, plan)


def law_an_undone_plan_leaves_the_lists_as_they_were(world: World) -> None:
    plan = planned(world)
    after = made(world, plan.changes)
    undo = tuple(
        replace(change, cause="undo", before=change.after, after=_set_back(world, change), waits_for=())
        for change in plan.updates
    )
    permissive = {"rename_in_use": "warn", "rename_while_running": "allow"}
    manifest = replace(world.desired, policy=desired({}, permissive).policy)
    left = revalidate(replace(plan, changes=undo), manifest, after.applied, after.live)
    protected = {change.key for change in left.changes if change.action == "blocked"}
    restored = made(after, left.changes)
    for change in plan.updates:
        if change.key not in protected:
            assert restored.live.lists[change.id] == world.live.lists[change.id]


def _set_back(world: World, change: Update) -> Texts:
    return {**change.after, **only_fields(world.live.lists[change.id].texts, change.fields)}


ONE_WORLD = [
    law_applying_a_plan_leaves_nothing_or_what_is_blocked,
    law_only_managed_fields_are_sent_and_only_where_they_differ,
    law_the_order_of_the_input_does_not_matter,
    law_nothing_is_written_that_live_did_not_name,
    law_a_reviewed_plan_does_just_what_it_says,
    law_a_plan_made_without_live_does_no_harm,
    law_an_undone_plan_leaves_the_lists_as_they_were,
]
NAMED = [law.__name__ for law in ONE_WORLD]
MANY = settings().max_examples * 3 // 2


@settings(max_examples=MANY)
@given(WORLDS)
def test_laws(world: World) -> None:
    """All in one, since to draw a world takes longer than any law."""
    for law in ONE_WORLD:
        law(world)


@settings(max_examples=MANY)
@given(WANTED)
def test_three_equal_sides(wanted: dict[str, Short]) -> None:
    law_three_equal_sides(wanted)


@settings(max_examples=MANY)
@given(WORLDS, LIVE, WANTED)
def test_reviewed_plans_never_do_more(world: World, edits: Mapping[str, Short], manifest: dict[str, Short]) -> None:
    law_a_reviewed_plan_never_does_more(world, edits, manifest)


@settings(max_examples=2 * MANY)
@given(WORLDS, HOSTILE.map(hostile))
def test_plans_from_anybody_do_no_harm(world: World, plan: EnvironmentPlan) -> None:
    law_a_plan_from_anybody_does_no_harm(world, plan)


@pytest.mark.slow
@pytest.mark.parametrize("law", ONE_WORLD, ids=NAMED)
@settings(max_examples=3000)
@given(world=WORLDS)
def test_laws_wide(law: object, world: World) -> None:
    assert callable(law)
    law(world)


@pytest.mark.slow
@settings(max_examples=3000)
@given(WORLDS, LIVE, WANTED)
def test_reviewed_plans_never_do_more_wide(
    world: World, edits: Mapping[str, Short], manifest: dict[str, Short]
) -> None:
    law_a_reviewed_plan_never_does_more(world, edits, manifest)


@pytest.mark.slow
@settings(max_examples=10000)
@given(WORLDS, HOSTILE.map(hostile))
def test_plans_from_anybody_do_no_harm_wide(world: World, plan: EnvironmentPlan) -> None:
    law_a_plan_from_anybody_does_no_harm(world, plan)
