"""The real program, killed before and after each of its requests to an object store: what it leaves is true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from reconciler.model.lists import Applied, AppliedList, DoubtfulList, Target
from reconciler.sandbox.accounts import Account
from reconciler.sandbox.server import ACCOUNT_ID, STREAM_ID
from tests.program import SECONDS, Running, Workplace, some_lists, workplace
from tests.state.conformance.between import Between
from tests.state.conformance.keepers import InObjects, made
from tests.state.servers import in_place

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

LISTS = some_lists(3)
ENDPOINTS = {"s3": "AWS_ENDPOINT_URL_S3", "az": "AZURE_STORAGE_ENDPOINT", "gs": "GOOGLE_BASE_URL"}
every_kind = pytest.mark.parametrize("kind", ["s3", "az"])


@pytest.fixture
def between(kind: str, cloud: Mapping[str, str]) -> Iterator[Between]:
    with Between(cloud[ENDPOINTS[kind]]) as proxy, in_place({**cloud, ENDPOINTS[kind]: proxy.url}):
        yield proxy


@every_kind
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_around_each_request(kind: str, when: str, between: Between, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    with workplace(tmp_path / "work", LISTS) as place:
        for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
            del place.variables[name]  # the library of the stores refuses to trust nobody
        requests = tried(place, begun(place, kind, tmp_path), between, 0, "before")
        assert requests >= 10
        for number in range(1, requests + 1):
            tried(place, begun(place, kind, tmp_path), between, number, when)


def begun(place: Workplace, kind: str, folder: Path) -> InObjects:
    """Set everything back: three lists, to be described anew, and a state of its own."""
    keeper = made(kind, folder)
    assert isinstance(keeper, InObjects)
    place.sandbox.world.set_account(Account.of(LISTS))
    place.sandbox.world.writes.clear()
    entries = [f"  k{each.id[3:10]}: {{id: {each.id}, name: {each.name}, description: New}}\n" for each in LISTS]
    place.manifest("".join(entries), more=f"state: {keeper.url}\n")
    return keeper


def tried(place: Workplace, keeper: InObjects, between: Between, number: int, when: str) -> int:
    """Kill a run at one request, look at what it leaves, let the next end the work; return how many there were."""
    between.requests.clear()
    running: list[Running] = []

    def at(request: int, moment: str) -> None:
        if (request, moment) == (number, when):
            running[0].kill()
            running[0].wait()

    with between.guard:
        between.at = at
        running.append(place.start("apply", "--yes", "--json"))
    running[0].communicate(timeout=SECONDS)
    assert running[0].returncode == (-9 if number else 0), between.requests
    requests = len(between.requests)
    between.at = lambda _number, _when: None
    check_truth(place, keeper, f"killed {when} request {number}")
    if number:
        gone(keeper)
        ended = place.run("apply", "--yes")
        assert ended.code == 0, ended.err
        check_truth(place, keeper, "recovered")
    assert all(each.texts["description"] == "New" for each in place.sandbox.world.lists().values())
    assert all(isinstance(known, AppliedList) for known in loaded(place, keeper).lists.values())
    assert len(place.puts) <= len(LISTS) + 1
    return requests


def loaded(place: Workplace, keeper: InObjects) -> Applied:
    return keeper.store(Target(place.url, STREAM_ID, ACCOUNT_ID)).load()


def gone(keeper: InObjects) -> None:
    """Let the lease, if one was taken, be as old as if its holder were gone; it is."""
    found = keeper.objects.get(keeper.lease_name)
    if found and b"token" in found.content:
        keeper.age()


def check_truth(place: Workplace, keeper: InObjects, case: str) -> None:
    """See that what was written is known as applied or in doubt, and that what counts as applied is live."""
    known = {each.id: each for each in loaded(place, keeper).lists.values()}
    live = place.sandbox.world.lists()
    for list_id, body in place.puts:
        entry = known.get(list_id)
        assert isinstance(entry, DoubtfulList) or (entry and entry.texts.get("description") == body["description"]), (
            case,
            list_id,
            entry,
        )
    for entry in known.values():
        if isinstance(entry, AppliedList):
            assert live[entry.id].texts["description"] == entry.texts["description"], (case, entry)
