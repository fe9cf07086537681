"""What the sandbox holds: accounts with their contact lists, as frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from reconciler.model.texts import Texts

STREAM_ID = "st-5a4db0c5-0000-4000-8000-000000000001"
ACCOUNT_ID = "5a4db0c50000000000000001"
SEEDED_AT = "2026-01-05T09:00:00.000Z"


@dataclass(frozen=True, slots=True)
class ContactList:
    """One list as stored; `campaigns` names the campaigns that use it, `updated_at` is RFC 3339 in UTC."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    id: str
    name: str
    description: str = ""
    campaigns: tuple[str, ...] = ()
    updated_at: str = SEEDED_AT

    def with_texts(self, texts: Texts) -> ContactList:
        """Return it with the `texts` that are given."""
        name, description = texts.get("name", self.name), texts.get("description", self.description)
        return replace(self, name=name, description=description)


@dataclass(frozen=True, slots=True)
class Account:
    """One account: its lists by id, and the streams (apps) by which it is reached; all see the same lists."""

    id: str = ACCOUNT_ID
    lists: Mapping[str, ContactList] = field(default_factory=dict)
    streams: tuple[str, ...] = (STREAM_ID,)

    @classmethod
    def of(
        cls, lists: Iterable[ContactList], account_id: str = ACCOUNT_ID, streams: tuple[str, ...] = (STREAM_ID,)
    ) -> Account:
        """Return the account that holds `lists`."""
        return cls(account_id, {contact_list.id: contact_list for contact_list in lists}, streams)


class AccountDocument(BaseModel):
    """An account as JSON, in the data file and on the control path."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    streams: Annotated[tuple[str, ...], Field(min_length=1)] = (STREAM_ID,)
    lists: tuple[ContactList, ...] = ()

    @classmethod
    def of(cls, account: Account) -> AccountDocument:
        """Return `account` for writing."""
        return cls(streams=account.streams, lists=tuple(account.lists.values()))

    def account(self, account_id: str) -> Account:
        """Return the account that this describes."""
        return Account.of(self.lists, account_id, self.streams)
