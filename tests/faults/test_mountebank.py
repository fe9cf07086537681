"""A double that nobody here wrote (mountebank, from npm) stands between, resets, waits and answers as it is told."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.settings import Settings
from tests.program import REPOSITORY, Workplace, some_lists

pytestmark = pytest.mark.slow

MOUNTEBANK = REPOSITORY / "tests" / "node" / "node_modules" / ".bin" / "mb"
LISTS = some_lists(3)
WAITING = 30.0
Response = dict[str, object]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="module")
def mountebank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start it; return where it takes orders."""
    assert MOUNTEBANK.exists(), "make slow installs it"
    folder, port = tmp_path_factory.mktemp("mountebank"), free_port()
    options = [
        "--port",
        str(port),
        "--localOnly",
        "--nologfile",
        "--loglevel",
        "warn",
        "--pidfile",
        str(folder / "pid"),
    ]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen([MOUNTEBANK, *options], stdout=subprocess.DEVNULL, cwd=folder) as running:
        until = time.monotonic() + WAITING
        while not answers(url):
            assert running.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
        yield url
        running.terminate()


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(settings=Settings(limit=0), lists=LISTS) as serving:
        yield serving


@pytest.fixture
def imposter(mountebank: str, sandbox: Sandbox) -> Iterator[str]:
    """Have a port where it passes everything on to the sandbox, until told otherwise."""
    port = free_port()
    imposter = {"protocol": "http", "port": port, "host": "127.0.0.1", "stubs": [{"responses": [passed(sandbox)]}]}
    httpx.post(f"{mountebank}/imposters", json=imposter, trust_env=False).raise_for_status()
    yield f"{mountebank}/imposters/{port}"
    httpx.delete(f"{mountebank}/imposters/{port}", trust_env=False).raise_for_status()


@pytest.fixture
def place(tmp_path: Path, sandbox: Sandbox, imposter: str) -> Workplace:
    """Three lists in the state, all to be described anew."""
    made = Workplace(tmp_path, sandbox, url=f"http://127.0.0.1:{imposter.rsplit('/', 1)[1]}", measured=False)
    made.declare(LISTS)
    ran = made.run("apply", "--yes")
    assert ran.code == 0, ran.err
    made.declare(LISTS, **{key: {"description": f"New {key}"} for key in "abc"})
    return made


def passed(sandbox: Sandbox, **behaviour: object) -> Response:
    return {"proxy": {"to": sandbox.url, "mode": "proxyTransparent"}, **behaviour}


def scripted(status: int, body: object, **headers: str) -> Response:
    text = body if isinstance(body, str) else json.dumps(body)
    return {"is": {"statusCode": status, "body": text, "headers": headers}}


RESET: Response = {"fault": "CONNECTION_RESET_BY_PEER"}
NOISE: Response = {"fault": "RANDOM_DATA_THEN_CLOSE"}
BUSY = scripted(503, "<h1>busy</h1>")
LIMITED = scripted(429, {"message": "Too many requests"}, **{"Retry-After": "1"})
PAGE = scripted(200, "<html>signed out</html>", **{"Content-Type": "text/html"})
REFUSED = scripted(200, {"status": "failed", "message": "no such thing"})
GONE = scripted(302, "", Location="http://127.0.0.1:9/")

CASES: dict[str, tuple[str, list[Response], int, dict[str, str]]] = {
    "a reset": ("PUT", [RESET], 0, {"a": "updated 2"}),
    "noise": ("PUT", [NOISE], 0, {"a": "updated 2"}),
    "one trouble after the other": ("PUT", [BUSY, LIMITED, RESET, PAGE], 0, {"a": "updated 5"}),
    "a refusal": ("PUT", [REFUSED], 3, {"a": "failed 1"}),
    "a redirect": ("PUT", [GONE], 3, {"a": "failed 1"}),
    "reads in trouble": ("POST", [RESET, BUSY, NOISE, PAGE], 0, {"a": "updated 1"}),
}


def tell(imposter: str, sandbox: Sandbox, method: str, responses: list[Response]) -> None:
    """Have the next requests of a method meet `responses`, one each, and all others pass."""
    passing = passed(sandbox, repeat=1000)
    stubs = [
        {"predicates": [{"equals": {"method": method}}], "responses": [*responses, passing]},
        {"responses": [passed(sandbox)]},
    ]
    httpx.put(f"{imposter}/stubs", json={"stubs": stubs}, trust_env=False).raise_for_status()


@pytest.mark.parametrize(("method", "responses", "code", "became"), CASES.values(), ids=list(CASES))
def test_what_it_answers(
    place: Workplace, imposter: str, method: str, responses: list[Response], code: int, became: dict[str, str]
) -> None:
    tell(imposter, place.sandbox, method, responses)
    ran = place.run("apply", "--yes", "--json")
    assert ran.code == code, ran.err
    (environment,) = json.loads(ran.out)["environments"]
    outcomes = {each["key"]: f"{each['outcome']} {each['attempts']}" for each in environment["outcomes"]}
    assert outcomes == {"a": "updated 1", "b": "updated 1", "c": "updated 1"} | became
    it_is_as_recorded(place)


def test_an_answer_that_comes_too_late(place: Workplace, imposter: str) -> None:
    late = passed(place.sandbox, behaviors=[{"wait": 3000}])
    tell(imposter, place.sandbox, "PUT", [late])
    ran = place.run("apply", "--yes", "--json", "--timeout", "1")
    assert ran.code == 0, ran.err
    it_is_as_recorded(place)


def it_is_as_recorded(place: Workplace) -> None:
    """What the state calls applied is what the API has, and one more run makes everything as declared."""
    live = {known.id: known.texts["description"] for known in place.sandbox.world.lists().values()}
    assert {entry["id"]: entry["description"] for entry in place.state().values()} == live
    assert {entry["status"] for entry in place.state().values()} == {"applied"}
    assert place.run("apply", "--yes").code == 0
    assert place.run("plan", "--refresh", "--detailed-exitcode").code == 0
