"""What goes wrong at which request.

    Status    an error answer, with or without Retry-After     Reset   RST instead of an answer
    Body      any answer at all: HTML, text, nothing (204)     Close   the connection closed instead of an answer
    Word      another word in `status`: failed, SUCCESS        Hang    no answer for a while, then closed
    Redirect  to another host                                  Delay   carried out, or answered, later
    Cut       half a body under a whole Content-Length         Edit    someone else writes a list just then

`when` is `before` (the call is not carried out; after a Delay it is) or `after` it was carried out, which is how a
write lands whose answer never comes. A fault concerns the calls that its selectors name, from the `at`-th such request
since it was armed, `times` times (0: from then on). Of several faults of one request, Delay and Edit all happen; of
the others the first one armed does.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from reconciler.model.texts import Texts
from reconciler.sandbox.accounts import ACCOUNT_ID
from reconciler.sandbox.request_log import Call

Seconds: TypeAlias = Annotated[float, Field(ge=0, le=3600)]


class _Fault(BaseModel):
    """The selectors that every fault has; "" is any account, any list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    call: Literal["any", "put", "read", "read_one", "read_all"] = "any"
    account: str = ""
    list_id: str = ""
    at: int = Field(default=1, ge=1)
    times: int = Field(default=1, ge=0)
    when: Literal["before", "after"] = "before"

    def concerns(self, call: Call) -> bool:
        """Tell whether the selectors name `call`."""
        kinds = ("read_one", "read_all") if self.call == "read" else (self.call,)
        return (
            (self.call == "any" or call.kind in kinds)
            and self.account in ("", call.account)
            and self.list_id in ("", call.target)
        )

    def hits(self, seen: int) -> bool:
        """Tell whether it happens at the `seen`-th of the requests that it concerns."""
        return self.at <= seen and (not self.times or seen < self.at + self.times)


class Status(_Fault):
    """An error answer in the platform's shape; `retry_after` in seconds from then."""

    kind: Literal["status"] = "status"
    status: int = Field(default=503, ge=400, le=599)
    message: str = "Something went wrong"
    retry_after: int | None = Field(default=None, ge=0)
    retry_after_as: Literal["seconds", "date"] = "seconds"


class Body(_Fault):
    """An answer with this very body."""

    kind: Literal["body"] = "body"
    status: int = Field(default=200, ge=200, le=599)
    body: str = "<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"
    content_type: str = "text/html; charset=utf-8"


class Word(_Fault):
    """Another word in `status`; with `when` after, all else as it would be."""

    kind: Literal["word"] = "word"
    word: str = "failed"


class Redirect(_Fault):
    """A redirect; `location` is the whole URL."""

    kind: Literal["redirect"] = "redirect"
    status: Literal[301, 302, 303, 307, 308] = 307
    location: str


class Cut(_Fault):
    """Half of the body that Content-Length announces, then the connection is closed."""

    kind: Literal["cut"] = "cut"


class Reset(_Fault):
    """RST instead of an answer."""

    kind: Literal["reset"] = "reset"


class Close(_Fault):
    """The connection closed instead of an answer."""

    kind: Literal["close"] = "close"


class Hang(_Fault):
    """No answer for `seconds`, then the connection is closed; sooner if the client goes."""

    kind: Literal["hang"] = "hang"
    seconds: Seconds = 3600


class Delay(_Fault):
    """`seconds` more: before the call is carried out (even if the client has gone by then), or before its answer."""

    kind: Literal["delay"] = "delay"
    seconds: Seconds = 1


class Edit(_Fault):
    """Someone else sets `texts` of the list `edited` of the account `edited_account`."""

    kind: Literal["edit"] = "edit"
    edited: str
    edited_account: str = ACCOUNT_ID
    texts: Texts


Breaking: TypeAlias = Status | Body | Word | Redirect | Cut | Reset | Close | Hang
Fault: TypeAlias = Breaking | Delay | Edit
AnyFault: TypeAlias = Annotated[Fault, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class Armed:
    """A fault, how many requests it concerned so far, and how many it hit."""

    fault: Fault
    seen: int = 0
    hits: int = 0


class Faults:
    """The faults that are armed; safe to use from any thread."""

    def __init__(self) -> None:
        self._armed: list[Armed] = []
        self._lock = threading.Lock()

    @property
    def armed(self) -> tuple[Armed, ...]:
        """All of them, in the order in which they were armed."""
        with self._lock:
            return tuple(self._armed)

    def arm(self, faults: Iterable[Fault]) -> None:
        """Add faults; each starts to count requests now."""
        with self._lock:
            self._armed += [Armed(fault) for fault in faults]

    def clear(self) -> None:
        """Disarm all."""
        with self._lock:
            self._armed.clear()

    def due(self, call: Call) -> tuple[Fault, ...]:
        """Count `call` and return the faults that happen at it."""
        hit: list[Fault] = []
        with self._lock:
            for index, armed in enumerate(self._armed):
                if armed.fault.concerns(call):
                    now = replace(armed, seen=armed.seen + 1)
                    if now.fault.hits(now.seen):
                        now = replace(now, hits=now.hits + 1)
                        hit.append(now.fault)
                    self._armed[index] = now
        return tuple(hit)
