"""Words for a TLS that fails: the API's, or an object store's, whose certificate is not trusted; or none at all."""

from __future__ import annotations

import os
import ssl

_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")
"""What OpenSSL, by its version, calls an answer that is not of TLS."""


def explain_tls_failure(host: str, failure: BaseException, words: str) -> str:
    """Say why there is no TLS with `host`, and what to do; "" if `failure`, with these `words`, is none of TLS."""
    if isinstance(failure, ssl.SSLCertVerificationError):
        return explain_untrusted(words)
    if not isinstance(failure, ssl.SSLError) or failure.reason not in _NO_TLS:
        return ""
    names = [name for each in ("HTTPS_PROXY", "ALL_PROXY") for name in (each, each.lower())]
    proxies = [name for name in names if os.environ.get(name, "").startswith("https:")]
    proxy = f", or write http:// in {' and '.join(proxies)} if the proxy wants that" if proxies else ""
    return (
        f"what answers at {host} does not speak TLS ({failure.reason}): correct the host or its port in the manifest "
        f"(http:// is for this machine only){proxy}"
    )


def explain_untrusted(words: str) -> str:
    """Say that a server's certificate is not trusted, and what to do, which depends on the variables that are set."""
    named = [name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)]
    if not named:
        way_out = "If your organisation has a CA of its own, name its file in SSL_CERT_FILE"
    else:
        way_out = (
            f"{' and '.join(named)} of the environment, which replaces the system's trust store, does not hold the CA "
            "of this server, or cannot be read: correct it, or unset it to use the system's"
        )
    last = "Else this may not be the server that it says it is"
    return f"the server's certificate is not trusted: {words}. {way_out}. {last}"
