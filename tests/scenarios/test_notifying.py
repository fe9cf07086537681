"""`--notify` by the real program and the real Apprise, to servers on loopback."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from reconciler.cli import app, message_sender
from tests.program import Workplace, some_lists

SECRET = "s3cr3t-t0k3n"


class Receiver(HTTPServer):
    """Keeps what it is sent; answers `status`."""

    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.taken: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"json://bot:{SECRET}@127.0.0.1:{self.server_port}/{SECRET}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.server.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name
        del format, args


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@contextmanager
def silent() -> Iterator[str]:
    """Yield the address of a server that takes a connection and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"json://bot:{SECRET}@127.0.0.1:{server.getsockname()[1]}/?rto=50"


def test_a_day_of_messages(place: Workplace, receiver: Receiver) -> None:
    lists = some_lists(3)
    build = {"CI_JOB_URL": "https://gitlab.example/jobs/7"}
    place.declare(lists)
    assert place.run("plan", "--notify", receiver.url).code == 0
    assert receiver.taken == []
    place.declare(lists, a={"name": "May @everyone"}, b={"description": "New"})
    assert place.run("plan", RECONCILER_NOTIFY=f"{receiver.url}\n{receiver.url}", **build).err == ""
    planned, again = receiver.taken
    assert planned == again
    assert planned["title"] == "reconciler plan of prod: 1 rename, 1 new description"
    assert planned["message"].splitlines() == [
        "prod: 2 to update, 1 unchanged",
        '- prod, a: rename, "Alpha 1" → "May ﹫everyone"',
        '- prod, b: new description, "Alpha 2"',
        "https://gitlab.example/jobs/7",
    ]
    ran = place.run(
        "apply", "--yes", "--notify", f"json://bot:{SECRET}@127.0.0.1:1/{SECRET}", f"--notify={receiver.url}"
    )
    assert ran.code == 0
    assert receiver.taken[2]["title"] == "reconciler apply of prod: Done: 1 rename, 1 new description"
    warnings = [line for line in ran.err.splitlines() if line.startswith("warning: ")]
    assert warnings == [
        "warning: the message to JSON may not have arrived: it was not taken. To see more: apprise -vv -b test URL"
    ]
    receiver.status = 500
    place.sandbox.world.edit(lists[2].id, {"description": "by hand"})
    ran = place.run("drift", "--detailed-exitcode", "--notify", receiver.url, "--notify-when", "trouble")
    assert (ran.code, "it was not taken" in ran.err) == (2, True)
    assert receiver.taken[3]["type"] == "warning"
    for told in (ran.out, ran.err, *(path.read_text() for path in place.folder.rglob("*") if path.is_file())):
        assert SECRET not in told


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nonsense", "address 2 of 2 is not understood: it does not begin with SERVICE://"),
        (f"slack://{SECRET}", "address 2 of 2 is not understood: it begins with slack://"),
    ],
)
def test_an_address_that_is_not_understood_is_refused_before_anything_runs(
    place: Workplace, address: str, said: str
) -> None:
    place.declare(some_lists(3), a={"description": "New"})
    ran = place.run("apply", "--yes", "--notify", "json://127.0.0.1", "--notify", address)
    assert (ran.code, ran.out, place.puts) == (1, "", [])
    assert ran.err.startswith(f"error: --notify: {said}. How one is written")
    assert SECRET not in ran.err


def test_without_apprise_the_way_out_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)  # as if it were not installed
    assert app.run(["drift", "--notify", "json://127.0.0.1"]) == 1
    assert (
        "error: --notify needs Apprise: install again with the extra notify (docs/install.md)"
        in capsys.readouterr().err
    )


BROKEN = """
print("to stdout")
class Apprise:
    service_name = "Fake"
    def __init__(self, *_, **__):
        raise RuntimeError(self.url)
    @classmethod
    def instantiate(cls, url, asset):
        cls.url = url
        return cls
class AppriseAsset:
    def __init__(self, **_): {at_once}
"""


def test_where_apprise_breaks_nothing_of_an_address_shows(place: Workplace, tmp_path: Path) -> None:
    place.declare(some_lists(3), a={"description": "New"})
    found = {"PYTHONPATH": f"{tmp_path}:{place.variables['PYTHONPATH']}"}
    (tmp_path / "apprise.py").write_text(BROKEN.format(at_once="pass"))
    ran = place.run("plan", "--notify", f"json://{SECRET}", **found)
    assert (ran.code, ran.err) == (
        0, "warning: the message of --notify is not sent: Apprise did not come to an end\n"
    )  # fmt: skip
    (tmp_path / "apprise.py").write_text(BROKEN.format(at_once="raise KeyError"))
    ran = place.run("plan", "--notify", f"json://{SECRET}", **found)
    assert (ran.code, ran.err) == (
        1, "error: --notify: Apprise does not start; try: python -c 'import apprise' [USAGE]\n"
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # what Apprise imports
def test_a_service_that_never_answers_is_not_waited_for() -> None:
    with silent() as url:
        request: message_sender.Request = {
            "urls": [url.replace("rto=50", "rto=1"), "foo://x"],
            "title": "a",
            "body": "b",
            "kind": "info",
            "seconds": 0.1,
        }
        assert message_sender.answer(request) == [("JSON", "TIMEOUT")]
        assert message_sender.answer({**request, "body": ""}) == [("JSON", ""), ("", "")]


@pytest.mark.slow
def test_nor_does_the_program_wait_for_it(place: Workplace) -> None:
    place.declare(some_lists(3), a={"description": "New"})
    with silent() as url:
        begun = time.monotonic()
        ran = place.run("plan", "--notify", url)
    assert ran.code == 0
    assert "the message to JSON may not have arrived: no answer within 10 s" in ran.err
    assert time.monotonic() - begun < 45
