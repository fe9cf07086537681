"""What a read answered → live lists. Tolerant of what is not needed, strict about ids and names.

A list that cannot be understood fails the whole read: left out, it would look as if it were gone.
"""

from __future__ import annotations

from collections import Counter

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from reconciler.errors import RemoteError
from reconciler.model.lists import Absent, Live, LiveList
from reconciler.remote.excerpt import parsed, safe


class _Campaign(BaseModel):
    id: object = None
    name: str | None = None


class _Listing(BaseModel):
    id: str = Field(alias="_id", min_length=1)
    name: str
    description: str | None = None
    campaigns: list[_Campaign | str | None] | None = Field(default=None, alias="campaignInUse")


_LISTINGS = TypeAdapter(list[_Listing])


def live(body: bytes) -> Live:
    """Return the lists that a successful *read all* answered; raises RemoteError where one cannot be used."""
    try:
        listings = _LISTINGS.validate_python(_data(body))
    except ValidationError as exc:
        raise RemoteError(_unusable(exc)) from None
    twice = [list_id for list_id, times in Counter(listing.id for listing in listings).items() if times > 1]
    if twice:
        raise RemoteError(f"it answered {safe(', '.join(map(repr, twice)), ())} more than once")
    return Live({listing.id: _live_list(listing) for listing in listings})


def live_list(list_id: str, body: bytes) -> LiveList | Absent:
    """Return the list that a successful read answered, or that there is none; RemoteError where it is another one."""
    data = _data(body)
    if not data:
        return Absent(list_id, "the API answers success, but no list")
    try:
        listing = _Listing.model_validate(data)
    except ValidationError as exc:
        raise RemoteError(_unusable(exc)) from None
    if listing.id != list_id:
        raise RemoteError(f"it answered the list {safe(repr(listing.id), ())} instead")
    return _live_list(listing)


def strange_to(list_id: str, body: bytes) -> str | None:
    """Return what an answer is about that cannot be the answer to a PUT of `list_id`; None if it can.

    The documented one names the list (`data.contactListId`); reads answer lists, or one with an `_id`.
    """
    data = _data(body)
    if isinstance(data, list):
        return "all lists"
    if not isinstance(data, dict):
        return None
    named = data.get("contactListId", list_id)
    if named != list_id:
        return f"another list, {safe(repr(named), ())}"
    return "a read of a list" if "_id" in data and "contactListId" not in data else None


def _data(body: bytes) -> object:
    document = parsed(body)
    return document.get("data") if isinstance(document, dict) else None


def _live_list(listing: _Listing) -> LiveList:
    campaigns = tuple(map(_campaign_name, listing.campaigns or ()))
    return LiveList(listing.id, {"name": listing.name, "description": listing.description or ""}, campaigns)


def _campaign_name(campaign: _Campaign | str | None) -> str:
    """Name a campaign as well as can be: one without a name uses the list all the same."""
    if isinstance(campaign, _Campaign):
        campaign = campaign.name or (str(campaign.id) if campaign.id else None)
    return campaign or "(a campaign without a name)"


def _unusable(exc: ValidationError) -> str:
    """Say the first thing that is wrong, without the values."""
    first = exc.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in ("data", *first["loc"]))
    return (
        f"it answered success, but {safe(place, ())} cannot be used ({first['msg']}), so that no list is taken from it"
    )
