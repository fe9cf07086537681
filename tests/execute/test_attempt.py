"""The two tables in `execute.attempt`, read from where they are drawn, and held against what the code does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import pytest

from reconciler.execute import attempt as drawn
from reconciler.execute.attempt import (
    AgainLater,
    ChangeAttempt,
    Done,
    InDoubt,
    Next,
    NotWritten,
    Status,
    outcome_without_put,
)
from reconciler.model import put_answers
from reconciler.model.changes import Adopt, Block, Blocked, Change, Guard, Update
from reconciler.model.retry import ATTEMPTS

UPDATE = Update(
    key="a", id="cl-a", cause="edit", before={"name": "O"}, after={"name": "N"}, source=None, fields=("name",)
)
ADOPT = Adopt(key="a", id="cl-a", cause="edit", before={"name": "N"}, after={"name": "N"}, source=None)
BLOCKED = Blocked(
    key="a",
    id="cl-a",
    cause="conflict",
    before={},
    after={"name": "N"},
    source=None,
    fields=("name",),
    block=Block("conflict", "why", "way out"),
)
STATUSES: dict[str, Status] = {"NotWritten": NotWritten(), "InDoubt": InDoubt("HTTP 503")}
EVENTS: dict[str, put_answers.Verdict | Change] = {
    "acknowledged": put_answers.Acknowledged(),
    "rejected": put_answers.Rejected("HTTP 400"),
    "unsettled, cannot have landed": put_answers.Unsettled("HTTP 429", landed=False, again=True),
    "unsettled, may have": put_answers.Unsettled("HTTP 503", landed=True, again=True),
    "an update": UPDATE,
    "an adoption": ADOPT,
    "a block": BLOCKED,
}


def cells() -> Iterator[tuple[str, str, str]]:
    """Yield each cell of the tables with the heads of its row and column."""
    head: list[str] = []
    for line in (drawn.__doc__ or "").splitlines():
        row = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.strip().startswith("|") or row[0].startswith("---"):
            continue
        if row[0] == "stands as":
            head = row
            continue
        for column, cell in zip(head[1:], row[1:], strict=True):
            yield row[0], column, cell


CELLS = list(cells())


def test_the_tables_are_whole() -> None:
    assert {(row, column) for row, column, _ in CELLS} == {(row, column) for row in STATUSES for column in EVENTS}


def after(status: Status, event: put_answers.Verdict | Change, puts: int = 1) -> tuple[ChangeAttempt, Next]:
    under_way = ChangeAttempt(UPDATE, None, status, {"name": "O"}, puts)
    if isinstance(event, Update | Adopt | Blocked):
        return under_way.after_revalidation(event)
    assert isinstance(event, put_answers.Acknowledged | put_answers.Rejected | put_answers.Unsettled)
    return under_way.after_answer(event)


@pytest.mark.parametrize(("row", "column", "cell"), CELLS)
def test_each_cell(row: str, column: str, cell: str) -> None:
    stands, step = after(STATUSES[row], EVENTS[column])
    assert f"{type(stands.status).__name__}, {'done' if isinstance(step, Done) else 'again'}" == cell


@pytest.mark.parametrize("status", STATUSES.values(), ids=list(STATUSES))
def test_again_has_an_end(status: Status) -> None:
    for event in (put_answers.Unsettled("HTTP 503", landed=True, again=True), put_answers.Rejected("HTTP 401", True)):
        assert after(status, event, puts=ATTEMPTS)[1] == Done()
    assert after(status, put_answers.Unsettled("HTTP 501", landed=True, again=False))[1] == Done()


def test_a_back_off_is_never_shorter_than_told() -> None:
    told = put_answers.Unsettled("HTTP 429", landed=False, again=True, wait=7.0)
    assert after(NotWritten(), told)[1] == AgainLater("HTTP 429", 7.0)


@pytest.mark.parametrize("guard", get_args(Guard))
def test_a_guard_is_named_apart_from_what_it_says(guard: Guard) -> None:
    outcome = outcome_without_put(replace(BLOCKED, block=Block(guard, "why", "way out")))
    assert (outcome.guard, outcome.error) == (guard, "why; way out")


def test_an_adoption_that_could_not_be_recorded_was_not_made() -> None:
    adopted, _ = after(NotWritten("HTTP 429"), ADOPT)
    assert adopted.outcome().outcome == "adopted"
    broken = adopted.broken_off("the disk is full").outcome()
    assert (broken.outcome, broken.error) == ("failed", "the disk is full")


def test_a_second_401_ends_the_run() -> None:
    refused = put_answers.Rejected("HTTP 401", unauthorized=True)
    once, step = after(NotWritten(), refused)
    assert not isinstance(step, Done)
    _, step = once.after_answer(refused)
    assert isinstance(step, Done)
    assert step.halt == "sign-in was refused twice, each time with a fresh token: HTTP 401 [SIGN-IN-REFUSED]"
