"""Several environments in one apply, and what surrounds a run: locks, approval, progress, undo, saved plans."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from reconciler.engine.applying import ApplyOptions, apply
from reconciler.engine.looking import plan
from reconciler.engine.workspaces import PlanMetadata, Selection, Workspace
from reconciler.errors import DeclinedError, LockedError, RemoteError, StateError, StoppedError, UsageError
from reconciler.execute.snapshot import LiveSnapshot
from reconciler.model.changes import EnvironmentPlan, Plan
from reconciler.model.lists import AppliedList, KnownList, Live
from reconciler.model.outcomes import Outcome, Result
from reconciler.model.put_answers import PutAnswer, Rejected
from reconciler.model.texts import Texts
from reconciler.protocols import LockInfo, StateWriter
from tests.fakes import FakeAccount, FakeClock, FakeRemote, FakeStore, Reply
from tests.planning.worlds import Short, applied, desired, live, rows

HEADING = PlanMetadata("0", "2026-11-22T10:00:00Z", {"lists.yaml": "00"})
HOLDER = LockInfo(1, "h", "u", "c", "2026-11-22T10:00:00Z")
REFUSED = Reply(Rejected("HTTP 400"), lands=False)
EVERYTHING = Selection()


@dataclass
class Place:
    """One environment: its account, API and state."""

    workspace: Workspace
    store: FakeStore
    remote: FakeRemote
    account: FakeAccount


@dataclass
class Land:
    """Environments by name, on one clock."""

    clock: FakeClock = field(default_factory=FakeClock)
    places: dict[str, Place] = field(default_factory=dict)
    told: list[tuple[str, str, str]] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    undo: list[Plan] = field(default_factory=list)

    def settle(
        self,
        name: str,
        wanted: Mapping[str, Short],
        served: Mapping[str, Short],
        *,
        replies: Mapping[int, Reply] | None = None,
        breaking: Collection[int] = (),
        unfolding: bool = False,
        policy: Short | None = None,
    ) -> Place:
        """Add an environment whose state is as `served`."""
        account = FakeAccount(self.clock, dict(live(served).lists))
        known = replace(applied(served), environment=name)
        store = FakeStore(known, self.clock, breaking, unfolding=unfolding)
        workspace = Workspace(replace(desired(wanted, policy), environment=name), store, 30)
        self.places[name] = Place(workspace, store, FakeRemote(account, self.clock, replies), account)
        return self.places[name]

    def apply(
        self,
        scope: Selection = EVERYTHING,
        saved: Mapping[str, EnvironmentPlan] | None = None,
        approve: Callable[[Plan], None] | None = None,
        undo: Callable[[Plan], None] | None = None,
        lock_timeout: float = 0.0,
    ) -> Result:
        options = ApplyOptions(
            holder=HOLDER,
            clock=self.clock,
            stop=self.clock,
            jitter=lambda: 0.0,
            approve=approve or self.plans.append,
            progress=self.tell,
            undo=undo or self.undo.append,
            saved=saved or {},
            lock_timeout=lock_timeout,
        )
        sites = [place.workspace for place in self.places.values()]
        return apply(sites, {name: place.remote for name, place in self.places.items()}, HEADING, scope, options)

    def tell(self, name: str, outcome: Outcome) -> None:
        self.told.append((name, outcome.key, f"{outcome.outcome} {outcome.verified}"))

    @property
    def log(self) -> list[str]:
        return [str(event) for event in self.clock.events]

    @property
    def puts(self) -> list[str]:
        return [line for line in self.log if line.startswith("put")]


def short(result: Result) -> dict[str, str]:
    return {
        f"{environment.name} {outcome.key}": f"{outcome.outcome} {outcome.attempts}"
        for environment in result.environments
        for outcome in environment.outcomes
    }


def two(**dev: object) -> Land:
    """Return a land of prod and dev, one rename in each; `dev` as in `settle`."""
    land = Land()
    land.settle("prod", {"a": {"name": "New A"}}, {"a": {"name": "Old A"}})
    land.settle("dev", {"b": {"name": "New B"}}, {"b": {"name": "Old B"}}, **dev)  # type: ignore[arg-type]  # by name
    return land


def test_every_environment_is_locked_read_and_shown_before_the_first_put() -> None:
    land = two()
    result = land.apply()
    assert land.log[:4] == ["lock prod", "read all", "lock dev", "read all"]
    assert land.log[4:6] == ["announced a", "doubt a"]
    assert land.log.index("unlock prod") < land.log.index("announced b")  # each is let go when it is done
    assert land.log[-1] == "unlock dev"
    assert [environment.name for environment in land.plans[0].environments] == ["prod", "dev"]
    assert short(result) == {"prod a": "updated 1", "dev b": "updated 1"}
    assert [environment.requests for environment in result.environments] == [3, 3]
    assert all(environment.in_order for environment in result.environments)


def test_memory_holds_of_live_what_a_plan_is_about_and_none_of_it_once_an_environment_has_ended() -> None:
    land = two()
    left: list[tuple[str, int]] = []
    kept: list[list[str]] = []
    land.settle("test", {"c": {"name": "New C"}, "d": {"name": "D"}}, {"c": {"name": "Old C"}, "d": {"name": "D"}})

    def alive() -> list[LiveSnapshot]:
        gc.collect()
        return [each for each in gc.get_objects() if isinstance(each, LiveSnapshot) and each not in before]

    before = [each for each in gc.get_objects() if isinstance(each, LiveSnapshot)]
    land.tell = lambda name, outcome: left.append((name, len(alive())))  # type: ignore[method-assign]  # looks instead
    land.apply(approve=lambda _: kept.extend(sorted(each.live.lists) for each in alive()))
    assert kept == [["cl-a"], ["cl-b"], ["cl-c"]]
    assert left == [(name, number) for name, number in (("prod", 3), ("dev", 2), ("test", 1)) for _ in range(2)]


def test_progress_is_told_in_the_order_of_things() -> None:
    land = two()
    land.apply()
    assert land.told == [
        *[("prod", "a", "updated None"), ("prod", "a", "updated True")],
        *[("dev", "b", "updated None"), ("dev", "b", "updated True")],
    ]


def test_a_read_that_fails_anywhere_sends_nothing_anywhere() -> None:
    land = two()
    land.places["dev"].remote.fail(1)
    with pytest.raises(RemoteError):
        land.apply()
    assert (land.puts, land.plans) == ([], [])
    assert land.log[-2:] == ["unlock dev", "unlock prod"]


def test_a_lock_that_somebody_has_sends_nothing_anywhere() -> None:
    land = two()
    land.places["dev"].store.holder = HOLDER
    with pytest.raises(LockedError):
        land.apply()
    assert (land.puts, land.log[-1]) == ([], "unlock prod")


def test_a_lock_is_waited_for_as_long_as_was_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "reconciler")
    land = two()
    store = land.places["dev"].store
    store.holder = HOLDER
    land.clock.later(15, lambda: setattr(store, "holder", None))
    assert set(short(land.apply(lock_timeout=25)).values()) == {"updated 1"}
    assert land.log[2:5] == ["sleep 10", "sleep 10", "lock dev"]
    assert caplog.messages == ["waiting at most 25 s: u writes"]
    late = two()
    late.places["dev"].store.holder = HOLDER
    with pytest.raises(LockedError):
        late.apply(lock_timeout=25)
    assert (late.puts, late.log[2:]) == ([], ["sleep 10", "sleep 10", "sleep 5", "unlock prod"])


@pytest.mark.parametrize("error", [DeclinedError("no"), RuntimeError("a bug")])
def test_without_approval_nothing_is_written_and_every_lock_is_let_go(error: Exception) -> None:
    def approve(_: Plan) -> None:
        raise error

    land = two()
    with pytest.raises(type(error)):
        land.apply(approve=approve)
    assert land.log == ["lock prod", "read all", "lock dev", "read all", "unlock dev", "unlock prod"]
    assert (land.told, land.undo) == ([], [])


def test_the_time_in_which_a_person_thinks_does_not_count() -> None:
    at_once, slowly = two(), two()
    ends = at_once.apply(), slowly.apply(approve=lambda _: slowly.clock.sleep(20))
    assert [[each.seconds for each in end.environments] for end in ends] == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("order", [("prod", "dev"), ("dev", "prod")])
def test_one_stops_before_its_first_put_while_another_sends(order: tuple[str, str]) -> None:
    land = two(breaking={1})
    land.places = {name: land.places[name] for name in order}
    result = land.apply()
    assert [environment.name for environment in result.environments] == list(order)
    assert {each.name: each.stopped for each in result.environments} == {
        "prod": None,
        "dev": "the disk is full [STATE-UNUSABLE]",
    }
    assert short(result) == {"prod a": "updated 1", "dev b": "not_sent 0"}


def test_one_stops_before_its_first_put_and_the_other_has_nothing_to_send() -> None:
    land = Land()
    land.settle("prod", {"a": {"name": "A"}}, {"a": {"name": "A"}})
    land.settle("dev", {"b": {"name": "New B"}}, {"b": {"name": "Old B"}}, breaking={1})
    with pytest.raises(StateError, match="the disk is full"):
        land.apply()


def test_a_signal_in_the_first_environment_leaves_the_second_alone() -> None:
    land = two()
    land.clock.at_line("put a", lambda: setattr(land.clock, "signalled", True))
    result = land.apply()
    assert short(result) == {"prod a": "updated 1", "dev b": "not_sent 0"}
    assert result.environments[1].stopped == "stopped by SIGINT"
    assert result.environments[1].requests == 1


def test_a_signal_before_the_first_put_anywhere_is_raised() -> None:
    land = two()
    land.clock.at_line("sleep 9", lambda: setattr(land.clock, "signalled", True))
    with pytest.raises(StoppedError):
        land.apply(approve=lambda _: land.places["prod"].remote.hold(9))
    assert land.puts == []


@pytest.mark.parametrize(("refused", "sent"), [(True, True), (False, True), (False, False)])
def test_a_journal_that_cannot_be_folded(refused: bool, sent: bool) -> None:
    """What was sent is told all the same; where nothing was, it is an error."""
    land = Land()
    wanted = {"a": {"name": "New A"}} if sent else {}
    land.settle("prod", wanted, {"a": {"name": "Old A"}}, replies={1: REFUSED} if refused else {}, unfolding=True)
    if not sent:
        with pytest.raises(StateError, match="the journal stays"):
            land.apply()
        return
    (environment,) = land.apply().environments
    assert (environment.stopped, environment.in_order) == ("the journal stays [STATE-UNUSABLE]", False)


def test_an_undo_that_cannot_be_saved_does_not_lose_the_result() -> None:
    def undo(_: Plan) -> None:
        raise UsageError("cannot write undo.json")

    land = two()
    result = land.apply(undo=undo)
    assert short(result) == {"prod a": "updated 1", "dev b": "updated 1"}
    assert {environment.stopped for environment in result.environments} == {"cannot write undo.json [USAGE]"}
    assert {"unlock dev", "unlock prod"} <= set(land.log)


def test_the_first_reason_why_an_environment_stopped_is_kept() -> None:
    land = Land()
    land.settle("prod", {"a": {"name": "New A"}}, {"a": {"name": "Old A"}}, breaking={2}, unfolding=True)
    assert land.apply().environments[0].stopped == "the disk is full [STATE-UNUSABLE]"


def test_undo_covers_what_was_done_and_nothing_else() -> None:
    land = Land()
    served = {key: {"name": f"Old {key}", "description": "D"} for key in "abc"}
    wanted = {**{key: {**served[key], "name": f"New {key}"} for key in "ab"}}
    land.settle("prod", wanted, served, replies={2: REFUSED})
    land.apply()
    (environment,) = land.undo[0].environments
    assert rows(environment) == {"a": "update undo name"}
    assert (environment.unchanged, environment.drift, environment.requests) == (0, (), 3)
    again = land.apply(saved={"prod": environment})
    assert short(again) == {"prod a": "updated 1"}
    assert land.places["prod"].account.lists["cl-a"].texts["name"] == "Old a"


def test_the_result_names_the_plan_that_was_approved() -> None:
    land = two()
    result = land.apply()
    assert result.plan.startswith("sha256:")
    assert two().apply().plan == result.plan
    (approved,) = land.plans
    assert (approved.tool, approved.created_at, approved.refreshed, approved.files) == (
        HEADING.tool,
        HEADING.created_at,
        True,
        HEADING.files,
    )


def test_a_plan_locks_nothing_and_reads_only_with_a_reader() -> None:
    land = two()
    sites = [place.workspace for place in land.places.values()]
    offline, _ = plan(sites, {}, HEADING, EVERYTHING)
    assert (land.log, offline.refreshed) == ([], False)
    online, _ = plan(sites, {name: place.remote for name, place in land.places.items()}, HEADING, EVERYTHING)
    assert (land.log, online.refreshed) == (["read all", "read all"], True)
    assert [rows(environment) for environment in online.environments] == [
        {"a": "update edit name"},
        {"b": "update edit name"},
    ]


def test_scope_narrows_what_is_planned_and_read_alone() -> None:
    land = Land()
    served = {key: {"name": f"Old {key}"} for key in ("vip", "vip-2", "other", "gone")}
    wanted = {key: {"name": f"New {key}"} for key in ("vip", "vip-2", "other")}
    place = land.settle("prod", wanted, served)
    place.account.hidden = [f"cl-{key}" for key in served]
    land.apply(Selection(only=("vip*",)))
    assert [change.key for change in land.plans[0].environments[0].changes] == ["vip", "vip-2"]
    assert {line for line in land.log if line.startswith("read")} == {"read all", "read vip", "read vip-2"}
    assert place.store.applied.lists.keys() == served.keys()


def test_drift_is_set_back_only_when_asked() -> None:
    land = Land()
    place = land.settle("prod", {"a": {"name": "A"}}, {"a": {"name": "A"}})
    place.account.edited("cl-a", {"name": "Theirs"})
    assert short(land.apply()) == {}
    assert land.plans[0].environments[0].drift
    assert short(land.apply(Selection(revert_drift=True))) == {"prod a": "updated 1"}


def test_a_saved_plan_does_what_is_left_of_it_again_and_again() -> None:
    land = Land()
    served: dict[str, Short] = {key: {"name": f"Old {key}"} for key in "abcd"}
    wanted = {**{key: {"name": f"New {key}"} for key in "ab"}, "c": served["c"]}
    place = land.settle("prod", wanted, served, replies={2: REFUSED})
    saved = {"prod": plan([place.workspace], {"prod": place.remote}, HEADING, EVERYTHING)[0].environments[0]}
    assert rows(saved["prod"]) == {"a": "update edit name", "b": "update edit name", "d": "forget removed"}
    assert short(land.apply(saved=saved)) == {"prod a": "updated 1", "prod b": "failed 1", "prod d": "forgotten 0"}
    assert short(land.apply(saved=saved)) == {"prod b": "updated 1"}
    again = land.apply(saved=saved)
    assert (short(again), again.environments[0].unchanged, again.environments[0].requests) == ({}, 4, 10)
    part = land.apply(Selection(only=("a",)), saved=saved)
    assert (short(part), part.environments[0].unchanged) == ({}, 1)


def test_part_of_a_saved_plan_counts_and_shows_only_that_part() -> None:
    land = Land()
    lists: dict[str, Short] = {key: {"name": f"List {key}"} for key in ("a", "a-drifted", "b", "b-drifted")}
    place = land.settle("prod", lists, lists)
    for key in ("a-drifted", "b-drifted"):
        place.account.edited(f"cl-{key}", {"name": f"Their {key}"})
    saved = {"prod": plan([place.workspace], {"prod": place.remote}, HEADING, EVERYTHING)[0].environments[0]}
    assert land.apply(Selection(only=("a*",)), saved=saved).environments[0].unchanged == 1
    assert [each.key for each in land.plans[-1].environments[0].drift] == ["a-drifted"]


def test_more_changes_than_allowed_are_warned_of_with_their_numbers() -> None:
    land = Land()
    served = {key: {"name": f"Old {key}"} for key in "abc"}
    land.settle("prod", {key: {"name": f"New {key}"} for key in "abc"}, served, policy={"max_changes": 2})
    land.apply()
    (environment,) = land.plans[0].environments
    assert environment.warnings[0].startswith("prod: 3 updates are over max_changes (2)")
    assert (environment.requests, environment.seconds) == (6, 3)


def test_a_chain_of_renames_can_be_undone_though_the_manifest_still_declares_it() -> None:
    """At each look within the run a list is declared as the plan says, not as the manifest does."""
    land = Land()
    place = land.settle("prod", {"a": {"name": "B"}, "b": {"name": "X"}}, {"a": {"name": "A"}, "b": {"name": "B"}})
    land.apply()
    land.clock.at_line("landed a #2", lambda: land.clock.let_pass(61))
    result = land.apply(saved={"prod": land.undo[0].environments[0]})
    assert short(result) == {"prod a": "updated 1", "prod b": "updated 1"}
    assert [found.texts["name"] for found in place.account.lists.values()] == ["A", "B"]


UNEXPECTED = [OSError(22, "Invalid argument"), MemoryError(), ImportError("no module named upgraded"), KeyError("x")]


class Faulty(FakeRemote):
    """A client that breaks as none promises: at its `put`-th PUT, sent before or not, or at its `read`-th read."""

    def __init__(self, remote: FakeRemote, clock: FakeClock, error: Exception, *, put: int = 0, read: int = 0) -> None:
        super().__init__(remote.account, clock)
        self._error = error
        self._at = {"put": put, "read": read}

    def put(self, list_id: str, body: Texts, by: float) -> PutAnswer:
        answer = super().put(list_id, body, by)
        self._break("put")
        return answer

    def read_all(self) -> Live:
        self._break("read")
        return super().read_all()

    def _break(self, call: str) -> None:
        self._at[call] -= 1
        if self._at[call] == 0:
            raise self._error


@pytest.mark.parametrize("error", UNEXPECTED, ids=repr)
@pytest.mark.parametrize(
    ("broken", "became"),
    [
        ({"put": 1}, {"prod a": "updated 1", "prod b": "updated 1", "prod c": "updated 1"}),
        ({"put": 2}, {"prod a": "updated 1", "prod b": "updated 1", "prod c": "updated 1"}),
        ({"read": 2}, {"prod a": "updated 1", "prod b": "not_sent 0", "prod c": "not_sent 0"}),
        ({"read": 3}, dict.fromkeys(("prod a", "prod b", "prod c"), "unverified 1")),
    ],
    ids=str,
)
def test_whatever_breaks_after_the_first_put_the_run_ends_with_its_result(
    error: Exception, broken: dict[str, int], became: dict[str, str]
) -> None:
    """A PUT of which nobody knows whether it went out is in doubt until a read settles it."""
    land = Land()
    wanted = {key: {"name": f"New {key}"} for key in "abc"}
    place = land.settle("prod", wanted, {key: {"name": f"Old {key}"} for key in "abc"})
    place.remote = Faulty(place.remote, land.clock, error, **broken)
    result = land.apply()
    assert short(result) == became
    assert land.log[-1] == "unlock prod"
    assert [type(entry) for entry in place.store.applied.lists.values()] == [AppliedList] * 3


@pytest.mark.parametrize("error", UNEXPECTED, ids=repr)
def test_what_breaks_before_the_first_put_is_raised_and_the_lock_given_back(error: Exception) -> None:
    land = two()
    place = land.places["prod"]
    place.remote = Faulty(place.remote, land.clock, error, read=1)
    with pytest.raises(type(error)):
        land.apply()
    assert land.puts == []
    assert "unlock prod" in land.log


@pytest.mark.parametrize("error", UNEXPECTED, ids=repr)
def test_progress_that_breaks_stops_no_run(error: Exception) -> None:
    land = two()
    told = []

    def tell(name: str, outcome: Outcome) -> None:
        told.append(outcome.key)
        raise error

    land.tell = tell  # type: ignore[method-assign]  # as a options would be given it
    assert short(land.apply()) == {"prod a": "updated 1", "dev b": "updated 1"}
    assert told == ["a"]


@pytest.mark.parametrize("error", UNEXPECTED, ids=repr)
def test_an_undo_that_breaks_does_not_lose_the_result(error: Exception) -> None:
    def undo(_: Plan) -> None:
        raise error

    result = two().apply(undo=undo)
    assert short(result) == {"prod a": "updated 1", "dev b": "updated 1"}
    assert not result.in_order
    assert "something that this program does not expect went wrong" in str(result.environments[0].stopped)


class Unrecorded(FakeStore):
    """A store that breaks as none promises, at the records that are numbered so, or at its end."""

    def __init__(self, store: FakeStore, clock: FakeClock, error: Exception, at: Collection[int]) -> None:
        super().__init__(store.applied, clock)
        self._error = error
        self._at = at
        self._recorded = 0

    def record(self, key: str, entry: KnownList | None) -> None:
        self._recorded += 1
        if self._recorded in self._at:
            raise self._error
        super().record(key, entry)

    @contextmanager
    def lock(self, holder: LockInfo) -> Iterator[StateWriter]:
        with super().lock(holder):
            yield self
        if not self._at:
            raise self._error


@pytest.mark.parametrize("error", UNEXPECTED, ids=repr)
@pytest.mark.parametrize("at", [range(2, 99), range(3, 99), range(4, 99), ()], ids=str)
def test_a_store_that_breaks_ends_the_run_with_its_result(error: Exception, at: Collection[int]) -> None:
    land = Land()
    wanted = {key: {"name": f"New {key}"} for key in "ab"}
    place = land.settle("prod", wanted, {key: {"name": f"Old {key}"} for key in "ab"})
    store = Unrecorded(place.store, land.clock, error, at)
    place.workspace = replace(place.workspace, store=store)
    result = land.apply()
    (environment,) = result.environments
    assert not result.in_order
    assert "something that this program does not expect went wrong" in str(environment.stopped)
    assert environment.outcomes[0].attempts == 1
    assert land.log[-1] == "unlock prod"
