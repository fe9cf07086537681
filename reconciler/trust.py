"""Words for a server whose certificate is not trusted: of the API, or of an object store."""

from __future__ import annotations

import os


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
