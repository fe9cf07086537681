"""The limit counts exactly: never more than allowed in any window, and never fewer than could be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.sandbox.accounts import Account
from reconciler.sandbox.limit import Limit
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.settings import Settings
from tests.sandbox.client import LISTS, client_of

ARRIVALS = st.lists(st.integers(0, 30), min_size=1, max_size=60).map(sorted)


@given(arrivals=ARRIVALS, limit=st.integers(1, 5), counts_refused=st.booleans())
def test_a_request_is_refused_just_when_the_window_before_it_is_full(
    arrivals: list[int], limit: int, counts_refused: bool
) -> None:
    settings = Settings(limit=limit, limit_window=10, limit_counts_refused=counts_refused)
    counting = Limit()
    counted: list[int] = []
    for at in arrivals:
        full = sum(at - other < 10 for other in counted) >= limit
        assert bool(counting.over("a", at, settings)) == full
        if counts_refused or not full:
            counted.append(at)


@given(arrivals=ARRIVALS, limit=st.integers(1, 5))
def test_whoever_waits_as_long_as_told_gets_in(arrivals: list[int], limit: int) -> None:
    settings = Settings(limit=limit, limit_window=10, limit_answer="429-retry-after")
    counting = Limit()
    last = [counting.over("a", at, settings) for at in arrivals + [arrivals[-1]] * limit][-1]
    assert last
    assert not counting.over("a", arrivals[-1] + int(last.headers["retry-after"]), settings)


def test_each_account_has_its_own_window_over_all_its_calls() -> None:
    with Sandbox(settings=Settings(limit=3), lists=LISTS) as sandbox:
        client = client_of(sandbox)
        sandbox.world.set_account(Account.of(LISTS, "other"))
        statuses = [client.read_all().status, client.put("cl-1", name="New").status, client.read("cl-1").status]
        assert statuses == [200, 200, 200]
        assert client.read_all().status == 429
        assert client_of(sandbox, "other").read_all().status == 200
        assert sandbox.world.log.busiest("other") == 1
        assert sandbox.world.log.busiest(client.account) == 4


def test_a_refused_put_is_not_carried_out_and_the_control_path_is_not_counted() -> None:
    with Sandbox(settings=Settings(limit=1), lists=LISTS) as sandbox:
        client = client_of(sandbox)
        assert {client.control("GET", "accounts").status for _ in range(3)} == {200}
        assert [client.put("cl-1", name=name).status for name in ("One", "Two")] == [200, 429]
        assert sandbox.world.lists()["cl-1"].name == "One"
