"""`reconciler schema`: print the JSON Schema of the manifest or of an included file, for editors, or of a document."""

from __future__ import annotations

import argparse
import json

from reconciler.cli.output import say_document

DOCUMENTS = (
    "manifest",
    "included",
    "plan",
    "result",
    "drift",
    "compare",
    "problems",
    "doctor",
    "environments",
    "accounts",
    "state",
    "state-list",
    "state-show",
    "state-history",
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "document", nargs="?", default="manifest", choices=DOCUMENTS, help="of what; default: the manifest"
    )


def run(options: argparse.Namespace) -> int:
    """Print the schema."""
    say_document(json.dumps(schema(options.document), indent=2, ensure_ascii=False))
    return 0


def schema(kind: str) -> object:
    """Return the JSON Schema (draft 2020-12) of one kind of document."""
    from reconciler.documents.json_schema import document_schema, identified, publishable

    if kind == "manifest":
        from reconciler.manifest import manifest_schema

        return identified(kind, manifest_schema())
    if kind == "included":
        from reconciler.manifest import included_schema

        return identified(kind, included_schema())
    if kind == "state":
        from reconciler.state.document import state_schema

        return publishable("state", state_schema())
    return document_schema(kind)
