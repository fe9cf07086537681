"""Run as a program: adds a third row to the table of managed fields, then does with it what a manifest can do."""

from __future__ import annotations

import sys
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # ships no types

from tests import third_row

third_row.add_note(wire="note", label="note", one_line=True)

from reconciler.errors import ManifestError  # noqa: E402  (these see the third row)
from reconciler.manifest import load, manifest_schema  # noqa: E402
from reconciler.manifest.edit.draft import Draft  # noqa: E402
from reconciler.manifest.edit.promotion import add_ids, candidates, matches  # noqa: E402
from reconciler.model.lists import LiveList  # noqa: E402
from tests.manifest.test_editing import TWO, accepted, imported, made, written  # noqa: E402

LISTS = """\
lists:
  a:
    id: {prod: cl-1, dev: cl-2}
    name: A
    note: Mine
    overrides: {dev: {note: ""}}
"""


def check_loading(folder: Path) -> None:
    found = load(written(folder, TWO + LISTS)).environments
    assert found["prod"].desired.lists["a"].texts == {"name": "A", "note": "Mine"}
    assert found["dev"].desired.lists["a"].texts == {"name": "[dev] A", "note": ""}
    only = load(written(folder, f"{TWO}lists: {{a: {{id: {{prod: cl-1}}, note: Mine}}}}")).environments
    assert only["prod"].desired.lists["a"].texts == {"note": "Mine"}


def check_refusals(folder: Path) -> None:
    wrong = {
        f'"{"x" * 65}"': "is 65 characters long, and a note has at most 64: shorten it by 1 [M044]",
        r'"a\tb"': "contains the control character U+0009: remove it [M042]",
        "12": 'YAML reads 12 as a number, not as text: write "12" [M024]',
        "null": 'has no value (null): write "" to clear the note, or leave the key out to leave it unmanaged [M034]',
    }
    for text, message in wrong.items():
        assert problem(folder, f"{{id: {{prod: cl-1}}, note: {text}}}") == f"lists.a.note: {message}"
    assert "known here: id, name, description, note, previously" in problem(folder, "{id: {prod: cl-1}, zzz: a}")
    assert problem(folder, "{id: {prod: cl-1}}").endswith(
        "has no name or description or note in prod, so there is nothing to manage: add one [M048]"
    )


def problem(folder: Path, entry: str) -> str:
    path = written(folder, f"{TWO}lists: {{a: {entry}}}")
    try:
        load(path)
    except ManifestError as refused:
        return str(refused).partition(": ")[2]
    raise AssertionError(entry)


def check_schema(folder: Path) -> None:
    del folder
    schema = manifest_schema()
    for entry in ("ListEntry", "Override"):
        found = schema["$defs"][entry]["properties"]["note"]  # type: ignore[index]  # JSON
        assert (found["maxLength"], found["title"], "minLength" in found) == (64, "Note", False)
        jsonschema.Draft202012Validator(found).validate("")


def check_import(folder: Path) -> None:
    path = written(folder, f"{TWO}lists: {{}}\n")
    texts = {"name": "A", "description": "", "note": "Mine"}
    live = {"prod": [LiveList("cl-1", texts)], "dev": [LiveList("cl-2", {**texts, "name": "[dev] A", "note": "Its"})]}
    imported(path, live)
    assert path.read_text() == TWO + (
        "lists:\n  a:\n    id: {prod: cl-1, dev: cl-2}\n"
        '    name: "A"\n    description: ""\n    note: "Mine"\n    overrides: {dev: {note: "Its"}}\n'
    )
    assert imported(path, {"prod": [LiveList("cl-3", {**texts, "name": "B", "note": "x" * 65})]}).remarks == [
        "b: note of prod not imported: it is 65 characters long, and a note has at most 64: shorten it by 1"
    ]
    path = written(folder, f"{TWO}lists:\n  a:\n    id: {{prod: cl-1}}\n    name: A\n    note: Mine\n")
    imported(path, {"dev": live["dev"]})
    assert path.read_text().endswith(
        '    id: {prod: cl-1, dev: cl-2}\n    name: A\n    note: Mine\n    overrides: {dev: {note: "Its"}}\n'
    )


def check_accept(folder: Path) -> None:
    path = written(folder, TWO + LISTS)
    assert "    note: Other\n" in accepted(path, ("prod", "a", "note", "Other"))
    assert 'overrides: {dev: {note: "Its"}}' in accepted(path, ("dev", "a", "note", "Its"))


def check_promote(folder: Path) -> None:
    path = written(folder, f"{TWO}lists:\n  a:\n    id: {{prod: cl-1}}\n    name: A\n    note: Mine\n")
    draft = Draft(load(path))
    (candidate,) = candidates(draft, "prod", "dev")
    assert candidate.texts == {"name": "[dev] A", "note": "Mine"}
    live = LiveList("cl-2", {"name": "[dev] A", "description": "", "note": ""})
    expected = add_ids(draft, "dev", matches([candidate], [live]))
    made(path, draft.changes(expected))
    assert load(path).environments["dev"].desired.lists["a"].texts == candidate.texts


if __name__ == "__main__":
    for check in (check_loading, check_refusals, check_schema, check_import, check_accept, check_promote):
        check(Path(sys.argv[1]))
