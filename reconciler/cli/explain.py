"""`reconciler explain CODE`: what the code behind a message means, and what to do about it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

from reconciler.cli.output import say
from reconciler.errors import UsageError


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
    from reconciler.codes.catalogue import explain, similar

    if options.code is None:
        say("\n\n".join(_tables()))
        return 0
    entry = explain(options.code)
    if entry is None:
        close = " or ".join(similar(options.code))
        guess = f"did you mean {close}? " if close else ""
        raise UsageError(f"no code {options.code!r}: {guess}`reconciler explain` lists all codes")
    say(str(entry))
    return 0


def _tables() -> Iterator[str]:
    """Yield each kind of codes with its heading."""
    from reconciler.codes.catalogue import KINDS, entries

    width = max(map(len, entries()))
    for kind, of_kind in groupby(entries().values(), attrgetter("kind")):
        yield "\n".join([KINDS[kind], *(f"  {entry.code:{width}}  {entry.summary}" for entry in of_kind)])
