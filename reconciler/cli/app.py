"""The verbs, and what every failure comes to: a message on stderr and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from keyword import iskeyword
from typing import NoReturn

from reconciler import __version__
from reconciler.cli.output import complain
from reconciler.errors import ManifestError, ReconcilerError, UsageError

VERBS = {
    "validate": "check the manifest",
    "plan": "show what apply would do; cannot write",
    "apply": "make the account as the manifest says",
    "drift": "show what was changed elsewhere; cannot write",
    "import": "take live lists that nobody declares into the manifest and the state",
    "accept": "take what was changed elsewhere into the manifest",
    "promote": "show what another environment lacks, and find its ids by name",
    "state": "look at the state, and repair it",
    "doctor": "say what works, and what to do about what does not",
    "environments": "list the environments of the manifest, for pipelines",
    "init": "write a starter manifest, and the files of a pipeline",
    "schema": "print the JSON Schema of the manifest, for editors",
    "completions": "print completions for a shell",
    "sandbox": "serve a double of the API on this machine, to try things out",
}


class Parser(argparse.ArgumentParser):
    """Usage errors are errors of this program (exit 1), not of the shell (exit 2)."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}\n{self.format_usage().rstrip()}")


def run(arguments: Sequence[str]) -> int:
    """Run the verb that `arguments` name; return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that knows no arrows still shows the rest
    try:
        options = _parsed(arguments)
        code = int(options.run(options))
        sys.stdout.flush()
    except ManifestError as error:
        complain("\n".join(str(problem) for problem in error.problems))
        return error.exit_code
    except ReconcilerError as error:
        complain(f"error: {error}", error)
        return error.exit_code
    except BrokenPipeError:
        # Whoever read our output has gone (`reconciler plan | head`): nobody is left to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def module_of(verb: str) -> str:
    """Return the module of a verb, whose name may be a word of Python's."""
    return f"reconciler.cli.{verb}{'_' if iskeyword(verb) else ''}"


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse with the parser of the verb that stands first; the parser of everything is for help and for mistakes."""
    if arguments and arguments[0] in VERBS:
        verb, *rest = arguments
        return _taking_options(Parser(prog=f"reconciler {verb}"), verb).parse_args(rest)
    return whole().parse_args(arguments)


def whole() -> Parser:
    """Return the parser of everything."""
    parser = Parser(
        prog="reconciler",
        description="Kore.ai contact lists as code.",
        epilog="Exit codes: 0 in order, 1 error, 2 changes (--detailed-exitcode), 3 incomplete, 4 refused.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"reconciler {__version__}")
    verbs = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    for verb, summary in VERBS.items():
        _taking_options(verbs.add_parser(verb, help=summary), verb)
    return parser


def _taking_options(parser: Parser, verb: str) -> Parser:
    """Return `parser` with what a verb takes, and with what runs it as `run`."""
    module = import_module(module_of(verb))
    summary = VERBS[verb]
    parser.description = f"{summary[0].upper()}{summary[1:]}."
    parser.allow_abbrev = False
    module.arguments(parser)
    parser.set_defaults(run=module.run)
    return parser
