"""A sheet that was edited in a spreadsheet: its texts become edits of the manifest, and what is wrong in it is said."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from reconciler.cli import sheet
from reconciler.errors import EditError
from reconciler.manifest import load
from reconciler.report import escape

MANIFEST = """version: 1
environments:
  prod: {host: https://platform.kore.ai, stream_id: st-1, account_id: a1}
  dev: {host: https://platform.kore.ai, stream_id: st-2, account_id: a2, name_format: "[dev] {name}"}
lists:
  a: {id: {prod: cl-1, dev: cl-2}, name: Alpha, description: "one\\ntwo"}  # kept
  b: {id: {prod: cl-3}, name: "Beta"}
  c: {id: {prod: cl-4}, description: Third}
"""
HEADER = "environment,key,id,name,description"
A, B = 'prod,a,cl-1,Alpha,"one\ntwo"', "prod,b,cl-3,Beta,"


def take_over(folder: Path, content: str | bytes, *, dry_run: bool = False) -> str:
    """Import a sheet; return the manifest that this leaves."""
    manifest, path = folder / "lists.yaml", folder / "sheet.csv"
    if not manifest.exists():
        manifest.write_text(MANIFEST, encoding="utf-8")
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    assert sheet.take_over(argparse.Namespace(file=manifest, csv=path, dry_run=dry_run, no_color=True)) == 0
    return manifest.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "old", "new"),
    [
        (f"{HEADER}\n{A}\n{B}\n", "", ""),
        (f"{HEADER}\n{A},\n".replace('two",', 'two"'), "", ""),
        (f"\ufeff{HEADER},remark\r\nprod,b,cl-3,Gamma,,why not\r\n,,,,,\r\n\r\n", '"Beta"', '"Gamma"'),
        ("key;id;environment;name;description\nb;cl-3;prod;A, B;\n", '"Beta"', '"A, B"'),
        ("environment\tkey\tid\tname\tdescription\nprod\tb\tcl-3\tA;B\t\n", '"Beta"', '"A;B"'),
        (f'{HEADER}\nprod,a,cl-1,Alpha,"one\r\ntwo"\nprod,b,cl-3,\'=1+1,\n', '"Beta"', '"=1+1"'),
        (f"{HEADER}\nprod,c,cl-4,,'-Third\n", "description: Third", 'description: "-Third"'),
        (f"{HEADER}\nprod,b,cl-3,Beta,New\n", 'name: "Beta"}', 'name: "Beta", description: "New"}'),
        (f'{HEADER}\n{A.replace("Alpha", "Omega")}\ndev,a,cl-2,[dev] Omega,"one\ntwo"\n', "Alpha", "Omega"),
        (f"{HEADER}\n{A.replace('Alpha', 'Beta')}\nprod,b,cl-3,Alpha,\n", "", None),
    ],
    ids=["as it was", "once", "BOM", "semicolons", "tabs", "formula", "unmanaged", "managed now", "shared", "swapped"],
)
def test_changed_texts_are_spliced_into_the_manifest(tmp_path: Path, content: str, old: str, new: str | None) -> None:
    assert take_over(tmp_path, content, dry_run=True) == MANIFEST
    after = take_over(tmp_path, content)
    if new is None:
        assert 'name: "Alpha"}' in after
        assert 'overrides: {prod: {name: "Beta"}}' in after
    else:
        assert after == MANIFEST.replace(old, new)
    assert take_over(tmp_path, content) == after


@pytest.mark.parametrize("own", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("written", ["\n", "\r\n", "\r"])
def test_a_text_keeps_its_line_breaks_however_a_program_writes_them(tmp_path: Path, own: str, written: str) -> None:
    declared = MANIFEST.replace("one\\ntwo", f"one{own}{own}two".replace("\r", "\\r").replace("\n", "\\n"))
    (tmp_path / "lists.yaml").write_text(declared, encoding="utf-8")
    row = A.replace("one\ntwo", escape.cell(f"one{own}{own}two").replace(own, written))
    assert take_over(tmp_path, f"{HEADER}\n{row}\n") == declared
    edited = take_over(tmp_path, f"{HEADER}\n{row.replace('two', 'three')}\n")
    assert load(tmp_path / "lists.yaml").environments["prod"].desired.lists["a"].texts["description"] == (
        f"one{own}{own}three"
    ), edited


SAVE_AS = 'save it as "CSV UTF-8" in Excel'
REFUSED = {
    "empty": ("", [":1: the sheet has no column 'environment'"]),
    "a column": ("environment,key,id,name\n", [":1: the sheet has no column 'description'"]),
    "two columns": (f"{HEADER},key\n", [":1: the sheet has more than one column 'key'"]),
    "UTF-16": (f"{HEADER}\n".encode("utf-16"), [f": is UTF-16, or no CSV at all: nothing was written; {SAVE_AS}"]),
    "Latin-1": (f"{HEADER}\n{A}\nprod,b,cl-3,Grüße,\n".encode("latin-1"), [":4: is not UTF-8 (byte 0xfc)"]),
    "cells": (f"{HEADER}\n{A}\nprod,b,cl-3,Be,ta,\n", [":4: this row has 6 cells, and the first 5"]),
    "quotes": (f'{HEADER}\n{A}\nprod,b,cl-3,"Be"ta,\n', [":4: the row that begins here cannot be read"]),
    "an open quote": (f'{HEADER}\n{B}\nprod,b,cl-3,"Be\nta,\n', [":3: the row that begins here cannot be read"]),
    "rows": (
        f"{HEADER}\n{A}\n{B}\n{B}\nprod,nope,cl-3,Beta,\nprod,c,cl-3,,Third\ntest,a,cl-1,Alpha,\ndev,b,cl-3,Beta,\n",
        [
            ":5: b in prod stands in line 4, too: delete one of the two rows",
            ':6: prod has no list with the key "nope": correct it, or delete the row',
            ':7: the id of c in prod is cl-4, and not "cl-3": set it back',
            ':8: the manifest has no environment "test"; it has prod, dev',
            ':9: dev has no list with the key "b"',
        ],
    ),
    "texts": (
        f"{HEADER}\n{A.replace('Alpha', 'beta')}\nprod,b,cl-3,,\nprod,c,cl-4,x,{'y' * 300}\n",
        [
            ':2: a: the name "beta" is also the name of another list in this environment, ignoring case',
            ':4: b: the name "" is empty: write a name',
            ':5: c: the description "yyy',
        ],
    ),
}


@pytest.mark.parametrize(("content", "said"), REFUSED.values(), ids=list(REFUSED))
def test_a_sheet_with_anything_wrong_changes_nothing(tmp_path: Path, content: str | bytes, said: list[str]) -> None:
    with pytest.raises(EditError) as raised:
        take_over(tmp_path, content)
    lines = [str(raised.value), *getattr(raised.value, "__notes__", ())]
    assert "nothing was written" in lines[0]
    found = lines[1:] or lines
    assert len(found) == len(said)
    for line, words in zip(found, said, strict=True):
        assert line.startswith(f"{tmp_path / 'sheet.csv'}{words}")
    assert (tmp_path / "lists.yaml").read_text(encoding="utf-8") == MANIFEST


def test_a_sheet_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "lists.yaml").write_text(MANIFEST, encoding="utf-8")
    with pytest.raises(EditError, match=r"none\.csv: cannot be read \(No such file or directory\)"):
        sheet.take_over(argparse.Namespace(file=tmp_path / "lists.yaml", csv=tmp_path / "none.csv"))
