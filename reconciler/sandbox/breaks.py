"""What a fault makes of an answer."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import assert_never

from reconciler.sandbox.faults import Body, Breaking, Close, Cut, Hang, Redirect, Reset, Status, Word
from reconciler.sandbox.replies import Answer, CutOff, Dropped, Reply, failure, success
from reconciler.sandbox.settings import Settings


def broken(fault: Breaking, reply: Reply | None, settings: Settings) -> Answer:
    """Return what goes over the wire instead of `reply`, which is None where the call was not carried out."""
    usual = reply or success(settings, {})
    match fault:
        case Status():
            return _refusal(fault, settings)
        case Body():
            return Reply(fault.status, fault.body.encode(), {"content-type": fault.content_type})
        case Word():
            return _reword(usual, fault.word)
        case Redirect():
            return Reply(fault.status, b"", {"location": fault.location})
        case Cut():
            return CutOff(usual)
        case Reset() | Close() | Hang():
            return Dropped(isinstance(fault, Reset), fault.seconds if isinstance(fault, Hang) else 0.0)
        case _:
            assert_never(fault)


def _refusal(fault: Status, settings: Settings) -> Reply:
    reply = failure(settings, fault.status, fault.message)
    if fault.retry_after is None:
        return reply
    if fault.retry_after_as == "date":
        return reply.retry_at(settings, fault.retry_after)
    return reply.retry_in(fault.retry_after)


def _reword(reply: Reply, word: str) -> Reply:
    document = {**json.loads(reply.body), "status": word}
    return replace(reply, body=json.dumps(document, ensure_ascii=False).encode())
