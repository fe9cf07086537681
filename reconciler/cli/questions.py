"""What has to be known of an environment before it can be written: taken from options, or asked at a terminal."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from reconciler.cli.output import at_terminal, say, warn
from reconciler.errors import ManifestError, UsageError
from reconciler.manifest.edit.quoting import double_quoted, quote_key
from reconciler.model.hosts import host_warning
from reconciler.model.identifiers import (
    ACCOUNT_PLACEHOLDER,
    STREAM_PLACEHOLDER,
    account_id_warning,
    is_key,
    stream_id_warning,
)


class _Question(NamedTuple):
    """What the manifest needs to know: asked as `question`, found `where`; `default` is written without an answer."""

    question: str
    where: str
    default: str


QUESTIONS = {
    "host": _Question("Host", "the address at which you open the platform in the browser", "https://platform.kore.ai"),
    "stream": _Question(
        "Stream id",
        "st-…; the app's general settings page shows it, beside the app's name",
        STREAM_PLACEHOLDER,
    ),
    "account": _Question(
        "Account id",
        "24 digits and letters from a to f; the accountId in every request to the vendor's API. In the browser: sign "
        "in to the platform, open the developer tools, Network, and look for accountId in the headers of a request",
        ACCOUNT_PLACEHOLDER,
    ),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options that answer the questions."""
    parser.add_argument(
        "--host", metavar="URL", help="the platform's address; a terminal is asked for what is left out"
    )
    parser.add_argument("--stream", metavar="ID", help="the app's stream id, st-…")
    parser.add_argument("--account", metavar="ID", help="the account id")


def answers(given: Mapping[str, str], answer: Callable[[str], str], host: str = "") -> dict[str, str]:
    """Return what to write for each question: what is `given`, or else the terminal's answer, or the default.

    `given` may hold the name of the environment, as `env`; `host` is the default for that question. Raises UsageError
    if a manifest cannot have what is given.
    """
    for name, text in given.items():
        if why := fault(name, text):
            raise UsageError(f"--{name} {text!r}: {why}")
        if unusual := _doubt(name, text):
            warn(unusual)
    without = defaults() | ({"host": host} if host else {})
    asked = [name for name in QUESTIONS if name not in given] if at_terminal() else []
    return {**without, **given, **{name: _ask(name, answer, without[name]) for name in asked}}


def defaults() -> dict[str, str]:
    """Return what is written where nothing was answered."""
    return {name: question.default for name, question in QUESTIONS.items()}


def _ask(name: str, answer: Callable[[str], str], default: str) -> str:
    """Ask until the answer can be used, or an odd one was given twice; an empty one means the default."""
    asked = QUESTIONS[name]
    without = default if name == "host" else "Enter: fill it in later"
    say(f"{asked.question}: {asked.where}.")
    last = ""
    while text := answer(f"{asked.question} [{without}]: ").strip().strip("'\""):
        why = fault(name, text)
        doubt = _doubt(name, text) if text != last else ""
        if not why and not doubt:
            return text
        say(why or f"{doubt}; to keep it, give it again")
        last = text
    return default


def _doubt(name: str, text: str) -> str:
    """Return why an answer is probably not meant, "" if it looks as usual."""
    checks = {"host": host_warning, "stream": stream_id_warning, "account": account_id_warning}
    return checks[name](text) if name in checks else ""


def fault(name: str, text: str) -> str:
    """Return what is wrong with an answer, "" if it can be used."""
    from reconciler.manifest import load

    each = {"env": "prod", **defaults(), name: text}
    key = quote_key(each["env"]) if is_key(each["env"]) else double_quoted(each["env"])
    host, stream, account = (double_quoted(each[question]) for question in QUESTIONS)
    entry = f"{{host: {host}, stream_id: {stream}, account_id: {account}}}"
    path = Path("lists.yaml")
    try:
        load(path, {path.name: f"version: 1\nenvironments: {{{key}: {entry}}}\n".encode()})
    except ManifestError as error:
        return error.problems[0].message
    return ""
