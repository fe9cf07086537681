"""The words that an answer gives for a failure, made safe to show: bounded, printable, without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator

_BOM = b"\xef\xbb\xbf"
_LONGEST = 300
_CUT = "[cut out]"
_TOKEN = re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*)*")


def parse_json(body: bytes) -> object:
    """Return the JSON in `body`, or None if it is none (or is `null`, which says as little)."""
    try:
        value: object = json.loads(body.removeprefix(_BOM).decode(), parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    return value


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is not JSON")


def words(body: bytes) -> str:
    """Return what `body` says: its error messages and its message, else all of its text."""
    document = parse_json(body)
    found = dict.fromkeys(_messages(document)) if isinstance(document, dict) else {}
    return "; ".join(found) or body.decode(errors="replace")


def safe(text: str, secrets: Collection[str]) -> str:
    """Return `text` on one line of at most 300 characters, with secrets and tokens cut out and oddities escaped."""
    for secret in filter(None, secrets):
        text = text.replace(secret, _CUT)
    text = " ".join(_TOKEN.sub(_CUT, text).split())
    text = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text[: _LONGEST + 1])
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def codes(body: bytes) -> frozenset[str]:
    """Return the codes that the errors of `body` have, as text."""
    document = parse_json(body)
    found = _errors(document) if isinstance(document, dict) else []
    return frozenset(str(error["code"])[:20] for error in found if isinstance(error, dict) and "code" in error)


def _errors(document: dict[str, object]) -> list[object]:
    """Return what stands under `errors`, if sibling services have them, and under `error`, if others do."""
    errors = document.get("errors")
    return [*(errors if isinstance(errors, list) else [errors]), document.get("error")]


def _messages(document: dict[str, object]) -> Iterator[str]:
    for error in _errors(document):
        if isinstance(error, dict):
            yield from (text for key in ("msg", "message") if (text := _text(error.get(key))))
        elif text := _text(error):
            yield text
    for key in ("message", "msg"):
        if text := _text(document.get(key)):
            yield text


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
