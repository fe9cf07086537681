"""The verbs, and what every failure comes to: a message on stderr and an exit code."""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection, Sequence
from importlib import import_module
from keyword import iskeyword
from typing import Any, NoReturn

from reconciler import __version__
from reconciler.cli import output, signals
from reconciler.cli.output import complain
from reconciler.errors import ManifestError, UsageError, in_words
from reconciler.model.patterns import closest

VERBS = {
    "validate": "check the manifest",
    "plan": "show what apply would do; cannot write",
    "apply": "make the account as the manifest says",
    "drift": "show what was changed elsewhere; cannot write",
    "compare": "show in which lists two environments differ; cannot write",
    "import": "add live lists that the manifest lacks, to it and to the state",
    "export": "write the lists to a sheet (CSV), for review in a spreadsheet",
    "accept": "write what was changed elsewhere into the manifest",
    "promote": "show what another environment lacks, and find its ids by name",
    "report": "make one report of several runs",
    "state": "look at the state, repair it, or move it to another store (migrate)",
    "doctor": "check the set-up, and say what to do about what does not work",
    "environments": "list the environments of the manifest, or add one",
    "init": "write a starter manifest, and the files of a pipeline",
    "explain": "say what a code such as [RENAME-IN-USE] means, and what to do",
    "mcp": "serve plan, drift and more to an assistant over MCP; cannot write",
    "schema": "print the JSON Schema of the manifest, for editors",
    "completions": "print completions for a shell",
    "man": "print the manual page",
    "sandbox": "serve a simulated API on this machine, to try things out",
}


EXIT_CODES = (
    "Exit codes: 0 success, 1 error, 2 changes (--detailed-exitcode), 3 incomplete, 4 refused, 129, 130 or 143 stopped "
    "by a signal. docs/codes.md and `reconciler explain` say more of each."
)
WRITING = frozenset({"apply", "import", "accept", "promote", "init", "sandbox"})
WRITING_ACTIONS = frozenset({"add", "mv", "rm", "push", "unlock", "migrate"})


_UNDO = "revert the commit and apply, or apply the plan that `apply --undo-out FILE` saved; docs/undo.md says how"
_LOOK = "`plan --refresh` shows what an apply would do, `drift` what was changed elsewhere"
_INSTEAD = {
    "undo": _UNDO,
    "revert": _UNDO,
    "rollback": _UNDO,
    "diff": _LOOK,
    "status": _LOOK,
    "unlock": "`state unlock` removes a lock that a run has left behind",
    "rename": "change the name in the manifest, then `plan --refresh` and `apply`; `state mv` is for a new key",
    "refresh": "`plan --refresh` reads the account, and `accept` takes what it shows as changed "
    "elsewhere into the manifest",
    "destroy": "lists are made and deleted in the console; one that is removed from the manifest "
    "is left alone from the next apply on",
    "show": "`state show KEY` prints a list of the state, `plan` what an apply would do",
}


_TERRAFORM = {"auto-approve": "--yes", "target": "--only"}
"""Options as they are called there, and what they are called here."""
_NAME = re.compile("[a-z0-9][a-z0-9_-]*")
_ADDRESS = re.compile(r"(?<![\w+.-])(?!(?:git\+\w+|s3|gs|az)://)([A-Za-z][A-Za-z0-9+.-]*:/)[^\s']+")


class Parser(argparse.ArgumentParser):
    """Usage errors are errors of this program (exit 1), not of the shell (exit 2); an option is given once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for action in (None, "store"):
            self.register("action", action, _Once)

    def error(self, message: str) -> NoReturn:
        message = _ADDRESS.sub(r"\1…", message)  # one of --notify, in a wrong place, may hold a secret
        _, unknown, words = message.partition("unrecognized arguments: ")
        meant = _meant(words.partition(" ")[0], self._option_string_actions) if unknown else ""
        error = UsageError(f"{message}; did you mean {meant}?" if meant else message)
        for line in self.format_usage().rstrip().split("\n"):
            error.add_note(line)
        raise error


def _meant(word: str, options: Collection[str]) -> str:
    """Return what an argument that nothing takes was probably meant for; "" if there is no telling."""
    name = word.partition("=")[0]
    if word.startswith("-"):
        ours = _TERRAFORM.get(name.lstrip("-"), "")
        return ours if ours in options else closest(name, options)
    option = "-f" if word.endswith((".yaml", ".yml")) else "--env" if _NAME.fullmatch(word) else ""
    return f"{option} {word}" if option in options else ""


class _Once(argparse.Action):
    """Takes a value; a second one for the same option is an error, since one of the two would be ignored."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        given = namespace.__dict__.setdefault("given", set())
        if option_string and self.dest in given:
            parser.error(f"argument {'/'.join(self.option_strings)}: given twice")
        given.add(self.dest)
        setattr(namespace, self.dest, values)


def run(arguments: Sequence[str], *, whole_process: bool = False) -> int:
    """Run the verb that `arguments` name; return its exit code.

    `whole_process`: streams and signals of this process are the program's own.
    """
    writes = False
    try:
        options = _parse(arguments)
        writes = _writes(options)
        if whole_process and writes:
            signals.take_over(signals.unwind)
        code = int(options.run(options))
    except SystemExit as asked:  # argparse has printed what --help asks for
        code = int(asked.code or 0)
    except KeyboardInterrupt as signalled:
        code = getattr(signalled, "exit_code", 130)
    except ManifestError as error:
        complain(*map(str, error.problems))
        code = error.exit_code
    except Exception as error:  # noqa: BLE001  whatever it is, it ends in words
        known = in_words(error)
        complain(f"error: {known.coded}", error=known)
        code = known.exit_code
    if whole_process:
        signals.take_over(signals.leave)
    return output.finish(code, product=not writes)


def _writes(options: argparse.Namespace) -> bool:
    """Tell whether a command changes something, so that what it prints is not all that it is for."""
    shows = any(getattr(options, name, False) for name in ("dry_run", "settings"))
    if shows or not getattr(options, "match_names", True):
        return False
    return options.verb in WRITING or getattr(options, "action", None) in WRITING_ACTIONS


def module_of(verb: str) -> str:
    """Return the module of a verb, whose name may be a word of Python's."""
    return f"reconciler.cli.{verb}{'_' if iskeyword(verb) else ''}"


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse with the parser of the verb that stands first; the parser of everything is for help and for mistakes."""
    if arguments and arguments[0] in VERBS:
        verb, *rest = arguments
        return _taking_options(Parser(prog=f"reconciler {verb}"), verb).parse_args(rest)
    name = arguments[0] if arguments else ""
    if name.replace("-", "").isalpha() and not name.startswith("-"):
        if name == "help":
            return whole().parse_args(["--help"])
        close = closest(name, VERBS)
        guess = f"did you mean {close}? " if close else ""
        instead = _INSTEAD.get(name.removeprefix("force-")) or f"{guess}`reconciler --help` lists them"
        raise UsageError(f"no command {name!r}: {instead}")
    if not arguments:
        raise UsageError(f"name a command, one of {', '.join(VERBS)}: `reconciler --help` says what each does")
    later = next((word for word in arguments if word in VERBS), "")
    if later and name not in ("-h", "--help", "--version"):
        raise UsageError(f"the command comes first, then its options: reconciler {later} …")
    return whole().parse_args(arguments)


def whole() -> Parser:
    """Return the parser of everything."""
    parser = Parser(
        prog="reconciler",
        description="Kore.ai contact lists as code.",
        epilog=EXIT_CODES,
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
    parser.epilog = EXIT_CODES
    parser.allow_abbrev = False
    module.arguments(parser)
    parser.set_defaults(run=module.run, verb=verb)
    return parser
