"""The real program against a real server: what users, scripts and pipelines may rely on."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shlex
import subprocess
import sys
import threading
import time
from dataclasses import replace
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from reconciler.sandbox import faults
from reconciler.sandbox.accounts import SOMEONE, USER, Account, ContactList
from reconciler.sandbox.server import ACCOUNT_ID, CLIENT_SECRET, STREAM_ID
from reconciler.sandbox.settings import Settings
from tests.program import PROGRAM, SECONDS, Ran, Workplace, some_lists, workplace
from tests.starter import Started


def requests(place: Workplace) -> int:
    return len(place.sandbox.world.log.entries)


def edited(place: Workplace, **names: str) -> None:
    """Declare other names, by key."""
    place.declare(some_lists(3), **{key: {"name": name} for key, name in names.items()})


def kinds(ran: Ran) -> dict[str, str]:
    document = json.loads(ran.out)
    return {o["key"]: o["outcome"] for environment in document["environments"] for o in environment["outcomes"]}


def test_the_main_job(place: Workplace) -> None:
    edited(place, a="New")
    offline = place.run("plan", "--detailed-exitcode", KORE_CLIENT_ID="", KORE_CLIENT_SECRET="")
    assert (offline.code, requests(place)) == (2, 0)
    assert 'name: "Alpha 1" → "New"' in offline.out
    assert place.run("plan", "--refresh").code == 0
    assert requests(place) == 1
    applied = place.run("apply", "--yes")
    assert (applied.code, requests(place)) == (0, 1 + 3)
    assert place.puts == [("cl-0000001-0000", {"name": "New"})]
    assert place.state()["a"]["name"] == "New"
    assert place.run("plan", "--refresh", "--detailed-exitcode").code == 0
    again = place.run("apply", "--yes")
    assert (again.code, requests(place)) == (0, 1 + 3 + 1 + 1)


def test_a_plan_needs_no_server_and_no_variable(place: Workplace) -> None:
    edited(place, a="New")
    place.variables = {name: value for name, value in place.variables.items() if not name.startswith("KORE")}
    document = place.run("plan", "--json").document
    assert document["format"] == "reconciler/plan/1"
    assert requests(place) == 0


def test_exit_codes_of_a_plan(place: Workplace) -> None:
    assert place.run("plan", "--detailed-exitcode").code == 0
    edited(place, a="New")
    assert (place.run("plan").code, place.run("plan", "--detailed-exitcode").code) == (0, 2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan", "--nope"], "unrecognized arguments: --nope [USAGE]\nusage: reconciler plan"),
        (["plan", "--refr"], "unrecognized arguments: --refr"),
        (["plna"], "no command 'plna': did you mean plan? `reconciler --help` lists them"),
        (["env"], "no command 'env': did you mean environments?"),
        (["plan", ""], "unrecognized arguments: "),
        (["undo"], "no command 'undo': revert the commit"),
        (["rollback"], "no command 'rollback': revert the commit"),
        (["status"], "no command 'status': `plan --refresh` shows"),
        (["force-unlock"], "no command 'force-unlock': `state unlock` removes a lock"),
        (["--env", "prod", "plan"], "the command comes first, then its options: reconciler plan … [USAGE]"),
        (["-f", "lists.yaml", "drift"], "the command comes first, then its options: reconciler drift …"),
        (["plan", "prod"], "unrecognized arguments: prod; did you mean --env prod? [USAGE]"),
        (["plan", "lists.yaml"], "unrecognized arguments: lists.yaml; did you mean -f lists.yaml?"),
        (["validate", "prod"], "unrecognized arguments: prod [USAGE]"),
        (["drift", "A b"], "unrecognized arguments: A b [USAGE]"),
        (["plan", "-target=a"], "unrecognized arguments: -target=a; did you mean --only?"),
        (["apply", "-auto-approve"], "unrecognized arguments: -auto-approve; did you mean --yes?"),
        (["drift", "--auto-approve"], "unrecognized arguments: --auto-approve [USAGE]"),
        (["plan", "--all"], "unrecognized arguments: --all; did you mean --all-envs?"),
        ([], "name a command, one of validate, plan, apply, "),
        (["destroy"], "lists are made and deleted in the console"),
        (["plan", "--env", "dev"], "the manifest has no environment 'dev'; it has prod"),
        (["plan", "--revert-drift"], "--revert-drift needs --refresh"),
        (["plan", "-f", "nope.yaml"], "nope.yaml:1:1: there is no such file"),
        (["apply"], "there is no terminal to ask at"),
        (["apply", "-f", "nope.yaml"], "nope.yaml:1:1: there is no such file"),
        (["apply", "nope.json", "--yes"], "cannot read the plan nope.json"),
        (["apply", "nope.json", "--yes", "--revert-drift"], "--revert-drift does not go with a saved plan"),
        (["apply", "--yes", "--timeout", "0"], "must be a number of seconds above 0, at most 3,600; got '0'"),
        (["apply", "--yes", "--timeout", "1e10"], "at most 3,600; got '1e10'"),
        (["plan", "-f", "a", "--file", "b"], "argument -f/--file: given twice"),
        (["apply", "--yes", "--timeout", "x"], "at most 3,600; got 'x'"),
        (["apply", "--yes", "--undo-out", "no/such/folder.json"], "cannot write no/such/folder.json"),
        (["plan", "--out", "no/such/folder.json"], "cannot write no/such/folder.json"),
        (["state", "show", "b2"], "the state has no list 'b2'; did you mean 'b'?"),
        (["state", "mv", "a", "B!"], "'B!' cannot be a key"),
        (["state", "mv", "a", "x-b"], "'x-b' cannot be a key"),
        (["state", "mv", "a", "b" * 201], "at most 200 characters"),
        (["state", "mv", "a", "b"], "the state already has 'b'"),
        (["state", "push", "nope.json"], "cannot read nope.json"),
    ],
)
def test_usage_errors_exit_1_and_say_why(place: Workplace, arguments: list[str], said: str) -> None:
    ran = place.run(*arguments)
    assert (ran.code, requests(place)) == (1, 0)
    assert said in ran.err


def test_variables_stand_for_options(place: Workplace) -> None:
    (place.folder / "lists.yaml").rename(place.folder / "other.yaml")
    assert place.run("plan", RECONCILER_FILE="other.yaml", RECONCILER_ENV="prod").code == 0
    assert place.run("plan", RECONCILER_FILE="other.yaml", RECONCILER_ENV="dev").code == 1
    assert place.run("plan", "--refresh", "-f", "other.yaml", RECONCILER_TIMEOUT="nope").code == 1


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"KORE_CLIENT_ID": ""}, "KORE_CLIENT_ID"),
        ({"KORE_CLIENT_SECRET": "wrong"}, "does not accept the sign-in"),
        ({"KORE_TOKEN": "x.y.z"}, "KORE_TOKEN"),
        ({"KORE_CLIENT_SECRET_FILE": "/etc/hostname"}, "KORE_CLIENT_SECRET"),
        ({"KORE_JWT_ALGORITHM": "none"}, "KORE_JWT_ALGORITHM"),
    ],
)
def test_credentials_that_do_not_work(place: Workplace, variables: dict[str, str], said: str) -> None:
    ran = place.run("apply", "--yes", **variables)
    assert ran.code == 1
    assert said in ran.err
    assert CLIENT_SECRET not in ran.out + ran.err


@pytest.mark.parametrize("verb", [["plan", "--refresh"], ["apply", "--yes"], ["doctor"]])
@pytest.mark.parametrize(
    "pin",
    [
        {"KORE_HOST": "https://platform.kore.ai"},
        {"KORE_ACCOUNT_ID": "another"},
        {"KORE_STREAM_ID": "st-other"},
    ],
)
def test_pins_are_checked_before_anything_is_sent(place: Workplace, verb: list[str], pin: dict[str, str]) -> None:
    ran = place.run(*verb, **pin)
    assert (ran.code, requests(place)) == (4, 0)
    assert next(iter(pin)) in ran.out + ran.err


def test_pins_that_hold(place: Workplace) -> None:
    assert place.run("plan", "--refresh", KORE_HOST=place.sandbox.url).code == 0


def test_blocked_lists_do_not_stop_others(place: Workplace) -> None:
    held = place.sandbox.world.lists()["cl-0000001-0000"]
    place.sandbox.world.set_list(replace(held, campaigns=("June",)))
    edited(place, a="New 1", b="New 2")
    ran = place.run("apply", "--yes", "--json")
    assert (ran.code, kinds(ran)) == (3, {"a": "blocked", "b": "updated"})
    assert "'June'" in ran.err


def test_a_list_is_not_renamed_while_a_campaign_runs_unless_allowed(place: Workplace) -> None:
    place.sandbox.world.set_list(
        replace(place.sandbox.world.lists()["cl-0000001-0000"], campaigns=("June",), running=True)
    )
    edited(place, a="New 1")
    manifest = place.folder / "lists.yaml"
    for policy, code in [("rename_in_use: warn", 3), ("rename_in_use: warn, rename_while_running: allow", 0)]:
        manifest.write_text(manifest.read_text().replace("policy: {}", f"policy: {{{policy}}}"))
        ran = place.run("apply", "--yes")
        assert (ran.code, len(place.puts)) == (code, 0 if code else 1)
        assert "so a campaign is probably running; 1 campaign uses it ('June' [cm-" in " ".join(
            (ran.out + ran.err).split()
        )
        manifest.write_text(manifest.read_text().replace(f"policy: {{{policy}}}", "policy: {}"))


def test_a_do_not_call_list_costs_the_requests_that_are_forecast(place: Workplace) -> None:
    for list_id in ("cl-0000001-0000", "cl-0000003-0000"):
        place.sandbox.world.set_list(replace(place.sandbox.world.lists()[list_id], do_not_call=True))
    edited(place, a="New 1", b="New 2")
    (planned,) = json.loads(place.run("plan", "--refresh", "--json").out)["environments"]
    forecast = planned["summary"]["requests"]
    assert (forecast, requests(place)) == (2 + 3 + 2 + 2, 1 + 2)
    place.sandbox.world.log.clear()
    assert (place.run("apply", "--yes").code, requests(place)) == (0, forecast)


def test_who_changed_a_list_elsewhere_costs_one_request_each(place: Workplace) -> None:
    world = place.sandbox.world
    world.edit("cl-0000001-0000", {"name": "Theirs"})
    world.edit("cl-0000002-0000", {"name": "Theirs, too"})
    place.declare(some_lists(3), b={"name": "New"}, c={"name": "New, too"})
    world.log.clear()
    said = f"last saved: by {SOMEONE} on "
    drifted = place.run("drift", "--who")
    assert (drifted.code, drifted.out.count(said), requests(place)) == (0, 2, 3)
    assert "to see who saved it: 2 requests, about 1 s" in drifted.err
    planned = place.run("plan", "--refresh", "--who", "--json", "--out", "plan.json")
    (environment,) = json.loads(planned.out)["environments"]
    blocked, renamed = environment["changes"]
    assert {each["last_saved"]["by"] for each in (blocked, *environment["drift"])} == {SOMEONE}
    assert "last_saved" not in renamed
    assert json.loads(planned.out)["digest"] == json.loads(place.run("plan", "--refresh", "--json").out)["digest"]
    assert place.run("apply", "plan.json", "--yes").code == 3
    world.settings = Settings(limit=0, tells_who=False)
    silent = place.run("drift", "--who", "1")
    assert "who saved the lists is not known: the API names no user" in " ".join(silent.out.split())
    assert place.run("plan", "--who").code == 1


def test_what_an_apply_did_itself_is_not_taken_for_the_work_of_others(place: Workplace) -> None:
    place.sandbox.world.settings = Settings(limit=0, unsent_fields="wipe")
    edited(place, a="New")
    assert "description was not sent but changed" in place.run("apply", "--yes").out
    said = " ".join(place.run("drift", "--who").out.split())
    assert re.search(rf"last saved: by {USER} on .* UTC, no later than the last apply", said)


def test_too_many_changes_are_refused_whole(tmp_path: Path) -> None:
    lists = some_lists(12)
    with workplace(tmp_path, lists) as place:
        place.declare(lists)
        place.run("apply", "--yes")
        place.declare([known.with_texts({"name": f"New {known.name}"}) for known in lists])
        planned = place.run("plan").out
        assert "12 updates are over max_changes" in planned
        command = planned.splitlines()[-1].partition("after a last look: reconciler ")[2]
        refused = place.run("apply", "--yes")
        assert (refused.code, place.puts) == (1, [])
        assert "12 updates are over max_changes (30%, never under 10): 10 of 12 lists" in refused.err
        assert "--allow-mass-change 12" in refused.err
        assert place.run("apply", "--yes", "--allow-mass-change", "11").code == 1
        assert place.run(*shlex.split(command), "--yes").code == 0
        assert len(place.puts) == 12


def test_drift_is_kept_unless_told_otherwise(place: Workplace) -> None:
    place.sandbox.world.edit("cl-0000001-0000", {"name": "Theirs"})
    assert place.run("apply", "--yes").code == 0
    shown = place.run("plan", "--refresh")
    assert 'name (last applied → live now): "Alpha 1" → "Theirs"' in shown.out
    assert place.puts == []
    assert place.run("apply", "--yes", "--revert-drift").code == 0
    assert place.puts == [("cl-0000001-0000", {"name": "Alpha 1"})]


def test_saved_plans(place: Workplace) -> None:
    edited(place, a="New 1", b="New 2")
    assert place.run("plan", "--refresh", "--out", "plan.json").code == 0
    assert place.run("plan", "--refresh", "--out", "same.json").code == 0
    digests = [json.loads((place.folder / name).read_text())["digest"] for name in ("plan.json", "same.json")]
    assert digests[0] == digests[1]
    edited(place, a="New 1", b="New 2", c="Unreviewed")
    applied = place.run("apply", "plan.json", "--yes", "--json")
    assert (applied.code, kinds(applied)) == (0, {"a": "updated", "b": "updated"})
    assert json.loads(applied.out)["plan"] == digests[0]
    again = place.run("apply", "plan.json", "--yes", "--json")
    assert (again.code, kinds(again), len(place.puts)) == (0, {}, 2)
    place.sandbox.world.edit("cl-0000001-0000", {"name": "Theirs"})
    conflicting = place.run("apply", "plan.json", "--yes", "--json")
    assert (conflicting.code, kinds(conflicting)) == (3, {"a": "conflict"})


def test_a_plan_made_offline_writes_nothing_that_nobody_saw(tmp_path: Path) -> None:
    lists = some_lists(2)
    with workplace(tmp_path, lists) as place:
        place.declare(lists, b={"description": "New"})
        place.run("plan", "--out", "plan.json")
        ran = place.run("apply", "plan.json", "--yes", "--json")
        assert (ran.code, kinds(ran), place.puts) == (3, {"a": "adopted", "b": "blocked"}, [])


def saved(place: Workplace) -> dict[str, object]:
    edited(place, a="New 1", b="New 2")
    place.run("plan", "--refresh", "--out", "plan.json")
    document: dict[str, object] = json.loads((place.folder / "plan.json").read_text())
    return document


BLOCK = '{"guard": "protect", "reason": "", "lift": ""}'


def test_altered_plans_are_refused(place: Workplace) -> None:
    whole = json.dumps(saved(place))
    for wrong, said in [
        (whole.replace("New 1", "Other"), "was altered"),
        (whole.replace("reconciler/plan/1", "reconciler/plan/2"), "is of the format 'reconciler/plan/2'"),
        (whole.replace('"update"', '"upsert"', 1), "is not as this program writes plans"),
        (whole[:-20], "is not a saved plan"),
        ("[" * 100_000, "is not a saved plan"),
        ("[]", "is of the format None"),
        (whole.replace('"fields": ["name"]', '"fields": ["name", "name"]', 1), "is not as this program writes plans"),
        (whole.replace('"fields": ["name"]', '"fields": []', 1), "is not as this program writes plans"),
        (
            whole.replace('"blocked_by": null', '"blocked_by": {"guard": "protect", "reason": "", "lift": ""}', 1),
            "is not",
        ),
        (whole.replace('"key": "b"', '"key": "a"'), "stands twice"),
        (whole.replace("cl-0000001", "cl-../../x"), "is not as this program writes plans"),
        (whole.replace("New 1", "x" * 49), "at most 48"),
        (whole.replace("New 1", "a\\u0007"), "no control characters"),
    ]:
        (place.folder / "plan.json").write_text(wrong)
        place.sandbox.world.log.clear()
        ran = place.run("apply", "plan.json", "--yes")
        assert (ran.code, requests(place)) == (4, 0), said
        assert said in ran.err


def redigested(place: Workplace, document: dict[str, object]) -> None:
    """Save a plan whose digest is right, whatever it says: a digest is no signature."""
    (place.folder / "plan.json").write_text(json.dumps(document))
    said = place.run("apply", "plan.json", "--yes").err
    found = re.search(r"its content gives (sha256:[0-9a-f]{64})", said)
    assert found
    (place.folder / "plan.json").write_text(json.dumps({**document, "digest": found[1]}))


def test_a_forged_plan_gets_no_further_than_the_guards(place: Workplace) -> None:
    document = json.loads(json.dumps(saved(place)).replace("New 1", "Alpha 3").replace("cl-0000002-0000", "cl-9999999"))
    redigested(place, document)
    ran = place.run("apply", "plan.json", "--yes", "--json")
    assert (ran.code, kinds(ran), place.puts) == (3, {"a": "blocked", "b": "blocked"}, [])
    assert "name_taken" in ran.out
    assert "unknown" in ran.out


def test_a_plan_for_another_target(place: Workplace) -> None:
    document = json.loads(json.dumps(saved(place)).replace('"account_id": "', '"account_id": "x'))
    redigested(place, document)
    ran = place.run("apply", "plan.json", "--yes")
    assert ran.code == 4
    assert "but the manifest means" in ran.err
    document = json.loads(json.dumps(saved(place)).replace('"name": "prod"', '"name": "stage"'))
    redigested(place, document)
    ran = place.run("apply", "plan.json", "--yes")
    assert ran.code == 4
    assert "the plan is for 'stage', which the manifest does not have" in ran.err


def test_a_plan_whose_manifest_moved_elsewhere(place: Workplace) -> None:
    saved(place)
    manifest = (place.folder / "lists.yaml").read_text()
    (place.folder / "lists.yaml").write_text(manifest.replace("stream_id: st-", "stream_id: st-other-"))
    ran = place.run("apply", "plan.json", "--yes")
    assert ran.code == 4
    assert "make a new plan" in ran.err


def test_only(place: Workplace) -> None:
    edited(place, a="New 1", b="New 2")
    ran = place.run("apply", "--yes", "--json", "--only", "b*")
    assert kinds(ran) == {"b": "updated"}
    assert "a" in place.run("plan", "--only", "a").out
    assert place.run("plan", "--only", "x*").out == "prod  no changes: no list fits --only\n"


def test_what_to_do_next_is_the_command_for_this_manifest_and_these_lists(place: Workplace) -> None:
    edited(place, a="New 1", b="New 2")
    (place.folder / "lists.yaml").rename(place.folder / "my lists.yaml")
    page = place.run("plan", "-f", "my lists.yaml", "--only", "b*", "--report", "html=-").out
    assert "reconciler apply --env prod -f &#39;my lists.yaml&#39; --only &#39;b*&#39;</code>" in page


def test_undo(place: Workplace) -> None:
    edited(place, a="Alpha 2", b="New 2")
    applied = place.run("apply", "--yes", "--undo-out", "undo.json")
    assert applied.code == 0
    assert "set the manifest back too" in applied.err
    undone = place.run("apply", "undo.json", "--yes", "--json")
    assert (undone.code, kinds(undone)) == (0, {"a": "updated", "b": "updated"})
    names = [held.name for held in place.sandbox.world.lists().values()]
    assert names == ["Alpha 1", "Alpha 2", "Alpha 3"]
    saved = (place.folder / "undo.json").read_bytes()
    again = place.run("apply", "undo.json", "--yes", "--undo-out", "undo-2.json")
    assert "undo-2.json is empty: nothing is to be set back after this run" in again.err
    assert "prod  no changes: the saved plan has none" in place.run("apply", "undo-2.json", "--yes").out
    place.run("apply", "--yes", "--only", "c", "--undo-out", "undo.json")
    assert (place.folder / "undo.json").read_bytes() == saved


def test_the_state_commands(place: Workplace) -> None:
    listed = place.run("state", "list")
    assert listed.out.splitlines()[0] == 'a  cl-0000001-0000  applied  "Alpha 1"'
    document = place.run("state", "list", "--json").document
    assert isinstance(document["lists"], list)
    assert document["lists"][0]["status"] == "applied"
    assert "name: Alpha 1" in place.run("state", "show", "a").out
    assert place.run("state", "show", "a", "--json").document["id"] == "cl-0000001-0000"
    pulled = place.run("state", "pull").out
    moved = place.run("state", "mv", "a", "z")
    assert (moved.code, moved.err) == (0, "prod: a is z in the state now; the list itself stays as it is\n")
    assert list(place.state()) == ["b", "c", "z"]
    removed = place.run("state", "rm", "b")
    assert (removed.code, removed.err) == (0, "prod: b is dropped from the state; the list itself stays as it is\n")
    (place.folder / "backup.json").write_text(pulled)
    pushed = place.run("state", "push", "--older", "backup.json")
    assert pushed.code == 0
    assert pushed.err == "added: a, b\ndropped: z\n"
    assert list(place.state()) == ["a", "b", "c"]
    assert "the lists are the same" in place.run("state", "push", "--older", "backup.json").err
    for wrong in (pulled.replace('"prod"', '"dev"', 1), re.sub(r'"lineage": "[^"]+"', '"lineage": "other"', pulled)):
        (place.folder / "backup.json").write_text(re.sub(r'\n "checksum".*', "", wrong))
        assert place.run("state", "push", "--older", "backup.json").code == 4
    place.run("state", "rm", "a")
    place.run("state", "rm", "b")
    place.run("state", "rm", "c")
    assert "there is no list in the state yet: looked in " in place.run("state", "list").err


def test_an_unmanaged_name_in_the_state(tmp_path: Path) -> None:
    lists = some_lists(1)
    with workplace(tmp_path, lists) as place:
        place.manifest(f"  a: {{id: {lists[0].id}, description: Text 1}}\n")
        place.run("apply", "--yes")
        assert "(name unmanaged)" in place.run("state", "list").out


def test_a_damaged_state_is_named_and_left_alone(place: Workplace) -> None:
    path = place.folder / ".reconciler" / "prod.state.json"
    path.write_text(path.read_text().replace("Alpha 1", "Alpha X"))
    before = path.read_bytes()
    for verb in (["plan"], ["apply", "--yes"], ["state", "list"]):
        ran = place.run(*verb)
        assert ran.code == 1
        assert "prod.state.json" in ran.err
    assert path.read_bytes() == before


def test_several_environments_are_read_before_any_is_written(tmp_path: Path) -> None:
    lists = some_lists(2)
    with workplace(tmp_path, lists) as place:
        other = Account.of([known.with_texts({"name": f"Dev {known.name}"}) for known in lists], "b1", ("st-dev",))
        place.sandbox.world.set_account(other)
        dev = (
            f"  dev:\n    host: {place.sandbox.url}\n    stream_id: st-dev\n    account_id: b1\n"
            "    name_format: 'Dev {name}'\n    requests_per_minute: 6000\n"
        )
        entries = [
            f"  {key}: {{id: {{prod: {known.id}, dev: {known.id}}}, name: {known.name}}}\n"
            for key, known in zip("ab", lists, strict=True)
        ]
        place.manifest("".join(entries), more=dev)
        assert "which environment?" in place.run("plan").err
        assert place.run("state", "list", "--all-envs").code == 1
        assert place.run("apply", "--yes", "--all-envs").code == 0
        place.manifest("".join(entries).replace("Alpha 1", "New 1"), more=dev)
        place.sandbox.world.faults.arm([faults.Status(call="read_all", account="b1", times=0, status=400)])
        failed = place.run("apply", "--yes", "--env", "prod", "--env", "dev")
        assert (failed.code, place.puts) == (1, [])
        place.sandbox.world.faults.clear()
        place.sandbox.world.faults.arm([faults.Status(call="put", account="b1", status=400)])
        partly = place.run("apply", "--yes", "--all-envs", "--json")
        assert partly.code == 3
        assert [e["summary"]["updated"] for e in json.loads(partly.out)["environments"]] == [1, 0]
        assert place.run("apply", "--yes", "--all-envs").code == 0
        assert place.sandbox.world.lists("b1")["cl-0000001-0000"].name == "Dev New 1"


DOCTORED: list[tuple[float, int, dict[str, str]]] = [  # the clock's verdict is that of the sign-in
    (200.0, 0, {}),
    (-50.0, 0, {}),
    (400.0, 1, {"sign-in": "fails", "clock": "fails", "ids": "unknown"}),
    (-100.0, 1, {"sign-in": "fails", "clock": "fails", "ids": "unknown"}),
]


def test_doctor(place: Workplace) -> None:
    def statuses(*arguments: str, **variables: str) -> tuple[int, dict[str, str]]:
        ran = place.run("doctor", "--json", *arguments, **variables)
        checks = json.loads(ran.out)["environments"][0]["checks"]
        found = {check["name"]: check["status"] for check in checks if check["status"] != "works"}
        assert (found.pop("pins", "works") == "unknown") is ("KORE_HOST" not in variables)
        return ran.code, found

    folder = place.folder / ".reconciler"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert statuses() == (0, {})
    assert requests(place) == 1
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    untried = {"sign-in": "unknown", "clock": "unknown", "ids": "unknown"}
    assert statuses(KORE_CLIENT_ID="") == (1, {"variables": "fails", **untried})
    assert statuses(KORE_HOST="elsewhere.example") == (4, untried)
    assert statuses(KORE_HOST=place.sandbox.url) == (0, {})
    assert statuses(KORE_CLIENT_SECRET="wrong") == (1, {"sign-in": "fails", "ids": "unknown"})
    place.sandbox.world.settings = Settings(limit=0, clock_skew=400.0, leeway=3600.0)
    assert statuses() == (1, {"clock": "fails"})
    for skew, code, found in DOCTORED:
        place.sandbox.world.settings = Settings(limit=0, clock_skew=skew)
        assert statuses() == (code, found)
    place.sandbox.world.settings = Settings(limit=0, date=False, read_all_type_hides=1)
    assert statuses() == (0, {"clock": "unknown"})
    place.sandbox.world.faults.arm([faults.Status(call="read_one", status=501)])
    assert statuses() == (0, {"clock": "unknown", "ids": "unknown"})
    for missing, reads in ((1, 2), (21, 1)):
        place.manifest("".join(f"  l{number}: {{id: cl-{number}, name: N{number}}}\n" for number in range(missing)))
        place.sandbox.world.log.clear()
        assert statuses() == (1, {"clock": "unknown", "ids": "fails"})
        assert requests(place) == reads
    (folder / "prod.state.json").write_text("{")
    place.manifest("  {}\n")
    text = place.run("doctor")
    assert text.code == 1
    assert "works   ids: no list is declared yet; reconciler import adds those of the account" in text.out
    assert "fails   state:" in text.out
    assert CLIENT_SECRET not in text.out


@pytest.mark.parametrize("command", [("doctor",), ("plan", "--refresh"), ("apply", "--yes"), ("drift",)])
def test_a_secret_may_come_through_a_pipe(place: Workplace, command: tuple[str, ...]) -> None:
    pipe = place.folder / "secret"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(f"{CLIENT_SECRET}\n",), daemon=True)
    writer.start()
    ran = place.run(*command, KORE_CLIENT_SECRET="", KORE_CLIENT_SECRET_FILE=str(pipe))
    assert ran.code == 0, ran
    assert CLIENT_SECRET not in ran.out + ran.err


def test_in_a_freeze_nothing_is_sent_unless_a_reason_is_given(place: Workplace) -> None:
    edited(place, a="New 1")
    manifest = place.folder / "lists.yaml"
    freeze = "{freeze: [{reason: Stock taking, zone: UTC}]}"
    manifest.write_text(manifest.read_text().replace("policy: {}", f"policy: {freeze}"))
    frozen = "prod: frozen until further notice: Stock taking"
    assert place.run("plan", "--refresh", "--out", "plan.json").code == 0
    planned = json.loads((place.folder / "plan.json").read_text())
    assert planned["environments"][0]["warnings"] == [
        f"{frozen}; an apply refuses without --break-freeze REASON [FROZEN]"
    ]
    assert "freeze: frozen until further notice: Stock taking" in place.run("doctor").out
    for arguments in ([], ["plan.json"]):
        refused = place.run("apply", "--yes", *arguments)
        assert (refused.code, place.puts) == (4, [])
        assert f"error: {frozen}. Nothing was changed; apply it later" in refused.err
    assert "must be a reason in one line" in place.run("apply", "--yes", "--break-freeze", "a\nb").err
    reports = [f"--report={name}={name}.out" for name in ("markdown", "github", "html")]
    ran = place.run("apply", "--yes", "--json", "--break-freeze", "it is urgent", *reports)
    assert (ran.code, len(place.puts)) == (0, 1)
    assert "broken with --break-freeze: it is urgent" in " ".join(ran.err.split())
    assert json.loads(ran.out)["environments"][0]["broke_freeze"] == "it is urgent"
    for name in ("markdown", "github", "html"):
        assert "applied in a freeze, because: it is urgent" in (place.folder / f"{name}.out").read_text()
    assert place.run("apply", "--yes").code == 0  # nothing to send


def test_doctor_keeps_the_rate_limit_over_the_environments_of_an_account(place: Workplace) -> None:
    """Each asks for a few lists that the account does not have: five requests, and then the sixth has to wait."""
    lists = "".join(
        f"  k{number}:\n    id: {{prod: cl-a{number}, twin: cl-b{number}}}\n    description: Text\n"
        for number in range(4)
    )
    twin = f"  twin:\n    host: {place.url}\n    stream_id: {STREAM_ID}\n    account_id: '{ACCOUNT_ID}'\n"
    place.manifest(lists, rate=5, more=f"{twin}    requests_per_minute: 5\n")
    reading, writing = os.pipe()
    with open(reading, encoding="utf-8") as said:  # noqa: PTH123 - a descriptor
        doctor = Started(["doctor", "--all-envs"], place.folder, place.variables, [0, writing, writing])
        os.close(writing)
        waits = any("for the limit of 5 requests a minute" in line for line in said)
        if waits:
            doctor.kill()
        doctor.wait(SECONDS)
    assert waits
    assert requests(place) == 5


def test_doctor_says_who_holds_the_lock(place: Workplace) -> None:
    edited(place, a="New 1")
    place.sandbox.world.faults.arm([faults.Delay(call="put", seconds=1)])
    with place.start("apply", "--yes") as running:
        _wait_for_put(place)
        ran = place.run("doctor")
        assert ran.code == 1
        assert f"process {running.pid}" in ran.out
        assert running.wait(30) == 0


def test_validate_and_schema(place: Workplace) -> None:
    assert place.run("validate").out == "lists.yaml: valid (prod 3 lists)\n"
    assert place.run("validate", "--json").document == {"format": "reconciler/problems/1", "problems": []}
    assert place.run("schema").document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    (place.folder / "lists.yaml").write_text("verson: 1\n")
    ran = place.run("validate", "--json")
    problems = ran.document["problems"]
    assert isinstance(problems, list)
    assert (ran.code, problems[1]["path"], problems[1]["line"]) == (1, "lists", 1) or ran.code == 1
    assert "did you mean version?" in place.run("validate").err


HOSTILE = "a\x1b[31mred\u202e\u2028\u200f::error::<b>"


def test_hostile_names_do_nothing(tmp_path: Path) -> None:
    lists = [
        ContactList("cl-1", {"name": HOSTILE, "description": "D"}),
        ContactList("cl-2", {"name": "👩‍👩‍👧 שלום", "description": "D"}),
    ]
    with workplace(tmp_path, lists) as place:
        place.manifest("  a: {id: cl-1, name: Plain}\n  b: {id: cl-2, name: '👩‍👩‍👧 שלום'}\n")
        for arguments in (["plan", "--refresh"], ["apply", "--yes"], ["plan", "--refresh", "--json"]):
            ran = place.run(*arguments)
            assert not set(ran.out + ran.err) & set("\x1b\u202e\u2028\u200f")
        assert "👩‍👩‍👧 שלום" in place.run("state", "list").out


def test_a_thousand_lists(tmp_path: Path) -> None:
    lists = [ContactList(f"cl-{number}", {"name": f"List {number}", "description": "D"}) for number in range(1000)]
    with workplace(tmp_path, lists) as place:
        entries = [f"  k{number}: {{id: cl-{number}, name: List {number}, description: D}}\n" for number in range(1000)]
        place.manifest("".join(entries))
        assert place.run("apply", "--yes", "--json").code == 0
        place.sandbox.world.log.clear()
        place.manifest("".join(entries).replace("description: D", "description: E", 300))
        began = time.monotonic()
        ran = place.run("apply", "--yes", "--json")
        minutes = int((time.monotonic() - began) / 60)
        assert (ran.code, len(place.puts)) == (0, 300)
        assert 303 <= requests(place) <= 303 + minutes


def _wait_for_put(place: Workplace, count: int = 1) -> None:
    deadline = time.monotonic() + 60
    while len(place.sandbox.world.log.puts()) < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_other_writer_is_named(place: Workplace) -> None:
    edited(place, a="New 1")
    place.sandbox.world.faults.arm([faults.Delay(call="put", seconds=30)])
    with place.start("apply", "--yes", CI_JOB_URL="https://ci.example/jobs/7") as running:
        _wait_for_put(place)
        for verb in (["apply", "--yes"], ["state", "rm", "a"]):
            refused = place.run(*verb)
            assert refused.code == 4
            assert f"process {running.pid}" in refused.err
            assert "https://ci.example/jobs/7" in refused.err
        assert place.run("plan").code == 0
        running.kill()
    place.sandbox.world.faults.clear()
    assert place.run("apply", "--yes").code == 0


def without_coverage(place: Workplace) -> dict[str, str]:
    """Return the variables for a new interpreter where a test is not about lines: it starts in a third of the time."""
    return {name: value for name, value in place.variables.items() if not name.startswith("COV")}


def at_a_terminal(place: Workplace, answer: str, *arguments: str) -> tuple[int, str]:
    """Run the program at a terminal of its own and type `answer` when it asks."""
    leader, follower = pty.openpty()
    variables = {**without_coverage(place), "TERM": "xterm", "COLUMNS": "100"}
    running = Started(arguments, place.folder, variables, [follower] * 3)
    os.close(follower)
    shown = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        ready, _, _ = select.select([leader], [], [], 0.1)
        try:
            shown += os.read(leader, 65536) if ready else b""
        except OSError:
            break
        if b"Type yes to apply" in shown and answer:
            os.write(leader, answer.encode())
            answer = ""
    os.close(leader)
    return running.wait(60), shown.decode()


@pytest.mark.parametrize(("answer", "code", "puts"), [("no\n", 1, 0), ("y\n", 1, 0), ("\x04", 1, 0), ("yes\n", 0, 1)])
def test_at_a_terminal_only_yes_will_do(place: Workplace, answer: str, code: int, puts: int) -> None:
    edited(place, a="New 1")
    ended, shown = at_a_terminal(place, answer, "apply")
    assert (ended, len(place.puts)) == (code, puts)
    assert "\x1b[" in shown
    assert "Apply this change to prod?" in shown


def test_at_a_terminal_with_nothing_to_do_it_does_not_ask(place: Workplace) -> None:
    ended, shown = at_a_terminal(place, "", "apply", "--no-color")
    assert ended == 0
    assert "Only yes" not in shown


IMPORTED = """
import sys
before = set(sys.modules)
from reconciler.__main__ import main
main()
print(*set(sys.modules) - before, file=sys.stderr)
"""


def imported(place: Workplace, *arguments: str) -> set[str]:
    """Return the modules that a command imports besides those of any Python that starts here."""
    command = [sys.executable, "-c", IMPORTED, *arguments]
    ran = subprocess.run(
        command, cwd=place.folder, env=without_coverage(place), capture_output=True, text=True, check=True
    )
    return set(ran.stderr.split())


def test_the_version_imports_nothing_else(place: Workplace) -> None:
    assert imported(place, "--version") == {"__future__", "reconciler", "reconciler.__main__"}


# Of the standard library, what takes long to import and is no part of a plan.
SLOW = {
    *("asyncio", "concurrent.futures", "difflib", "getpass", "http", "logging", "multiprocessing"),
    *("ssl", "subprocess"),
}


def test_a_plan_without_refresh_imports_little(place: Workplace) -> None:
    """What is imported decides how soon a plan of few lists is there: whoever adds to it should mean it."""
    edited(place, a="New 1")
    place.run("apply", "--yes")
    edited(place, a="New 2")
    everything = imported(place, "plan")
    own = {module for module in everything if module.partition(".")[0] == "reconciler"}
    of_others = {module.partition(".")[0] for module in everything - own} & packages_distributions().keys()
    assert of_others - {"typing_inspection"} == {  # which older versions of pydantic do without
        "annotated_types",
        "pydantic",
        "pydantic_core",
        "typing_extensions",
        "yaml",
    }
    assert everything & SLOW == set()


def test_a_closed_pipe_is_no_error_of_ours(place: Workplace) -> None:
    ended = subprocess.run(
        f"{' '.join(PROGRAM)} schema | head -n 1",
        shell=True,
        cwd=place.folder,
        env=place.variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in ended.stderr


def test_a_deadline_too_short_for_one_change_sends_nothing(place: Workplace) -> None:
    edited(place, a="New 1")
    ran = place.run("apply", "--yes", "--deadline", "5")
    assert (ran.code, place.puts) == (3, [])
    assert "the deadline of 5 s is near" in ran.out
    assert place.run("apply", "--yes", "--deadline", "60", "--timeout", "3").code == 0
