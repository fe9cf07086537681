"""`reconciler schema`: print the JSON Schema of the manifest, for editors."""

from __future__ import annotations

import argparse

from reconciler.cli.output import say


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options: none."""


def run(options: argparse.Namespace) -> int:
    """Print the schema."""
    import json

    from reconciler.manifest import schema

    say(json.dumps(schema(), indent=2, ensure_ascii=False))
    return 0
