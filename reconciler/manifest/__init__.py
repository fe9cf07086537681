"""`lists.yaml` and its included files, read and checked: YAML in, `model.lists.Desired` out.

This package finds every problem of a manifest and says where it is. What follows from a manifest without problems
is decided in `planning`. Importing this package costs nothing: YAML and the validator wait for `load`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reconciler.manifest.values import Environment, Manifest

__all__ = ["Environment", "Manifest", "included_schema", "load", "manifest_schema"]


def load(path: Path, drafts: Mapping[str, bytes] | None = None) -> Manifest:
    """Read the manifest at `path` and the files that it includes.

    `drafts` holds unsaved contents by file name, as in `Manifest.files`; they are used instead of what is on disk.
    Raises ManifestError with every problem of every file, by file, line and column. Files that cannot be read are
    problems too.
    """
    from reconciler.manifest import loader  # noqa: PLC0415  (YAML and the validator only if a manifest is read)

    return loader.load(path, drafts)


def manifest_schema() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of a manifest, for editors; `load` checks more than it can say."""
    from reconciler.manifest.models import ManifestFile, json_schema  # noqa: PLC0415  (as above)

    return json_schema(ManifestFile)


def included_schema() -> dict[str, object]:
    """Return the JSON Schema of a file that a manifest includes."""
    from reconciler.manifest.models import IncludedFile, json_schema  # noqa: PLC0415  (as above)

    return json_schema(IncludedFile)
