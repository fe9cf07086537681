"""What `environments`, `state list`, `state show` and `state history` print for machines, whole."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from reconciler.cli import environments, state, state_admin
from reconciler.errors import StateError
from reconciler.model.lists import Applied
from reconciler.state.backends.folder import FileStore
from reconciler.state.backends.git_branch import BranchStore
from reconciler.state.document import Written
from reconciler.state.history import History, Saved
from tests import golden
from tests.documents.examples import FOLDER
from tests.program import REPOSITORY
from tests.state.cas_files import FakeCasFiles
from tests.state.samples import TARGET, applied_list, doubtful_list
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
    return argparse.Namespace(**{"json": True, **given})


def check(kind: str, captured: pytest.CaptureFixture[str]) -> None:
    golden.check(FOLDER / f"{kind}.json", captured.readouterr().out)


def test_environments(capsys: pytest.CaptureFixture[str]) -> None:
    environments.run(options(action=None, file=REPOSITORY / "lists.yaml.example"))
    check("environments", capsys)


def test_state_list(capsys: pytest.CaptureFixture[str]) -> None:
    state._list(STORE, options())
    check("state-list", capsys)


def test_state_show(capsys: pytest.CaptureFixture[str]) -> None:
    state._show(STORE, options(key="vip"))
    check("state-show", capsys)


def test_state_history(capsys: pytest.CaptureFixture[str]) -> None:
    state_admin.history(STORE, options(last=20, verify=False))
    check("state-history", capsys)


def test_state_history_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """What differs is said by property; when a list was recorded, only if nothing else differs."""
    later = SECOND.lists["due"]._replace(applied_at="2026-11-23T10:00:00Z")
    noted = doubtful_list("vip")._replace(intended={"name": 'The "VIP"'}, applied_at="2026-11-23T10:00:00Z")
    third = state_of(later, noted, serial=8)

    class Longer(KeptStates):
        def history(self, last: int, serial: int | None = None) -> History:
            return History((*super().history(last, serial).saved, Saved(third, None)))

    state_admin.history(Longer(Path(), "prod", TARGET), options(json=False, last=2, verify=False))
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
    with pytest.raises(StateError, match="the history is not whole"):
        state_admin.history(STORE, options(last=None, verify=True))
    assert capsys.readouterr().out.startswith("serials 1 to 5 are missing")
    monkeypatch.setattr(KeptStates, "keeps_each_serial", False)
    state_admin.history(STORE, options(last=None, verify=True))
    shown = capsys.readouterr()
    assert shown.out.startswith("whole: serials 6 to 7, 2 kept, lineage ")
    assert "keeps the last serial of each run" in shown.err


def test_a_history_without_runs_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    store = BranchStore(FakeCasFiles(), "prod", TARGET)
    state_admin.history(store, options(last=None, verify=True))
    assert "no run has changed the state yet" in capsys.readouterr().err
