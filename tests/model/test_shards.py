"""Parts of many accounts: each account is in one, and stays there when others come."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.shards import Shard

HOST = "https://platform.kore.ai"
ACCOUNTS = [(HOST, f"{number:024x}") for number in range(400)]


def part(account: tuple[str, str], count: int) -> int:
    """Return the only part of `count` that an account is in."""
    (number,) = (each for each in range(1, count + 1) if Shard(each, count).holds(account))
    return number


@given(st.tuples(st.text(), st.text()), st.integers(1, 40))
def test_one_more_part_takes_an_account_or_leaves_it_where_it_is(account: tuple[str, str], count: int) -> None:
    assert part(account, count + 1) in {part(account, count), count + 1}


def test_the_parts_are_about_equal_and_do_not_change_with_a_version() -> None:
    sizes = Counter(part(account, 4) for account in ACCOUNTS)
    assert sum(sizes.values()) == len(ACCOUNTS)
    assert min(sizes.values()) > 80
    assert [part(account, 4) for account in ACCOUNTS[:8]] == [1, 1, 4, 2, 4, 1, 3, 4]
    assert str(Shard(2, 5)) == "2/5"
