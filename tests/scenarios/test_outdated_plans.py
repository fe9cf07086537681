"""A saved plan that the manifest no longer wants is followed, and said to be what it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.program import Workplace, some_lists, workplace

LISTS = some_lists(2)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    """A plan that renames a is saved."""
    with workplace(tmp_path, LISTS, measured=False) as place:
        place.declare(LISTS)
        assert place.run("apply", "--yes").code == 0
        place.declare(LISTS, a={"name": "New 1"})
        assert place.run("plan", "--refresh", "--out", "plan.json").code == 0
        yield place


OTHERWISE: dict[str, tuple[Mapping[str, Mapping[str, str]], str]] = {
    "another text": ({"a": {"name": "Other 1"}}, "the manifest here says otherwise (name: 'Other 1')."),
    "the old text": ({}, "the manifest here says otherwise (name: 'Alpha 1')."),
}


@pytest.mark.parametrize(("changes", "said"), OTHERWISE.values(), ids=list(OTHERWISE))
def test_what_the_manifest_says_otherwise_is_told(
    place: Workplace, changes: Mapping[str, Mapping[str, str]], said: str
) -> None:
    digest = json.loads((place.folder / "plan.json").read_text())["digest"]
    place.declare(LISTS, **changes)
    reports = [word for form in ("markdown", "html", "github") for word in ("--report", f"{form}=out.{form}")]
    ran = place.run("apply", "plan.json", "--yes", "--json", *reports)
    assert ran.code == 0, ran.err
    shown = re.sub(r"\s+", " ", ran.err)
    assert said in shown
    assert "a update: as the saved plan says" in shown
    assert "edited in the manifest" not in shown
    assert json.loads(ran.out)["plan"] == digest
    assert place.sandbox.world.lists()[LISTS[0].id].name == "New 1"


def test_a_list_that_is_declared_no_more_is_told(place: Workplace) -> None:
    place.declare(LISTS[1:])
    assert "(it does not declare this list)" in re.sub(r"\s+", " ", place.run("apply", "plan.json", "--yes").out)


def test_a_field_that_is_managed_no_more_is_told(place: Workplace) -> None:
    manifest = place.folder / "lists.yaml"
    manifest.write_text(re.sub(r'    name: "New 1"\n', "", manifest.read_text()))
    assert "(name unmanaged)" in re.sub(r"\s+", " ", place.run("apply", "plan.json", "--yes").out)


def test_nothing_is_told_of_a_plan_that_fits(place: Workplace) -> None:
    ran = place.run("apply", "plan.json", "--yes")
    assert "says otherwise" not in ran.out
    assert "edited in the manifest" in ran.out
