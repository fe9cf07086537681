"""`reconciler completions SHELL`: what a shell needs to complete commands, options and names of files."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from reconciler.cli import options as shared
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

    parser = whole()
    for action in _actions(parser):
        if action.type is shared.path:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    say_as_it_is(shtab.complete(parser, shell=options.shell))
    return 0


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield what the parser and those of its commands take."""
    for action in parser._actions:  # noqa: SLF001  argparse shows them nowhere else, and shtab reads them there, too
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            yield from (each for command in action.choices.values() for each in _actions(command))
