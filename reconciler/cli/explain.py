"""`reconciler explain CODE`: what the code behind a message means, and what to do about it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from reconciler.cli.output import say
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.codes.catalogue import Entry


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "code",
        nargs="?",
        metavar="CODE",
        help="a code as it stands in brackets after a message, or an exit code; without one, all are listed",
    )


def run(options: argparse.Namespace) -> int:
    """Print one entry, or a line for each."""
    say("\n\n".join(_tables()) if options.code is None else str(entry_of(options.code)))
    return 0


def entry_of(code: str) -> Entry:
    """Return what is said of a code. Raises UsageError if there is none."""
    from reconciler.codes.catalogue import explain, similar

    entry = explain(code)
    if entry is None:
        close = " or ".join(similar(code))
        guess = f"did you mean {close}? " if close else ""
        raise UsageError(f"no code {code!r}: {guess}`reconciler explain` lists all codes")
    return entry


def _tables() -> Iterator[str]:
    """Yield each kind of codes with its heading."""
    from reconciler.codes.catalogue import KINDS, entries

    width = max(map(len, entries()))
    for kind, of_kind in groupby(entries().values(), attrgetter("kind")):
        yield "\n".join([KINDS[kind], *(f"  {entry.code:{width}}  {entry.summary}" for entry in of_kind)])
