"""`reconciler completions SHELL`: what a shell needs to complete commands and options."""

from __future__ import annotations

import argparse

from reconciler.cli.output import say_as_it_is
from reconciler.errors import UsageError

SHELLS = ("bash", "zsh", "fish")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("shell", choices=SHELLS, help="which shell")


def run(options: argparse.Namespace) -> int:
    """Print the completions of every command."""
    try:
        import shtab
    except ModuleNotFoundError as error:
        raise UsageError("needs shtab: pip install 'contact-list-reconciler[completions]'") from error
    from reconciler.cli.app import whole

    say_as_it_is(shtab.complete(whole(), shell=options.shell))
    return 0
