"""Accounts looked after by workers: what they are told, what they answer, and what is told of those that are lost."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGINT

import pytest

from reconciler import errors
from reconciler.cli import wiring
from reconciler.cli.fleet import account_task
from reconciler.cli.fleet.account_answer import AccountAnswer, decode_answer, encode_answer, error_of, error_part
from reconciler.cli.fleet.account_order import VERSION, decode_order, encode_order
from reconciler.cli.fleet.account_task import run_account
from reconciler.cli.fleet.earlier_worker import with_earlier_work
from reconciler.cli.fleet.tagged_plan import tag, untag
from reconciler.cli.fleet.task_runner import Lost
from reconciler.cli.runtime import Runtime, lock_info
from reconciler.cli.stores import store_at
from reconciler.engine.applying import ApplyOptions, apply_with
from reconciler.engine.looking import drift, plan
from reconciler.errors import (
    FleetError,
    ForeignStateError,
    FrozenError,
    LockedError,
    ReconcilerError,
    StateError,
    StoppedError,
)
from reconciler.model.changes import EnvironmentPlan, Plan
from reconciler.model.drift_report import DriftReport
from reconciler.model.outcomes import EnvironmentResult, Outcome, Result
from reconciler.protocols import Reader
from reconciler.sandbox.faults import Delay
from reconciler.sandbox.server import CLIENT_ID, CLIENT_SECRET
from reconciler.state.backends.git import GitError
from reconciler.uptime import uptime
from tests.cli.fleets import Accounts, InlineRunner, Signalled, accounts
from tests.report import samples


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Accounts]:
    with accounts(tmp_path) as made:
        made.declare()
        yield made


def apply_by(
    place: Accounts,
    runner: InlineRunner,
    signals: Signalled | None = None,
    approve: Callable[[Plan], None] = lambda _: None,
) -> tuple[Result, list[Plan], list[Outcome]]:
    """Apply by a fleet; return the result, what sets it back, and the outcomes as they were told."""
    fleet = place.fleet(runner, "apply", "--yes", signals=signals)
    undo: list[Plan] = []
    told: list[Outcome] = []
    runtime = Runtime()
    how = ApplyOptions(
        holder=lock_info(),
        clock=runtime,
        stop=runtime,
        jitter=lambda: 0.0,
        approve=approve,
        progress=lambda _, outcome: told.append(outcome),
        undo=undo.append,
    )
    done = apply_with(fleet.applying(how, None, 1.0), fleet.names, fleet.metadata, how)
    return done, undo, told


def wholly(made: Plan | EnvironmentPlan | DriftReport) -> dict[str, object]:
    """Return all that a value holds, also what `==` leaves out."""
    return asdict(made)


def kinds(result: Result) -> list[list[str]]:
    return [[outcome.outcome for outcome in each.outcomes] for each in result.environments]


def test_a_plan_and_a_drift_report_are_those_of_this_process(place: Accounts) -> None:
    apply_by(place, InlineRunner())
    place.sandboxes[1].world.edit("cl-0000002-0000", {"description": "Elsewhere"})
    place.declare("Newer")
    for command in (["plan"], ["plan", "--refresh"]):
        fleet = place.fleet(InlineRunner(), *command)
        with wiring.readers(fleet.chosen.environments, fleet.options, Runtime()) as connected:
            readers: dict[str, Reader] = dict(connected) if command[1:] else {}
            here = plan(fleet.chosen.workspaces, readers, fleet.metadata, wiring.selection(fleet.options))
        assert wholly(fleet.plan()[0]) == wholly(here[0])
    fleet = place.fleet(InlineRunner(), "drift")
    with wiring.readers(fleet.chosen.environments, fleet.options, Runtime()) as connected:
        ids = wiring.declared_ids(fleet.chosen.manifest)
        found = drift(fleet.chosen.workspaces, connected, fleet.metadata, ids, wiring.selection(fleet.options))
    assert wholly(fleet.drift()[0]) == wholly(found[0])
    assert found[0].environments[1].drifted


def test_all_are_read_before_the_first_is_sent_and_each_follows_what_was_approved(place: Accounts) -> None:
    asked: list[int] = []

    def approve(shown: Plan) -> None:
        asked.append(len(shown.environments))
        assert not any(sandbox.world.writes for sandbox in place.sandboxes)

    runner = InlineRunner()
    done, (undo,), told = apply_by(place, runner, approve=approve)
    assert kinds(done) == [["updated"] * 3] * 2
    assert [len(each.changes) for each in undo.environments] == [3, 3]
    assert len(told) == 6
    assert asked == [2]
    assert [decode_order(order).work for order in runner.seen] == ["prepare", "prepare", "apply", "apply"]
    # One read more than without a fleet: what was approved is read again under the lock.
    assert [each.requests for each in done.environments] == [7, 7]


def test_what_the_first_step_sent_counts_for_the_limit_of_the_second(place: Accounts) -> None:
    took: list[float] = []

    def with_a_full_minute(order: bytes) -> bytes:
        made = decode_order(order)
        assert made.apply
        assert made.apply.sent == 1
        assert 0 < made.apply.ago < uptime() - began
        told = replace(made.apply, sent=6000, ago=59.5)
        before = uptime()
        answer = run_account(VERSION, encode_order(replace(made, apply=told)))
        took.append(uptime() - before)
        return answer

    began = uptime()
    done, _, _ = apply_by(place, InlineRunner({2: with_a_full_minute}))
    assert kinds(done) == [["updated"] * 3] * 2
    assert took[0] >= 0.5


def test_an_account_without_a_change_is_read_once_and_not_locked(place: Accounts) -> None:
    apply_by(place, InlineRunner())
    text = place.declare().read_text(encoding="utf-8")
    changed = text.replace(
        "    description: New 1\n", "    description: New 1\n    overrides: {e0: {description: Other}}\n"
    )
    (place.folder / "lists.yaml").write_text(changed, encoding="utf-8")
    runner = InlineRunner()
    done, (undo,), _ = apply_by(place, runner)
    assert [decode_order(order).work for order in runner.seen] == ["prepare", "prepare", "apply"]
    assert kinds(done) == [["updated"], []]
    assert [(each.unchanged, each.requests) for each in done.environments] == [(2, 4), (3, 1)]
    assert [len(each.changes) for each in undo.environments] == [1, 0]


def test_no_secret_is_in_an_order_or_an_answer(place: Accounts) -> None:
    answers: list[bytes] = []

    def spying(order: bytes) -> bytes:
        answers.append(run_account(VERSION, order))
        return answers[-1]

    runner = InlineRunner(dict.fromkeys(range(9), spying))
    apply_by(place, runner)
    for said in (*runner.seen, *answers):
        assert CLIENT_SECRET.encode() not in said
        assert CLIENT_ID.encode() not in said
        assert b"eyJ" not in said  # how a token begins


def test_what_is_lost_is_in_doubt_and_what_was_not_begun_is_not_sent(place: Accounts) -> None:
    done, _, _ = apply_by(place, InlineRunner({2: lambda _: Lost("the worker is gone")}))
    assert kinds(done) == [["in_doubt"] * 3, ["updated"] * 3]
    assert "the worker is gone" in str(done.environments[0].stopped)
    assert not done.in_order


def test_an_account_that_cannot_be_taken_up_is_told_by_itself(place: Accounts) -> None:
    refused = LockedError("somebody else writes")
    done, _, _ = apply_by(place, InlineRunner({2: lambda _: refused}))
    assert kinds(done) == [["not_sent"] * 3, ["updated"] * 3]
    assert done.environments[0].stopped == "somebody else writes [STATE-LOCKED]"


def test_nothing_is_called_unsent_if_a_worker_was_lost_before(place: Accounts) -> None:
    done, _, _ = apply_by(place, InlineRunner({2: lambda _: LockedError("locked")}, repeated=True))
    assert kinds(done)[0] == ["in_doubt"] * 3


def test_one_that_cannot_be_read_stops_all_before_the_first_is_sent(place: Accounts) -> None:
    with pytest.raises(FleetError, match="gone"):
        apply_by(place, InlineRunner({1: lambda _: Lost("the worker is gone")}))
    assert not any(sandbox.world.writes for sandbox in place.sandboxes)
    done, failures = place.fleet(InlineRunner({1: lambda _: Lost("it is gone")}), "plan").plan()
    assert [each.name for each in done.environments] == ["e0"]
    assert str(failures["e1"]) == "it is gone"


def test_a_signal_stops_what_is_under_way_and_hands_over_no_more(place: Accounts) -> None:
    signals = Signalled()

    def stopped(order: bytes) -> bytes:
        signals.signal = SIGINT
        runner.stop(SIGINT)
        return run_account(VERSION, order)

    runner = InlineRunner({2: stopped})
    try:
        with pytest.raises(StoppedError, match="SIGINT"):
            apply_by(place, runner, signals)
        assert len(runner.seen) == 3
        assert not any(sandbox.world.writes for sandbox in place.sandboxes)
    finally:
        account_task._FLAGS.clear()


def test_a_freeze_that_begins_while_accounts_wait_is_kept(place: Accounts) -> None:
    now = datetime.now(UTC)
    since, until = (f"{now + timedelta(days=days):%Y-%m-%d %H:%M}" for days in (1, 3))
    place.declare(policy=f'{{freeze: [{{reason: Holidays, zone: UTC, since: "{since}", until: "{until}"}}]}}')

    def later(order: bytes) -> bytes:
        made = decode_order(order)
        environments = tuple(
            each._replace(
                desired=replace(
                    each.desired,
                    policy=replace(
                        each.desired.policy,
                        freeze=tuple(replace(freeze, since=None) for freeze in each.desired.policy.freeze),
                    ),
                )
            )
            for each in made.environments
        )
        return run_account(VERSION, encode_order(replace(made, environments=environments)))

    with pytest.raises(FrozenError, match="Holidays"):
        apply_by(place, InlineRunner({2: later, 3: later}))


def test_a_worker_of_another_version_does_nothing(place: Accounts) -> None:
    fleet = place.fleet(InlineRunner({0: lambda order: run_account("reconciler 0.0.0, Python 2.7", order)}), "plan")
    _, failures = fleet.plan()
    assert list(failures) == ["e0"]
    assert "install the same" in str(failures["e0"])


def test_what_a_worker_lacks_is_said_of_the_worker(place: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    def elsewhere(order: bytes) -> bytes:
        with monkeypatch.context() as worker:
            worker.delenv("KORE_CLIENT_SECRET")
            return run_account(VERSION, order)

    _, failures = place.fleet(InlineRunner({0: elsewhere}), "plan", "--refresh").plan()
    assert [str(failures["e0"]).partition(": ")[0]] == [f"on the worker {socket.gethostname()}"]
    assert "KORE_CLIENT_SECRET is not set" in str(failures["e0"])


def test_an_order_that_cannot_be_read_is_answered() -> None:
    answer = decode_answer(run_account(VERSION, b"{}"))
    assert answer.refused
    assert answer.refused.kind == "UnexpectedError"


def every_error() -> list[type[ReconcilerError]]:
    found = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, ReconcilerError)]
    assert len(found) > 10
    return found


@pytest.mark.parametrize("kind", every_error())
def test_each_error_comes_back_as_it_was(kind: type[ReconcilerError]) -> None:
    error = kind.__new__(kind)
    error.args = ("what failed",)
    error.exit_code = 7
    error.add_note("where")
    answer = decode_answer(encode_answer(AccountAnswer(refused=error_part(error))))
    assert answer.refused
    back = error_of(answer.refused)
    assert (type(back), str(back), back.exit_code, back.__notes__) == (kind, "what failed", 7, ["where"])


def test_an_error_of_a_class_declared_elsewhere_keeps_its_code() -> None:
    back = error_of(error_part(GitError("git push failed")))
    assert (type(back), back.coded) == (StateError, "git push failed [STATE-UNUSABLE]")


@pytest.mark.parametrize("sent", [samples.EVERYTHING, samples.FEW, samples.WIDE])
def test_each_kind_of_change_comes_back_as_it_was(sent: EnvironmentPlan) -> None:
    answer = decode_answer(encode_answer(AccountAnswer(plans=(tag(sent),))))
    back = untag(answer.plans[0])
    assert wholly(back) == wholly(sent)
    assert [type(change) for change in back.changes] == [type(change) for change in sent.changes]


def test_what_an_earlier_worker_did_is_told_as_done_and_can_be_set_back() -> None:
    approved = samples.environment("prod", samples.RENAME, samples.ADOPTED)
    nothing = EnvironmentResult("prod", (), 5, 2, 1.0)
    result, undo = with_earlier_work(approved, nothing, replace(approved, changes=()))
    assert [(each.key, each.outcome) for each in result.outcomes] == [
        (samples.RENAME.key, "updated"),
        (samples.ADOPTED.key, "adopted"),
    ]
    assert result.unchanged == 3
    (back,) = undo.changes
    assert (back.before, back.after) == (samples.RENAME.after, samples.RENAME.before)


def test_one_that_is_in_doubt_is_no_run_in_which_nothing_was_sent(place: Accounts) -> None:
    refused = LockedError("somebody else writes")
    done, _, _ = apply_by(place, InlineRunner({2: lambda _: Lost("gone"), 3: lambda _: refused}))
    assert kinds(done) == [["in_doubt"] * 3, ["not_sent"] * 3]


def test_a_task_that_runs_twice_writes_once(place: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second waits for the lock of the first, then finds all done, and tells the same."""
    monkeypatch.setattr(account_task, "LEASE_POLL", 0.02)
    place.sandboxes[0].world.faults.arm([Delay(call="put", seconds=0.3)])
    answers: list[AccountAnswer] = []

    def twice(order: bytes) -> bytes:
        with ThreadPoolExecutor() as threads:
            both = list(threads.map(lambda _: run_account(VERSION, order), range(2)))
        answers.extend(map(decode_answer, both))
        return both[0]

    done, undo, _ = apply_by(place, InlineRunner({2: twice}, repeated=True))
    assert kinds(done) == [["updated"] * 3] * 2
    assert sorted(len(each.ends[0].result.outcomes) for each in answers) == [0, 3]
    assert [len(each.changes) for each in undo[-1].environments] == [3, 3]
    assert len(place.sandboxes[0].world.writes) == 3


def done_twice(answers: list[AccountAnswer]) -> Callable[[bytes], bytes]:
    """Return what carries an order out twice, one after the other, and answers the second time."""

    def twice(order: bytes) -> bytes:
        answers.extend(decode_answer(run_account(VERSION, order)) for _ in range(2))
        return encode_answer(answers[-1])

    return twice


def test_what_is_done_already_is_set_back_as_it_would_have_been_by_who_did_it(place: Accounts) -> None:
    """Drift in a text that was not sent stays, in the plan that sets back, too."""
    apply_by(place, InlineRunner())
    place.sandboxes[0].world.edit("cl-0000001-0000", {"description": "Elsewhere"})
    manifest = place.folder / "lists.yaml"
    manifest.write_text(manifest.read_text().replace("Alpha", "Beta"))
    answers: list[AccountAnswer] = []
    _, undo, _ = apply_by(place, InlineRunner({2: done_twice(answers)}, repeated=True))
    first = {change.key: change for change in untag(answers[0].ends[0].undo).changes}
    second = {change.key: change for change in undo[-1].environments[0].changes}
    assert first == second
    assert (first["k1"].before["description"], first["k1"].after["name"]) == ("Elsewhere", "Alpha 1")


def test_what_another_command_made_meanwhile_is_left_to_that_one_to_tell(place: Accounts) -> None:
    answers: list[AccountAnswer] = []
    done, undo, told = apply_by(place, InlineRunner({2: done_twice(answers)}))
    assert kinds(done) == [[], ["updated"] * 3]
    assert done.environments[0].unchanged == 3
    assert [len(each.changes) for each in undo[-1].environments] == [0, 3]
    assert len(told) == 3


def test_a_lock_of_another_run_is_not_waited_for(place: Accounts) -> None:
    def locked(order: bytes) -> bytes:
        made = decode_order(order)
        (environment,) = made.environments
        store = store_at(made.state.url, Path(made.state.manifest), environment.desired)
        with store.lock(lock_info()):
            return run_account(VERSION, order)

    done, _, _ = apply_by(place, InlineRunner({2: locked}))
    assert kinds(done) == [["not_sent"] * 3, ["updated"] * 3]
    place.declare("Newer")
    with pytest.raises(LockedError, match="locked by"):
        apply_by(place, InlineRunner({0: locked}))


def test_a_state_of_another_manifest_that_is_still_there_is_refused(place: Accounts) -> None:
    apply_by(place, InlineRunner())
    manifest = place.folder / "lists.yaml"
    (place.folder / "other.yaml").write_bytes(manifest.read_bytes())
    for path in (place.folder / ".reconciler").glob("*.state.json"):
        path.write_text(
            re.sub(r'"checksum".*\n', "", path.read_text()).replace("../lists.yaml", "../other.yaml"), encoding="utf-8"
        )
    _, failures = place.fleet(InlineRunner(), "plan").plan()
    assert {type(error) for error in failures.values()} == {ForeignStateError}
