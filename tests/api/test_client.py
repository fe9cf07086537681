"""The client over a real socket: what it sends, how it retries, and what it makes of answers."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator
from email.utils import formatdate

import jwt
import pytest

from reconciler.api.client import Client
from reconciler.api.credentials import AppCredentials, Credentials, ReadyToken
from reconciler.api.rate_limit import RateLimit
from reconciler.errors import RemoteError, SignInError
from reconciler.model.lists import Absent, LiveList, Target
from reconciler.model.put_answers import Acknowledged, PutAnswer, Rejected, Unsent, Unsettled
from reconciler.protocols import Remote
from tests.api.clock import FakeClock
from tests.api.peer import Peer, Received, Step, hang, raw, reply, reset_after, success

SECRET = "the-client-secret-of-this-test-0123456789"
APP = AppCredentials("cs-1", SECRET)
ONE = {"_id": "cl-1", "name": "One", "description": None}
LIVE_ONE = LiveList("cl-1", {"name": "One", "description": ""})
DENIED = {"errors": [{"msg": "Invalid SDK credentials", "code": 4002}]}


OPEN: list[Client] = []


@pytest.fixture(autouse=True)
def closing() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


class Tenant:
    """A client of a peer with its fake clock, and what both saw."""

    def __init__(self, peer: Peer, credentials: Credentials = APP, limit: int = 100, patience: float = 10.0) -> None:
        self.peer = peer
        self.clock = FakeClock()
        self.target = Target(peer.url, "st-1", "acc1")
        self.limiter = RateLimit(limit, self.clock)
        self.client = Client(
            self.target, credentials, self.clock, self.limiter, timeout=(10.0, patience), chance=lambda: 0.0
        )
        OPEN.append(self.client)

    @property
    def calls(self) -> list[tuple[str, str]]:
        return [(request.method, request.target) for request in self.peer.received]

    def claims(self, request: Received) -> dict[str, object]:
        claims: dict[str, object] = jwt.decode(
            request.headers["auth"], SECRET, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False}
        )
        return claims


BASE = "/campaign/api/v2/public/st-1/campaign/contactList"
ALL = f"{BASE}/getAllListDetails?accountId=acc1&type=call"


def test_the_client_is_a_remote() -> None:
    with Peer(success()) as peer, Tenant(peer).client as client:
        remote: Remote = client
        assert remote.requests == 0
        assert remote.delay(1) == 0.0


def test_read_all() -> None:
    with Peer(success([ONE])) as peer:
        tenant = Tenant(peer)
        assert tenant.client.read_all().lists == {"cl-1": LIVE_ONE}
    (request,) = peer.received
    assert tenant.calls == [("POST", ALL)]
    assert request.body == b""
    assert (request.headers["iid"], request.headers["accountId"]) == ("st-1", "acc1")
    assert tenant.claims(request)["appId"] == "cs-1"
    assert "content-type" not in {name.lower() for name in request.headers}
    assert tenant.client.requests == 1


@pytest.mark.parametrize("status", [404, 405])
def test_read_all_by_get_where_post_is_not_taken_and_from_then_on(status: int) -> None:
    with Peer(reply(status), success([ONE]), success([])) as peer:
        tenant = Tenant(peer)
        assert tenant.client.read_all().lists == {"cl-1": LIVE_ONE}
        assert tenant.client.read_all().lists == {}
    assert tenant.calls == [("POST", ALL), ("GET", ALL), ("GET", ALL)]
    assert tenant.client.requests == 3


def test_neither_post_nor_get() -> None:
    with Peer(reply(405), reply(404, b"Nothing here")) as peer:
        tenant = Tenant(peer)
        said = "by POST HTTP 405: no words, by GET HTTP 404: Nothing here"
        with pytest.raises(RemoteError, match=f"reading all lists of account acc1 at .* was refused: {said}"):
            tenant.client.read_all()
        with pytest.raises(RemoteError, match="was refused: by POST HTTP 404"):
            tenant.client.read_all()
    assert [method for method, _ in tenant.calls] == ["POST", "GET", "POST", "GET"]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (reply(403, {"message": "No"}), "was refused: HTTP 403: No"),
        (reply(302, b"", {"Location": "/x"}), "was refused: HTTP 302: a redirect to /x"),
        (reply(200, {"status": "failed", "message": "No"}), "was refused: HTTP 200: status failed, No"),
        (success({"lists": []}), "failed: it answered success, but data is not a list of contact lists"),
        (reply(501), "failed at the first attempt: HTTP 501"),
        (reply(503, b"", {"Retry-After": "9999"}), "at the first attempt: HTTP 503: no words .it asks to wait 9999 s"),
    ],
)  # fmt: skip
def test_a_read_that_is_refused_is_not_tried_again(step: Step, said: str) -> None:
    with Peer(step) as peer:
        tenant = Tenant(peer)
        with pytest.raises(RemoteError, match=said):
            tenant.client.read_all()
    assert peer.connections == 1


def test_read_one() -> None:
    with Peer(success(ONE)) as peer:
        tenant = Tenant(peer)
        assert tenant.client.read("cl-1") == LIVE_ONE
    assert tenant.calls == [("GET", f"{BASE}/cl-1?accountId=acc1")]


ABSENT: list[tuple[Step, str]] = [
    (reply(404, {"message": "Not found"}), "HTTP 404: Not found"),
    (reply(410), "HTTP 410: no words"),
    (reply(412, {"errors": [{"msg": "Validation errors"}]}), "HTTP 412: Validation errors"),
    (reply(200, {"status": "failed", "message": "No such list"}), "HTTP 200: status failed, No such list"),
    (success(None), "the API answers success, but no list"),
]


@pytest.mark.parametrize(("step", "reason"), ABSENT)
def test_a_list_that_is_not_there(step: Step, reason: str) -> None:
    with Peer(step) as peer:
        assert Tenant(peer).client.read("cl-1") == Absent("cl-1", reason)
    assert peer.connections == 1


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (reply(403), "reading list 'cl-1' of account acc1 at .* was refused: HTTP 403"),
        (reply(405), "was refused: HTTP 405"),
        (reply(302), "was refused: HTTP 302"),
        (success({"_id": "cl-2", "name": "Two"}), "failed: it answered the list 'cl-2' instead"),
    ],
)
def test_what_says_nothing_of_the_list_is_an_error(step: Step, said: str) -> None:
    with Peer(step) as peer, pytest.raises(RemoteError, match=said):
        Tenant(peer).client.read("cl-1")


@pytest.mark.parametrize(
    ("list_id", "path"), [("cl-a/b?c#d", "cl-a%2Fb%3Fc%23d"), ("cl-ü %2F", "cl-%C3%BC%20%252F"), ("cl-..", "cl-..")]
)
def test_an_id_stays_one_segment_of_the_path(list_id: str, path: str) -> None:
    with Peer(success()) as peer:
        tenant = Tenant(peer)
        tenant.client.read(list_id)
        tenant.client.put(list_id, {"name": "x"})
    assert {target for _, target in tenant.calls} == {f"{BASE}/{path}?accountId=acc1"}


# Retries of reads

RETRIED: list[tuple[str, Step, float]] = [
    ("503", reply(503), 0.5),
    ("500", reply(500), 0.5),
    ("told", reply(503, b"", {"Retry-After": "17"}), 17.0),
    ("told less than the back-off", reply(503, b"", {"Retry-After": "0"}), 0.5),
    ("408", reply(408), 0.5),
    ("425", reply(425), 0.5),
    ("no JSON", reply(200, b"<html>"), 0.5),
    ("reset", reset_after, 0.5),
    ("hang", hang, 0.5),
    ("closed", raw(b""), 0.5),
    ("rate limit", reply(429), 60.0),
    ("rate limit, told", reply(429, b"", {"Retry-After": "20"}), 20.0),
    ("rate limit in a 200", reply(200, {"status": "failed", "message": "rate limit exceeded"}), 60.0),
]


@pytest.mark.parametrize(("step", "waited"), [row[1:] for row in RETRIED], ids=[row[0] for row in RETRIED])
def test_a_read_is_tried_again(step: Step, waited: float, caplog: pytest.LogCaptureFixture) -> None:
    with Peer(step, success([ONE])) as peer:
        tenant = Tenant(peer, patience=0.5 if step is hang else 10.0)
        assert tenant.client.read_all().lists == {"cl-1": LIVE_ONE}
    assert tenant.clock.passed == 1000.0 + waited
    assert peer.connections == tenant.client.requests == 2
    (told,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told.startswith("reading all lists of account acc1 at ")
    assert "; attempt 2 of 5 in " in told


def test_five_attempts_with_growing_waits() -> None:
    with Peer(reply(502, b"Bad Gateway")) as peer:
        tenant = Tenant(peer)
        with pytest.raises(RemoteError, match=r"failed 5 times: HTTP 502: Bad Gateway\. Look at"):
            tenant.client.read("cl-1")
    assert tenant.clock.slept == [0.5, 1.0, 2.0, 4.0]
    assert peer.connections == 5


def test_every_attempt_has_a_token_of_its_own_made_after_the_waiting() -> None:
    with Peer(reply(429), reply(503), success([])) as peer:
        tenant = Tenant(peer)
        tenant.client.read_all()
    claims = [tenant.claims(request) for request in peer.received]
    assert len({claim["jti"] for claim in claims}) == 3
    start = int(FakeClock().now())
    assert [claim["iat"] for claim in claims] == [start - 60, start, start + 1]


def test_the_limit_holds_for_reads_and_puts_and_retries_together() -> None:
    with Peer(reply(503), success([])) as peer:
        tenant = Tenant(peer, limit=3)
        tenant.client.read_all()
        tenant.client.put("cl-1", {"name": "x"})
        assert tenant.client.delay(1) == 59.5
        tenant.client.put("cl-1", {"name": "x"})
    assert tenant.clock.passed == 1060.0
    assert tenant.client.requests == 4


def test_a_put_whose_turn_comes_too_late_is_not_sent() -> None:
    with Peer(success([])) as peer:
        tenant = Tenant(peer, limit=1)
        tenant.client.read_all()
        assert tenant.client.put("cl-1", {"name": "x"}, by=tenant.clock.monotonic() + 59) == Unsent()
        assert tenant.clock.passed > 1059
    assert len(peer.received) == tenant.client.requests == 1


def test_a_stop_during_a_wait_goes_through() -> None:
    class Stopping(FakeClock):
        def sleep(self, seconds: float) -> None:
            raise KeyboardInterrupt

    with Peer(reply(503)) as peer:
        tenant = Tenant(peer)
        clock = Stopping()
        client = Client(tenant.target, APP, clock, RateLimit(30, clock))
        with pytest.raises(KeyboardInterrupt):
            client.read_all()
    assert peer.connections == 1


# PUTs: one attempt each, never an exception

PUTS: list[tuple[str, Step, PutAnswer]] = [
    ("done", success({"contactListId": "cl-1"}), Acknowledged()),
    ("refused", reply(412, {"message": "Taken"}), Rejected("HTTP 412: Taken")),
    ("redirect", reply(307, b"", {"Location": "/x"}), Rejected("HTTP 307: a redirect to /x, which is not followed")),
    ("503", reply(503), Unsettled("HTTP 503: no words", landed=True, again=True)),
    ("501", reply(501), Unsettled("HTTP 501: no words", landed=True, again=False)),
    ("hang", hang, Unsettled("no answer within 0.5 s", landed=True, again=True)),
    ("429", reply(429, b"", {"Retry-After": "7"}), Unsettled("HTTP 429: no words", landed=False, again=True, wait=7.0)),
]


@pytest.mark.parametrize(("step", "meaning"), [row[1:] for row in PUTS], ids=[row[0] for row in PUTS])
def test_a_put_is_one_attempt(step: Step, meaning: PutAnswer) -> None:
    with Peer(step) as peer:
        tenant = Tenant(peer, patience=0.5 if step is hang else 10.0)
        assert tenant.client.put("cl-1", {"name": "Überfällig 🎉", "description": ""}) == meaning
    (request,) = peer.received
    assert tenant.calls == [("PUT", f"{BASE}/cl-1?accountId=acc1")]
    assert json.loads(request.body) == {"name": "Überfällig 🎉", "description": ""}
    assert request.headers["Content-Type"] == "application/json"
    assert tenant.clock.slept == []


def test_a_put_to_nobody() -> None:
    with Peer(success()) as peer:
        tenant = Tenant(peer)
    answer = tenant.client.put("cl-1", {"name": "x"})
    assert isinstance(answer, Unsettled)
    assert (answer.landed, answer.again, tenant.client.requests) == (False, True, 1)


@pytest.mark.parametrize(("headers", "held"), [({}, 60.0), ({"Retry-After": "7"}, 7.0), ({"Retry-After": "999"}, 60.0)])
def test_a_rate_limit_answer_holds_what_comes_after(headers: dict[str, str], held: float) -> None:
    with Peer(reply(429, b"", headers)) as peer:
        tenant = Tenant(peer)
        tenant.client.put("cl-1", {"name": "x"})
    assert tenant.client.delay(1) == held


# Sign-in


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (301, "the clock here is 301 s behind the API's, where a token made here has expired"),
        (-61, "the clock here is 61 s ahead of the API's, where a token made here is not valid yet"),
        (-3600, "the clock here is 3600 s ahead of the API's"),
    ],
)
def test_a_refused_sign_in_names_the_clock_where_it_is_off(ahead: int, said: str) -> None:
    date = formatdate(FakeClock().now() + ahead, usegmt=True)
    with Peer(reply(401, DENIED, {"Date": date})) as peer:
        tenant = Tenant(peer)
        with pytest.raises(SignInError, match=said):
            tenant.client.read_all()
        assert tenant.client.skew == ahead
        answer = tenant.client.put("cl-1", {"name": "x"})
    assert isinstance(answer, Rejected)
    assert answer.unauthorized
    assert said in answer.error
    assert peer.connections == 2


TOLERATED = [{"Date": formatdate(FakeClock().now() + ahead, usegmt=True)} for ahead in (300, 59, -60)]


@pytest.mark.parametrize("headers", [{}, {"Date": "soon"}, *TOLERATED])
def test_a_refused_sign_in_names_the_likely_causes(headers: dict[str, str]) -> None:
    with Peer(reply(401, DENIED, headers)) as peer, pytest.raises(SignInError) as caught:
        Tenant(peer).client.read("cl-1")
    message = str(caught.value)
    causes = (
        "Invalid SDK credentials",
        "client id",
        "client secret",
        "'st-1'",
        "account id 'acc1'",
        "Campaign Management",
        "published",
    )
    assert [cause for cause in causes if cause not in message] == []
    assert "clock" not in message


def test_a_refused_ready_token_has_causes_of_its_own() -> None:
    date = formatdate(FakeClock().now() + 3600, usegmt=True)  # the clock here has no part in it
    denied = reply(401, DENIED, {"Date": date})
    with Peer(denied) as peer, pytest.raises(SignInError, match="ready-made token has expired") as caught:
        Tenant(peer, ReadyToken("a.b.c")).client.read_all()
    assert "clock" not in str(caught.value)
    assert peer.received[0].headers["auth"] == "a.b.c"


def test_the_skew_is_kept_where_an_answer_has_no_date() -> None:
    date = formatdate(FakeClock().now() + 3, usegmt=True)
    with Peer(reply(503, b"", {"Date": date}), success([])) as peer:
        tenant = Tenant(peer)
        assert tenant.client.skew is None
        tenant.client.read_all()
    assert tenant.client.skew == 3.0


# Secrets


def echo(status: int, *, as_json: bool, redirect: bool = False) -> Step:
    """Answer with the token that was sent, and with the secret, as a spiteful server may."""

    def step(connection: object, request: object) -> None:
        assert callable(request)
        said = f"you sent {request().headers['auth']}, your secret is {SECRET}"
        body = {"status": "failed", "errors": [{"msg": said}], "message": said}
        headers = {"Location": f"https://evil.example/?{said}"} if redirect else {}
        content = json.dumps(body).encode() if as_json else said.encode()
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        answer = f"HTTP/1.1 {status} {said}\r\n{head}Content-Length: {len(content)}\r\n\r\n".encode() + content
        connection.sendall(answer)  # type: ignore[attr-defined]

    return step


LEAKS: list[tuple[str, Step]] = [
    *((f"{status} JSON", echo(status, as_json=True)) for status in (200, 401, 404, 412, 429, 500, 501)),
    *((f"{status} text", echo(status, as_json=False)) for status in (200, 401, 404, 412, 429, 500, 501)),
    ("redirect", echo(302, as_json=False, redirect=True)),
    ("hang", hang),
    ("reset", reset_after),
    ("no HTTP", raw(b"nonsense\r\n\r\n")),
    ("a list that is none", success([{"_id": SECRET}])),
]  # fmt: skip


@pytest.mark.parametrize("credentials", [APP, ReadyToken("ready-t0ken.of-this.test")], ids=["app", "ready"])
@pytest.mark.parametrize("step", [row[1] for row in LEAKS], ids=[row[0] for row in LEAKS])
def test_no_secret_in_any_error_repr_or_log(
    step: Step, credentials: Credentials, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    with Peer(step) as peer:
        tenant = Tenant(peer, credentials, patience=0.1 if step is hang else 10.0)
        for call in (tenant.client.read_all, lambda: tenant.client.read("cl-1")):
            try:
                shown.append(repr(call()))
            except RemoteError as exc:
                shown += [str(exc), repr(exc), "".join(traceback.format_exception(exc))]
        shown.append(repr(tenant.client.put("cl-1", {"name": "x"})))
        shown += [repr(tenant.client), repr(tenant.limiter), repr(credentials), *map(str, caplog.messages)]
    tokens = [part for request in peer.received for part in (request.headers["auth"], request.headers["auth"][-20:])]
    hidden = [SECRET, *tokens] if isinstance(credentials, AppCredentials) else tokens
    assert tokens
    assert [text for text in shown if any(secret in text for secret in hidden)] == []


def test_of_many_odd_records_the_first_are_named_once(caplog: pytest.LogCaptureFixture) -> None:
    with Peer(success([{"_id": f"cl-{number}", "name": None} for number in range(12)])) as peer:
        client = Tenant(peer).client
        for _ in range(2):
            client.read_all()
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(told) == 11
    assert told[-1] == "left out: 2 more lists whose records cannot be understood"
