"""The JWT that signs a request in: a fresh one for every attempt, since an app may refuse one that it saw before."""

from __future__ import annotations

import json
from uuid import uuid4

from jwt import InvalidKeyError, PyJWS
from jwt.algorithms import HMACAlgorithm

from reconciler.api.credentials import Credentials, ReadyToken
from reconciler.errors import UsageError
from reconciler.protocols import Clock

BACK = 60
"""Seconds by which a token is older than it is: by so much may the clock here be ahead of the API's."""
AHEAD = 300
"""Seconds until a token expires: by so much may the clock here be behind."""
_HASHES = {"HS256": HMACAlgorithm.SHA256, "HS512": HMACAlgorithm.SHA512}


class Tokens:
    """The tokens of one set of credentials."""

    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        """Prepare the key; raises UsageError for a client secret that is a key of another kind."""
        self._credentials = credentials
        self._clock = clock
        self._jws = PyJWS()
        self._key = b"" if isinstance(credentials, ReadyToken) else _prepare_secret(credentials.client_secret)
        for name, digest in _HASHES.items():
            self._jws.unregister_algorithm(name)
            self._jws.register_algorithm(name, _AnyLength(digest))

    def fresh(self) -> str:
        """Return a token good from `BACK` seconds ago to `AHEAD` from now, as clocks differ; a ready one as it is."""
        if isinstance(self._credentials, ReadyToken):
            return self._credentials.token
        now = int(self._clock.now())
        claims = {
            "sub": self._credentials.subject,
            "appId": self._credentials.client_id,
            "jti": str(uuid4()),
            "iat": now - BACK,
            "exp": now + AHEAD,
        }
        return self._jws.encode(json.dumps(claims).encode(), self._key, self._credentials.algorithm)


class _AnyLength(HMACAlgorithm):
    """HMAC with a key of any length: the platform chose it, so PyJWT's warning would not help."""

    def check_key_length(self, key: bytes) -> None:
        """Find nothing wrong."""

    def prepare_key(self, key: str | bytes) -> bytes:
        """Return a key that `_prepare_secret` has looked at, once for all tokens."""
        return key if isinstance(key, bytes) else super().prepare_key(key)


def _prepare_secret(secret: str) -> bytes:
    try:
        return HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret)
    except InvalidKeyError:
        message = "the client secret is an asymmetric key, a certificate or a JWK: give the secret of the JWT app"
    raise UsageError(message)
