"""`lists.yaml` and its included files, read and checked: YAML in, `model.lists.Desired` out.

What is wrong in a manifest is said here, all of it at once and each at its place; what follows from a manifest
without problems is decided in `planning`. Importing this package costs nothing: YAML and the validator wait for `load`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.manifest.values import Environment, Manifest

if TYPE_CHECKING:
    from reconciler.manifest.published import JsonSchema

__all__ = ["Environment", "Manifest", "load", "schema"]


def load(path: Path, drafts: Mapping[str, bytes] | None = None) -> Manifest:
    """Read the manifest at `path` and the files that it includes.

    `drafts` holds, by name as in `Manifest.files`, what files are about to hold: it counts instead of what they do.
    Raises ManifestError with every problem of every file, by file, line and column. Files that cannot be read are
    problems too.
    """
    from reconciler.manifest import loader  # noqa: PLC0415  (YAML and the validator only where a manifest is read)

    return loader.load(path, drafts)


def schema() -> JsonSchema:
    """Return the JSON Schema (draft 2020-12) of a manifest, for editors; `load` checks more than it can say."""
    from reconciler.manifest import published  # noqa: PLC0415  (only for the command that prints it)

    return published.json_schema()
