"""Sign-in: is this JWT one that the app signed, fresh, and not used before?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import jwt

from reconciler.sandbox.replies import BAD_CREDENTIALS, NO_SCOPE, NOT_A_TOKEN, REPLAY, now
from reconciler.sandbox.settings import Settings

if TYPE_CHECKING:
    from jwt.types import Options  # new in PyJWT 2.11

CLIENT_ID = "cs-5a4db0c5-0000-4000-8000-000000000002"
CLIENT_SECRET = "sandbox-only-this-secret-opens-nothing-but-a-sandbox-on-loopback-0001"  # noqa: S105 - opens nothing else
LONGEST_LIFE = 3600
_SIGNATURE_ONLY: Options = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}

Refusal: TypeAlias = tuple[str, int]
"""The text and the code that a 401 carries."""


class Doorkeeper:
    """Looks at tokens, and remembers the `jti` of each."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def refusal(self, token: str, settings: Settings) -> Refusal | None:
        """Return why `token` does not get in, None when it does."""
        if not settings.check_token:
            return None
        if not token:
            return BAD_CREDENTIALS
        claims = _claims(token, settings)
        if isinstance(claims, tuple):
            return claims
        refusal = _stale(claims, settings)
        if not refusal and settings.enforce_jti:
            refusal = self._replay_refusal(claims, settings)
        return refusal or (NO_SCOPE if settings.scope_missing else None)

    def _replay_refusal(self, claims: Mapping[str, object], settings: Settings) -> Refusal | None:
        jti, expires = claims.get("jti"), claims.get("exp")
        known = not isinstance(jti, str) or not jti or jti in self._used
        lasting = not isinstance(expires, int | float) or expires - now(settings) > LONGEST_LIFE + settings.leeway
        if known or lasting:
            return REPLAY
        self._used.add(str(jti))
        return None


def _claims(token: str, settings: Settings) -> Mapping[str, object] | Refusal:
    """Return the claims of a token that the app signed; times are looked at apart, by the sandbox's clock."""
    algorithms = ["HS256", "HS512"] if settings.algorithms == "both" else [settings.algorithms]
    try:
        claims: Mapping[str, object] = jwt.decode(
            token,
            CLIENT_SECRET,
            algorithms,
            options=_SIGNATURE_ONLY,
        )
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError):
        return BAD_CREDENTIALS
    except jwt.InvalidTokenError:
        return NOT_A_TOKEN
    return claims if claims.get("appId") == CLIENT_ID and claims.get("sub") else BAD_CREDENTIALS


def _stale(claims: Mapping[str, object], settings: Settings) -> Refusal | None:
    """Return a refusal where `exp` has passed or `iat` has not come, or one of them is no time."""
    clock = now(settings)
    for claim, ahead in (("exp", 1), ("iat", -1)):
        at = claims.get(claim, clock)
        if not isinstance(at, int | float) or (at - clock) * ahead < -settings.leeway:
            return NOT_A_TOKEN
    return None
