"""What `environments`, `state list`, `state show` and `state history` print for machines, whole."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.cli import environments, state, state_admin
from reconciler.documents.result_document import result_document
from reconciler.errors import StateError, UsageError
from reconciler.model.lists import Applied
from reconciler.report.json import render
from reconciler.state.backends.folder import FileStore
from reconciler.state.backends.git_branch import BranchStore
from reconciler.state.document import Written
from reconciler.state.history import History, Saved
from tests import golden
from tests.documents.examples import FOLDER
from tests.program import REPOSITORY
from tests.report import samples
from tests.state.cas_files import FakeCasFiles
from tests.state.samples import LINEAGE, TARGET, applied_list, doubtful_list
from tests.state.samples import state as state_of

STORED = applied_list("due")._replace(texts={"name": "Renewal due "}, stored={"name": "Renewal due"})
WRITTEN = Written("2026-11-22T10:00:00Z", "anna", "ci-7", "reconciler apply --yes", "https://ci.example/7")
FIRST = state_of(applied_list("gone"), applied_list("vip"), serial=6)
SECOND = state_of(STORED, doubtful_list("vip"), serial=7)


class KeptStates(FileStore):
    """A store with a history, whose last state is the present one."""

    def look(self) -> Applied:
        """Return the last state."""
        return SECOND

    def history(self, last: int, serial: int | None = None) -> History:
        """Return all states."""
        del last, serial
        return History((Saved(FIRST, None), Saved(SECOND, WRITTEN)))


STORE = KeptStates(Path(), "prod", TARGET)


def options(**given: object) -> argparse.Namespace:
    return argparse.Namespace(**{"json": True, "verify": False, "results": [], **given})


def check(kind: str, captured: pytest.CaptureFixture[str]) -> None:
    golden.check(FOLDER / f"{kind}.json", captured.readouterr().out)


def test_environments(capsys: pytest.CaptureFixture[str]) -> None:
    for name, accounts in (("environments", False), ("accounts", True)):
        environments.run(options(action=None, accounts=accounts, file=REPOSITORY / "lists.yaml.example"))
        check(name, capsys)


def test_state_list(capsys: pytest.CaptureFixture[str]) -> None:
    state._list(STORE, options())
    check("state-list", capsys)


def test_state_show(capsys: pytest.CaptureFixture[str]) -> None:
    state._show(STORE, options(key="vip"))
    check("state-show", capsys)


def test_state_history(capsys: pytest.CaptureFixture[str]) -> None:
    state_admin.history(STORE, options(last=20))
    check("state-history", capsys)


def test_state_history_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """What differs is said by property; when a list was recorded, only if nothing else differs."""
    later = SECOND.lists["due"]._replace(applied_at="2026-11-23T10:00:00Z")
    noted = doubtful_list("vip")._replace(intended={"name": 'The "VIP"'}, applied_at="2026-11-23T10:00:00Z")
    third = state_of(later, noted, serial=8)

    class Longer(KeptStates):
        def history(self, last: int, serial: int | None = None) -> History:
            return History((*super().history(last, serial).saved, Saved(third, None)))

    state_admin.history(Longer(Path(), "prod", TARGET), options(json=False, last=2))
    assert capsys.readouterr().out == (
        "serial 8\n"
        '    changed: due  applied_at: "2026-11-22T10:00:00Z" → "2026-11-23T10:00:00Z"\n'
        '    changed: vip  intended.name: "VIP" → "The \\"VIP\\""\n'
        "serial 7  2026-11-22T10:00:00Z  anna on ci-7  reconciler apply --yes  CI job https://ci.example/7\n"
        "    added: due\n"
        '    changed: vip  intended: none → name "VIP"\n'
        '    changed: vip  status: "applied" → "in_doubt"\n'
        "    dropped: gone\n"
    )


def test_verified_history(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    state_admin.history(STORE, options(last=None, verify=True))
    shown = capsys.readouterr()
    assert shown.out.startswith("no gap is seen: serials 6 to 7, 2 kept, lineage ")
    assert "what came right before serial 6 is not known" in shown.err
    linked = History((Saved(FIRST, None, 5), Saved(SECOND, WRITTEN, 6)))
    monkeypatch.setattr(KeptStates, "history", lambda *_: linked)
    state_admin.history(STORE, options(last=2, verify=True))
    assert capsys.readouterr().out.startswith("whole: serials 6 to 7, 2 kept, lineage ")
    with pytest.raises(StateError, match="the history is not whole"):
        state_admin.history(STORE, options(last=None, verify=True))
    assert capsys.readouterr().out.startswith("serials 1 to 5 are missing")


def test_a_history_without_runs_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    store = BranchStore(FakeCasFiles(), "prod", TARGET)
    state_admin.history(store, options(last=None, verify=True))
    assert "no run has changed the state yet" in capsys.readouterr().err


def test_history_with_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = replace(
        samples.ran(samples.MIXED), approved=samples.planned(replace(samples.FEW, lineage=LINEAGE, serial=6))
    )
    written = tmp_path / "result.json"
    written.write_text(render(result_document(result)), encoding="utf-8")
    state_admin.history(STORE, options(last=20, results=[written]))
    last, first = json.loads(capsys.readouterr().out)["history"]
    assert [(each["plan"], len(each["outcomes"])) for each in last["results"]] == [("sha256:00", 10)]
    assert "results" not in first
    with pytest.raises(UsageError, match="goes with --json"):
        state_admin.history(STORE, options(last=20, json=False, results=[written]))
    with pytest.raises(UsageError, match="cannot read the result"):
        state_admin.history(STORE, options(last=20, results=[tmp_path / "none.json"]))
    for content, why in (('{"format": 1}', "format: Input should be"), ("{", "Invalid JSON")):
        written.write_text(content, encoding="utf-8")
        with pytest.raises(UsageError, match=f"is not a result of apply --json: {why}"):
            state_admin.history(STORE, options(last=20, results=[written]))
