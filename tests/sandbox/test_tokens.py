"""Who gets in: tokens and headers, and what the others are told."""

from __future__ import annotations

import base64
import time

import pytest

from reconciler.sandbox.accounts import ACCOUNT_ID
from tests.sandbox.client import Client, token

OTHER_SECRET = "another-secret-that-is-long-enough-for-both-of-the-algorithms-in-use-0"
CREDENTIALS = ("Invalid SDK credentials", 4002)
NOT_A_TOKEN = ("Invalid JWT token", 401)
REPLAY = ("error verifying the jwt: possibly a replay", 401)

HEADERS: dict[str, tuple[dict[str, str | None], str]] = {
    "iid left out": ({"iid": None}, "header iid must be st-5a4db0c5-0000-4000-8000-000000000001"),
    "iid of another stream": ({"iid": "st-2"}, "header iid must be st-5a4db0c5-0000-4000-8000-000000000001"),
    "accountId left out": ({"accountId": None}, f"header accountId must be {ACCOUNT_ID}"),
    "accountId of another account": ({"accountId": "abc"}, f"header accountId must be {ACCOUNT_ID}"),
}


def refused() -> dict[str, tuple[str | None, tuple[str, int]]]:
    """Return each wrong token, made now, with what it is told."""
    return {
        "no token": (None, CREDENTIALS),
        "an empty one": ("", CREDENTIALS),
        "no JWT": ("hello", NOT_A_TOKEN),
        "a Bearer in front": (f"Bearer {token()}", NOT_A_TOKEN),
        "another secret": (token(secret=OTHER_SECRET), CREDENTIALS),
        "another algorithm": (token(algorithm="HS384"), CREDENTIALS),
        "no signature": (token(algorithm="none", secret=""), CREDENTIALS),
        "another client": (token(appId="cs-other"), CREDENTIALS),
        "no client": (token(appId=None), CREDENTIALS),
        "no subject": (token(sub=None), CREDENTIALS),
        "expired": (token(exp=time.time() - 1), NOT_A_TOKEN),
        "issued in the future": (token(iat=time.time() + 300), NOT_A_TOKEN),
        "an exp that is no time": (token(exp="soon"), NOT_A_TOKEN),
        "no jti": (token(jti=None), REPLAY),
        "an empty jti": (token(jti=""), REPLAY),
        "a jti that is no text": (token(jti=7), REPLAY),
        "no exp": (token(exp=None), REPLAY),
        "an exp over an hour away": (token(exp=time.time() + 36000), REPLAY),
    }


@pytest.mark.parametrize("case", refused())
def test_a_wrong_token_is_refused_as_seen(client: Client, case: str) -> None:
    auth, expected = refused()[case]
    answer = client.read("cl-1", {"auth": auth})
    assert (answer.status, answer.error) == (401, expected)


def test_a_token_without_iat_gets_in(client: Client) -> None:
    assert client.read("cl-1", {"auth": token(iat=None)}).status == 200


def test_a_tampered_token_is_refused(client: Client) -> None:
    head, _, signature = token().split(".")
    payload = base64.urlsafe_b64encode(b'{"sub":"x"}').rstrip(b"=").decode()
    assert client.read("cl-1", {"auth": f"{head}.{payload}.{signature}"}).error == CREDENTIALS


def test_a_refused_token_is_not_used_up(client: Client) -> None:
    auth = token(iat=time.time() + 300, exp=time.time() + 900)
    assert client.read("cl-1", {"auth": auth}).status == 401
    client.control("PATCH", "settings", {"clock_skew": 400})
    assert client.read("cl-1", {"auth": auth}).status == 200


def test_a_wrong_stream_or_account_is_bad_credentials(client: Client) -> None:
    for other in (Client(client.port, stream="st-other"), Client(client.port, account="other")):
        answer = other.read("cl-1")
        assert (answer.status, answer.error) == (401, CREDENTIALS)


@pytest.mark.parametrize("case", HEADERS)
def test_headers_must_match_path_and_query(client: Client, case: str) -> None:
    headers, detail = HEADERS[case]
    answer = client.read("cl-1", headers)
    expected = {"msg": "Validation errors/ Invalid arguments", "code": 412, "detail": detail}
    assert (answer.status, answer.document) == (412, {"errors": [expected]})
