"""The JWT: its claims, its freshness, and that a short secret is nobody's business."""

from __future__ import annotations

import warnings
from uuid import UUID

import jwt
import pytest

from reconciler.api.credentials import Algorithm, AppCredentials, ReadyToken
from reconciler.api.token import Tokens
from reconciler.errors import UsageError
from tests.api.clock import FakeClock

LONG = "k" * 64


@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
def test_claims(algorithm: Algorithm) -> None:
    clock = FakeClock()
    token = Tokens(AppCredentials("cs-1", LONG, algorithm, "me"), clock).fresh()
    claims = jwt.decode(token, LONG, algorithms=[algorithm], options={"verify_exp": False, "verify_iat": False})
    now = int(clock.now())
    assert UUID(claims.pop("jti")).version == 4
    assert claims == {"sub": "me", "appId": "cs-1", "iat": now - 60, "exp": now + 300}
    assert jwt.get_unverified_header(token) == {"alg": algorithm, "typ": "JWT"}


def test_every_token_is_another() -> None:
    clock = FakeClock()
    tokens = Tokens(AppCredentials("cs-1", LONG), clock)
    assert len({tokens.fresh() for _ in range(100)}) == 100
    clock.passed += 1000
    claims = jwt.decode(tokens.fresh(), LONG, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False})
    assert claims["exp"] == int(clock.now()) + 300


@pytest.mark.parametrize("secret", ["s", "gehéim€"])
def test_a_short_secret_signs_without_a_warning(secret: str) -> None:
    token = Tokens(AppCredentials("cs-1", secret), FakeClock()).fresh()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyJWT may warn as it reads the token
        assert jwt.decode(token, secret, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False})


def test_a_ready_token_goes_as_it_is() -> None:
    assert Tokens(ReadyToken("a.b.c"), FakeClock()).fresh() == "a.b.c"


@pytest.mark.parametrize("secret", ["-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----", "ssh-rsa AAAA"])
def test_a_key_of_another_kind_is_refused_in_words(secret: str) -> None:
    with pytest.raises(UsageError, match="the client secret is an asymmetric key") as caught:
        Tokens(AppCredentials("cs-1", secret), FakeClock())
    assert secret not in str(caught.value)
    assert caught.value.__context__ is None
