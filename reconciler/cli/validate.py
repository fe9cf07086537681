"""`reconciler validate`: check manifests."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli import options as shared
from reconciler.cli.output import say, say_json, warn
from reconciler.errors import ManifestError

if TYPE_CHECKING:
    from reconciler.manifest import Environment, Manifest
    from reconciler.model.problems import Problem

_MOST_WARNINGS = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "-f",
        "--file",
        dest="files",
        action="append",
        type=shared.path,
        metavar="FILE",
        help="a manifest; repeatable (default lists.yaml, or RECONCILER_FILE)",
    )
    shared.shard(parser)
    shared.output(parser)


def run(options: argparse.Namespace) -> int:
    """Print every problem, or that there is none; needs no credentials and no network."""
    problems: list[Problem] = []
    for file in options.files or [shared.default_file()]:
        problems += _check(file, options)
    if options.json:
        from reconciler.documents.problems_document import problems_document

        say_json(problems_document(problems))
    elif problems:
        raise ManifestError(problems)
    return ManifestError.exit_code if problems else 0


def _check(file: Path, options: argparse.Namespace) -> Sequence[Problem]:
    """Return the problems of one manifest, or say that it is valid."""
    from reconciler.cli import wiring
    from reconciler.manifest import load

    try:
        manifest = load(file)
    except ManifestError as error:
        return error.problems
    environments = wiring.environments_in_shard(manifest.environments.values(), options)
    _warn(manifest, environments)
    counts = {each.name: len(each.desired.lists) for each in environments}
    lists = ", ".join(f"{name} {count} {'list' if count == 1 else 'lists'}" for name, count in counts.items())
    if not options.json:
        say(f"{file}: valid ({lists or 'no environment'})")
    return ()


def _warn(manifest: Manifest, environments: Sequence[Environment]) -> None:
    """Say on stderr what is allowed, and probably not meant; of many, the first."""
    from itertools import islice

    from reconciler.model.identifiers import account_id_warning, stream_id_warning, unfilled
    from reconciler.model.texts import placeholder_warnings

    for environment in environments:
        name, target = environment.name, environment.target
        stream, account = target.stream_id, target.account_id
        for words in (unfilled(stream, account), stream_id_warning(stream), account_id_warning(account)):
            if words:
                warn(f"{manifest.path}: {name}: {words}")
    lists = (wanted for environment in environments for wanted in environment.desired.lists.values())
    said = (
        f"{each.file}:{each.line}: {each.key}: {words}"
        for each in lists
        for words in placeholder_warnings(each.texts, each.texts)
    )
    for words in islice(said, _MOST_WARNINGS):
        warn(words)
