"""export --csv and import --csv, by the real program: out into a spreadsheet, and back by review."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from reconciler.sandbox.accounts import ContactList
from tests.program import Workplace, some_lists
from tests.scenarios.test_editing import manifest, requests

FORMULAS = {"name": "=1+1", "description": "@SUM(1)\n-2;=3"}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_out_into_a_sheet_and_back(place: Workplace) -> None:
    lists = some_lists(3)
    place.declare(lists, a=FORMULAS)
    before = manifest(place)
    sheet = place.folder / "lists.csv"
    ran = place.run("export", "--csv", "lists.csv")
    assert (ran.code, ran.out) == (0, "written to lists.csv: 3 lists\n")
    assert [row["key"] for row in rows(sheet)] == ["a", "b", "c"]
    assert rows(sheet)[0]["name"] == "'=1+1"
    assert rows(sheet)[0]["description"] == "'@SUM(1)\n'-2;'=3"
    back = place.run("import", "--csv", "lists.csv")
    assert (back.code, back.out) == (0, "nothing to import: the sheet holds what the manifest declares\n")
    assert manifest(place) == before
    assert place.run("export", "--csv", "lists.csv", "--semicolon").code == 0
    sheet.write_bytes(sheet.read_bytes().replace(b"Alpha 2", b"Beta"))
    dry = place.run("import", "--csv", "lists.csv", "--dry-run")
    assert '+    name: "Beta"' in dry.out
    assert manifest(place) == before
    ran = place.run("import", "--csv", "lists.csv")
    assert ran.code == 0
    assert ran.out == (
        '  ~ b  prod  name: "Beta"\n'
        "written into the manifest, nothing was sent; look at the file, then: reconciler plan --refresh --env prod\n"
    )
    assert manifest(place) == before.replace("Alpha 2", "Beta")
    assert requests(place) == 0
    refused = place.run("import", "--csv", "lists.csv", "--env", "prod")
    assert (refused.code, "--csv goes without" in refused.err) == (1, True)
    over = place.run("export", "--csv", "lists.yaml")
    assert (over.code, "lists.yaml is a file that this command reads" in over.err) == (1, True)


def test_the_live_side(place: Workplace) -> None:
    first, second, third = some_lists(3)
    place.sandbox.world.set_list(
        ContactList(first.id, {"name": "Theirs", "description": ""}, campaigns=("=Fall", "Spring"))
    )
    place.sandbox.world.delete(third.id)
    ran = place.run("export", "--csv", "-", "--live")
    assert ran.code == 3
    assert "not in the sheet: c in prod: " in ran.err
    assert ran.out.startswith('\ufeff"environment","key","id","name","description","campaigns"\n')
    with_campaigns, without = csv.reader(ran.out.splitlines(keepends=True)[1:])
    assert with_campaigns[:5] == ["prod", "a", first.id, "Theirs", ""]
    assert re.fullmatch(r"'=Fall \(cm-\S+\)\nSpring \(cm-\S+\)", with_campaigns[5])
    assert without == ["prod", "b", second.id, "Alpha 2", "Text 2", ""]
    place.sandbox.world.edit(second.id, {"description": "::add-mask::x \x1b[31m"})
    ran = place.run("export", "--csv", "-", "--live")
    assert (ran.code, ran.out) == (1, "")
    assert "name a file, such as --csv lists.csv" in ran.err
    assert place.run("export", "--csv", "lists.csv", "--live").code == 3
    assert rows(place.folder / "lists.csv")[1]["description"] == "::add-mask::x \x1b[31m"
