"""What becomes of a run under each answer, delay, edit and stop: outcomes, state and requests, all over a socket."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from reconciler.engine.workspaces import Selection, Workspace
from reconciler.errors import DeclinedError, LockedError, RemoteError, SignInError, StateError, StoppedError
from reconciler.execute.attempt import outcome_without_put
from reconciler.model.changes import Check
from reconciler.sandbox import faults
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.settings import Settings
from tests.execute.bench import HOLDER, Bench, BreakingStore, bench, named, outcomes
from tests.planning.worlds import Short

FULL = "the disk is full [STATE-UNUSABLE]"


def rename_all(at: Bench, count: int = 3, *, breaking: int = 0, policy: dict[str, object] | None = None) -> Workspace:
    workspace = at.workspace(named(*[f"New {number}" for number in range(1, count + 1)]), policy)
    return (
        Workspace(workspace.desired, BreakingStore(workspace.store, breaking), workspace.requests_per_minute)
        if breaking
        else workspace
    )


OLD = ("Old 1", "Old 2", "Old 3")
DONE = {"a": "updated 1 True", "b": "updated 1 True", "c": "updated 1 True"}
NEW = {"a": "applied New 1", "b": "applied New 2", "c": "applied New 3"}

NOTHING = '{"status": "success", "data": []}'

Row = tuple[str, dict[str, object], Sequence[Fault], dict[str, str], dict[str, str], str | None, int]
TABLE: list[Row] = [
    ("nothing goes wrong", {}, [], DONE, NEW, None, 6),
    (
        "a refusal is final for its list",
        {},
        [faults.Status(call="put", at=2, status=400)],
        {**DONE, "b": "failed 1 False"},
        {**NEW, "b": "applied Old 2"},
        None,
        6,
    ),
    (
        "a conflict in the name is a refusal",
        {},
        [faults.Edit(call="put", at=2, edited="cl-a", texts={"name": "New 2"})],
        {"a": "unverified 1 False", "b": "failed 1 False", "c": "updated 1 True"},
        {"a": "in_doubt Old 1 → New 1", "b": "applied Old 2", "c": "applied New 3"},
        None,
        8,
    ),
    (
        "no answer, the write landed: sent again",
        {},
        [faults.Reset(call="put", at=2, when="after")],
        {**DONE, "b": "updated 2 True"},
        NEW,
        None,
        7,
    ),
    (
        "no answer, the write did not land: sent again",
        {},
        [faults.Close(call="put", at=1)],
        {**DONE, "a": "updated 2 True"},
        NEW,
        None,
        7,
    ),
    (
        "given up after five, found as before",
        {},
        [faults.Status(call="put", list_id="cl-b", times=0, status=503)],
        {**DONE, "b": "failed 5 False"},
        {**NEW, "b": "applied Old 2"},
        None,
        12,
    ),
    (
        "given up after five, found as intended",
        {},
        [faults.Status(call="put", list_id="cl-b", times=0, status=503, when="after")],
        {**DONE, "b": "updated 5 True"},
        NEW,
        None,
        10,
    ),
    (
        "another 5xx is not sent again",
        {},
        [faults.Status(call="put", list_id="cl-b", status=501, when="after")],
        DONE,
        NEW,
        None,
        6,
    ),
    (
        "the first in doubt, the next ones go on",
        {},
        [faults.Status(call="put", at=1, status=501)],
        {**DONE, "a": "failed 1 False"},
        {**NEW, "a": "applied Old 1"},
        None,
        8,
    ),
    (
        "in doubt, and then somebody else's name",
        {},
        [
            faults.Status(call="put", list_id="cl-b", status=501),
            faults.Edit(call="put", at=3, edited="cl-b", texts={"name": "Third"}),
        ],
        {**DONE, "b": "in_doubt 1 False"},
        {**NEW, "b": "in_doubt Old 2 → New 2"},
        None,
        8,
    ),
    (
        "a limit that says when",
        {},
        [faults.Status(call="put", at=2, status=429, retry_after=7)],
        {**DONE, "b": "updated 2 True"},
        NEW,
        None,
        8,
    ),
    (
        "a failure in a 200",
        {},
        [faults.Word(call="put", at=2)],
        {**DONE, "b": "failed 1 False"},
        {**NEW, "b": "applied Old 2"},
        None,
        6,
    ),
    (
        "sign-in refused once: a fresh token",
        {},
        [faults.Status(call="put", at=2, status=401)],
        {**DONE, "b": "updated 2 True"},
        NEW,
        None,
        7,
    ),
    (
        "sign-in refused twice stops the run",
        {},
        [faults.Status(call="put", at=2, times=2, status=401)],
        {"a": "updated 1 True", "b": "failed 2 False", "c": "not_sent 0 None"},
        {"a": "applied New 1", "b": "applied Old 2", "c": "applied Old 3"},
        "sign-in was refused twice",
        6,
    ),
    (
        "the unsent field is wiped: the first PUT is the last",
        {"unsent_fields": "wipe"},
        [],
        {"a": "unverified 1 False", "b": "not_sent 0 None", "c": "not_sent 0 None"},
        {"a": "applied New 1", "b": "applied Old 2", "c": "applied Old 3"},
        "description was not sent but changed, to ''",
        5,
    ),
    (
        "texts are stored in lower case",
        {"texts": "lower"},
        [],
        dict.fromkeys("abc", "unverified 1 False"),
        {"a": "applied New 1 as new 1", "b": "applied New 2 as new 2", "c": "applied New 3 as new 3"},
        None,
        6,
    ),
    (
        "an acknowledged write never shows",
        {"late_writes": 3600},
        [],
        {"a": "unverified 1 False", "b": "not_sent 0 None", "c": "not_sent 0 None"},
        {"a": "in_doubt Old 1 → New 1", "b": "applied Old 2", "c": "applied Old 3"},
        "does not read back as sent: name was sent as 'New 1', the API shows 'Old 1'",
        5,
    ),
    ("lists that read all hides are read alone", {"read_all_type_hides": 2}, [], DONE, NEW, None, 10),
    (
        "the first cannot be read back: stopped, and nothing is said to be verified",
        {},
        [faults.Status(call="read_all", at=2, times=0, status=500)],
        {"a": "unverified 1 None", "b": "not_sent 0 None", "c": "not_sent 0 None"},
        {"a": "applied New 1", "b": "applied Old 2", "c": "applied Old 3"},
        "HTTP 500",
        12,
    ),
    (
        "the last look fails",
        {},
        [faults.Status(call="read_all", at=3, times=0, status=500)],
        dict.fromkeys("abc", "unverified 1 None"),
        NEW,
        None,
        10,
    ),
    (
        "the last look fails, after a refusal",
        {},
        [
            faults.Status(call="read_all", at=3, times=0, status=400),
            faults.Status(call="put", at=2, status=400),
        ],
        {"a": "unverified 1 None", "b": "failed 1 None", "c": "unverified 1 None"},
        {**NEW, "b": "applied Old 2"},
        None,
        6,
    ),
    (
        "a list that is gone at the end",
        {},
        [
            faults.Body(
                call="read_all",
                at=3,
                times=0,
                body='{"status": "success", "data": []}',
                content_type="application/json",
            ),
            faults.Status(call="read_one", times=0, status=404),
        ],
        dict.fromkeys("abc", "unverified 1 False"),
        {"a": "in_doubt Old 1 → New 1", "b": "in_doubt Old 2 → New 2", "c": "in_doubt Old 3 → New 3"},
        None,
        17,
    ),
]


@pytest.mark.parametrize(
    ("settings", "broken", "became", "entries", "stopped", "requests"),
    [row[1:] for row in TABLE],
    ids=[row[0] for row in TABLE],
)
def test_answers(
    tmp_path: Path,
    settings: dict[str, object],
    broken: Sequence[Fault],
    became: dict[str, str],
    entries: dict[str, str],
    stopped: str | None,
    requests: int,
) -> None:
    with bench(tmp_path, *OLD) as at:
        at.sandbox.world.settings = Settings(limit=0, **settings)  # type: ignore[arg-type]  # switches by name
        at.sandbox.world.faults.arm(broken)
        result = at.apply(rename_all(at))
        assert outcomes(result) == became
        assert at.entries() == entries
        said = result.environments[0].stopped
        assert (stopped in said) if stopped and said else said == stopped
        assert at.requests == requests
        assert result.environments[0].requests == requests
        assert result.environments[0].in_order == all(each.startswith("updated") for each in became.values())


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 3), (2, 5), (5, 8)])
def test_an_apply_of_k_changes_costs_k_and_three(tmp_path: Path, count: int, requests: int) -> None:
    old = [f"Old {number}" for number in range(1, 6)]
    with bench(tmp_path, *old) as at:
        wanted = named(*[f"New {number}" if number <= count else f"Old {number}" for number in range(1, 6)])
        result = at.apply(at.workspace(wanted))
        assert (at.requests, result.environments[0].unchanged) == (requests, 5 - count)


def test_each_outcome_is_told_as_it_comes_and_once_more_when_it_is_final(tmp_path: Path) -> None:
    with bench(tmp_path, *OLD[:2]) as at:
        at.apply(rename_all(at, 2))
        told = [(outcome.key, outcome.verified) for _, outcome in at.progress]
        assert told == [("a", None), ("b", None), ("a", True), ("b", True)]


def test_five_failures_in_a_row_stop_the_run(tmp_path: Path) -> None:
    names = [f"Old {number}" for number in range(1, 8)]
    with bench(tmp_path, *names) as at:
        at.sandbox.world.faults.arm([faults.Status(call="put", times=0, status=400)])
        result = at.apply(rename_all(at, 7))
        assert list(outcomes(result).values()) == ["failed 1 False"] * 5 + ["not_sent 0 None"] * 2
        assert result.environments[0].stopped == "5 changes in a row failed or are in doubt"


def test_a_rename_waits_for_the_one_that_frees_its_name(tmp_path: Path) -> None:
    with bench(tmp_path, "A", "B", "C") as at:
        chain = named("B", "C", "D")
        assert set(outcomes(at.apply(at.workspace(chain))).values()) == {"updated 1 True"}
        assert [entry.call.target for entry in at.sandbox.world.log.puts()] == ["cl-c", "cl-b", "cl-a"]


def test_and_is_not_sent_where_that_one_fails(tmp_path: Path) -> None:
    with bench(tmp_path, "A", "B", "C") as at:
        at.sandbox.world.faults.arm([faults.Status(call="put", times=1, status=400)])
        result = at.apply(at.workspace(named("B", "C", "D")))
        assert outcomes(result) == {"c": "failed 1 False", "b": "not_sent 0 None", "a": "not_sent 0 None"}
        errors = {outcome.key: outcome.error for outcome in result.environments[0].outcomes}
        assert errors["b"] == "it waits for the rename of c, which was not made"
        assert errors["a"] == "it waits for the rename of b, which was not made"


def test_live_older_than_a_minute_is_read_again_and_judged(tmp_path: Path) -> None:
    """Six lists at five requests a minute: the run waits for the limit, and somebody edits meanwhile."""
    names = [f"Old {number}" for number in range(1, 7)]
    with bench(tmp_path, *names) as at:
        at.rate = 5
        at.sandbox.world.faults.arm(
            [
                faults.Edit(call="put", at=2, when="after", edited="cl-d", texts={"name": "Theirs"}),
                faults.Edit(call="put", at=2, when="after", edited="cl-e", texts={"name": "New 5"}),
            ]
        )
        result = at.apply(rename_all(at, 6))
        assert outcomes(result) == {
            **dict.fromkeys("abcf", "updated 1 True"),
            "d": "conflict 0 None",
            "e": "adopted 0 None",
        }
        assert at.entries()["d"] == "applied Old 4"
        assert at.entries()["e"] == "applied New 5"
        assert max(at.clock.slept) > 5
        assert ("cl-d", "Theirs") in {(held.id, held.name) for held in at.sandbox.world.lists().values()}


def test_a_retry_after_a_long_wait_looks_again(tmp_path: Path) -> None:
    for edit, became in [
        ({"name": "Theirs"}, "conflict 1 None"),
        ({"name": "New 2"}, "adopted 1 None"),
        ({"description": "theirs"}, "updated 2 True"),
    ]:
        with bench(tmp_path / became, *OLD) as at:
            at.sandbox.world.faults.arm(
                [
                    faults.Status(call="put", at=2, status=429, retry_after=70),
                    faults.Edit(call="put", at=2, edited="cl-b", texts=edit),
                ]
            )
            assert outcomes(at.apply(rename_all(at)))["b"] == became


def test_a_retry_of_what_may_have_landed_looks_again(tmp_path: Path) -> None:
    for when, edit, became in [
        ("after", None, "updated 1 True"),  # the look shows it: not sent again
        ("before", None, "updated 2 True"),  # the look shows it did not land: sent again
        ("before", {"name": "Theirs"}, "in_doubt 1 False"),
    ]:
        with bench(tmp_path / f"{when}{edit}", *OLD) as at:
            broken: list[Fault] = [faults.Status(call="put", at=2, status=503, retry_after=70, when=when)]  # type: ignore[arg-type]  # literals
            if edit:
                broken.append(faults.Edit(call="put", at=2, edited="cl-b", texts=edit))
            at.sandbox.world.faults.arm(broken)
            assert outcomes(at.apply(rename_all(at)))["b"] == became


def test_a_signal_in_a_wait_ends_the_run_in_order(tmp_path: Path) -> None:
    with bench(tmp_path, *OLD) as at:
        at.clock.stop_at = 1
        at.sandbox.world.faults.arm([faults.Status(call="put", at=2, status=503)])
        result = at.apply(rename_all(at))
        assert outcomes(result) == {"a": "updated 1 True", "b": "in_doubt 1 False", "c": "not_sent 0 None"}
        assert result.environments[0].stopped == "stopped by SIGINT (Ctrl-C) [STOPPED]"
        assert at.entries() == {"a": "applied New 1", "b": "in_doubt Old 2 → New 2", "c": "applied Old 3"}


def test_a_signal_while_waiting_for_a_late_write(tmp_path: Path) -> None:
    with bench(tmp_path, *OLD[:1], settings=Settings(limit=0, late_writes=3600)) as at:
        at.clock.stop_at = 1
        result = at.apply(rename_all(at, 1))
        assert outcomes(result) == {"a": "unverified 1 False"}


def test_a_stop_before_the_first_put_sends_nothing(tmp_path: Path) -> None:
    with bench(tmp_path, *OLD) as at:
        at.clock.deadline = -1.0
        result = at.apply(rename_all(at))
        assert set(outcomes(result).values()) == {"not_sent 0 None"}
        assert (result.environments[0].stopped, at.requests) == ("the deadline is near", 1)


def test_a_deadline_in_a_back_off_gives_up_that_change(tmp_path: Path) -> None:
    with bench(tmp_path, *OLD) as at:
        at.clock.deadline = 5.0
        at.sandbox.world.faults.arm([faults.Status(call="put", at=1, times=0, status=429, retry_after=60)])
        result = at.apply(rename_all(at))
        assert outcomes(result) == {"a": "failed 1 False", "b": "not_sent 0 None", "c": "not_sent 0 None"}


def test_a_deadline_between_attempts_counts_the_wait_for_the_limit(tmp_path: Path) -> None:
    with bench(tmp_path, *OLD) as at:
        at.rate, at.clock.deadline = 5, 30.0
        at.sandbox.world.faults.arm([faults.Status(call="put", at=2, status=503)])
        result = at.apply(rename_all(at))
        assert outcomes(result) == {"a": "updated 1 True", "b": "failed 1 False", "c": "not_sent 0 None"}
        assert result.environments[0].stopped == "the deadline is near"


@pytest.mark.parametrize(
    ("breaking", "became", "entries"),
    [
        (2, {"a": "updated 1 True", "b": "not_sent 0 None", "c": "not_sent 0 None"}, "in_doubt Old 1 → New 1"),
        (3, {"a": "updated 1 True", "b": "not_sent 0 None", "c": "not_sent 0 None"}, "applied New 1"),
        (4, {"a": "updated 1 True", "b": "updated 1 True", "c": "not_sent 0 None"}, "applied New 1"),
    ],
)
def test_a_state_that_cannot_be_written_stops_the_run(
    tmp_path: Path, breaking: int, became: dict[str, str], entries: str
) -> None:
    with bench(tmp_path, *OLD) as at:
        result = at.apply(rename_all(at, breaking=breaking))
        assert outcomes(result) == became
        assert result.environments[0].stopped == FULL
        assert at.entries()["a"] == entries


def test_and_before_the_first_put_nothing_is_sent(tmp_path: Path) -> None:
    with bench(tmp_path, *OLD) as at:
        with pytest.raises(StateError, match="the disk is full"):
            at.apply(rename_all(at, breaking=1))
        assert not at.sandbox.world.log.puts()


def test_a_state_that_cannot_take_the_last_look(tmp_path: Path) -> None:
    with bench(tmp_path, *OLD[:1], settings=Settings(limit=0, texts="lower")) as at:
        result = at.apply(rename_all(at, 1, breaking=3))
        assert (outcomes(result), result.environments[0].stopped) == ({"a": "unverified 1 False"}, FULL)


def test_a_journal_that_cannot_be_folded_does_not_lose_the_result(tmp_path: Path) -> None:
    with bench(tmp_path, *OLD) as at:

        def block_the_fold(_: object) -> None:
            (tmp_path / "prod.state.json.new").mkdir()

        result = at.apply(rename_all(at), approve=block_the_fold)
        assert outcomes(result) == DONE
        assert "prod.journal.jsonl" in str(result.environments[0].stopped)
        assert not result.environments[0].in_order
        (tmp_path / "prod.state.json.new").rmdir()
        assert at.entries() == NEW


def test_a_fold_that_fails_before_anything_was_done(tmp_path: Path) -> None:
    with bench(tmp_path, *OLD) as at:
        (tmp_path / "prod.state.json").write_text("{")
        with pytest.raises(StateError):
            at.apply(rename_all(at))
        assert at.requests == 0


def test_nothing_is_written_without_approval_and_the_lock_is_let_go(tmp_path: Path) -> None:
    def decline(_: object) -> None:
        raise DeclinedError("no")

    with bench(tmp_path, *OLD) as at:
        with pytest.raises(DeclinedError):
            at.apply(rename_all(at), approve=decline)
        assert (at.requests, at.undo) == (1, [])
        assert outcomes(at.apply(rename_all(at))) == DONE


def test_a_locked_state_is_not_even_read_for(tmp_path: Path) -> None:
    with bench(tmp_path, *OLD) as at, at.store().lock(HOLDER), pytest.raises(LockedError):
        at.apply(rename_all(at))


def test_every_environment_is_read_before_the_first_put(tmp_path: Path) -> None:
    with bench(tmp_path, *OLD) as at:
        other = at.workspace({}, name="dev")
        with pytest.raises(SignInError):
            at.apply(rename_all(at), other, secrets=["sandbox-only-wrong", "wrong"])
        assert not at.sandbox.world.log.puts()


def test_one_environment_stops_before_its_first_put_while_another_has_sent(tmp_path: Path) -> None:
    with bench(tmp_path, *OLD[:2]) as at:
        prod = at.workspace({"a": {"name": "New 1"}}, {})
        dev = at.workspace({"b": {"name": "Old 2", "description": "New"}}, name="dev")
        dev = Workspace(dev.desired, BreakingStore(dev.store, 1), dev.requests_per_minute)
        result = at.apply(prod, dev)
        assert [environment.stopped for environment in result.environments] == [None, FULL]
        assert outcomes(result) == {"a": "updated 1 True", "b": "not_sent 0 None"}


def test_the_first_read_fails(tmp_path: Path) -> None:
    with bench(tmp_path, *OLD) as at:
        at.sandbox.world.faults.arm([faults.Status(call="read_all", times=0, status=500)])
        with pytest.raises(RemoteError):
            at.apply(rename_all(at))
        assert at.requests == 5


def test_a_second_look_fails_before_the_first_put(tmp_path: Path) -> None:
    """The person at the terminal took two minutes; then the API is gone."""
    with bench(tmp_path, *OLD) as at:

        def think(_: object) -> None:
            at.clock.ahead += 120
            at.sandbox.world.faults.arm([faults.Status(call="read_all", times=0, status=400)])

        with pytest.raises(RemoteError):
            at.apply(rename_all(at), approve=think)
        assert not at.sandbox.world.log.puts()


def test_the_person_at_the_terminal_took_two_minutes(tmp_path: Path) -> None:
    with bench(tmp_path, *OLD) as at:

        def think(_: object) -> None:
            at.clock.ahead += 120
            for key in "abc":
                at.sandbox.world.edit(f"cl-{key}", {"name": f"Theirs {key}"})

        assert set(outcomes(at.apply(rename_all(at), approve=think)).values()) == {"conflict 0 None"}


def test_adoptions_forgets_and_blocks_need_no_put(tmp_path: Path) -> None:
    with bench(tmp_path, *OLD) as at:
        wanted: dict[str, Short] = {
            "a": {"name": "New 1", "description": "D", "protect": True},
            "z": {"id": "cl-c", "name": "Old 3"},
        }
        result = at.apply(at.workspace(wanted))
        assert outcomes(result) == {
            "a": "blocked 0 None",
            "b": "forgotten 0 None",
            "c": "forgotten 0 None",
            "z": "adopted 0 None",
        }
        assert at.entries() == {"a": "applied Old 1", "z": "applied Old 3"}
        assert not result.environments[0].in_order


def test_scope(tmp_path: Path) -> None:
    with bench(tmp_path, "A", "B", "C") as at:
        plan = at.plan(at.workspace(named("B", "X", "Y")), scope=Selection(only=("a", "c*")))
        assert [change.action for change in plan.changes] == ["blocked", "update"]
        offline = at.plan(at.workspace(named("B", "X", "Y")), refresh=False, scope=Selection(only=("b",)))
        assert [change.key for change in offline.changes] == ["b"]
        at.sandbox.world.edit("cl-a", {"name": "Theirs"})
        reverted = at.apply(at.workspace(named("A", "B", "C")), scope=Selection(revert_drift=True))
        assert outcomes(reverted) == {"a": "updated 1 True"}


def test_a_saved_plan_again_and_again(tmp_path: Path) -> None:
    with bench(tmp_path, *OLD) as at:
        workspace = at.workspace({**named("New 1", "New 2"), "z": {"id": "cl-c", "name": "Old 3"}})
        saved = {"prod": at.plan(workspace)}
        at.sandbox.world.faults.arm([faults.Status(call="put", list_id="cl-b", times=5, status=503)])
        assert outcomes(at.apply(workspace, saved=saved))["b"] == "failed 5 False"
        assert outcomes(at.apply(workspace, saved=saved)) == {"b": "updated 1 True"}
        again = at.apply(workspace, saved=saved)
        assert (outcomes(again), again.environments[0].unchanged) == ({}, 4)
        assert at.plan(workspace).changes == ()


def test_undo_sets_back_what_a_run_did(tmp_path: Path) -> None:
    with bench(tmp_path, "A", "B", "C") as at:
        before = dict(at.sandbox.world.lists())
        at.sandbox.world.faults.arm([faults.Status(call="put", list_id="cl-c", status=400)])
        workspace = at.workspace({"a": {"name": "B"}, "b": {"name": "X", "description": "New"}, "c": {"name": "Y"}})
        at.apply(workspace)
        (undo,) = at.undo
        (environment,) = undo.environments
        assert [(change.key, change.cause) for change in environment.changes] == [("b", "undo"), ("a", "undo")]
        at.apply(workspace, saved={"prod": environment})
        after = at.sandbox.world.lists()
        assert {key: held.texts for key, held in after.items()} == {key: held.texts for key, held in before.items()}


def test_undo_without_a_last_look_trusts_the_acknowledgement(tmp_path: Path) -> None:
    with bench(tmp_path, *OLD) as at:
        at.sandbox.world.faults.arm([faults.Status(call="read_all", at=2, times=0, status=400)])
        at.apply(rename_all(at))
        assert [change.before["name"] for change in at.undo[0].environments[0].changes] == ["New 1"]


def test_a_check_that_nobody_made_sends_nothing() -> None:
    check = Check(key="a", id="cl-a", cause="new", before={}, after={"name": "A"}, source=None)
    assert outcome_without_put(check).outcome == "blocked"


def test_stopped_error_knows_its_signal() -> None:
    assert StoppedError(15).exit_code == 143
