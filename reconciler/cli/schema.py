"""`reconciler schema`: print the JSON Schema of the manifest, for editors, or of a document that is written here."""

from __future__ import annotations

import argparse
import json

from reconciler.cli.output import say

DOCUMENTS = ("manifest", "plan", "result", "drift", "state")
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "document", nargs="?", default="manifest", choices=DOCUMENTS, help="of what; default: the manifest"
    )


def run(options: argparse.Namespace) -> int:
    """Print the schema."""
    say(json.dumps(schema(options.document), indent=2, ensure_ascii=False))
    return 0


def schema(document: str) -> object:
    """Return the JSON Schema (draft 2020-12) of one kind of document."""
    from reconciler.manifest import schema as manifest_schema

    if document == "manifest":
        return manifest_schema()
    from reconciler.report import shapes
    from reconciler.savedplan import plan_schema
    from reconciler.store.document import state_schema

    made = {
        "plan": plan_schema,
        "result": shapes.result_schema,
        "drift": shapes.drift_schema,
        "state": state_schema,
    }[document]()
    return {"$schema": _DRAFT, "$id": f"reconciler/{document}/1", **_untitled(made)}


def _untitled(node: dict[str, object]) -> dict[str, object]:
    r"""Drop the titles that were made up from names, and write the end of a text as every reader of patterns does."""
    kept: dict[str, object] = {}
    for key, value in node.items():
        if key == "title" and isinstance(value, str):
            continue
        if key == "pattern" and isinstance(value, str):
            kept[key] = value.replace(r"\z", "$")
        elif isinstance(value, dict):
            kept[key] = _untitled(value)
        elif isinstance(value, list):
            kept[key] = [_untitled(each) if isinstance(each, dict) else each for each in value]
        else:
            kept[key] = value
    return kept
