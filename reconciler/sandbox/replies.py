"""What goes back over the wire, as values, and the shapes in which the platform says no.

Reply     an HTTP answer
CutOff    an HTTP answer of which only the first half is sent
Dropped   no answer: the connection is closed or reset
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import TypeAlias

from reconciler.sandbox.settings import Settings

BAD_CREDENTIALS = ("Invalid SDK credentials", 4002)
NOT_A_TOKEN = ("Invalid JWT token", 401)
REPLAY = ("error verifying the jwt: possibly a replay", 401)
NO_SCOPE = ("Permission denied. Scope is incorrect!", 401)
BAD_ARGUMENTS = "Validation errors/ Invalid arguments"


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def with_header(self, name: str, value: str) -> Reply:
        """Return it with one header more."""
        return replace(self, headers={**self.headers, name: value})

    def retry_in(self, seconds: int) -> Reply:
        """Return it with `Retry-After` in seconds."""
        return self.with_header("retry-after", str(seconds))

    def retry_at(self, settings: Settings, seconds: int) -> Reply:
        """Return it with `Retry-After` as a date by the sandbox's clock."""
        return self.with_header("retry-after", http_date(now(settings) + seconds))


@dataclass(frozen=True, slots=True)
class CutOff:
    """`reply` with its whole Content-Length and half of its body."""

    reply: Reply

    @property
    def status(self) -> int:
        """The status that is sent."""
        return self.reply.status


@dataclass(frozen=True, slots=True)
class Dropped:
    """No answer: after `seconds`, or once the client has gone, the connection is closed, or `reset` (RST)."""

    reset: bool = False
    seconds: float = 0.0
    status: None = None


Answer: TypeAlias = Reply | CutOff | Dropped


def json_reply(document: object, status: int = 200) -> Reply:
    """Return an answer that carries `document`."""
    body = json.dumps(document, ensure_ascii=False).encode()
    return Reply(status, body, {"content-type": "application/json; charset=utf-8"})


def success(settings: Settings, data: object, message: str = "") -> Reply:
    """Return what a call that went well answers."""
    return json_reply({"status": settings.success_word, "message": message, "data": data})


def failure(settings: Settings, status: int, text: str, code: int | None = None) -> Reply:
    """Return a refusal in the shape that sibling services use; `code` is the status unless given."""
    return json_reply({"errors": [{settings.error_key: text, "code": code or status}]}, status)


def bad_arguments(settings: Settings, detail: str) -> Reply:
    """Return the refusal of an argument; `detail` is for debugging against the sandbox."""
    document = {"errors": [{settings.error_key: BAD_ARGUMENTS, "code": 412, "detail": detail}]}
    return json_reply(document, 412)


def now(settings: Settings) -> float:
    """Return the time by the sandbox's clock, in seconds since the epoch."""
    return time.time() + settings.clock_skew


def http_date(at: float) -> str:
    """Return a time as HTTP writes it."""
    return formatdate(at, usegmt=True)
