"""`reconciler environments`: what a manifest has, so that a pipeline can run a job for each; `add` writes one more."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.cli import options as shared
from reconciler.cli import questions
from reconciler.cli.output import say, say_document, warn
from reconciler.errors import UsageError
from reconciler.model.hosts import normalise
from reconciler.model.identifiers import ACCOUNT_PLACEHOLDER
from reconciler.report.escape import terminal

if TYPE_CHECKING:
    from reconciler.documents.environments_document import EnvironmentsDocument
    from reconciler.manifest import Manifest


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    shared.manifest(parser)
    parser.add_argument("--accounts", action="store_true", help="print the accounts, each with its environments")
    parser.add_argument("--json", action="store_true", help="print a JSON array instead of lines")
    actions = parser.add_subparsers(metavar="[ACTION]", dest="action")
    summary = "write one more environment into the manifest; each plain id becomes that of the environment there is"
    adding = actions.add_parser("add", help=summary, description=f"{summary.capitalize()}.", allow_abbrev=False)
    adding.add_argument("name", metavar="NAME", help="the new environment's name")
    shared.manifest(adding, default=argparse.SUPPRESS)
    questions.arguments(adding)
    adding.add_argument("--name-format", metavar="TEXT", help='how it writes names, such as "[dev] {name}"')
    shared.editing(adding)


def run(options: argparse.Namespace) -> int:
    """Print the names or the accounts, in the order of the manifest, or add an environment."""
    import json

    from reconciler.documents.environments_document import accounts_document
    from reconciler.manifest import load

    if options.action == "add":
        if options.json or options.accounts:
            raise UsageError("--json and --accounts are of what is printed: leave them out with add")
        return _add(options)
    manifest = load(options.file)
    names: EnvironmentsDocument = list(manifest.environments)
    accounts = accounts_document({name: each.target for name, each in manifest.environments.items()})
    if options.json:
        say_document(json.dumps(accounts if options.accounts else names))
    elif options.accounts:
        say("\n".join(f"{of['host']} {of['account_id']}: {', '.join(of['environments'])}" for of in accounts))
    else:
        say("\n".join(names))
    return 0


def _add(options: argparse.Namespace) -> int:
    from reconciler.cli import edits
    from reconciler.cli.runtime import Runtime
    from reconciler.manifest import load
    from reconciler.manifest.edit.draft import Draft

    manifest = load(options.file)
    name, (first, present) = options.name, next(iter(manifest.environments.items()))
    if fault := questions.fault("env", name):
        raise UsageError(f"{name!r}: {fault}")
    if name in manifest.environments:
        raise UsageError(f"the manifest has an environment {name!r} already")
    given = {each: text for each in questions.QUESTIONS if (text := getattr(options, each)) is not None}
    answers = questions.answers(given, Runtime().answer, present.target.host)
    entry = {"host": answers["host"], "stream_id": answers["stream"], "account_id": answers["account"]}
    if options.name_format is not None:
        entry["name_format"] = options.name_format
    draft = Draft(manifest)
    changes = draft.changes(draft.add_environment(name, entry))
    edits.make(manifest, changes, options)
    if options.dry_run:
        return 0
    say(f"{name} added; changed: {terminal(', '.join(changes))}")
    if len(manifest.environments) == 1:
        say(f"From now on, plan, apply and others want to know which: --env {first}, --env {name} or --all-envs")
    if options.name_format is None and (twin := _same_account(manifest, answers)):
        warn(
            f"{name} has the host and the account id of {twin}, so it is the same account with the same lists, and "
            "each list can be declared in one of them only; if that is not meant, correct the account_id"
        )
    say(f"Next: {_next_steps(options, answers, first)}")
    return 0


def _same_account(manifest: Manifest, answers: Mapping[str, str]) -> str | None:
    """Return the name of an environment that has the answers' host and account id already."""
    account = (normalise(answers["host"]), answers["account"])
    known = (name for name, each in manifest.environments.items() if each.target.account == account)
    return next(known, None) if answers["account"] != ACCOUNT_PLACEHOLDER else None


def _next_steps(options: argparse.Namespace, answers: Mapping[str, str], first: str) -> str:
    from reconciler.cli import wiring

    check = wiring.next_command("doctor", [options.name], options)
    find = wiring.next_command(f"promote {first} {options.name} --match-names", [], options)
    unknown = any(answers[name] == questions.QUESTIONS[name].default for name in ("stream", "account"))
    return f"{f'fill in {options.name}, then: ' if unknown else ''}{check}, and {find}"
