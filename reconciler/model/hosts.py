"""Hosts as people write them, in the one form in which they are compared and called; and which are this machine."""

from __future__ import annotations

import re
from ipaddress import ip_address

_DEFAULT_PORTS = {"https": "443", "http": "80"}
_HOST = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?"
    r"(?P<name>[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?/?"
)
_WITH_PATH = re.compile(r"(https?://[a-z0-9.-]+(?::[0-9]+)?)[/?#]")  # what a browser shows


def normalise(text: str) -> str:
    """Return `https://name[:port]` in lower case; plain http, with its scheme, on loopback only.

    Raises ValueError, worded for people, for anything else: paths, queries and user names have no place in it.
    """
    host = _HOST.fullmatch(text.lower())
    whole = _WITH_PATH.match(text.lower())
    if host is None and whole:
        raise ValueError(f"must be a host name without what follows it: write {normalise(whole[1])}")
    if host is None or not _is_address(host["name"]) or int(host["port"] or "1") not in range(1, 65536):
        raise ValueError("must be a host name, with a port if it needs one, such as https://platform.kore.ai")
    scheme = host["scheme"] or "https"
    if scheme not in _DEFAULT_PORTS:
        raise ValueError(f"{scheme}:// is not supported: write https://{host['name']}")
    if scheme == "http" and not is_loopback(host["name"]):
        raise ValueError(
            f"plain http is for loopback only, because others could read the tokens: write https://{host['name']}"
        )
    port = str(int(host["port"] or _DEFAULT_PORTS[scheme]))
    return f"{scheme}://{host['name']}" + ("" if port == _DEFAULT_PORTS[scheme] else f":{port}")


def host_warning(text: str) -> str:
    """Return, for people, that a host is probably not meant; "" if it looks as usual."""
    name = text.partition("://")[2] or text
    if is_loopback(name.partition(":")[0]) and "://" not in text:
        return f"without a scheme, {text} is called over https; if it is the sandbox, write http://{text}"
    return "" if "." in name or is_loopback(name.partition(":")[0]) else f"{text} is no address as a browser shows it"


def is_loopback(name: str) -> bool:
    """Tell whether a host name or address, an IPv6 one with or without its brackets, is this machine."""
    try:
        return name == "localhost" or ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_address(name: str) -> bool:
    try:
        return not name.startswith("[") or ip_address(name.strip("[]")).version == 6
    except ValueError:
        return False
