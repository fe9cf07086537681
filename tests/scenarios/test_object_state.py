"""The state in an object store, by the real program: the main job, its history, a broken lease, and moving there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import obstore
import pytest

from reconciler.cli.app import run
from reconciler.model.lists import Target
from reconciler.sandbox.server import ACCOUNT_ID, STREAM_ID
from reconciler.state.backends.object_store import ObjectStore
from tests.program import Workplace, some_lists, workplace
from tests.state.conformance.keepers import InObjects, Keeper, made
from tests.state.samples import HOLDER, doubtful_list
from tests.state.servers import in_place

LISTS = some_lists(2)
AZ = pytest.param("az", marks=pytest.mark.slow)
every_kind = pytest.mark.parametrize("kind", ["s3", AZ])


@pytest.fixture
def keeper(kind: str, cloud: Mapping[str, str], tmp_path: Path) -> Keeper:
    """A place of its own."""
    del cloud
    return made(kind, tmp_path)


@pytest.fixture
def place(keeper: Keeper, tmp_path: Path) -> Iterator[Workplace]:
    """Two lists to be described anew; the state in an object store."""
    (tmp_path / "work").mkdir()
    with workplace(tmp_path / "work", LISTS) as made_here:
        for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
            del made_here.variables[name]  # the library of the stores refuses to trust nobody
        declare(made_here, "New", keeper.url)
        yield made_here


def declare(place: Workplace, description: str, url: str) -> None:
    entries = [
        f"  {key}: {{id: {known.id}, name: {known.name}, description: {description}}}\n"
        for key, known in zip("ab", LISTS, strict=True)
    ]
    place.manifest("".join(entries), more=f"state: {url}\n")


@every_kind
def test_the_main_job_and_its_history(place: Workplace) -> None:
    assert place.run("plan", "--detailed-exitcode").code == 2
    assert place.run("apply", "--yes", "--break-freeze", "it's urgent").code == 0
    assert place.run("plan", "--refresh", "--detailed-exitcode").code == 0
    assert place.run("state", "rm", "b").code == 0
    told = json.loads(place.run("state", "history", "--json").out)["history"]
    assert [(each["added"], each["changed"], each["dropped"]) for each in told] == [
        ([], [], ["b"]),
        (["a", "b"], [], []),
    ]
    broken = """reconciler apply --yes --break-freeze 'it'"'"'s urgent'"""
    assert [each["command"] for each in told] == ["reconciler state rm b", broken]
    shown = place.run("state", "history", "--last", "1").out
    assert "dropped: b" in shown
    assert "reconciler apply" not in shown
    earlier = place.run("state", "pull", "--serial", str(told[1]["serial"]))
    assert list(json.loads(earlier.out)["lists"]) == ["a", "b"]
    missing = place.run("state", "pull", "--serial", "4711")
    assert (missing.code, "no serial 4711 is kept there" in missing.err) == (1, True)


@every_kind
def test_unlock(place: Workplace, keeper: Keeper) -> None:
    assert "free" in place.run("state", "unlock").err
    assert isinstance(keeper, InObjects)
    store = ObjectStore(keeper.objects, "prod", Target(place.url, STREAM_ID, ACCOUNT_ID))
    context = store.lock(HOLDER)  # kept: it would end with its last reference
    context.__enter__().record("a", doubtful_list("a"))
    refused = place.run("apply", "--yes")
    assert (refused.code, place.puts) == (4, [])
    assert "locked by process 4711" in refused.err
    assert "reconciler state unlock" in refused.err
    unasked = place.run("state", "unlock")
    assert unasked.code == 1
    assert 'locked by process 4711 on host "ci-7"' in unasked.out
    assert "last renewed" in unasked.out
    assert "--yes breaks the lock without asking" in unasked.err
    assert place.run("state", "unlock", "--yes").code == 0
    assert "lock: free" in place.run("doctor").out
    assert place.run("state", "list").out.startswith("a  cl-718e888-a  in_doubt")


@every_kind
def test_migrate(place: Workplace, keeper: Keeper) -> None:
    declare(place, "New", ".reconciler")
    assert place.run("apply", "--yes").code == 0
    ran = place.run("state", "migrate", "--to", keeper.url)
    assert ran.code == 0, ran.err
    assert f"state: {keeper.url}" in ran.out
    assert "Commit .reconciler and lists.yaml" in ran.out
    refused = place.run("plan")
    assert (refused.code, f"was moved to {keeper.url}" in refused.err) == (4, True)
    declare(place, "New", keeper.url)
    assert place.run("plan", "--detailed-exitcode").code == 0
    assert place.run("state", "migrate", "--to", keeper.url).code == 1
    assert place.run("state", "migrate", "--to", "/elsewhere").code == 1
    assert ".reconciler/*.lock .reconciler/*.new" in place.run("state", "migrate", "--to", ".reconciler").out
    assert place.run("plan").code == 4


def test_a_folder_has_no_lease_and_no_history(place_in_folder: Workplace) -> None:
    freed = place_in_folder.run("state", "unlock")
    assert (freed.code, "never anything to break" in freed.err) == (0, True)
    told = place_in_folder.run("state", "history")
    assert (told.code, "a folder keeps no earlier states" in told.err) == (1, True)
    assert place_in_folder.run("state", "history", "--last", "0").code == 1


@pytest.fixture
def place_in_folder(tmp_path: Path) -> Iterator[Workplace]:
    """The same with the state in a folder."""
    with workplace(tmp_path, LISTS) as made_here:
        declare(made_here, "New", ".reconciler")
        yield made_here


def test_without_obstore_it_says_which_extra(
    place_in_folder: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    monkeypatch.delitem(sys.modules, "reconciler.state.backends.objects", raising=False)
    monkeypatch.setitem(sys.modules, "obstore", None)
    declare(place_in_folder, "New", "s3://bucket/lists")
    with in_place({}):
        assert run(["plan", "-f", str(place_in_folder.folder / "lists.yaml")]) == 1
    assert "install again with the extra objects" in capsys.readouterr().err


@every_kind
def test_the_documented_way_back_of_a_lost_document(place: Workplace, keeper: Keeper) -> None:
    assert isinstance(keeper, InObjects)
    assert place.run("apply", "--yes").code == 0
    before = place.run("state", "list").out
    obstore.delete(keeper.objects._store, "prod.state.json")  # type: ignore[attr-defined]
    refused = place.run("plan")
    assert refused.code == 1
    found = re.search(r"reconciler (state pull --serial [0-9]+) > FILE, then reconciler (state push) FILE", refused.err)
    assert found
    (place.folder / "back.json").write_text(place.run(*found[1].split()).out)
    assert place.run(*found[2].split(), "back.json").code == 0
    assert place.run("state", "list").out == before
    assert place.run("plan", "--detailed-exitcode").code == 0


@every_kind
def test_what_was_moved_away_and_is_pushed_here_is_here(place: Workplace, keeper: Keeper) -> None:
    declare(place, "New", ".reconciler")
    assert place.run("apply", "--yes").code == 0
    assert place.run("state", "migrate", "--to", keeper.url).code == 0
    marked = (place.folder / ".reconciler" / "prod.state.json").read_text()
    assert "moved_to" in marked
    declare(place, "New", keeper.url)
    (place.folder / "marked.json").write_text(marked)
    assert place.run("state", "push", "marked.json").code == 0
    assert place.run("plan", "--detailed-exitcode").code == 0


@every_kind
def test_the_lease_that_a_move_left_at_its_end_can_be_broken(place: Workplace, keeper: Keeper) -> None:
    declare(place, "New", ".reconciler")
    assert place.run("apply", "--yes").code == 0
    target = Target(place.url, STREAM_ID, ACCOUNT_ID)
    assert isinstance(keeper, InObjects)
    dead = ObjectStore(keeper.objects, "prod", target)._begin(HOLDER)
    dead._renewal.stop()
    refused = place.run("state", "migrate", "--to", keeper.url)
    assert refused.code == 4
    assert f"that lease is at another place: reconciler state unlock --at {keeper.url}" in refused.err
    freed = place.run("state", "unlock", "--at", keeper.url, "--yes")
    assert (freed.code, "unlocked" in freed.out) == (0, True)
    assert place.run("state", "migrate", "--to", keeper.url).code == 0
    declare(place, "New", keeper.url)
    assert "the state is at" in place.run("state", "migrate", "--to", f"{keeper.url}/").err


@every_kind
def test_a_damaged_lease_ends_no_look_at_the_rest(place: Workplace, keeper: Keeper) -> None:
    assert place.run("apply", "--yes").code == 0
    keeper.write("prod.lock.json", b"x")
    told = place.run("doctor").out
    assert "lock: " in told
    assert "damaged" in told
    assert "works   ids" in told
