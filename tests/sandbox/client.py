"""A client of the sandbox that shows everything: plain http.client over the socket."""

from __future__ import annotations

import http.client
import json
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import cast

import jwt

from reconciler.sandbox.accounts import ACCOUNT_ID, STREAM_ID, ContactList
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.tokens import CLIENT_ID, CLIENT_SECRET

FIRST = ContactList("cl-1", {"name": "Renewal due", "description": "Service ends in July"}, ("Spring",))
SECOND = ContactList("cl-2", {"name": "Win back"})
LISTS = (FIRST, SECOND)


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back: status, headers with names in lower case, and the body."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def document(self) -> dict[str, object]:
        return cast("dict[str, object]", json.loads(self.raw))

    @property
    def data(self) -> dict[str, object]:
        return cast("dict[str, object]", self.document["data"])

    @property
    def lists(self) -> list[dict[str, object]]:
        return cast("list[dict[str, object]]", self.document["data"])

    @property
    def error(self) -> tuple[object, object]:
        """The text and the code of the only error."""
        (error,) = cast("list[dict[str, object]]", self.document["errors"])
        return error["msg"], error["code"]

    @property
    def detail(self) -> object:
        """What the sandbox adds to the only error."""
        (error,) = cast("list[dict[str, object]]", self.document["errors"])
        return error["detail"]

    @property
    def messages(self) -> list[object]:
        """The texts of all errors."""
        return [error["msg"] for error in cast("list[dict[str, object]]", self.document["errors"])]


def token(*, secret: str = CLIENT_SECRET, algorithm: str = "HS256", **claims: object) -> str:
    """A fresh token; a claim that is None is left out."""
    now = time.time()
    usual = {"sub": "test", "appId": CLIENT_ID, "iat": now - 60, "exp": now + 300, "jti": str(uuid.uuid4())}
    payload = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    return jwt.encode(payload, secret, algorithm, headers=None)


@dataclass(frozen=True, slots=True)
class Client:
    """Calls the API of a sandbox as one account; each call has its own connection and token."""

    port: int
    account: str = ACCOUNT_ID
    stream: str = STREAM_ID
    timeout: float = 10

    def path(self, target: str, query: str = "") -> str:
        base = f"/campaign/api/v2/public/{self.stream}/campaign/contactList/{target}"
        return f"{base}?accountId={self.account}{query}"

    def headers(self) -> dict[str, str]:
        return {
            "auth": token(),
            "iid": self.stream,
            "accountId": self.account,
            "Content-Type": "application/json",
        }

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str | None] | None = None
    ) -> Answered:
        """One request; a header that is None is left out."""
        merged = {name: value for name, value in {**self.headers(), **(headers or {})}.items() if value is not None}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)) as connection:
            connection.request(method, path, body, merged)
            response = connection.getresponse()
            raw = response.read()
            return Answered(response.status, {name.lower(): text for name, text in response.getheaders()}, raw)

    def put(self, list_id: str, headers: Mapping[str, str | None] | None = None, **texts: object) -> Answered:
        return self.send("PUT", self.path(list_id), json.dumps(texts).encode(), headers)

    def read(self, list_id: str, headers: Mapping[str, str | None] | None = None) -> Answered:
        return self.send("GET", self.path(list_id), None, headers)

    def read_all(self, method: str = "POST") -> Answered:
        return self.send(method, self.path("getAllListDetails", "&type=call"))

    def control(self, method: str, path: str, body: object = None) -> Answered:
        return self.send(method, f"/_sandbox/{path}", None if body is None else json.dumps(body).encode())


def client_of(sandbox: Sandbox, account: str = ACCOUNT_ID, stream: str = STREAM_ID) -> Client:
    return Client(sandbox.port, account, stream)


def eventually(condition: Callable[[], bool]) -> bool:
    """Tell whether `condition` comes true within half a minute."""
    until = time.monotonic() + 30
    while not condition() and time.monotonic() < until:
        time.sleep(0.005)
    return condition()
