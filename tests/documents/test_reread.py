"""A plan, result or drift report that is read back from its document gives the same document, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.documents.reread import read
from reconciler.errors import PlanRefusedError, UsageError
from reconciler.model.changes import Asked
from reconciler.model.lists import LastSave
from reconciler.report.formats import Subject, document
from tests.report import morning

PLAN = replace(morning.PLAN, failed={"test": "HTTP 401"}, refused="frozen", asked=Asked(shard="2/5"))
SAVED = LastSave("u-1", "2026-11-22T10:00:00Z", since_apply=False, applied_by="build 7")
PLANNED, *OTHERS = PLAN.environments
DRIFTED, *REST = morning.DRIFT.environments
SUBJECTS: dict[str, Subject] = {
    "plan": replace(
        PLAN,
        environments=(replace(PLANNED, last_saves={PLANNED.changes[0].id: SAVED}), *OTHERS),
    ),
    "result": morning.RESULT,
    "result of a part": replace(morning.RESULT, approved=replace(morning.RESULT.approved, asked=Asked(shard="1/2"))),
    "result in a freeze": replace(
        morning.RESULT, environments=tuple(replace(each, broke_freeze="urgent") for each in morning.RESULT.environments)
    ),
    "drift": replace(
        morning.DRIFT,
        environments=(replace(DRIFTED, lists=(replace(DRIFTED.lists[0], last_save=SAVED), *DRIFTED.lists[1:])), *REST),
        failed={"test": "HTTP 401"},
        asked=Asked(shard="2/5"),
    ),
}


def save(folder: Path, content: str) -> Path:
    path = folder / "document.json"
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", SUBJECTS)
def test_it_comes_back(name: str, tmp_path: Path) -> None:
    written = document(SUBJECTS[name])
    assert document(read(save(tmp_path, written))) == written


def test_undeclared_lists_that_are_only_counted_stay_so(tmp_path: Path) -> None:
    counted = json.loads(document(morning.DRIFT))
    (environment,) = [each for each in counted["environments"] if each["undeclared"]]
    environment["undeclared"] = None
    assert json.loads(document(read(save(tmp_path, json.dumps(counted))))) == counted


def _of_another_format(found: dict[str, Any]) -> None:
    found["format"] = "reconciler/doctor/1"


def _spoilt(found: dict[str, Any]) -> None:
    found["environments"][0]["name"] = 7


def _without_a_date(found: dict[str, Any]) -> None:
    found["created_at"] = "9999-99-99T00:00:00Z"


def _endless(found: dict[str, Any]) -> None:
    found["environments"][0]["summary"]["seconds"] = float("inf")


def _negative(found: dict[str, Any]) -> None:
    found["environments"][0]["summary"]["unchanged"] = -1


def _of_no_part(found: dict[str, Any]) -> None:
    found["shard"] = "9/2"


@pytest.mark.parametrize(
    ("name", "spoil", "said"),
    [
        ("drift", _of_another_format, "is no document of plan, apply or drift: its format is 'reconciler/doctor/1'"),
        ("drift", _without_a_date, "is not a report of drift --json: created_at: "),
        ("result", _without_a_date, "is not a result of apply --json: created_at: "),
        ("result", _endless, r"is not a result of apply --json: environments\.0\.summary\.seconds: "),
        ("result", _negative, r"is not a result of apply --json: environments\.0\.summary\.unchanged: "),
        ("plan", _of_no_part, "is not as this program writes plans: shard: "),
        ("drift", _spoilt, "is not a report of drift --json: environments.0.name: "),
        ("result", _spoilt, "is not a result of apply --json: environments.0.name: "),
        ("plan", _spoilt, "is not as this program writes plans: environments.0.name: "),
    ],
)
def test_what_is_none_is_refused(name: str, spoil: Callable[[dict[str, Any]], None], said: str, tmp_path: Path) -> None:
    found = json.loads(document(SUBJECTS[name]))
    spoil(found)
    with pytest.raises((UsageError, PlanRefusedError), match=said):
        read(save(tmp_path, json.dumps(found)))


@pytest.mark.parametrize(("content", "said"), [("[]", "its format is None"), ("{", "is not JSON")])
def test_what_is_no_document_is_refused(content: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        read(save(tmp_path, content))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*document\.json: No such file"):
        read(tmp_path / "document.json")
