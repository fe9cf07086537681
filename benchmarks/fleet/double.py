"""A double of the API that is fast enough for 10,000 accounts: `python -m benchmarks.fleet.double LISTS LATENCY`.

Every account has the same lists. It keeps each account's limit of 60 requests in any 60 seconds, answers after LATENCY
seconds, checks no token, and knows what was written where. It prints its port; `GET /truth` says what it has seen.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field

from benchmarks.places import list_id

LIMIT, WINDOW = 60, 60.0
_ACCOUNT = re.compile(rb"[?&]accountId=([^&\s]+)")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PUT = re.compile(rb"PUT [^ ?]*/contactList/([^ ?/]+)")


def name_of(number: int) -> str:
    """Return the name of a list, in every account."""
    return f"List {number}"


def description_of(number: int) -> str:
    """Return the description of a list, in every account, before any edit."""
    return f"Text of list {number}, as it was"


@dataclass
class World:
    """What the accounts hold, when they were asked, and what was written."""

    lists: int
    latency: float
    descriptions: dict[bytes, dict[str, str]] = field(default_factory=dict)
    asked: dict[bytes, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    seen: Counter[str] = field(default_factory=Counter)
    puts: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def answer(self, account: bytes, head: bytes, body: bytes, now: float) -> tuple[int, bytes]:
        """Return status and body of an answer."""
        recent = self.asked[account]
        while recent and recent[0] <= now - WINDOW:
            recent.popleft()
        recent.append(now)
        self.seen["requests"] += 1
        if len(recent) > LIMIT:
            self.seen["limit_answers"] += 1
            return 429, b'{"message": "rate limit exceeded"}'
        put = _PUT.match(head)
        if put is None:
            self.seen["reads"] += 1
            return 200, self._read_all(account)
        self.seen["puts"] += 1
        key, texts = put[1].decode(), json.loads(body)
        self.puts[account.decode(), key, json.dumps(texts, sort_keys=True)] += 1
        self.descriptions.setdefault(account, {})[key] = texts["description"]
        written = {"contactListId": key, "body": {**texts, "accountId": account.decode()}}
        return 200, json.dumps({"status": "success", "message": "", "data": written}).encode()

    def _read_all(self, account: bytes) -> bytes:
        changed = self.descriptions.get(account, {})
        found = [
            {
                "_id": list_id(number),
                "name": name_of(number),
                "description": changed.get(list_id(number)) or description_of(number),
                "status": "active",
                "isListInUse": False,
                "campaignInUse": [],
                "updatedAt": "2026-11-22T10:00:00.000Z",
            }
            for number in range(self.lists)
        ]
        return json.dumps({"status": "success", "message": "", "data": found}).encode()

    def truth(self) -> bytes:
        """Return the counts, and each PUT that was seen, with how often."""
        puts = [[*put, times] for put, times in self.puts.items()]
        return json.dumps({**self.seen, "written": puts}).encode()


class Connection(asyncio.Protocol):
    """HTTP/1.1, one request after the other, as far as the program speaks it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._loop = asyncio.get_running_loop()
        self._came = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self._came += data
        while b"\r\n\r\n" in self._came:
            head, _, rest = self._came.partition(b"\r\n\r\n")
            found = _LENGTH.search(head)
            size = int(found[1]) if found else 0
            if len(rest) < size:
                return
            self._came = rest[size:]
            self._answer(head, rest[:size])

    def _answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET /truth"):
            self._write(200, self._world.truth())
            return
        account = _ACCOUNT.search(head.partition(b"\r\n")[0])
        answer = self._world.answer(account[1] if account else b"", head, body, self._loop.time())
        self._loop.call_later(self._world.latency, self._write, *answer)

    def _write(self, status: int, body: bytes) -> None:
        kind = b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        self._transport.write(b"HTTP/1.1 %d -\r\n" % status + kind + body)


async def serve(lists: int, latency: float) -> None:
    """Serve on a free port of loopback until killed."""
    world = World(lists, latency)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(world), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
