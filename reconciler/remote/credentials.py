"""Credentials and pins from environment variables, `KORE_…` or the prefix that the manifest names.

    KORE_CLIENT_ID, KORE_CLIENT_SECRET      a JWT app, with KORE_JWT_ALGORITHM and KORE_JWT_SUBJECT where they differ
    KORE_TOKEN                              or a ready-made JWT
    KORE_HOST, KORE_ACCOUNT_ID, KORE_STREAM_ID      pins: the only target that the credentials may be used for

Each may instead be `…_FILE`, naming a file that holds it. A credential that is set but empty counts as not set, as
pipelines leave it where a secret is missing; a pin that is set but empty pins nothing by mistake, so it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from reconciler.errors import PinError, UsageError
from reconciler.model.lists import Target

Algorithm: TypeAlias = Literal["HS256", "HS512"]
DEFAULT_SUBJECT = "contact-list-reconciler"
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}


@dataclass(frozen=True, slots=True)
class AppCredentials:
    """A JWT app, with which a token is made for every request."""

    client_id: str
    client_secret: str = field(repr=False)
    algorithm: Algorithm = "HS256"
    subject: str = DEFAULT_SUBJECT


@dataclass(frozen=True, slots=True)
class ReadyToken:
    """A token made elsewhere, sent as it is."""

    token: str = field(repr=False)


Credentials: TypeAlias = AppCredentials | ReadyToken


def from_variables(prefix: str, variables: Mapping[str, str]) -> Credentials:
    """Return the credentials that the variables of `prefix` hold.

    Raises UsageError that names every missing, conflicting or unusable variable, and never a value.
    """
    read = _Variables(prefix, variables)
    credentials = _ready_token(read) if read.has("TOKEN") else _app_credentials(read)
    if not read.problems:
        return credentials
    raise UsageError(
        f"no usable credentials in the environment: {'; '.join(read.problems)}. Set {prefix}_CLIENT_ID and "
        f"{prefix}_CLIENT_SECRET, or {prefix}_TOKEN; each may be …_FILE, naming a file that holds it"
    )


def check_pins(prefix: str, variables: Mapping[str, str], target: Target) -> None:
    """Raise PinError where a pin that is set is not the manifest's `target`, UsageError for unreadable ones."""
    read = _Variables(prefix, variables)
    pins = {
        "HOST": (read.value("HOST"), target.host),
        "ACCOUNT_ID": (read.value("ACCOUNT_ID"), target.account_id),
        "STREAM_ID": (read.value("STREAM_ID"), target.stream_id),
    }
    if read.problems:
        raise UsageError(f"unusable pins in the environment: {'; '.join(read.problems)}")
    wrong = [
        f"{prefix}_{name} pins {pin!r}, the manifest says {declared!r}"
        for name, (pin, declared) in pins.items()
        if pin is not None and not _same(name, pin, declared)
    ]
    if wrong:
        raise PinError(
            f"the manifest's target is not the one pinned in the environment: {'; '.join(wrong)}. Nothing was sent and "
            "no token was made. Look at who changed the manifest; if it is right, change the pin where it is set"
        )


def _ready_token(read: _Variables) -> ReadyToken:
    token = read.filled("TOKEN")
    also = [f"{read.prefix}_{name}" for name in ("CLIENT_ID", "CLIENT_SECRET") if read.has(name)]
    if also:
        read.problems.append(f"{read.prefix}_TOKEN and {' and '.join(also)} are set: keep one way to sign in")
    if not re.fullmatch(r"[\w.~+/=-]*", token, re.ASCII):
        read.problems.append(f"{read.prefix}_TOKEN holds what no JWT has: give it bare, without `Bearer` or quotes")
    return ReadyToken(token)


def _app_credentials(read: _Variables) -> AppCredentials:
    missing = [name for name in ("CLIENT_ID", "CLIENT_SECRET") if not read.has(name)]
    read.problems.extend(f"{read.prefix}_{name} is not set" for name in missing)
    client_id, secret, subject = read.filled("CLIENT_ID"), read.filled("CLIENT_SECRET"), read.filled("JWT_SUBJECT")
    algorithm = read.filled("JWT_ALGORITHM")
    if algorithm not in {"", "HS256", "HS512"}:
        read.problems.append(f"{read.prefix}_JWT_ALGORITHM is neither HS256 nor HS512")
    return AppCredentials(client_id, secret, "HS512" if algorithm == "HS512" else "HS256", subject or DEFAULT_SUBJECT)


class _Variables:
    """The variables of one prefix; what is wrong with them gathers in `problems`."""

    def __init__(self, prefix: str, variables: Mapping[str, str]) -> None:
        self.prefix = prefix
        self.problems: list[str] = []
        self._variables = variables

    def has(self, name: str) -> bool:
        """Tell whether `name` or its `_FILE` is set to anything."""
        return any(self._variables.get(f"{self.prefix}_{form}") for form in (name, f"{name}_FILE"))

    def filled(self, name: str) -> str:
        """Return what `name` or its file holds, "" where neither is set to anything; an empty file is a problem."""
        set_to = {variable: text for variable, text in self._variables.items() if text}
        text = self._one(f"{self.prefix}_{name}", set_to)
        if text == "":
            self.problems.append(f"{self.prefix}_{name}_FILE names an empty file")
        return text or ""

    def value(self, name: str) -> str | None:
        """Return what `name` or its file holds, also where that is empty; None where neither is set."""
        return self._one(f"{self.prefix}_{name}", self._variables)

    def _one(self, variable: str, variables: Mapping[str, str]) -> str | None:
        text, file = variables.get(variable), variables.get(f"{variable}_FILE")
        if text is not None and file is not None:
            self.problems.append(f"{variable} and {variable}_FILE are both set: unset one")
            return None
        if file is not None:
            return self._content(f"{variable}_FILE", file)
        if text is not None and not _is_unicode(text):
            self.problems.append(f"{variable} is not UTF-8 text")
            return None
        return text

    def _content(self, variable: str, path: str) -> str | None:
        try:
            return Path(path).read_bytes().decode().removesuffix("\n").removesuffix("\r")
        except OSError as exc:
            # The path is not shown: somebody may have put the secret itself there.
            self.problems.append(f"{variable} names a file that cannot be read: {exc.strerror}")
        except UnicodeDecodeError:
            self.problems.append(f"{variable} names a file that is not UTF-8 text")
        return None


def _is_unicode(text: str) -> bool:
    """Tell whether `text` can be sent: bytes that are no UTF-8 come out of the environment as lone surrogates."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _same(name: str, pin: str, declared: str) -> bool:
    if name != "HOST":
        return pin == declared
    scheme = declared.partition("://")[0]
    return _normal(pin if "://" in pin else f"{scheme}://{pin}") == _normal(declared)


def _normal(host: str) -> str:
    scheme, _, rest = host.partition("://")
    place, slash, path = rest.rstrip("/").partition("/")
    port = _DEFAULT_PORTS.get(scheme.lower(), "")
    return f"{scheme.lower()}://{place.lower().removesuffix(port)}{slash}{path}"
