"""Changes of a manifest's files: shown as a difference, or written, whole files at a time."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.output import say, uses_colour
from reconciler.errors import EditError
from reconciler.files import is_pipe
from reconciler.model.fields import NAME, label
from reconciler.report.colour import Ink, Pen
from reconciler.report.escape import quote, terminal

if TYPE_CHECKING:
    from reconciler.manifest import Manifest
    from reconciler.manifest.edit.acceptance import Wanted
    from reconciler.manifest.edit.draft import Draft

Changes = Mapping[str, tuple[bytes, bytes]]
"""What each file held and what it is to hold, by name as in `Manifest.files`."""

_INKS: Mapping[str, Ink] = {"+": "green", "-": "red", "@": "dim"}


def make(manifest: Manifest, changes: Changes, options: argparse.Namespace) -> None:
    """Write changes of a manifest's files; with --dry-run, only show them. Raises EditError as `_write`."""
    if options.dry_run:
        _show(changes, colour=uses_colour(sys.stdout, options))
    else:
        _write(manifest, changes)


def _show(changes: Changes, *, colour: bool) -> None:
    """Print what would be written, as a unified difference."""
    pen = Pen(colour)
    for name, (before, after) in changes.items():
        old, new = (content.decode(errors="replace").splitlines(keepends=True) for content in (before, after))
        for line in difflib.unified_diff(old, new, f"a/{name}", f"b/{name}"):
            ink = _INKS.get(line[:1])
            shown = terminal(line.rstrip("\r\n"))
            say(pen.paint(ink, shown) if ink else shown)
            if not line.endswith(("\n", "\r")):
                say("\\ No newline at end of file")


def say_accepted(draft: Draft, accepted: Sequence[Wanted]) -> None:
    """Print each text that was taken into the manifest, and which are for one environment alone."""
    from reconciler.manifest.edit.acceptance import find_overrides

    overrides = find_overrides(draft, accepted)
    for each in accepted:
        alone = f"  ({_say_override(draft, each)})" if each in overrides else ""
        say(f"  ~ {each.key}  {each.environment}  {label(each.field)}: {quote(each.text)}{alone}")


def _say_override(draft: Draft, accepted: Wanted) -> str:
    own, environment = draft.own_texts(accepted.key), draft.manifest.environments[accepted.environment]
    text = own.get(accepted.field, "")
    if accepted.text == (environment.format_name(text) if accepted.field == NAME else text):
        return "an override that says what the list itself says: remove it, else later edits of the list pass it by"
    return f"an override: it is for {accepted.environment} alone"


def _write(manifest: Manifest, changes: Changes) -> None:
    """Write the files, each whole and durable; raises EditError if one holds no longer what was changed.

    All are written aside before the first takes its place, so that a full disk or a missing right leaves all as it was.
    """
    from reconciler.state import disk

    paths = {name: Path(os.path.realpath(manifest.path.parent / name)) for name in changes}
    for name, (before, _) in changes.items():
        if is_pipe(paths[name]):
            raise EditError(f"{paths[name]}: it is a pipe, so it cannot be changed: name the manifest's file with -f")
        if _read_bytes(paths[name]) != before:
            raise EditError(f"{paths[name]}: it was changed meanwhile. Nothing was written: run again")
    asides = {name: path.with_name(f".{path.name}.new") for name, path in paths.items()}
    written: list[str] = []
    path = manifest.path
    try:
        for name, (_, after) in changes.items():
            path = paths[name]
            disk.make_folder(path.parent)
            disk.prepare(path, after, aside=asides[name])
        for name, path in paths.items():
            asides[name].replace(path)
            disk.sync_folder(path.parent)
            written.append(name)
    except OSError as error:
        for aside in asides.values():
            with suppress(OSError):
                aside.unlink()
        done = f"{', '.join(written)} was written before" if written else "Nothing was written"
        raise EditError(f"{path}: cannot be written ({disk.reason(error)}). {done}") from error


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise EditError(f"{path}: cannot be read ({error.strerror}). Nothing was written") from error
