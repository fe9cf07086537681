"""What to say of a refused sign-in (401): the likely causes, the clock among them where it is off."""

from __future__ import annotations

from typing import assert_never

from reconciler.model.lists import Target
from reconciler.remote.credentials import AppCredentials, Credentials, ReadyToken

_TOLERATED = 60.0


def refused(error: str, target: Target, credentials: Credentials, skew: float | None) -> str:
    """Return the message for the answer `error`; `skew` is by how many seconds the API's clock is ahead of ours."""
    causes = "; ".join([*_of_clock(skew), *_of_credentials(credentials), *_of_target(target)])
    return f"{target.host} does not accept the sign-in ({error}). Likely causes: {causes}"


def _of_clock(skew: float | None) -> list[str]:
    if skew is None or abs(skew) <= _TOLERATED:
        return []
    return [f"the clock here is {abs(skew):.0f} s {'behind' if skew > 0 else 'ahead of'} the API's: set it"]


def _of_credentials(credentials: Credentials) -> list[str]:
    match credentials:
        case AppCredentials():
            return ["the client id or the client secret is wrong, of another app, or one stands in the other's place"]
        case ReadyToken():
            return [
                "the ready-made token has expired, is of another app, or that app enforces JTI (use a client id then)"
            ]
        case _:
            assert_never(credentials)


def _of_target(target: Target) -> list[str]:
    return [
        f"stream id {target.stream_id!r} is not that app's",
        "the JWT app lacks the scope Campaign Management, or was not published after it was added",
    ]
