"""What the sandbox holds: accounts with their contact lists, as frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, NotRequired, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, with_config
from typing_extensions import TypedDict

from reconciler.model.fields import FIELDS, NAME, TABLE
from reconciler.model.texts import Texts, only_fields

STREAM_ID = "st-5a4db0c5-0000-4000-8000-000000000001"
ACCOUNT_ID = "5a4db0c50000000000000001"
SEEDED_AT = "2026-01-05T09:00:00.000Z"
USER = "u-5a4db0c5-0000-4000-8000-000000000003"  # whom the API's callers act as
SOMEONE = "u-5a4db0c5-0000-4000-8000-000000000005"  # who edits in the console


if TYPE_CHECKING:
    ListDocument: TypeAlias = dict[str, Any]
else:
    ListDocument = with_config(ConfigDict(extra="forbid"))(TypedDict("ListDocument", {
        "id": str,
        **{row.name: NotRequired[str] if row.may_be_empty else str for row in TABLE},
        "campaigns": NotRequired[tuple[str, ...]],
        "running": NotRequired[bool],
        "do_not_call": NotRequired[bool],
        "updated_at": NotRequired[str],
        "updated_by": NotRequired[str],
    }))  # fmt: skip
    ListDocument.__doc__ = "A list as JSON, in the data file and on the control path."


@dataclass(frozen=True, slots=True)
class ContactList:
    """One list as stored; a field that `texts` leaves out is empty.

    `campaigns` names the campaigns that use it, `running` says that one of them runs now. A `do_not_call` list is one
    that keeps numbers from being called. `updated_at` is RFC 3339 in UTC.
    """

    id: str
    texts: Texts
    campaigns: tuple[str, ...] = ()
    running: bool = False
    do_not_call: bool = False
    updated_at: str = SEEDED_AT
    updated_by: str = SOMEONE

    def __post_init__(self) -> None:
        object.__setattr__(self, "texts", {field: self.texts.get(field, "") for field in FIELDS})

    @classmethod
    def of(cls, document: ListDocument) -> ContactList:
        """Return the list that a document describes."""
        others = {key: value for key, value in document.items() if key not in FIELDS}
        return cls(texts=only_fields(document, FIELDS), **others)

    @property
    def document(self) -> ListDocument:
        """The list for writing."""
        kind = {"campaigns": self.campaigns, "running": self.running, "do_not_call": self.do_not_call}
        return {"id": self.id, **self.texts, **kind, "updated_at": self.updated_at, "updated_by": self.updated_by}

    @property
    def name(self) -> str:
        """What campaigns refer to it by."""
        return self.texts[NAME]

    def with_texts(self, texts: Texts) -> ContactList:
        """Return it with the `texts` that are given."""
        return replace(self, texts={**self.texts, **texts})


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
    lists: tuple[ListDocument, ...] = ()

    @classmethod
    def of(cls, account: Account) -> AccountDocument:
        """Return `account` for writing."""
        return cls(streams=account.streams, lists=tuple(each.document for each in account.lists.values()))

    def account(self, account_id: str) -> Account:
        """Return the account that this describes."""
        return Account.of(map(ContactList.of, self.lists), account_id, self.streams)
