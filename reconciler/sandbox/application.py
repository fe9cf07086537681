"""One request from its arrival to its answer: logged, counted, delayed, broken where a fault says so, carried out."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope, Send

from reconciler.sandbox.breaks import broken
from reconciler.sandbox.control import PREFIX, control
from reconciler.sandbox.faults import Delay, Edit, Fault
from reconciler.sandbox.replies import Answer, Reply, http_date, now
from reconciler.sandbox.request_log import Call, Logged
from reconciler.sandbox.responses import carry_out
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
        answer = await self._broken(faults, None)
        if answer:
            return answer
        reply = over or carry_out(world, call)
        answer = await self._broken(faults, reply)
        await asyncio.sleep(world.settings.latency / 2)
        return answer or reply

    async def _broken(self, faults: tuple[Fault, ...], reply: Reply | None) -> Answer | None:
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
                    answer = answer or broken(fault, reply, self._world.settings)
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
    """Read the request whole; raises ClientDisconnect where the client went before its end."""
    request = Request(scope, receive)
    return Call(
        method=request.method,
        path=scope["path"],
        query=dict(request.query_params),
        headers=dict(request.headers),
        body=await request.body(),
    )
