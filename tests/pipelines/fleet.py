"""A manifest of many accounts with the same lists, and the variables by which they are reached."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.sandbox.accounts import Account, ContactList
from reconciler.sandbox.server import CLIENT_ID, CLIENT_SECRET, Sandbox


def some_accounts(count: int, lists: Sequence[ContactList] = ()) -> list[Account]:
    """Return accounts that hold the same lists."""
    return [Account.of(lists, f"5a4db0c5{number:016d}", (f"st-{number}",)) for number in range(count)]


def fleet_manifest(sandbox: Sandbox, accounts: Sequence[Account], state: str, edited: int) -> str:
    """Return a manifest with environments a0, a1 and so on; the first `edited` lists have a new description."""
    environments = "".join(
        f"  a{number}: {{host: '{sandbox.url}', stream_id: {account.streams[0]}, account_id: '{account.id}', "
        f"credentials: KORE_A{number}, requests_per_minute: 6000}}\n"
        for number, account in enumerate(accounts)
    )
    entries = "".join(
        f"  l{number}:\n    id: {{{', '.join(f'a{each}: {known.id}' for each in range(len(accounts)))}}}\n"
        f"    name: {known.name}\n    description: {'New' if number < edited else known.texts['description']}\n"
        for number, known in enumerate(accounts[0].lists.values())
    )
    return f"version: 1\nstate: {state}\nenvironments:\n{environments}lists:\n{entries}"


def fleet_variables(sandbox: Sandbox, accounts: Sequence[Account]) -> dict[str, str]:
    """Return the credentials and the pins of each account."""
    return {
        f"KORE_A{number}_{name}": text
        for number, account in enumerate(accounts)
        for name, text in (
            ("CLIENT_ID", CLIENT_ID),
            ("CLIENT_SECRET", CLIENT_SECRET),
            ("HOST", sandbox.url),
            ("ACCOUNT_ID", account.id),
            ("STREAM_ID", account.streams[0]),
        )
    }
