"""Drift reports, as text and as a document, whole, against golden files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.documents.drift_document import drift_document
from reconciler.model.changes import Asked
from reconciler.model.drift_report import DriftReport, EnvironmentDrift, FieldDrift, ListDrift, Missing
from reconciler.model.lists import Campaign, LastSave, LiveList, Standing
from reconciler.report.json import render
from reconciler.report.steps import of_drift
from reconciler.report.text import lines
from reconciler.report.view.of_drift import view_of_drift
from tests.report import samples
from tests.report.golden_files import assert_golden

LIVE = ListDrift(
    key="winback",
    id=samples.list_id(3),
    fields=(FieldDrift("name", "Winback Q1", "Winback Q1", "Winback (old)", "live"),),
    campaigns=(Campaign("Spring Winback", "cm-17"), Campaign("Winback, second call")),
    source=samples.at(31),
    last_save=LastSave("u-07", "2026-11-24T17:04:11.000Z"),
)
BOTH = ListDrift(
    key="letters",
    id=samples.list_id(5),
    fields=(
        FieldDrift("name", "Letters and parcels", "Letters", "Letters 2026", "both"),
        FieldDrift("description", samples.LONG_EDITED, samples.LONG, samples.LONG, "file"),
    ),
    campaigns=(),
    source=samples.at(52),
    doubtful=True,
    last_save=LastSave("u-08", "yesterday", since_apply=False, applied_by="anna on ci-7: reconciler apply --yes"),
)
EDITED = ListDrift(
    key="vip",
    id=samples.list_id(4),
    fields=(FieldDrift("description", "", "Very important", "Very important", "file"),),
    campaigns=(),
    source=samples.at(40),
)
NEVER_APPLIED = ListDrift(
    key="fresh",
    id=samples.list_id(10),
    fields=(FieldDrift("name", "Fresh", None, "fresh", "file"),),
    campaigns=(),
    source=samples.at(80),
)
FOUL = ListDrift(
    key="foul",
    id=samples.list_id(6),
    fields=(FieldDrift("name", samples.HOSTILE, samples.HOSTILE, samples.HOSTILE[::-1], "live"),),
    campaigns=(Campaign(samples.HOSTILE, samples.HOSTILE),),
    source=samples.at(60),
    last_save=LastSave(samples.HOSTILE, samples.HOSTILE),
)
FOUND = EnvironmentDrift(
    name="prod",
    target=samples.TARGET,
    lineage="x",
    serial=7,
    declared=1000,
    lists=(EDITED, LIVE, BOTH, NEVER_APPLIED),
    missing=(Missing("gone", samples.list_id(9), "HTTP 404: Contact list not found", samples.at(70)),),
    undeclared=(
        LiveList(samples.list_id(7), {"name": "Sales", "description": ""}, (Campaign("Spring"),)),
        LiveList(samples.list_id(8), {"name": samples.HOSTILE, "description": samples.HOSTILE}),
    ),
    ignored=2,
    requests=2,
)
IDLE = EnvironmentDrift("dev", samples.TARGET, "", 0, declared=3, requests=1)
EMPTY = EnvironmentDrift("test", samples.TARGET, "", 0, declared=0, requests=1)


def report(*environments: EnvironmentDrift) -> DriftReport:
    return DriftReport("0.1.0", "2026-11-22T10:00:00Z", {"lists.yaml": "00"}, environments)


ALL = report(FOUND, IDLE, EMPTY)


@pytest.mark.parametrize("undeclared", [True, False], ids=["named", "counted"])
def test_whole(undeclared: bool) -> None:
    shown = lines.render(view_of_drift(ALL, undeclared=undeclared), colour=False, width=100)
    assert_golden(f"drift-{'named' if undeclared else 'counted'}.txt", shown)
    assert not any(line.endswith(" ") for line in shown.splitlines())


def test_whole_in_colour() -> None:
    assert_golden("drift.ansi", lines.render(view_of_drift(ALL), colour=True, width=100))


def test_a_next_step_promises_only_what_it_does() -> None:
    allowed = replace(FOUND, standing=Standing(rename_in_use="warn"))
    guard = " (names of lists that campaigns use only with policy.rename_in_use: warn)"
    assert [[guard in str(step) for step in of_drift(each, Asked(), named=True)][1] for each in (FOUND, allowed)] == [
        True,
        False,
    ]
    (step,) = of_drift(replace(IDLE, lists=(NEVER_APPLIED,)), Asked(), named=True)
    assert (
        str(step)
        == "To see what an apply does with the lists that were never applied: reconciler plan --refresh --env dev"
    )


def test_hostile_names_do_nothing() -> None:
    foul = EnvironmentDrift("prod", samples.TARGET, "x", 7, declared=1, lists=(FOUL,), undeclared=FOUND.undeclared)
    assert_golden("drift-hostile.txt", lines.render(view_of_drift(report(foul)), colour=False, width=100))


@pytest.mark.parametrize("undeclared", [True, False], ids=["named", "counted"])
def test_document(undeclared: bool) -> None:
    assert_golden(
        f"drift-{'named' if undeclared else 'counted'}.json", render(drift_document(ALL, undeclared=undeclared))
    )
