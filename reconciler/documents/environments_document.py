"""The environments, as `environments --json` prints them for a pipeline's matrix: their names, or their accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeAlias

from pydantic import Field
from typing_extensions import TypedDict

from reconciler.documents.parts import Key, document
from reconciler.model.lists import Target

EnvironmentsDocument: TypeAlias = Annotated[
    list[Key],
    Field(description="The names of the environments, in the order of the manifest.", examples=[["dev", "prod"]]),
]


@document
class AccountPart(TypedDict):
    """What shares one rate limit: an account, and the environments that are in it."""

    host: str
    """The host with its scheme."""
    account_id: str
    """The account, 24 hex digits."""
    environments: list[Key]
    """The names of its environments, in the order of the manifest; a run takes one after the other."""


AccountsDocument: TypeAlias = Annotated[
    list[AccountPart], Field(description="The accounts, in the order in which the manifest names them first.")
]


def accounts_document(targets: Mapping[str, Target]) -> AccountsDocument:
    """Return the accounts of environments, given by name."""
    accounts: dict[tuple[str, str], list[Key]] = {}
    for name, target in targets.items():
        accounts.setdefault(target.account, []).append(name)
    return [
        {"host": host, "account_id": account_id, "environments": names}
        for (host, account_id), names in accounts.items()
    ]
