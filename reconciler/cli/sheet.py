"""`import --csv`: the texts that were changed in a sheet of `export`, as edits of the manifest. Nothing is sent.

A row is known by its environment and key, and its id must be the declared one. Rows that are left out change nothing,
and further columns are ignored. If anything is wrong in the sheet, nothing is written.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reconciler.cli.output import say
from reconciler.errors import EditError
from reconciler.model.fields import FIELDS, label
from reconciler.report.escape import cell_text, quote

if TYPE_CHECKING:
    from reconciler.manifest import Manifest
    from reconciler.manifest.edit.acceptance import Wanted
    from reconciler.model.lists import DesiredList

COLUMNS = ("environment", "key", "id", *FIELDS)
_LINE_BREAK = re.compile(r"\r\n?|\n")
_LARGEST = 64 * 1024 * 1024  # bytes
_SAVE_AS = 'save it as "CSV UTF-8" in Excel; as "Text CSV", with the character set UTF-8, in LibreOffice'


class _Row(NamedTuple):
    """What a row holds, by column, and the line in which it begins."""

    line: int
    cells: Mapping[str, str]


def take_over(options: argparse.Namespace) -> int:
    """Read the sheet, and write what was changed in it into the manifest, or show that."""
    from reconciler.cli import edits, wiring
    from reconciler.manifest import load
    from reconciler.manifest.edit.acceptance import accept_texts
    from reconciler.manifest.edit.draft import Draft

    manifest = load(options.file)
    rows = _read_rows(options.csv)
    faults = list(_find_faults(manifest, rows))
    wanted = {} if faults else {each: row.line for row in rows for each in _find_changes(manifest, row)}
    draft = Draft(manifest)
    accepted, refused, expected = accept_texts(draft, list(wanted))
    faults += [
        (wanted[each.wanted], f"{each.wanted.key}: the {label(each.wanted.field)} {quote(each.wanted.text)} {each.why}")
        for each in refused
    ]
    if faults:
        error = EditError(f"{options.csv}: nothing was written: correct the sheet, and run again")
        for line, why in sorted(faults):
            error.add_note(f"{options.csv}:{line}: {why}")
        raise error
    changes = draft.changes(expected)
    edits.make(manifest, changes, options)
    edits.say_accepted(draft, accepted)
    if not accepted:
        say("nothing to import: the sheet holds what the manifest declares")
    elif not options.dry_run:
        environments = list(dict.fromkeys(each.environment for each in accepted))
        look = wiring.next_command("plan --refresh", environments, options)
        say(f"written into the manifest, nothing was sent; look at the file, then: {look}")
    return 0


def _read_rows(path: Path) -> list[_Row]:
    """Return the rows of a sheet, in the order of its lines. Raises EditError if it is not one."""
    text = _read_text(path)
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    rows: list[_Row] = []
    begins = 1
    try:
        columns = [name.strip() for name in next(reader, [])]
        _check_columns(path, columns)
        begins = reader.line_num + 1
        for cells in reader:
            if len(cells) != len(columns) and any(cells):
                raise EditError(
                    f"{path}:{begins}: this row has {len(cells)} cells, and the first {len(columns)}: nothing was "
                    "written. A text with a separator in it must stand in double quotes"
                )
            if any(cells):
                rows.append(_Row(begins, dict(zip(columns, map(cell_text, cells), strict=True))))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise EditError(
            f"{path}:{begins}: the row that begins here cannot be read ({error}): nothing was written. "
            "Check its double quotes; inside a text they are doubled"
        ) from error
    return rows


def _read_text(path: Path) -> str:
    from reconciler import files

    try:
        raw = files.read(path, most=_LARGEST, pipe=True)
    except OSError as error:
        raise EditError(f"{path}: cannot be read ({error.strerror}). Nothing was written") from error
    if b"\0" in raw:
        raise EditError(f"{path}: is UTF-16, or no CSV at all: nothing was written; {_SAVE_AS}")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise EditError(
            f"{path}:{line}: is not UTF-8 (byte 0x{raw[error.start]:02x}): nothing was written; {_SAVE_AS}"
        ) from error


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    for name in COLUMNS:
        if columns.count(name) != 1:
            what = "has no column" if name not in columns else "has more than one column"
            raise EditError(
                f"{path}:1: the sheet {what} {name!r}: nothing was written. Its first line must name "
                f"{', '.join(COLUMNS)}, as `reconciler export --csv` writes it"
            )


def _find_faults(manifest: Manifest, rows: Sequence[_Row]) -> Iterator[tuple[int, str]]:
    """Yield the rows, by their lines, that mean no declared list, or one that an earlier row means, and why."""
    known: dict[tuple[str, str], int] = {}
    for line, cells in rows:
        name, key = cells["environment"], cells["key"]
        wanted = _declared(manifest, cells)
        if name not in manifest.environments:
            yield line, f"the manifest has no environment {quote(name)}; it has {', '.join(manifest.environments)}"
        elif wanted is None:
            way_out = "correct it, or delete the row; `reconciler import` adds lists"
            yield line, f"{name} has no list with the key {quote(key)}: {way_out}"
        elif wanted.id != cells["id"]:
            yield line, f"the id of {key} in {name} is {wanted.id}, and not {quote(cells['id'])}: set it back"
        elif (name, key) in known:
            yield line, f"{key} in {name} stands in line {known[name, key]}, too: delete one of the two rows"
        known.setdefault((name, key), line)


def _declared(manifest: Manifest, cells: Mapping[str, str]) -> DesiredList | None:
    environment = manifest.environments.get(cells["environment"])
    return environment.desired.lists.get(cells["key"]) if environment else None


def _find_changes(manifest: Manifest, row: _Row) -> Iterator[Wanted]:
    """Yield the texts of a row that are not as declared; an empty cell leaves a field unmanaged that is so."""
    from reconciler.manifest.edit.acceptance import Wanted

    wanted = manifest.environments[row.cells["environment"]].desired.lists[row.cells["key"]]
    for field in FIELDS:
        before, text = wanted.texts.get(field, ""), row.cells[field]
        lines = _LINE_BREAK.split(text)
        if lines != _LINE_BREAK.split(before):  # programs write the line breaks of a cell as they like
            own = next((each for each in ("\r\n", "\r") if each in before), "\n")
            yield Wanted(row.cells["environment"], wanted.key, field, own.join(lines))
