"""Several accounts in one command: side by side, one request in flight each, and none stopped by another's failure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.model.shards import Shard
from reconciler.sandbox import faults
from reconciler.sandbox.accounts import Account, ContactList
from reconciler.sandbox.server import ACCOUNT_ID, STREAM_ID
from reconciler.sandbox.settings import Settings
from tests.documents.test_schemas import valid
from tests.program import Workplace, workplace

ACCOUNTS = ("a1", "b2", "c3", "d4")
KNOWN = ContactList("cl-0000001-0000", {"name": "Alpha", "description": "Text"})


def declare(place: Workplace, name: str, *, rate: int = 6000) -> None:
    """Declare the one list in each account, and beside them an environment that shares the account of the first."""
    entry = "  {0}: {{host: {1}, stream_id: {2}, account_id: '{3}', requests_per_minute: {4}}}\n"
    environments = [entry.format(f"env-{account}", place.url, STREAM_ID, account, rate) for account in ACCOUNTS]
    ids = ", ".join(f"env-{account}: {KNOWN.id}" for account in ACCOUNTS)
    place.manifest(
        f"  alpha: {{id: {{prod: {KNOWN.id}, {ids}}}, name: {name}}}\n", rate=rate, more="".join(environments)
    )


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    """Five accounts with one list each, as declared."""
    with workplace(tmp_path, [KNOWN], Settings(limit=0)) as made:
        for account in ACCOUNTS:
            made.sandbox.world.set_account(Account.of([KNOWN], account))
        declare(made, KNOWN.name)
        assert made.run("apply", "--yes", "--all-envs").code == 0
        made.sandbox.world.log.clear()
        yield made


def overlapping(place: Workplace, account: str | None = None) -> int:
    """Return how many requests were in flight at once, of all accounts or of one, at the most."""
    moments = []
    for entry in place.sandbox.world.log.entries:
        if account in (None, entry.call.account) and entry.answered_at:
            moments += [(entry.at, 1), (entry.answered_at, -1)]
    busy = most = 0
    for _, step in sorted(moments):
        busy += step
        most = max(most, busy)
    return most


def test_every_account_has_one_request_in_flight_beside_the_others(place: Workplace) -> None:
    declare(place, "Beta")
    place.sandbox.world.settings = Settings(limit=0, latency=0.5)
    ran = place.run("apply", "--yes", "--all-envs", "--json")
    assert ran.code == 0, ran.err
    names = [environment["name"] for environment in json.loads(ran.out)["environments"]]
    assert names == ["prod", *(f"env-{account}" for account in ACCOUNTS)]
    assert overlapping(place) > 2
    assert {overlapping(place, account) for account in (ACCOUNT_ID, *ACCOUNTS)} == {1}
    assert {place.sandbox.world.lists(account)[KNOWN.id].name for account in ACCOUNTS} == {"Beta"}


@pytest.mark.parametrize("command", [("plan", "--refresh"), ("drift",)])
def test_who_only_looks_is_told_of_the_others_where_one_fails(place: Workplace, command: tuple[str, ...]) -> None:
    place.sandbox.world.edit(KNOWN.id, {"name": "Gamma"}, "c3")
    place.sandbox.world.faults.arm([faults.Status(call="read_all", account="b2", times=0, status=400)])
    ran = place.run(*command, "--all-envs", "--json", "--detailed-exitcode", "--report", "text=all.txt")
    assert ran.code == 1
    document = valid(ran.out, command[0])
    assert [environment["name"] for environment in document["environments"]] == ["prod", "env-a1", "env-c3", "env-d4"]
    (failed,) = document["failed"]
    assert (failed["name"], f"error: env-b2: {failed['error']}") == ("env-b2", ran.err.rstrip())
    shown = (place.folder / "all.txt").read_text()
    assert "Gamma" in shown
    assert "env-b2  could not be looked at\n      why: reading all lists of account b2" in shown


def test_a_plan_of_those_that_could_be_looked_at_can_be_applied(place: Workplace) -> None:
    declare(place, "Beta")
    place.sandbox.world.faults.arm([faults.Status(call="read_all", account="b2", times=1, status=400)])
    planned = place.run("plan", "--refresh", "--all-envs", "--out", "my plan.json", "--report", "html=-")
    assert planned.code == 1
    assert "reconciler apply &#39;my plan.json&#39; --env prod --env env-a1 " in planned.out
    ran = place.run("apply", "--yes", "my plan.json")
    assert ran.code == 0
    assert "warning: the plan has nothing for env-b2, which could not be looked at when it was made: " in ran.err
    assert len(place.puts) == 4
    refused = place.run("apply", "--yes", "my plan.json", "--env", "env-b2")
    assert refused.err == "error: the plan has no environment 'env-b2'; it has prod, env-a1, env-c3, env-d4 [USAGE]\n"


def test_pins_or_credentials_of_one_environment_stop_no_other(place: Workplace) -> None:
    manifest = place.folder / "lists.yaml"
    manifest.write_text(
        manifest.read_text()
        .replace("account_id: 'b2'", "account_id: 'b2', credentials: KORE_B")
        .replace("account_id: 'c3'", "account_id: 'c3', credentials: KORE_C")
    )
    pinned = {"KORE_C_HOST": "https://other.example", "KORE_C_CLIENT_ID": "id", "KORE_C_CLIENT_SECRET": "secret"}
    for command in (("plan", "--refresh"), ("drift",)):
        ran = place.run(*command, "--all-envs", "--json", **pinned)
        assert ran.code == 4
        assert [each["name"] for each in json.loads(ran.out)["environments"]] == ["prod", "env-a1", "env-d4"]
        assert "error: env-b2: no usable credentials in the environment: KORE_B_CLIENT_ID" in ran.err
        assert "error: env-c3: the manifest's target is not the one pinned" in ran.err
    applied = place.run("apply", "--yes", "--all-envs", **pinned)
    assert (applied.code, place.puts) == (4, [])


def test_what_could_not_be_looked_at_anywhere_is_reported_all_the_same(place: Workplace) -> None:
    place.sandbox.world.faults.arm([faults.Status(call="read_all", times=0, status=400)])
    for command in (("plan", "--refresh"), ("drift",)):
        ran = place.run(*command, "--env", "env-a1", "--env", "env-b2", "--report", "markdown=all.md")
        assert (ran.code, ran.out) == (1, "")
        assert "\nthis was in env-a1\nalso in env-b2: " in ran.err
        assert (
            "`env-a1` could not be looked at; `env-b2` could not be looked at\n"
            in (place.folder / "all.md").read_text()
        )


def test_the_worst_exit_code_counts(place: Workplace) -> None:
    state = place.folder / ".reconciler" / "env-a1.state.json"
    document = json.loads(state.read_bytes())
    state.write_text("{}")
    declare(place, "Beta")
    ran = place.run("plan", "--all-envs", "--detailed-exitcode")
    assert (ran.code, ran.out.count("Beta"), ran.err.startswith("error: env-a1: ")) == (1, 4, True)
    del document["checksum"]
    state.write_text(json.dumps({**document, "environment": "other"}))
    ran = place.run("plan", "--env", "env-a1", "--env", "prod", "--detailed-exitcode")
    assert (ran.code, ran.out.count("Beta")) == (4, 1)


def test_a_refusal_in_one_account_sends_nothing_anywhere_and_names_them_all(place: Workplace) -> None:
    declare(place, "Beta")
    place.sandbox.world.faults.arm(
        [faults.Status(call="read_all", account=account, times=0, status=400) for account in ("b2", "d4")]
    )
    ran = place.run("apply", "--yes", "--all-envs", "--report", "junit=all.xml", "--report", "markdown=all.md")
    assert (ran.code, place.puts) == (1, [])
    assert "this was in env-b2" in ran.err
    assert (place.folder / "all.md").read_text().startswith("### reconciler apply, not carried out\n")
    assert "also in env-d4: reading all lists" in (place.folder / "all.xml").read_text()
    assert ran.err.startswith("error: reading all lists of account b2")
    assert "also in env-d4: reading all lists of account d4" in ran.err


def test_live_texts_are_accepted_from_the_others_where_one_fails(place: Workplace) -> None:
    place.sandbox.world.edit(KNOWN.id, {"name": "Gamma"}, "c3")
    place.sandbox.world.faults.arm([faults.Status(call="read_all", account="b2", times=0, status=400)])
    ran = place.run("accept", "--all-envs")
    assert (ran.code, ran.err.startswith("error: env-b2: ")) == (1, True)
    assert 'env-c3: {name: "Gamma"}' in (place.folder / "lists.yaml").read_text()


def test_parts_of_the_accounts_are_together_the_whole_each_environment_once(place: Workplace) -> None:
    declare(place, "Beta")
    assert place.run("plan", "--all-envs", "--out", "plan.json").code == 0
    names: list[str] = []
    for number in (1, 2, 3):
        part = f"{number}/3"
        planned = json.loads(place.run("plan", "--json", RECONCILER_SHARD=part).out)
        ran = place.run("apply", "plan.json", "--yes", "--json", "--shard", part)
        made = [environment["name"] for environment in json.loads(ran.out)["environments"]]
        assert made == [environment["name"] for environment in planned["environments"]]
        assert ran.code == 0, ran.err
        assert ("has none of these environments" in ran.err) == (not made)
        names += made
        (place.folder / f"part-{number}.json").write_text(ran.out)
    assert sorted(names) == ["env-a1", "env-b2", "env-c3", "env-d4", "prod"]
    merged = place.run("report", "merge", *(f"part-{number}.json" for number in (1, 2, 3)), "--report", "junit=all.xml")
    assert (merged.code, merged.out.count("Done: 5 changes made and recorded.")) == (0, 1)
    assert (place.folder / "all.xml").read_text().count("<testsuite ") == 5
    alone = place.run("report", "merge", "part-2.json", "part-3.json", "--json")
    assert alone.code == 3
    assert [each["name"] for each in valid(alone.out, "result")["environments"] if each["stopped"]] == ["part-1-of-3"]
    assert place.run("plan", "--all-envs", "--detailed-exitcode").code == 0
    assert all(place.sandbox.world.lists(account)[KNOWN.id].name == "Beta" for account in ACCOUNTS)


def test_a_part_without_accounts_is_done_at_once(place: Workplace) -> None:
    place.manifest(f"  alpha: {{id: {KNOWN.id}, name: Beta}}\n")
    part = "2/2" if Shard(1, 2).holds((place.url, ACCOUNT_ID)) else "1/2"
    for command in (["validate"], ["plan", "--refresh", "--detailed-exitcode"], ["drift"], ["apply", "--yes"]):
        ran = place.run(*command, "--shard", part)
        assert ran.code == 0, ran.err
        assert f"part {part} of the accounts has none of these environments" in ran.err
    assert not place.sandbox.world.log.entries


def test_accounts_with_their_environments(place: Workplace) -> None:
    declare(place, "Alpha")
    shown = json.loads(place.run("environments", "--accounts", "--json").out)
    assert [(of["account_id"], of["environments"]) for of in shown][:2] == [(ACCOUNT_ID, ["prod"]), ("a1", ["env-a1"])]
    assert place.run("environments", "--accounts").out.splitlines()[1] == f"{place.url} a1: env-a1"
    assert place.run("environments", "add", "new", "--accounts").code == 1
