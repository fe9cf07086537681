"""Lists to try things out with, and a manifest to start from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import product
from uuid import NAMESPACE_URL, uuid5

from reconciler.sandbox.accounts import ACCOUNT_ID, STREAM_ID, Account, ContactList

MOST_LISTS = 1000  # what the API allows an account
MOST_ACCOUNTS = 9  # the last digit of their ids tells them apart

_OCCASIONS = {
    "Renewal Due": "Customers whose service expires soon.",
    "Win Back": "Former customers who agreed to be called.",
    "Payment Reminder": "Invoices open for more than 14 days.",
    "Welcome Call": "New customers in their first week.",
    "Service Survey": "Callers of the last month, for the satisfaction survey.",
    "Appointment Reminder": "Visits booked for the next three days.",
    "Upgrade Offer": "Contracts that qualify for the larger plan.",
    "Outage Notice": "Households in areas with planned works.",
    "Contract Check": "Contracts older than two years.",
    "Delivery Update": "Orders that left the warehouse.",
}
_PERIODS = ("May/June 2025", "Q3 2025", "Q4 2025", "Spring 2026", "Summer 2026")
_REGIONS = (
    "", "North", "South", "East", "West", "Zürich", "São Paulo", "Ontario", "Kyushu", "Online",
    "Retail", "Wholesale", "Schools", "Clinics", "Hotels", "Farms", "Harbours", "Airports", "Campus", "Staff",
)  # fmt: skip
_NO_TEXT = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")


def accounts(count: int, of_lists: int) -> tuple[Account, ...]:
    """Return `count` accounts with the same lists, whose ids differ as they do between accounts of the platform."""
    return tuple(
        Account.of(
            lists(of_lists, "" if number == 1 else f"{number}-"),
            account_id=f"{ACCOUNT_ID[:-1]}{number}",
            streams=(f"{STREAM_ID[:-1]}{number}",),
        )
        for number in range(1, count + 1)
    )


def lists(count: int, account: str = "") -> tuple[ContactList, ...]:
    """Return `count` lists, the same ones each time; campaigns use every fourth, and every fifth has no description.

    Their ids are made of `account`, too.
    """
    rows = [
        (*row, f"{account}{number}", number) for number, row in enumerate(product(_REGIONS, _PERIODS, _OCCASIONS), 1)
    ]
    return tuple(_list(*row) for row in rows[:count])


def manifest(account: Account, url: str) -> str:
    """Return a manifest that declares the lists of `account` as they are."""
    return f"""\
version: 1
environments:
  sandbox:
    host: {url}
    stream_id: {account.streams[0]}
    account_id: {_quote(account.id)}
lists:{"".join(_entries(account.lists.values())) or " {}"}
"""


def _list(region: str, period: str, occasion: str, seed: str, number: int) -> ContactList:
    digits = uuid5(NAMESPACE_URL, f"contact-list-{seed}").hex
    name = f"{occasion} {region} - {period}" if region else f"{occasion} - {period}"
    return ContactList(
        id=f"cl-{digits[1:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}",
        texts={"name": name, "description": "" if number % 5 == 0 else _OCCASIONS[occasion]},
        campaigns=(f"{occasion} {period}",) if number % 4 == 0 else (),
    )


def _entries(contact_lists: Iterable[ContactList]) -> Iterable[str]:
    keys: set[str] = set()
    for contact_list in contact_lists:
        key = _key(contact_list.name, keys)
        keys.add(key)
        yield f"\n  {key}:\n    id: {contact_list.id}"
        yield from (f"\n    {field}: {_quote(text)}" for field, text in contact_list.texts.items() if text)


def _key(name: str, taken: set[str]) -> str:
    """Return a key like `name` that is not `taken`, and that YAML reads as text."""
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not stem or stem[0].isdigit() or stem in _NO_TEXT:
        stem = f"list-{stem}".rstrip("-")
    number, key = 1, stem
    while key in taken:
        number += 1
        key = f"{stem}-{number}"
    return key


def _quote(text: str) -> str:
    """Return `text` as a double-quoted YAML scalar: JSON, with everything escaped that does not print."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in quoted)
