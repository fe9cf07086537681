"""One HTTP request and its answer, or why there is none. The only importer of the HTTP library.

A connection serves the next request, too, where that comes soon: servers keep an idle one for longer (2 s and more are
usual). Should one be closed just as a PUT goes out on it, that PUT may have arrived: it is in doubt.
"""

from __future__ import annotations

import logging
import os
import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from socket import socket
from urllib.request import getproxies, proxy_bypass

import httpx

from reconciler import __version__
from reconciler.errors import UsageError
from reconciler.remote.answers import Answer, NoAnswer
from reconciler.remote.cutoff import Cutoff

_IDLE = 1.5  # seconds
_TLS_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")
_HEADERS = {
    "User-Agent": f"contact-list-reconciler/{__version__}",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
}
LARGEST_ANSWER = 64 * 1024 * 1024
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)

# What the library logs holds the reason phrases and headers of answers, in which a server may echo a token.
for _name in (httpx.__name__, httpx.__name__.replace("httpx", "httpcore")):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent: `target` is path and query, percent-encoded; the values in `headers` may be secret."""

    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = b""


class Wire:
    """Sends requests, TLS verified against the system's trust store, through the proxy that the environment names.

    By the library's transport, not its client: nothing is taken from netrc, no redirect followed, no cookie kept.
    """

    def __init__(self, host: str, connect: float, read: float) -> None:
        """Talk to `host` (a URL); time out after `connect` seconds without a connection and `read` without a byte.

        Raises UsageError for proxy or TLS variables that cannot be used.
        """
        self._host = host
        self._connect = connect
        self._read = read
        self._timeout = httpx.Timeout(read, connect=connect).as_dict()
        self._socket: socket | None = None
        try:
            self._transport = httpx.HTTPTransport(
                verify=_trust(*map(os.environ.get, _TLS_VARIABLES)),
                limits=httpx.Limits(max_keepalive_connections=1, keepalive_expiry=_IDLE),
                proxy=(proxy := _proxy(host)),
            )
            self._direct = proxy is None
            self._tunnels = proxy is not None and host.startswith("https:")  # begins TLS once the proxy has connected
        except (ImportError, OSError, ValueError, httpx.InvalidURL) as exc:
            failure = type(exc).__name__  # not its words: a proxy's address may hold a password
        else:
            return
        raise UsageError(
            f"the environment's proxy or TLS settings cannot be used ({failure}): look at HTTPS_PROXY, HTTP_PROXY, "
            "ALL_PROXY (http:// or https:// addresses), NO_PROXY and SSLKEYLOGFILE"
        )

    def send(self, request: Request) -> Answer | NoAnswer:
        """Make one attempt; never raises for what the network or the other side does."""
        with Cutoff(self._connect + 2 * self._read, self._socket) as cutoff:
            try:
                came = self._exchange(request, cutoff)
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as exc:
                came = self._failure(exc, never_sent=self._tunnels and cutoff.bare)
        self._socket = cutoff.socket
        if cutoff.passed:
            landed = not (self._tunnels and cutoff.bare)
            return NoAnswer(f"no whole answer within {cutoff.seconds:g} s", landed=landed)
        return came

    def close(self) -> None:
        """Close what is open."""
        self._transport.close()

    def _exchange(self, request: Request, cutoff: Cutoff) -> Answer | NoAnswer:
        url: httpx.URL | str = self._host + request.target
        extensions: dict[str, object] = {"timeout": self._timeout, "trace": cutoff.watch}
        if self._direct:  # spares parsing each address; a proxy would be given the target in its CONNECT, too
            url, extensions["target"] = _parsed(self._host), request.target.encode()
        headers = _common(self._host).copy()
        headers.update(request.headers)
        if request.method != "GET":
            headers["Content-Length"] = str(len(request.body))
        stream = httpx.ByteStream(request.body)
        response = self._transport.handle_request(
            httpx.Request(request.method, url, headers=headers, stream=stream, extensions=extensions)
        )
        with closing(response):
            body = bytearray()
            coding = response.headers.get("Content-Encoding", "")
            # Several, one around the other, are nobody's custom, and let a small answer become an enormous one.
            for chunk in response.iter_bytes() if coding and "," not in coding else response.iter_raw():
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    error = f"HTTP {response.status_code}: an answer of over {LARGEST_ANSWER // 1024**2} MiB"
                    return NoAnswer(error, landed=True, again=False)
            return Answer(response.status_code, response.headers, bytes(body))

    def _failure(self, exc: Exception, *, never_sent: bool) -> NoAnswer:
        words = str(exc) or type(exc).__name__
        match exc:
            case httpx.ConnectTimeout():
                return NoAnswer(f"no connection within {self._connect:g} s", landed=False)
            case httpx.TimeoutException():
                landed = not (never_sent or isinstance(exc, _NEVER_SENT))
                return NoAnswer(f"no answer within {self._read:g} s", landed=landed)
            case httpx.ProxyError():
                return NoAnswer(f"the proxy made no connection: {words}", landed=False)
            case httpx.ConnectError() if isinstance(_root(exc), ssl.SSLCertVerificationError):
                error = (
                    f"the server's certificate is not trusted: {words}. Where your organisation has a CA of its own, "
                    "name its file in SSL_CERT_FILE; else this may not be the server that it says it is"
                )
                return NoAnswer(error, landed=False, again=False)
            case httpx.InvalidURL() | UnicodeError():
                return NoAnswer(f"no usable address: {words}", landed=False, again=False)
            case _:
                landed = not (never_sent or isinstance(exc, _NEVER_SENT))
                return NoAnswer(f"the connection {'broke' if landed else 'failed'}: {words}", landed=landed)


def _proxy(host: str) -> httpx.Proxy | None:
    """Return the proxy on the way to `host` by HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY."""
    try:
        url = _parsed(host)
    except httpx.InvalidURL:  # each request will say so
        return None
    known = getproxies()
    found = known.get(url.scheme) or known.get("all")
    none = "*" in map(str.strip, known.get("no", "").split(","))
    if not found or none or proxy_bypass(url.host) or proxy_bypass(url.netloc.decode()):
        return None
    return httpx.Proxy(found if "://" in found else f"http://{found}")


@lru_cache
def _parsed(host: str) -> httpx.URL:
    return httpx.URL(host)


@lru_cache
def _common(host: str) -> httpx.Headers:
    """Return the headers that all requests share."""
    return httpx.Headers({"Host": _parsed(host).netloc.decode(), **_HEADERS})


@lru_cache
def _trust(*_variables: str | None) -> ssl.SSLContext:
    """Return the system's trust, by the values of `_TLS_VARIABLES`; made once, since it takes longer than a request."""
    return ssl.create_default_context()


def _root(exc: BaseException) -> BaseException:
    """Return what first went wrong."""
    while (cause := exc.__cause__ or exc.__context__) is not None:
        exc = cause
    return exc
