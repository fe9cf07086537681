"""One request from its arrival to its answer: logged, counted, delayed, broken where a fault says so, carried out."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from typing import assert_never

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope, Send

from reconciler.sandbox.control import PREFIX, control
from reconciler.sandbox.faults import (
    Body,
    Breaking,
    Close,
    Cut,
    Delay,
    Edit,
    Fault,
    Hang,
    Redirect,
    Reset,
    Status,
    Word,
)
from reconciler.sandbox.replies import Answer, CutOff, Dropped, Reply, failure, http_date, now, success
from reconciler.sandbox.request_log import Call, Logged
from reconciler.sandbox.responses import carry_out
from reconciler.sandbox.settings import Settings
from reconciler.sandbox.wire import send_answer
from reconciler.sandbox.world import World


class Application:
    """The ASGI application: the API, and beside it the control path."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._control = control(world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; cancelled only when the sandbox stops, which is no error to report."""
        with suppress(asyncio.CancelledError, ClientDisconnect):
            if scope["path"].startswith(PREFIX):
                await self._control(scope, receive, self._add_date(send))
            else:
                await self._serve(await _call(scope, receive), scope, receive, send)

    async def _serve(self, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        entry = self._world.log.log_arrival(call)
        answer = await self._answer(entry)
        self._world.log.log_answer(entry.number, answer.status)  # before: whoever has the answer finds it in the log
        await send_answer(answer, scope, receive, self._add_date(send))

    async def _answer(self, entry: Logged) -> Answer:
        world, call = self._world, entry.call
        over = world.limit.over(call.account, entry.at, world.settings)
        faults = world.faults.due(call)
        await asyncio.sleep(world.settings.latency / 2)
        answer = await self._apply_faults(faults, None)
        if answer:
            return answer
        reply = over or carry_out(world, call)
        answer = await self._apply_faults(faults, reply)
        await asyncio.sleep(world.settings.latency / 2)
        return answer or reply

    async def _apply_faults(self, faults: tuple[Fault, ...], reply: Reply | None) -> Answer | None:
        """Let the faults happen whose time is now: before the call (no `reply` yet) or after it."""
        answer: Answer | None = None
        for fault in faults:
            if (fault.when == "before") != (reply is None):
                continue
            match fault:
                case Delay():
                    await asyncio.sleep(fault.seconds)
                case Edit():
                    self._world.edit(fault.edited, fault.texts, fault.edited_account)
                case _:
                    answer = answer or _break_answer(fault, reply, self._world.settings)
        return answer

    def _add_date(self, send: Send) -> Send:
        """Return a `send` that puts the sandbox's `Date` on every answer."""

        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start" and self._world.settings.date:
                date = http_date(now(self._world.settings)).encode()
                message = {**message, "headers": [*message["headers"], (b"date", date)]}
            await send(message)

        return send_dated


async def _call(scope: Scope, receive: Receive) -> Call:
    """Read the request whole; raises ClientDisconnect if the client went before its end."""
    request = Request(scope, receive)
    return Call(
        method=request.method,
        path=scope["path"],
        query=dict(request.query_params),
        headers=dict(request.headers),
        body=await request.body(),
    )


def _break_answer(fault: Breaking, reply: Reply | None, settings: Settings) -> Answer:
    """Return what goes over the wire instead of `reply`, which is None if the call was not carried out."""
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
