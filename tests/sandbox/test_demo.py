"""Made-up lists and the manifest to start from."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sandbox import demo
from reconciler.sandbox.accounts import ACCOUNT_ID, STREAM_ID, Account, ContactList
from reconciler.sandbox.settings import Settings

URL = "http://127.0.0.1:4010"
EXPECTED = f"""\
version: 1
environments:
  sandbox:
    host: {URL}
    stream_id: {STREAM_ID}
    account_id: "{ACCOUNT_ID}"
lists:
  renewal-due-may-june-2025:
    id: cl-1
    name: "Renewal Due - May/June 2025"
    description: "Say \\"hello\\""
  renewal-due-may-june-2025-2:
    id: cl-2
    name: "Renewal due: May/June 2025"
  list:
    id: cl-3
    name: "更新"
  list-2:
    id: cl-4
    name: "😀\\U00002028"
"""


@pytest.mark.parametrize("count", [0, 1, 7, demo.MOST_LISTS])
def test_there_are_as_many_lists_as_asked_for_and_each_is_valid(count: int) -> None:
    lists = demo.lists(count)
    settings = Settings()
    assert len({each.id for each in lists}) == len({each.name.casefold() for each in lists}) == count
    assert all(re.fullmatch(r"cl-[0-9a-f]{7}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", each.id) for each in lists)
    assert all(each.name for each in lists)
    assert all(len(text) <= settings.longest(field) for each in lists for field, text in each.texts.items())


def test_some_lists_are_in_campaigns_and_some_have_no_description() -> None:
    lists = demo.lists(20)
    assert sum(bool(each.campaigns) for each in lists) == 5
    assert sum(not each.texts["description"] for each in lists) == 4
    assert demo.lists(5) == lists[:5]


def test_accounts_have_the_same_lists_under_other_ids() -> None:
    first, second = demo.accounts(2, 5)
    assert (*first.lists.values(),) == demo.lists(5)
    assert [each.texts for each in second.lists.values()] == [each.texts for each in first.lists.values()]
    assert {first.id, *first.streams, *first.lists}.isdisjoint({second.id, *second.streams, *second.lists})


def test_the_manifest_declares_the_lists_as_they_are() -> None:
    account = Account.of(
        [
            ContactList("cl-1", {"name": "Renewal Due - May/June 2025", "description": 'Say "hello"'}),
            ContactList("cl-2", {"name": "Renewal due: May/June 2025"}),
            ContactList("cl-3", {"name": "更新"}),
            ContactList("cl-4", {"name": "😀\u2028"}),
        ]
    )
    assert demo.manifest(account, URL) == EXPECTED


def test_a_manifest_without_lists_is_valid_too() -> None:
    assert yaml.safe_load(demo.manifest(Account.of([]), URL))["lists"] == {}


@given(
    names=st.lists(
        st.text(min_size=1, max_size=20) | st.sampled_from(["Yes", "null", "2025", "1e3", "OFF", "~"]), max_size=6
    )
)
def test_every_text_reads_back_from_the_manifest_under_a_key_of_its_own(names: list[str]) -> None:
    lists = [ContactList(f"cl-{n}", {"name": name, "description": name}) for n, name in enumerate(names)]
    declared = yaml.safe_load(demo.manifest(Account.of(lists), URL))["lists"]
    assert [(each["id"], each["name"], each["description"]) for each in declared.values()] == [
        (each.id, each.name, each.texts["description"]) for each in lists
    ]
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9_-]*", key) for key in declared)
