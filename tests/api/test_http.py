"""One request over a real socket: what goes out, what comes back, and what each fault of the network is."""

from __future__ import annotations

import gzip
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path

import pytest
import trustme

from reconciler.api.answers import Answer, NoAnswer
from reconciler.api.cutoff import Cutoff
from reconciler.api.http import LARGEST_ANSWER, Http, Request
from reconciler.errors import UsageError
from tests.api.peer import (
    PATIENCE,
    Peer,
    Step,
    closed_when_idle,
    drip,
    hang,
    raw,
    reply,
    reset_after,
    reset_before,
    speak_first,
)
from tests.program import UNMEASURED

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def send(url: str, *, connect: float = 10.0, read: float = 10.0, body: bytes = b"{}") -> Answer | NoAnswer:
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    with closing(Http(f"{scheme}://{host}", connect, read)) as http:
        return http.send(Request("PUT", f"/{path}?accountId=a%26b", {"auth": "t0ken"}, body))


def failed(url: str, *, connect: float = 10.0, read: float = 10.0) -> NoAnswer:
    came = send(url, connect=connect, read=read)
    assert isinstance(came, NoAnswer)
    return came


def test_a_request_and_its_answer() -> None:
    with Peer(reply(418, b"tea", {"X-Some": "Thing"})) as peer:
        came = send(f"{peer.url}/a%2Fb/c")
    assert came == Answer(418, {"content-length": "3", "connection": "close", "x-some": "Thing"}, b"tea")
    (request,) = peer.received
    assert (request.method, request.target, request.body) == ("PUT", "/a%2Fb/c?accountId=a%26b", b"{}")
    assert request.headers["auth"] == "t0ken"
    assert request.headers["Host"] == peer.url.removeprefix("http://")
    assert request.headers["Content-Length"] == "2"
    assert request.headers["User-Agent"].startswith("contact-list-reconciler/")
    assert not {name.lower() for name in request.headers} & {"authorization", "cookie", "content-type"}


def test_a_request_without_a_body_says_so() -> None:
    with Peer(reply(200)) as peer:
        send(peer.url, body=b"")
    assert peer.received[0].body == b""
    assert "Content-Type" not in peer.received[0].headers
    assert peer.received[0].headers["Content-Length"] == "0"


@pytest.mark.parametrize("codings", ["gzip, gzip", "gzip,identity"])
def test_an_answer_that_is_compressed_twice_is_left_as_it_is(codings: str) -> None:
    """It may be enormous within: no JSON, it leaves the PUT in doubt."""
    packed = gzip.compress(gzip.compress(bytes(1_000_000)))
    with Peer(reply(200, packed, {"Content-Encoding": codings})) as peer:
        came = send(peer.url)
    assert isinstance(came, Answer)
    assert came.body == packed


def test_a_read_has_no_body_and_no_length() -> None:
    with Peer(reply(200)) as peer, closing(Http(peer.url, 10.0, 10.0)) as http:
        http.send(Request("GET", "/", {}))
    assert not {"content-length", "transfer-encoding"} & {name.lower() for name in peer.received[0].headers}


def test_a_compressed_answer() -> None:
    with Peer(reply(200, gzip.compress(b"tea"), {"Content-Encoding": "gzip"})) as peer:
        came = send(peer.url)
    assert isinstance(came, Answer)
    assert came.body == b"tea"


def whole(body: bytes) -> bytes:
    """Return an answer that lets the connection live on."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def late(answer: bytes, more: bytes) -> Step:
    """Answer, and send more a little later."""

    def step(connection: socket.socket, request: Callable[[], object]) -> None:
        request()
        connection.sendall(answer)
        time.sleep(0.1)
        connection.sendall(more)

    return step


TOO_MUCH: dict[str, Step] = {
    "a copy": raw(whole(b"1") * 2),
    "a hundred copies": raw(whole(b"1") * 100),
    "a copy that is cut": raw(whole(b"1") + whole(b"1")[:20]),
    "a late copy": late(whole(b"1"), whole(b"1")),
    "a byte": raw(whole(b"1") + b"x"),
    "an early hint": raw(b"HTTP/1.1 103 Early Hints\r\n\r\n" + whole(b"1") * 2),
}


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("step", TOO_MUCH.values(), ids=list(TOO_MUCH))
def test_what_is_sent_too_much_is_no_answer_to_the_next_request(
    step: Step, secure: bool, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    tls = serving(authority) if secure else None
    with Peer(step, raw(whole(b"2")), tls=tls) as peer, closing(Http(peer.url, 10.0, 10.0)) as http:
        bodies = [came.body for _ in range(2) if isinstance(came := http.send(Request("GET", "/", {})), Answer)]
    assert bodies == [b"1", b"2"]
    assert peer.connections == 2
    assert all(received.headers["Connection"] == "close" for received in peer.received)


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("words", [whole(b"{}"), whole(b"{}")[:9], b"SSH-2.0-OpenSSH\r\n"])
def test_what_comes_before_the_request_is_no_answer_to_it(
    words: bytes, secure: bool, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client waits after connecting, as one on a slow machine would, until the words are there."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    trace, spoken = Cutoff.watch, threading.Event()

    def wait_first(cutoff: Cutoff, event: str, info: Mapping[str, object]) -> None:
        if event.endswith("send_request_headers.started"):
            assert spoken.wait(10)
            time.sleep(0.1)
        trace(cutoff, event, info)

    monkeypatch.setattr(Cutoff, "watch", wait_first)
    with Peer(speak_first(words, spoken), tls=serving(authority) if secure else None) as peer:
        came = send(peer.url)
    assert came == NoAnswer("the server spoke before it was asked, so nothing was sent", landed=False)


def test_a_server_that_hangs_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with Peer(closed_when_idle) as peer:
        came = send(peer.url)
    assert isinstance(came, NoAnswer)


def test_no_cookie_is_kept() -> None:
    with (
        Peer(reply(200, headers={"Set-Cookie": "a=b; Path=/"})) as peer,
        closing(Http(peer.url, 10.0, 10.0)) as http,
    ):
        for _ in range(2):
            http.send(Request("GET", "/", {}))
    assert not any("cookie" in map(str.lower, received.headers) for received in peer.received)


def test_a_login_in_netrc_goes_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password s3cr3t\ndefault login me password s3cr3t\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "netrc").rename(tmp_path / ".netrc")
    with Peer(reply(200)) as peer:
        send(peer.url)
    assert "authorization" not in {name.lower() for name in peer.received[0].headers}


def test_a_redirect_is_not_followed() -> None:
    with Peer(reply(200)) as elsewhere, Peer(reply(307, b"", {"Location": elsewhere.url})) as peer:
        came = send(peer.url)
    assert isinstance(came, Answer)
    assert came.status == 307
    assert elsewhere.connections == 0


NOT_ADDRESSES = [
    "http://x/\x1b[31m",
    "http://[",
    "http://x:99999/",
    "https://\u00ad/",
    "//",
    "mailto:",
    "",
    "x" * 70_000,
]


@pytest.mark.parametrize("location", NOT_ADDRESSES)
@pytest.mark.parametrize("status", [301, 303, 307, 308])
def test_a_redirect_is_one_wherever_it_leads(status: int, location: str) -> None:
    with Peer(reply(status, b"moved", {"Location": location})) as peer:
        came = send(peer.url)
    assert isinstance(came, Answer)
    assert (came.status, came.headers["location"], came.body) == (status, location, b"moved")


def test_an_ipv6_server() -> None:
    try:
        peer = Peer(reply(200, b"six"), host="::1")
    except OSError:
        pytest.skip("no IPv6 here")
    with peer:
        came = send(peer.url)
    assert isinstance(came, Answer)
    assert came.body == b"six"


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
FAULTS: list[tuple[str, Step, str, bool, bool]] = [
    ("reset before", reset_before, "the connection broke: ", True, True),
    ("reset after", reset_after, "the connection broke: ", True, True),
    ("closed after", raw(b""), "the connection broke: Server disconnected", True, True),
    ("hang", hang, "no answer within 0.3 s", True, True),
    ("no HTTP", raw(b"SSH-2.0-OpenSSH\r\n\r\n"), "the connection broke: ", True, True),
    ("cut head", raw(b"HTTP/1.1 200 OK\r\nContent-"), "the connection broke: ", True, True),
    ("cut body", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), "the connection broke: ", True, True),
    ("cut chunk", raw(CHUNKED + b"9\r\n{"), "the connection broke: ", True, True),
    ("broken gzip", reply(200, b"tea", {"Content-Encoding": "gzip"}), "the connection broke: ", True, True),
    ("dripping body", drip(b"HTTP/1.1 200 OK\r\n\r\n"), "no whole answer within 2.5 s", True, True),
    ("dripping head", drip(b"HTTP/1.1 200 OK\r\nX-Drip: "), "no whole answer within 2.5 s", True, True),
    ("too large", reply(200, bytes(LARGEST_ANSWER + 1)), "HTTP 200: an answer of over 64 MiB", True, False),
]  # fmt: skip
SECONDS = {"no answer within 0.3 s": (10.0, 0.3), "no whole answer within 2.5 s": (0.5, 1.0)}  # to connect, to read


@pytest.mark.parametrize(
    ("step", "error", "landed", "again"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
)
def test_a_fault_after_connecting(step: Step, error: str, landed: bool, again: bool) -> None:
    with Peer(step) as peer:
        connect, read = SECONDS.get(error, (10.0, 10.0))
        came = failed(peer.url, connect=connect, read=read)
    assert came.error.startswith(error)
    assert (came.landed, came.again) == (landed, again)


def test_time_that_is_up_before_there_is_a_connection() -> None:
    with Cutoff(0.01) as cutoff:
        time.sleep(0.1)
    assert cutoff.passed


def test_the_largest_answer_is_taken() -> None:
    with Peer(reply(200, bytes(LARGEST_ANSWER))) as peer:
        came = send(peer.url, read=10.0)
    assert isinstance(came, Answer)
    assert len(came.body) == LARGEST_ANSWER


def test_no_thread_is_left_behind() -> None:
    before = threading.active_count()
    with Peer(reply(200)) as peer:
        for _ in range(5):
            assert isinstance(send(peer.url), Answer)
    until = time.monotonic() + 30
    while threading.active_count() > before:
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def full_queue() -> Iterator[str]:
    """A port whose queue of connections is full: further ones are not answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = []
        for _ in range(8):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
            waiting.append(one)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for one in waiting:
            one.close()


def test_no_connection_in_time(full_queue: str) -> None:
    assert failed(full_queue, connect=0.2) == NoAnswer("no connection within 0.2 s", landed=False)


def test_a_refused_connection() -> None:
    with socket.socket() as deaf:  # it has the port, so that no other process gets it, and does not listen
        deaf.bind(("127.0.0.1", 0))
        came = failed(f"http://127.0.0.1:{deaf.getsockname()[1]}")
    assert came == NoAnswer("the connection failed: [Errno 111] Connection refused", landed=False) or (
        came.error.startswith("the connection failed:") and not came.landed and came.again
    )


ADDRESSES: list[tuple[str, bool]] = [
    ("http://nowhere.invalid", True),
    (f"http://{'x' * 64}.invalid", False),
    ("http://[::1", False),
    ("gopher://127.0.0.1", True),
]


@pytest.mark.parametrize(("url", "again"), ADDRESSES)
def test_an_address_that_leads_nowhere(url: str, again: bool) -> None:
    came = failed(url)
    assert not came.landed
    assert came.again is again


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def serving(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def test_a_server_of_an_unknown_authority_is_refused_with_the_way_out(authority: trustme.CA) -> None:
    with Peer(reply(200), tls=serving(authority)) as peer:
        came = failed(peer.url)
    assert came.error.startswith("the server's certificate is not trusted: ")
    assert "SSL_CERT_FILE" in came.error
    assert (came.landed, came.again, peer.received) == (False, False, [])


def test_an_empty_tls_variable_counts_as_not_set() -> None:
    trusted = (
        "from contextlib import closing; from reconciler.api.http import Http\n"
        "import gc, ssl\n"
        "with closing(Http('https://127.0.0.1', 1.0, 1.0)):\n"
        "    print(max(each.cert_store_stats()['x509']"
        "    for each in gc.get_objects() if isinstance(each, ssl.SSLContext)))"
    )
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")
    unset = {name: value for name, value in os.environ.items() if name not in names}
    counts = [
        subprocess.check_output([sys.executable, "-c", trusted], env={**unset, **empty}, text=True)
        for empty in ({}, dict.fromkeys(names, ""), {"SSL_CERT_FILE": ""}, {"SSL_CERT_DIR": ""})
    ]
    assert len(set(counts)) == 1


def test_an_authority_from_ssl_cert_file(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with Peer(reply(200, b"safe"), tls=serving(authority)) as peer:
        came = send(peer.url)
    assert isinstance(came, Answer)
    assert came.body == b"safe"


def test_a_certificate_of_another_name_is_refused(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with Peer(reply(200), tls=serving(authority, "elsewhere.example")) as peer:
        came = failed(peer.url)
    assert "not trusted" in came.error
    assert peer.received == []


def test_no_tls_where_tls_is_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    with Peer(*[speak_first(b"HTTP/1.1 400 Bad Request\r\n\r\n")] * 2) as peer:
        came = failed(peer.url.replace("http:", "https:"))
        said = f"what answers at {peer.url.replace('http:', 'https:')} does not speak TLS ("
        assert came.error.startswith(said)
        assert came.error.endswith("correct the host or its port in the manifest (http:// is for this machine only)")
        assert (came.landed, came.again) == (False, False)
        monkeypatch.setenv("https_proxy", peer.url.replace("http:", "https:"))
        came = failed("https://api.example")
    assert came.error.endswith(", or write http:// in https_proxy if the proxy wants that")


def test_a_dripping_answer_over_tls_is_cut_off(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with Peer(drip(b"HTTP/1.1 200 OK\r\n\r\n"), tls=serving(authority)) as peer:
        started = time.monotonic()
        came = failed(peer.url, connect=1.0, read=1.0)
        took = time.monotonic() - started
    assert came == NoAnswer("no whole answer within 3 s", landed=True)
    assert took < PATIENCE - 1


# Proxies from the environment


def tunnel(connection: socket.socket, request: Callable[[], object]) -> None:
    """Be a proxy: CONNECT to where the client says."""
    first = b""
    while not first.endswith(b"\r\n\r\n"):
        first += connection.recv(1)
    host, port = first.split(b" ")[1].decode().rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=5) as target:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=_copy, args=(target, connection))
        back.start()
        _copy(connection, target)
        back.join(5)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while came := source.recv(65536):
            sink.sendall(came)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def test_https_goes_through_the_proxy(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with Peer(reply(200, b"far"), tls=serving(authority)) as peer, Peer(tunnel) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        came = send(peer.url)
    assert isinstance(came, Answer)
    assert (came.body, proxy.connections, peer.connections) == (b"far", 1, 1)


@pytest.mark.parametrize("variable", PROXY_VARIABLES[:3])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_plain_http_goes_through_no_proxy(monkeypatch: pytest.MonkeyPatch, variable: str, host: str) -> None:
    with Peer(reply(200, b"direct")) as peer, Peer(reply(200, b"proxy")) as proxy:
        monkeypatch.setenv(variable, proxy.url)
        monkeypatch.setenv(variable.lower(), proxy.url)
        came = send(peer.url.replace("127.0.0.1", host))
    assert isinstance(came, Answer)
    assert (came.body, proxy.connections) == (b"direct", 0)


@pytest.mark.parametrize(
    ("excepted", "proxied"),
    [("127.0.0.1", 0), ("*", 0), ("x.example, 127.0.0.1", 0), ("x.example,27.0.0.1", 1), ("", 1)],
)
def test_no_proxy_is_obeyed(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, excepted: str, proxied: int
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with Peer(reply(200, b"far"), tls=serving(authority)) as peer, Peer(tunnel) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url.removeprefix("http://"))
        monkeypatch.setenv("NO_PROXY", excepted)
        came = send(peer.url)
    assert isinstance(came, Answer)
    assert (came.body, proxy.connections, peer.connections) == (b"far", proxied, 1)


def test_a_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with Peer(reply(407, b"who are you")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", "//me:s3cr3t@"))
        came = failed("https://127.0.0.1:1/")
    assert came == NoAnswer("the proxy made no connection: 407 Whatever", landed=False)


@pytest.mark.parametrize("step", [hang, drip(b"HTTP/1.1 200"), raw(b"nonsense\r\n\r\n"), raw(b""), reset_after])
def test_before_the_proxy_has_connected_nothing_was_sent(monkeypatch: pytest.MonkeyPatch, step: Step) -> None:
    with Peer(step) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        came = failed("https://127.0.0.1:1/", connect=0.3, read=0.3)
    assert not came.landed


def test_once_it_has_what_breaks_may_have_landed(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with Peer(reset_after, tls=serving(authority)) as peer, Peer(tunnel) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert failed(peer.url).landed


@pytest.mark.parametrize("proxy", ["gopher://me:s3cr3t@x", "socks5://me:s3cr3t@x", "http://me:s3cr3t@x:port"])
def test_a_proxy_that_cannot_be_meant(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(UsageError, match="proxy or TLS settings cannot be used") as caught:
        Http("https://x.example", 1.0, 1.0)
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.__context__ is None


def test_only_this_module_imports_the_library() -> None:
    code = "import sys, reconciler.api.answers, reconciler.api.rate_limit; sys.exit('httpx' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env=UNMEASURED, timeout=120)
