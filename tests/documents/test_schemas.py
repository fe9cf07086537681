"""The published schemas are those of now, and fit what the program really writes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types
from pydantic import TypeAdapter, ValidationError

from reconciler.cli.schema import DOCUMENTS, schema
from reconciler.documents.json_schema import DECLARED
from tests import golden
from tests.documents.examples import example, spoilt
from tests.program import REPOSITORY, some_lists, workplace

FOLDER = REPOSITORY / "docs" / "schemas"


def valid(document: str, kind: str) -> dict[str, Any]:
    """Return a document of that kind."""
    found: dict[str, Any] = json.loads(document)
    Draft202012Validator(schema(kind)).validate(found)
    return found


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_published(kind: str) -> None:
    """UPDATE_GOLDEN=1 writes them anew."""
    golden.check(FOLDER / f"{kind}/1.json", json.dumps(schema(kind), indent=2, ensure_ascii=False) + "\n")
    Draft202012Validator.check_schema(schema(kind))


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_every_property_is_described(kind: str) -> None:
    def undescribed(node: object, where: str) -> list[str]:
        if isinstance(node, list):
            return [found for each in node for found in undescribed(each, where)]
        if not isinstance(node, dict):
            return []
        properties = node.get("properties")
        here = [
            f"{where}.{name}"
            for name, each in (properties.items() if isinstance(properties, dict) else ())
            if "description" not in each
        ]
        return here + [found for key, each in node.items() for found in undescribed(each, f"{where}.{key}")]

    published = schema(kind)
    assert isinstance(published, dict)
    assert {"title", "description"} <= published.keys()
    assert undescribed(published, kind) == []


@pytest.mark.parametrize("kind", DECLARED)
def test_a_declaration_reads_what_its_schema_takes_and_no_more(kind: str) -> None:
    reader = TypeAdapter[object](DECLARED[kind])
    assert reader.validate_json(json.dumps(example(kind))) == example(kind)
    with pytest.raises(ValidationError):
        reader.validate_json(json.dumps(spoilt(kind)))


def test_no_other_is_published() -> None:
    assert sorted(FOLDER.glob("*/*")) == sorted(FOLDER / kind / "1.json" for kind in DOCUMENTS)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*/*.json")), ids=lambda path: path.parent.name)
def test_a_schema_is_named_after_its_document_and_the_number_of_its_format_and_refers_to_no_other(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    published = json.loads(text)
    kind, number = path.parent.name, path.stem
    assert published["$id"] == f"urn:reconciler:schema:{kind}:{number}"
    assert all(name in published["$defs"] for name in re.findall(r'"\$ref": "#/\$defs/([^"/]+)"', text))
    assert text.count('"$ref"') == text.count('"$ref": "#/$defs/')
    numbered = published.get("properties", {})
    assert numbered.get("format", {}).get("const") in (None, f"reconciler/{kind}/{number}")
    assert numbered.get("version", {}).get("const") in (None, int(number))


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_document_fits_and_one_with_something_else_in_it_does_not(kind: str) -> None:
    judge = Draft202012Validator(schema(kind))
    judge.validate(example(kind))
    assert not judge.is_valid(spoilt(kind))


@pytest.mark.parametrize(
    "path", sorted((REPOSITORY / "tests/state/documents").glob("*.json")), ids=lambda path: path.name
)
def test_every_state_document_ever_written_fits(path: Path) -> None:
    valid(path.read_text(encoding="utf-8"), "state")


def test_what_the_program_writes_fits(tmp_path: Path) -> None:
    lists = some_lists(3)
    with workplace(tmp_path, lists) as place:
        place.declare(lists, a={"name": "New 1"}, b={"description": "other"}, c={"id": "cl-gone"})
        valid(place.run("plan", "--json").out, "plan")
        valid(place.run("plan", "--refresh", "--json").out, "plan")
        valid(place.run("apply", "--yes", "--json").out, "result")
        place.sandbox.world.edit(lists[1].id, {"description": "Theirs"})
        valid(place.run("drift", "--json").out, "drift")
        valid(place.run("drift", "--json", "--undeclared").out, "drift")
        valid(place.run("plan", "--refresh", "--json").out, "plan")
        valid(place.run("state", "pull").out, "state")
        valid(place.run("doctor", "--json").out, "doctor")
        valid(place.run("validate", "--json").out, "problems")
        assert json.loads(place.run("schema", "state").out) == schema("state")
