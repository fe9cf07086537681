"""`reconciler environments`: what a manifest has, so that a pipeline can run a job for each."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from reconciler.cli import options as shared
from reconciler.cli.output import say, say_document

if TYPE_CHECKING:
    from reconciler.documents.environments_document import EnvironmentsDocument


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    shared.manifest(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON array of names instead of lines")


def run(options: argparse.Namespace) -> int:
    """Print the names, in the order of the manifest."""
    import json

    from reconciler.manifest import load

    names: EnvironmentsDocument = list(load(options.file).environments)
    if options.json:
        say_document(json.dumps(names))
    else:
        say("\n".join(names))
    return 0
