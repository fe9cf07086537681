"""One HTTP request and its answer, or why there is none. The only importer of the HTTP library.

Each request has a connection of its own, which is closed after the answer: at 60 requests a minute that costs nothing,
and what a server or proxy sends too much, twice, too late or unasked can never be taken for the answer to the next one.
"""

from __future__ import annotations

import logging
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import httpx

from reconciler import __version__
from reconciler.api.answers import Answer, NoAnswer
from reconciler.api.cutoff import Cutoff, UnaskedError
from reconciler.errors import UsageError
from reconciler.trust import explain_tls_failure

_TLS_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")
_HEADERS = {
    "User-Agent": f"contact-list-reconciler/{__version__}",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "close",
}
_AS_THEY_CAME = "headers as they came"
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


class Http:
    """Sends requests to one host, TLS verified against the system's trust store, by the proxy of the environment.

    Plain http, which is for loopback only, goes by no proxy. No redirect is followed and no cookie kept.
    """

    def __init__(self, host: str, connect: float, read: float) -> None:
        """Talk to `host` (a URL); time out after `connect` seconds without a connection and `read` without a byte.

        Raises UsageError for proxy or TLS variables that cannot be used.
        """
        self._host = host
        self._connect = connect
        self._read = read
        try:
            self._client = httpx.Client(
                headers=_HEADERS,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
                verify=_trust(*map(os.environ.get, _TLS_VARIABLES)),
                trust_env=host.startswith("https:"),
                timeout=httpx.Timeout(read, connect=connect),
                limits=httpx.Limits(max_keepalive_connections=0),
                follow_redirects=False,
                event_hooks={"response": [_hide_location]},
            )
        except (ImportError, OSError, ValueError, httpx.InvalidURL) as exc:
            failure = type(exc).__name__  # not its words: a proxy's address may hold a password
        else:
            return
        raise UsageError(
            f"the environment's proxy or TLS settings cannot be used ({failure}): look at HTTPS_PROXY, ALL_PROXY "
            "(http:// or https:// addresses), NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR and SSLKEYLOGFILE"
        )

    def send(self, request: Request) -> Answer | NoAnswer:
        """Make one attempt; never raises for what the network or the other side does."""
        with Cutoff(self._connect + 2 * self._read, tls=self._host.startswith("https:")) as cutoff:
            try:
                came = self._exchange(request, cutoff)
            except UnaskedError as exc:
                came = NoAnswer(str(exc), landed=False)
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as exc:
                came = self._failure(exc, never_sent=cutoff.before_tls)
        if cutoff.passed:
            return NoAnswer(f"no whole answer within {cutoff.seconds:g} s", landed=not cutoff.before_tls)
        return came

    def close(self) -> None:
        """Close what is open."""
        self._client.close()

    def _exchange(self, request: Request, cutoff: Cutoff) -> Answer | NoAnswer:
        content = None if request.method == "GET" else request.body
        with self._client.stream(
            request.method,
            self._host + request.target,
            headers=request.headers,
            content=content,
            extensions={"trace": cutoff.watch},
        ) as response:
            body = bytearray()
            coding = response.headers.get("Content-Encoding", "")
            # Several around one another are unusual, and let a small answer become an enormous one.
            for chunk in response.iter_bytes() if coding and "," not in coding else response.iter_raw():
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    error = f"HTTP {response.status_code}: an answer of over {LARGEST_ANSWER // 1024**2} MiB"
                    return NoAnswer(error, landed=True, again=False)
            return Answer(response.status_code, response.extensions[_AS_THEY_CAME], bytes(body))

    def _failure(self, exc: Exception, *, never_sent: bool) -> NoAnswer:
        words = str(exc) or type(exc).__name__
        landed = not (never_sent or isinstance(exc, _NEVER_SENT))
        match exc:
            case httpx.ConnectTimeout():
                return NoAnswer(f"no connection within {self._connect:g} s", landed=False)
            case httpx.TimeoutException():
                return NoAnswer(f"no answer within {self._read:g} s", landed=landed)
            case httpx.ProxyError():
                return NoAnswer(f"the proxy made no connection: {words}", landed=False)
            case httpx.ConnectError() if explained := explain_tls_failure(self._host, _root(exc), words):
                return NoAnswer(explained, landed=False, again=False)
            case httpx.InvalidURL() | UnicodeError():
                return NoAnswer(f"no usable address: {words}", landed=False, again=False)
            case _:
                return NoAnswer(f"the connection {'broke' if landed else 'failed'}: {words}", landed=landed)


def _hide_location(response: httpx.Response) -> None:
    """Keep the address of a redirect from the library, which raises if it is none, although redirects are off."""
    response.extensions[_AS_THEY_CAME] = response.headers.copy()
    response.headers.pop("Location", None)


@lru_cache
def _trust(file: str | None, folder: str | None, _keys: str | None) -> ssl.SSLContext:
    """Return the system's trust, by the values of `_TLS_VARIABLES`; made once, since it takes longer than a request.

    OpenSSL takes an empty variable for a file without certificates; here it counts as not set.
    """
    context = ssl.create_default_context()
    system = ssl.get_default_verify_paths()
    if file == "" and Path(system.openssl_cafile).is_file():
        context.load_verify_locations(cafile=system.openssl_cafile)
    if folder == "" and Path(system.openssl_capath).is_dir():
        context.load_verify_locations(capath=system.openssl_capath)
    return context


def _root(exc: BaseException) -> BaseException:
    """Return what first went wrong."""
    while (cause := exc.__cause__ or exc.__context__) is not None:
        exc = cause
    return exc
