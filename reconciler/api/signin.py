"""What to say of a refused sign-in (401): the likely causes, the clock among them if it is off."""

from __future__ import annotations

from typing import assert_never

from reconciler.api.credentials import AppCredentials, Credentials, ReadyToken
from reconciler.api.token import AHEAD, BACK
from reconciler.model.lists import Target


def refusal_message(error: str, target: Target, credentials: Credentials, skew: float | None) -> str:
    """Return the message for the answer `error`; `skew` is by how many seconds the API's clock is ahead of ours."""
    causes = "; ".join([*_of_clock(skew, credentials), *_of_credentials(credentials), *_of_target(target)])
    return f"{target.host} does not accept the sign-in ({error}). Likely causes: {causes}"


def of_clock(skew: float) -> str:
    """Say why a token made here is not valid at an API whose clock is ahead by `skew`; "" if it is."""
    if -BACK <= skew <= AHEAD:
        return ""
    side, why = ("behind", "has expired") if skew > 0 else ("ahead of", "is not valid yet")
    return f"the clock here is {abs(skew):.0f} s {side} the API's, where a token made here {why}"


def _of_clock(skew: float | None, credentials: Credentials) -> list[str]:
    made_here = isinstance(credentials, AppCredentials)
    return [f"{cause}: set it"] if made_here and skew is not None and (cause := of_clock(skew)) else []


def _of_credentials(credentials: Credentials) -> list[str]:
    match credentials:
        case AppCredentials():
            return ["the client id or the client secret is wrong, of another app, or the two are swapped"]
        case ReadyToken():
            return [
                "the ready-made token has expired, is of another app, or that app enforces JTI (use a client id then)"
            ]
        case _:
            assert_never(credentials)


def _of_target(target: Target) -> list[str]:
    return [
        f"stream id {target.stream_id!r} is not that app's, or account id {target.account_id!r} not that stream's",
        "the JWT app lacks the scope Campaign Management, or was not published after it was added",
    ]
