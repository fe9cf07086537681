"""Credentials and pins from environment variables, `KORE_…` or the prefix that the manifest names.

    KORE_CLIENT_ID, KORE_CLIENT_SECRET      a JWT app, with KORE_JWT_ALGORITHM and KORE_JWT_SUBJECT if they differ
    KORE_TOKEN                              or a ready-made JWT
    KORE_HOST, KORE_ACCOUNT_ID, KORE_STREAM_ID      pins: the only target that the credentials may be used for

Each may instead be `…_FILE`, naming a file or a pipe (`<(…)`) that holds it. A credential that is set but empty counts
as not set, as pipelines leave it where a secret is missing; a pin that is set but empty pins nothing by mistake, so it
is refused.

One line break at the end is dropped. What else comes of pasting (a blank, quotes, a line break, a
byte order mark) is reported, since the API would only say that the sign-in is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Literal, TypeAlias

from reconciler.errors import PinError, UsageError
from reconciler.files import is_pipe, read
from reconciler.model.hosts import normalise
from reconciler.model.lists import Target
from reconciler.model.texts import mark_difference

Algorithm: TypeAlias = Literal["HS256", "HS512"]
DEFAULT_SUBJECT = "contact-list-reconciler"
_MOST = 64 * 1024  # bytes of a file
_SECONDS = 5.0  # for a pipe
_QUOTES = ("''", '""', "``", "\u2018\u2019", "\u201c\u201d", "\u201e\u201c", "\u201e\u201d", "\u00ab\u00bb")


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
        f"no usable credentials in the environment: {'; '.join(read.problems)}. Export {prefix}_CLIENT_ID and "
        f"{prefix}_CLIENT_SECRET, those of the JWT app; other ways, such as files, are in docs/variables.md"
    )


def check_pins(prefix: str, variables: Mapping[str, str], target: Target) -> None:
    """Raise PinError if a pin that is set is not the manifest's `target`, UsageError for unreadable ones."""
    read = _Variables(prefix, variables)
    pins = {
        "HOST": (read.value("HOST"), target.host),
        "ACCOUNT_ID": (read.value("ACCOUNT_ID"), target.account_id),
        "STREAM_ID": (read.value("STREAM_ID"), target.stream_id),
    }
    if read.problems:
        raise UsageError(f"unusable pins in the environment: {'; '.join(read.problems)}")
    wrong = [
        f"{prefix}_{name} pins {pin!r}, the manifest says {declared!r}{mark_difference(pin, declared)}"
        for name, (pin, declared) in pins.items()
        if pin is not None and not _is_same(name, pin, declared)
    ]
    if wrong:
        raise PinError(
            f"the manifest's target is not the one pinned in the environment: {'; '.join(wrong)}. Nothing was sent and "
            "no token was made. Look at who changed the manifest; if it is right, change the pin where it is set"
        )


def _ready_token(read: _Variables) -> ReadyToken:
    token = read.value_of("TOKEN")
    also = [f"{read.prefix}_{name}" for name in ("CLIENT_ID", "CLIENT_SECRET") if read.has(name)]
    if also:
        read.problems.append(f"{read.prefix}_TOKEN and {' and '.join(also)} are set: keep one way to sign in")
    if not re.fullmatch(r"[\w.~+/=-]*", token, re.ASCII):
        read.problems.append(f"{read.prefix}_TOKEN holds what no JWT has: give it bare, without `Bearer` or quotes")
    return ReadyToken(token)


def _app_credentials(read: _Variables) -> AppCredentials:
    missing = [name for name in ("CLIENT_ID", "CLIENT_SECRET") if not read.has(name)]
    read.problems.extend(f"{read.prefix}_{name} is not set" for name in missing)
    client_id, secret, subject = (
        read.value_of("CLIENT_ID"),
        read.value_of("CLIENT_SECRET"),
        read.value_of("JWT_SUBJECT"),
    )
    if secret.startswith("cs-") and not client_id.startswith("cs-"):
        read.problems.append(
            f"{read.prefix}_CLIENT_ID and {read.prefix}_CLIENT_SECRET are swapped: the client id begins with cs-"
        )
    algorithm = read.value_of("JWT_ALGORITHM")
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

    def value_of(self, name: str) -> str:
        """Return what `name` or its file holds, "" if neither is set to anything; nothing but that is a problem."""
        variable = f"{self.prefix}_{name}"
        text, file = self._variables.get(variable) or None, self._variables.get(f"{variable}_FILE") or None
        held = self._one(variable, text, file)
        if held == "":
            problem = f"{variable}_FILE names an empty file" if file else f"{variable} holds nothing but a line break"
            self.problems.append(problem)
        return held or ""

    def value(self, name: str) -> str | None:
        """Return what `name` or its file holds, also if that is empty; None if neither is set.

        An empty name of a file counts as not set where `name` is set, and else as an empty value.
        """
        variable = f"{self.prefix}_{name}"
        text, file = self._variables.get(variable), self._variables.get(f"{variable}_FILE")
        return self._one(variable, text or "", None) if file == "" else self._one(variable, text, file)

    def _one(self, variable: str, text: str | None, file: str | None) -> str | None:
        if text is not None and file is not None:
            self.problems.append(f"{variable} and {variable}_FILE are both set: unset one")
            return None
        if file is not None:
            text = self._content(f"{variable}_FILE", file)
        if text is None:
            return None
        text = text.removesuffix("\n").removesuffix("\r")
        if fault := _fault(text):
            self.problems.append(f"{variable}_FILE names a file that {fault}" if file else f"{variable} {fault}")
            return None
        return text

    def _content(self, variable: str, path: str) -> str | None:
        try:
            return _read(path).decode()
        except OSError as exc:
            # The path is not shown: somebody may have put the secret itself there.
            self.problems.append(f"{variable} names a file that cannot be read: {exc.strerror}")
        except UnicodeDecodeError:
            self.problems.append(f"{variable} names a file that is not UTF-8 text")
        return None


_piped: dict[str, bytes | OSError] = {}
_reading = Lock()


def _read(path: str) -> bytes:
    """Return what a file holds; what came through a pipe is kept, since it comes once and several ask for it."""
    if not is_pipe(Path(path)):
        return read(Path(path), most=_MOST)
    with _reading:
        if path not in _piped:
            try:
                _piped[path] = read(Path(path), most=_MOST, pipe=True, seconds=_SECONDS)
            except OSError as error:
                _piped[path] = error
        came = _piped[path]
    if isinstance(came, OSError):
        raise came
    return came


def _fault(text: str) -> str:
    """Say what in a value cannot be meant, "" if nothing is; the value itself is not shown."""
    if any("\ud800" <= char <= "\udfff" for char in text):  # bytes that are no UTF-8, as the environment shows them
        return "is not UTF-8 text"
    if text != text.strip():
        return "begins or ends with a blank or a line break"
    if not text.isprintable():
        return "holds a line break, a byte order mark or another character that cannot be seen"
    if text[:1] + text[1:][-1:] in _QUOTES:
        return "holds the value in quotes: give it without"
    return ""


def _is_same(name: str, pin: str, declared: str) -> bool:
    if name != "HOST":
        return pin == declared
    scheme = declared.partition("://")[0]
    try:
        return normalise(pin if "://" in pin else f"{scheme}://{pin}") == normalise(declared)
    except ValueError:  # no host that a manifest could mean
        return False
