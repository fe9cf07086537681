"""What several verbs take."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from reconciler.errors import UsageError
from reconciler.model.shards import Shard, parse_shard

DEFAULT_FILE = Path("lists.yaml")
_LOCAL = re.compile(r"local:[1-9][0-9]?")
_SCHEDULER = re.compile(r"(?:(?:tcp|tls|ws|wss)://)?(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")
_SECONDS = re.compile(r"[0-9]{1,12}(?:\.[0-9]{0,12})?|\.[0-9]{1,12}")


def manifest(parser: argparse.ArgumentParser, *, default: object = None) -> None:
    """Declare which manifest."""
    parser.add_argument(
        "-f",
        "--file",
        type=path,
        default=default or default_file(),
        metavar="FILE",
        help="the manifest (default lists.yaml, or RECONCILER_FILE)",
    )


def default_file() -> Path:
    """Return which manifest is meant where none is named."""
    return Path(os.environ.get("RECONCILER_FILE") or DEFAULT_FILE)


def environments(parser: argparse.ArgumentParser) -> None:
    """Declare which environments of it; may be left out if there is only one."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--env", action="append", default=[], metavar="NAME", help="an environment; repeatable (or RECONCILER_ENV)"
    )
    group.add_argument("--all-envs", action="store_true", help="every environment")


def _or_in(name: str, parse: Callable[[str], object]) -> Callable[[str], object]:
    """Return what parses an option whose default is in a variable; a mistake in that is said to be there."""

    def parsed(text: str) -> object:
        try:
            return parse(text)
        except argparse.ArgumentTypeError as error:
            there = f" in {name}" if text == os.environ.get(name) else ""
            raise argparse.ArgumentTypeError(f"{error}{there}") from error

    return parsed


def shard(parser: argparse.ArgumentParser) -> None:
    """Declare which part of the accounts."""
    parser.add_argument(
        "--shard",
        type=_or_in("RECONCILER_SHARD", part),
        default=os.environ.get("RECONCILER_SHARD") or None,
        metavar="I/N",
        help="only the environments of every N-th account: part I of N, from 1 (or RECONCILER_SHARD)",
    )


def dask(parser: argparse.ArgumentParser) -> None:
    """Declare which workers look after the accounts."""
    parser.add_argument(
        "--dask",
        type=workers,
        metavar="ADDRESS",
        help="have workers of a Dask scheduler look after the accounts, or local:N processes of this machine",
    )


def output(parser: argparse.ArgumentParser) -> None:
    """Declare how to print."""
    parser.add_argument("--json", action="store_true", help="print a JSON document instead of text")
    _no_color(parser)


def editing(parser: argparse.ArgumentParser) -> None:
    """Declare what goes with a change of the manifest."""
    parser.add_argument("--dry-run", action="store_true", help="show the difference and write nothing")
    _no_color(parser)


def _no_color(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-color", action="store_true", help="plain text (also NO_COLOR, or not a terminal)")


def network(parser: argparse.ArgumentParser) -> None:
    """Declare how to talk to the API."""
    parser.add_argument(
        "--timeout",
        type=_or_in("RECONCILER_TIMEOUT", seconds),
        default=os.environ.get("RECONCILER_TIMEOUT") or None,
        metavar="SECONDS",
        help="to connect and to read (default 10 and 30; or RECONCILER_TIMEOUT)",
    )


def only(parser: argparse.ArgumentParser) -> None:
    """Declare which part of the lists."""
    parser.add_argument("--only", action="append", default=[], metavar="GLOB", help="only these keys; repeatable")


def scope(parser: argparse.ArgumentParser) -> None:
    """Declare which part of the lists, and what to do about drift."""
    only(parser)
    parser.add_argument(
        "--revert-drift", action="store_true", help="set back what was changed elsewhere (on_drift: overwrite)"
    )


def who(parser: argparse.ArgumentParser) -> None:
    """Declare of how many lists to ask who saved them."""
    parser.add_argument(
        "--who",
        nargs="?",
        type=integer(1, 1_000),
        const=20,
        default=0,
        metavar="MOST",
        help="say who saved the lists that were changed elsewhere: one request each, at most MOST (20) an environment",
    )


def part(text: str) -> Shard:
    """Parse a part of the accounts, such as 2/5."""
    if not (shard := parse_shard(text)):
        raise argparse.ArgumentTypeError(f"must be part I of N, such as 1/5 or 5/5, of at most 9,999; got {text!r}")
    return shard


def workers(text: str) -> str:
    """Parse the address of a scheduler, or local:N."""
    if not (_LOCAL if text.startswith("local:") else _SCHEDULER).fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"must be a scheduler, such as tls://scheduler:8786, or local:N with N from 1 to 99; got {text!r}"
        )
    return text


def path(text: str) -> Path:
    """Parse a path, which may not be empty: that would be the working folder."""
    if not text:
        raise argparse.ArgumentTypeError("must be a path; got ''")
    if "://" in text:
        raise argparse.ArgumentTypeError(f"must be a file, not an address; got {text!r}")
    return Path(text)


def seconds(text: str, most: int = 3_600) -> float:
    """Parse a positive number of seconds."""
    value = float(text) if _SECONDS.fullmatch(text) else 0.0
    if not 0 < value <= most:
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, at most {most:,}; got {text!r}")
    return value


def integer(least: int, most: int) -> Callable[[str], int]:
    """Return what parses an integer between two bounds, written in plain digits."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text) or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"must be an integer from {least:,} to {most:,}; got {text!r}")
        return int(text)

    return parse


deadline = partial(seconds, most=604_800)
"""Parse seconds up to a week."""


def choose_environments(
    named: list[str],
    every: bool,
    known: list[str],
    *,
    of: str = "the manifest",
    in_part: bool = False,
    one: bool = False,
) -> list[str]:
    """Return the environments that are meant, in the order of those `known`, which are `of` it. Raises UsageError.

    Where only a part of the accounts is meant (`in_part`), none need be named. With `one`, no --all-envs is offered.
    """
    if every:
        return known
    names = named or [name for each in os.environ.get("RECONCILER_ENV", "").split(",") if (name := each.strip())]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"{of} has no environment {unknown[0]!r}; it has {', '.join(known)}")
    if not names and len(known) > 1 and not in_part:
        more = "" if one else ", or --all-envs"
        raise UsageError(f"which environment? --env NAME{more}; there are {', '.join(known)}")
    return [name for name in known if name in names] if names else known
