"""drift, import, accept and promote, by the real program: people edit elsewhere, and the manifest follows."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.planning.blocks import GONE
from reconciler.sandbox import faults
from reconciler.sandbox.accounts import Account, ContactList
from reconciler.sandbox.server import ACCOUNT_ID, STREAM_ID
from tests.program import Ran, Workplace, some_lists, workplace

DEV = (
    "  dev:\n    host: {url}\n    stream_id: st-dev\n    account_id: b1\n"
    '    name_format: "[dev] {{name}}"\n    requests_per_minute: 6000\n'
)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Workplace]:
    """Three lists in each of two accounts, none declared."""
    lists = some_lists(3)
    with workplace(tmp_path, lists) as made:
        made.sandbox.world.set_account(Account.of([_dev(known) for known in lists], "b1", ("st-dev",)))
        made.manifest("  {}\n", more=DEV.format(url=made.url))
        yield made


def _dev(known: ContactList) -> ContactList:
    return replace(known, id=f"{known.id}-dev", texts={**known.texts, "name": f"[dev] {known.name}"})


def manifest(place: Workplace) -> str:
    return (place.folder / "lists.yaml").read_text(encoding="utf-8")


def requests(place: Workplace) -> int:
    return len(place.sandbox.world.log.entries)


def test_drift_says_who_moved_for_one_request(place: Workplace) -> None:
    first, second, third = some_lists(3)
    assert place.run("drift", "--detailed-exitcode").code == 0
    assert requests(place) == 1
    place.sandbox.world.edit(first.id, {"description": "Theirs"})
    place.sandbox.world.edit(second.id, {"name": "Theirs"})
    place.sandbox.world.delete(third.id)
    place.sandbox.world.set_list(ContactList("cl-new", {"name": "New there"}))
    place.declare(some_lists(3), b={"name": "Ours"})
    before = {path: path.read_bytes() for path in (place.folder / ".reconciler").iterdir()}
    ran = place.run("drift", "--json", "--undeclared")
    assert ran.code == 0
    (found,) = json.loads(ran.out)["environments"]
    assert {each["key"]: each["moved"] for each in found["lists"]} == {"a": "live", "b": "both"}
    assert found["lists"][1]["fields"] == [
        {"field": "name", "desired": "Ours", "applied": "Alpha 2", "live": "Theirs", "moved": "both"}
    ]
    assert [each["key"] for each in found["missing"]] == ["c"]
    assert found["undeclared"] == [{"id": "cl-new", "name": "New there", "description": "", "campaigns": []}]
    assert found["summary"]["requests"] == 2  # one for all, one for the list that is gone
    assert place.run("drift", "--detailed-exitcode").code == 2
    part = place.run("drift", "--only", "a", "--only", "z*", "--undeclared")
    assert "prod  1 drifted  (took 1 request)" in part.out
    assert "reconciler accept --env prod a\n" in part.out
    assert "reconciler apply --env prod --only a --only 'z*' --revert-drift\n" in part.out
    assert part.err == "warning: --only z*: no list has such a key\n"
    assert place.puts == []
    assert {path: path.read_bytes() for path in (place.folder / ".reconciler").iterdir()} == before


def test_undeclared_lists_and_edits_are_no_drift(place: Workplace) -> None:
    place.sandbox.world.set_list(ContactList("cl-new", {"name": "New there"}))
    place.declare(some_lists(3), a={"name": "Ours"})
    ran = place.run("drift", "--detailed-exitcode")
    assert ran.code == 0
    assert "1 edited, 1 undeclared, 2 as declared" in ran.out
    place.manifest("  {}\n", policy="{ignore_undeclared: ['Alpha *']}")
    assert "1 undeclared, 3 ignored" in place.run("drift").out


def test_import_of_everything(place: Workplace) -> None:
    place.sandbox.world.set_list(ContactList("cl-yes", {"name": "yes", "description": "# none"}, ("June",)))
    place.sandbox.world.set_list(ContactList("cl-bad", {"name": " outer", "description": "kept"}))
    place.sandbox.world.log.clear()
    before = manifest(place)
    dry = place.run("import", "--dry-run")
    assert (dry.code, manifest(place)) == (0, before)
    assert '+  list-yes:\n+    id: cl-yes\n+    name: "yes"\n+    description: "# none"\n' in dry.out
    assert '  + list-yes  "yes"  prod cl-yes\n      used by: "June" [cm-' in dry.out
    ran = place.run("import")
    assert ran.code == 0, ran.err
    assert requests(place) == 2
    assert manifest(place) == before + (
        '  list-yes:\n    id: cl-yes\n    name: "yes"\n    description: "# none"\n'
        '  # not imported from prod: cl-bad, " outer": its name begins or ends with white space: remove it\n'
    )
    assert place.state()["list-yes"]["status"] == "applied"
    assert place.run("plan", "--refresh", "--detailed-exitcode").code == 0
    after, state = manifest(place), place.state()
    assert "nothing to import" in place.run("import").out
    assert (manifest(place), place.state()) == (after, state)
    assert place.puts == []


def test_import_of_some(place: Workplace) -> None:
    for number in range(3):
        place.sandbox.world.set_list(ContactList(f"cl-n{number}", {"name": f"New {number}"}))
    place.sandbox.world.set_list(ContactList("cl-other", {"name": "Other"}))
    assert place.run("import", "New 1", "cl-n2").code == 0
    assert {"new-1", "new-2"} == place.state().keys() - set("abc")
    refused = place.run("import", "Nope*")
    assert refused.code == 1
    assert "no live list has the id or the name 'Nope*'" in refused.err
    refused = place.run("import", "--into", "elsewhere.yaml")
    assert refused.code == 1
    assert "the manifest does not include it" in refused.err
    refused = place.run("import", "--into", "../lists.yaml")
    assert "the manifest does not include it" in refused.err
    path = place.folder / "lists.yaml"
    path.write_text(path.read_text().replace("policy: {", "policy: {required: [x-owner]", 1))
    path.write_text(path.read_text().replace("    id: ", "    x-owner: us\n    id: "))
    refused = place.run("import", "New*")
    assert (refused.code, "(--own x-owner=TEXT)" in refused.err) == (1, True)
    assert "'owner=us' is not x-KEY=TEXT" in place.run("import", "--own", "owner=us").err
    assert place.run("import", "--into", "lists.yaml", "--own", "x-owner=the = team", "New*").code == 0
    assert '    x-owner: "the = team"\n' in manifest(place)
    assert "other" not in manifest(place)


def test_import_into_a_new_file(place: Workplace) -> None:
    place.sandbox.world.set_list(ContactList("cl-new", {"name": "New"}))
    path = place.folder / "lists.yaml"
    path.write_text(f"include: [more/*.yaml]\n{manifest(place)}")
    (place.folder / "more").mkdir()
    (place.folder / "more" / "a.yaml").write_text("lists: {}\n")
    (place.folder / "included.schema.json").write_text("{}")
    assert place.run("import", "--into", "more/b.yaml").code == 0
    assert (place.folder / "more" / "b.yaml").read_text() == (
        "# yaml-language-server: $schema=../included.schema.json\n"
        'lists:\n  new:\n    id: cl-new\n    name: "New"\n    description: ""\n'
    )
    assert place.run("plan", "--refresh", "--detailed-exitcode").code == 0


def test_several_accounts_become_one_file(two: Workplace) -> None:
    assert two.run("import", "--all-envs").code == 0
    loaded = manifest(two)
    assert loaded.count(" name: ") == 3  # one a list
    for number in (1, 2, 3):
        list_id = f"cl-{number:07x}-0000"
        assert f"  alpha-{number}:\n    id: {{prod: {list_id}, dev: {list_id}-dev}}\n" in loaded
    assert two.run("plan", "--refresh", "--all-envs", "--detailed-exitcode").code == 0


def test_promotion(two: Workplace) -> None:
    assert two.run("import", "--env", "prod").code == 0
    shown = two.run("promote", "prod", "dev")
    assert shown.code == 0
    assert "3 of prod without an id in dev" in shown.out
    assert 'name: "[dev] Alpha 1"' in shown.out
    two.sandbox.world.edit("cl-0000002-0000-dev", {"name": "[dev] Renamed"}, "b1")
    two.sandbox.world.edit("cl-0000003-0000-dev", {"description": "Theirs"}, "b1")
    before = manifest(two)
    dry = two.run("promote", "prod", "dev", "--match-names", "--dry-run")
    assert (dry.code, manifest(two)) == (0, before)
    assert "+    id: {prod: cl-0000001-0000, dev: cl-0000001-0000-dev}" in dry.out
    ran = two.run("promote", "prod", "dev", "--match-names")
    assert ran.code == 0
    assert "no id: no list has that name there" in ran.out
    assert 'its description there is "Theirs"' in ran.out
    plan = two.run("plan", "--env", "dev", "--refresh", "--json")
    (environment,) = json.loads(plan.out)["environments"]
    assert {each["key"]: each["action"] for each in environment["changes"]} == {"alpha-1": "adopt", "alpha-3": "update"}
    assert "1 of prod without an id" in two.run("promote", "prod", "dev").out
    two.sandbox.world.edit("cl-0000002-0000-dev", {"name": "[dev] Alpha 2"}, "b1")
    assert two.run("promote", "prod", "dev", "--match-names").code == 0
    assert "every list of prod has an id in dev" in two.run("promote", "prod", "dev", "--match-names").out
    two.run("export", "--env", "dev", "--csv", "dev.csv")
    sheet = two.folder / "dev.csv"
    whole = sheet.read_text()
    sheet.write_text(whole.replace("Alpha 1", "Other"))
    overridden = two.run("import", "--csv", "dev.csv").out
    assert '~ alpha-1  dev  name: "[dev] Other"  (an override: it is for dev alone)' in overridden
    sheet.write_text(whole)
    assert '"[dev] Alpha 1"  (an override that says what the list itself' in two.run("import", "--csv", "dev.csv").out
    assert two.puts == []


def test_a_second_environment_is_added_and_filled(place: Workplace) -> None:
    lists = some_lists(3)
    place.sandbox.world.set_account(Account.of([_dev(known) for known in lists], "b1", ("st-dev",)))
    before = manifest(place)
    add = ["environments", "add", "dev", "--stream", "st-dev", "--account", "b1", "--name-format", "[dev] {name}"]
    dry = place.run(*add, "--dry-run")
    assert (dry.code, manifest(place)) == (0, before)
    assert "+  dev:" in dry.out
    ran = place.run(*add)
    assert ran.out.endswith("reconciler doctor --env dev, and reconciler promote prod dev --match-names\n")
    assert "plan, apply and others want to know which: --env prod, --env dev or --all-envs" in ran.out
    assert "warning: account_id 'b1' has 2 characters" in ran.err
    assert place.run("environments", "--json").out == '["prod", "dev"]\n'
    for refused, said in (
        (add, "the manifest has an environment 'dev' already"),
        (["environments", "add", "Dev"], "error: 'Dev': "),
        (["environments", "--json", "add", "x"], "error: --json and --accounts are of what is printed: leave"),
        (["environments", "add", "x", "--stream", "x"], "error: --stream 'x': must be a stream id"),
        (["environments", "add", "x", "--name-format", "x"], "x.name_format: must have {name} exactly once"),
    ):
        ran = place.run(*refused)
        assert (ran.code, said in ran.err) == (1, True), ran.err
    assert place.run("validate").code == 0
    assert place.run("plan", "--env", "prod", "--refresh", "--detailed-exitcode").code == 0
    held = place.sandbox.world.lists("b1")["cl-0000001-0000-dev"]
    place.sandbox.world.set_list(replace(held, texts={**held.texts, "name": "Old"}), "b1")
    old = place.run("promote", "prod", "dev", "--match-names", "--dry-run")
    assert old.out.endswith('Lists in dev that no key has: "Old"\n')
    place.sandbox.world.set_list(held, "b1")
    first = place.run("promote", "prod", "dev", "--match-names")
    assert "id: cl-0000001-0000-dev" in first.out
    assert "that no key has" not in first.out
    assert place.run("apply", "--env", "dev", "--yes").code == 0
    assert place.run("plan", "--all-envs", "--refresh", "--detailed-exitcode").code == 0
    assert place.puts == []
    third = place.run("environments", "add", "test")
    assert "fill in test, then: reconciler doctor" in third.out
    assert "From now on" not in third.out
    twin = place.run("environments", "add", "twin", "--stream", "st-twin", "--account", "b1")
    assert "warning: twin has the host and the account id of dev" in twin.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["promote", "prod", "test"], "the manifest has no environment 'test'; it has prod, dev"),
        (["promote", "prod", "dev", "--dry-run"], "--dry-run goes with --match-names"),
        (["accept", "--env", "prod", "nope"], "the manifest has no list 'nope' in prod"),
    ],
)
def test_what_cannot_be_meant(two: Workplace, arguments: list[str], said: str) -> None:
    ran = two.run(*arguments)
    assert ran.code == 1
    assert said in ran.err


def test_accept_does_not_say_of_what_it_leaves_alone_that_nothing_changed(place: Workplace) -> None:
    place.sandbox.world.edit(some_lists(3)[1].id, {"name": "Theirs"})
    place.declare(some_lists(3), b={"name": "Ours"})
    ran, named = place.run("accept"), place.run("accept", "c")
    assert "left alone: b in prod: the manifest was edited too" in ran.err
    assert (ran.code, ran.out) == (0, "nothing else to accept\n")
    assert named.out == "nothing to accept: no list that you named changed elsewhere since the last apply\n"


def test_accept(place: Workplace) -> None:
    first, second, third = some_lists(3)
    place.sandbox.world.edit(first.id, {"description": "Theirs"})
    place.sandbox.world.edit(second.id, {"name": "Theirs"})
    place.sandbox.world.edit(third.id, {"name": "Theirs too "})
    place.declare(some_lists(3), b={"name": "Ours"})
    before = manifest(place)
    dry = place.run("accept", "--dry-run")
    assert manifest(place) == before
    assert '-    description: "Text 1"\n+    description: "Theirs"\n' in dry.out
    ran = place.run("accept", "--who", "--report", "markdown=report.md", "--report", "junit=no/report.xml")
    assert (ran.code, "cannot write no/report.xml" in ran.err) == (1, True)
    ran = place.run("accept", "--who", "--report", "markdown=report.md", GITHUB_STEP_SUMMARY="summary.md")
    assert ran.code == 3
    assert not (place.folder / "summary.md").exists()
    report = (place.folder / "report.md").read_text()
    assert "### reconciler drift: `prod` 3 drifted\n" in report
    assert "**`prod`** ⚠ `left alone: b in prod: the manifest was edited too; to give up that edit: " in report
    assert '**`prod`** ⚠ `not accepted: c in prod: the live name "Theirs too " begins or ends with white' in report
    assert report.count("last saved: `by u-") == 3
    assert manifest(place) == before.replace('"Text 1"', '"Theirs"')
    assert "left alone: b in prod: the manifest was edited too" in ran.err
    assert "nothing to accept" not in ran.out
    assert 'not accepted: c in prod: the live name "Theirs too " begins or ends with white space' in ran.err
    misread = place.run("accept", "B")
    assert "the manifest has no list 'B' in prod; did you mean 'b'?" in misread.err
    place.sandbox.world.set_list(replace(place.sandbox.world.lists()[second.id], campaigns=("June",)))
    renamed = place.run("accept", "b")
    assert renamed.code == 0
    assert "warning: b in prod: 1 campaign uses it ('June' [cm-" in renamed.err
    assert "look there which name it was set up with" in renamed.err
    assert manifest(place) == before.replace('"Text 1"', '"Theirs"').replace('"Ours"', '"Theirs"')
    place.sandbox.world.edit(third.id, {"name": third.name})
    assert place.run("drift", "--detailed-exitcode").code == 0
    assert "nothing to accept" in place.run("accept").out
    assert place.puts == []
    adopted = place.run("apply", "--yes", "--json")
    assert _outcomes(adopted) == {"a": "adopted", "b": "adopted"}
    assert place.puts == []
    place.sandbox.world.delete(third.id)
    gone = place.run("accept", "c")
    assert "not accepted: c in prod: the API does not have this list; correct its id; or, if the list" in gone.err
    assert (gone.code, gone.out) == (3, "")
    why = f"the account has no list {third.id} (HTTP 404: Contact list not found)"
    shown = [
        " ".join(place.run(*words).out.split()) for words in (["plan", "--refresh"], ["drift"], ["apply", "--yes"])
    ]
    assert [(said.count(why), said.count(GONE)) for said in shown] == [(1, 1)] * 3
    assert "c blocked [MISSING], as shown above" in shown[2]


def _outcomes(ran: Ran) -> dict[str, str]:
    (environment,) = json.loads(ran.out)["environments"]
    return {each["key"]: each["outcome"] for each in environment["outcomes"]}


@contextmanager
def _holding(place: Workplace, script: str) -> Iterator[None]:
    """Let another process hold the lock on the state."""
    target = [place.url, STREAM_ID, ACCOUNT_ID]
    with subprocess.Popen(
        [sys.executable, "-c", script, *target],
        cwd=place.folder,
        env=place.variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        yield
        process.communicate("\n")


def test_an_import_waits_for_nobody(place: Workplace) -> None:
    """Whoever writes the state meanwhile is named; nothing is changed."""
    place.sandbox.world.set_list(ContactList("cl-new", {"name": "New"}))
    before = manifest(place)
    script = (
        "from pathlib import Path; import sys\n"
        "from reconciler.model.lists import Target\nfrom reconciler.protocols import LockInfo\n"
        "from reconciler.state.backends.folder import FileStore\n"
        "store = FileStore(Path('.reconciler'), 'prod', Target(*sys.argv[1:]))\n"
        "with store.lock(LockInfo(7, 'h', 'u', 'c', '2026-11-22T10:00:00Z')):\n    print('up', flush=True); input()\n"
    )
    with _holding(place, script):
        ran = place.run("import")
        assert (ran.code, manifest(place)) == (4, before)
        assert "locked by process 7" in ran.err
        assert place.run("import", "--dry-run").code == 0
        assert place.run("accept").code == 0


def test_into_a_file_that_is_named_and_not_there_yet(place: Workplace) -> None:
    place.sandbox.world.set_list(ContactList("cl-new", {"name": "[new] one"}))
    path = place.folder / "lists.yaml"
    path.write_text(f"include: [more.yaml, 'deep/**/*.yaml']\n{manifest(place)}")
    assert place.run("import", "--into", "more.yaml").code == 1  # deep/**/*.yaml names no file
    path.write_text(manifest(place).replace(", 'deep/**/*.yaml'", ""))
    assert place.run("import", "--into", "more.yaml", "[new] one").code == 0
    assert "cl-new" in (place.folder / "more.yaml").read_text()
    path.write_text(manifest(place).replace("more.yaml", "more.yaml, 'deep/**/*.yaml'"))
    place.sandbox.world.set_list(ContactList("cl-2", {"name": "Second"}))
    assert place.run("import", "--into", "deep/new.yaml").code == 0
    assert "cl-2" in (place.folder / "deep" / "new.yaml").read_text()


def test_into_a_manifest_that_is_a_link(place: Workplace) -> None:
    place.sandbox.world.set_list(ContactList("cl-new", {"name": "New"}))
    path = place.folder / "lists.yaml"
    path.rename(place.folder / "real.yaml")
    path.symlink_to("real.yaml")
    assert place.run("import", "--into", "lists.yaml").code == 0
    assert path.is_symlink()
    assert "cl-new" in (place.folder / "real.yaml").read_text()


def test_environments_of_one_account_share_its_lists(tmp_path: Path) -> None:
    lists = [
        ContactList("cl-1", {"name": "A"}),
        ContactList("cl-2", {"name": "[dev] A"}),
        ContactList("cl-3", {"name": "B"}),
    ]
    with workplace(tmp_path, lists) as place:
        dev = DEV.format(url=place.url).replace("account_id: b1", f"account_id: '{ACCOUNT_ID}'")
        place.manifest("  {}\n", more=dev.replace("st-dev", STREAM_ID))
        assert place.run("import", "--all-envs").code == 0
        assert "  a:\n    id: {prod: cl-1, dev: cl-2}\n" in manifest(place)
        assert "  b:\n    id: {prod: cl-3}\n" in manifest(place)
        assert place.run("plan", "--refresh", "--all-envs", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("verb", [["drift"], ["accept"], ["import"], ["plan", "--refresh"]])
def test_a_signal_leaves_the_manifest_as_it_is(place: Workplace, verb: list[str]) -> None:
    place.sandbox.world.edit(some_lists(1)[0].id, {"description": "Theirs"})
    place.sandbox.world.set_list(ContactList("cl-new", {"name": "New"}))
    place.sandbox.world.faults.arm([faults.Delay(call="read_all", seconds=10)])
    before = manifest(place)
    with place.start(*verb) as running:
        until = time.monotonic() + 60
        while not requests(place):
            assert time.monotonic() < until
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 130
    assert manifest(place) == before
    place.sandbox.world.faults.clear()
    assert place.run("import").code == 0


def test_of_several_files_all_are_written_or_none(place: Workplace) -> None:
    first, second, _ = some_lists(3)
    path = place.folder / "lists.yaml"
    entry = next(part for part in manifest(place).split("  b:\n")[1:])
    more = place.folder / "more.yaml"
    more.write_text(f"lists:\n  b:\n{entry.split('  c:')[0]}")
    path.write_text("include: [more.yaml]\n" + manifest(place).replace(f"  b:\n{entry.split('  c:')[0]}", ""))
    place.sandbox.world.edit(first.id, {"description": "Theirs"})
    place.sandbox.world.edit(second.id, {"description": "Theirs"})
    (place.folder / ".more.yaml.new").mkdir()
    before = (path.read_text(), more.read_text())
    ran = place.run("accept")
    assert ran.code == 1
    assert "more.yaml: cannot be written" in ran.err
    assert "Nothing was written" in ran.err
    assert (path.read_text(), more.read_text()) == before
    (place.folder / ".more.yaml.new").rmdir()
    assert place.run("accept").code == 0
    assert sorted(each.name for each in place.folder.glob(".*.new")) == []
    assert place.run("drift", "--detailed-exitcode").code == 0


def test_what_was_never_applied_is_said_to_be_so(place: Workplace) -> None:
    place.sandbox.world.edit(some_lists(1)[0].id, {"description": "Theirs"})
    assert place.run("state", "rm", "a").code == 0
    assert "who changed it is not known" in place.run("drift").out
    assert "no list changed elsewhere since the last apply" in place.run("accept").out


def test_a_manifest_that_cannot_be_written_is_left_whole(place: Workplace) -> None:
    place.sandbox.world.set_list(ContactList("cl-new", {"name": "New"}))
    (place.folder / ".lists.yaml.new").mkdir()
    before, state = manifest(place), place.state()
    ran = place.run("import")
    assert ran.code == 1
    assert "lists.yaml: cannot be written" in ran.err
    assert (manifest(place), place.state()) == (before, state)


def test_the_number_that_lets_a_mass_change_through_is_that_of_all_environments(two: Workplace) -> None:
    assert two.run("import", "--all-envs").code == 0
    path = two.folder / "lists.yaml"
    path.write_text(path.read_text().replace('"Text ', '"New ').replace("policy: {}", "policy: {max_changes: 0}"))
    ran = two.run("apply", "--yes", "--all-envs")
    assert (ran.code, ran.err.rstrip().endswith("--allow-mass-change 6 (prod 3, dev 3) [MASS-CHANGE]")) == (1, True), (
        ran.err
    )
