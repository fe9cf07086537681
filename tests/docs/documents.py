"""docs/documents.md, made of the JSON Schemas: what stands in each document that machines read, field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.cli.schema import DOCUMENTS
from tests.program import REPOSITORY

SCHEMAS = REPOSITORY / "docs" / "schemas"
Schema = Mapping[str, Any]

HEAD = """\
# Documents

What machines read, field by field. This page is made of the JSON Schemas, which `reconciler schema` prints. `[]` stands
for each entry of a list, `*` for each key of a mapping. A field in *italics* may be absent. Which command prints which
document is in the [table of schemas](commands.md#schema); a format changes only together with a line in the
[changelog](../CHANGELOG.md).
"""
BY_HAND = ("manifest", "included")  # docs/manifest.md tells of them


def page() -> str:
    """Return the page."""
    return HEAD + "".join(_section(kind) for kind in DOCUMENTS if kind not in BY_HAND)


def _section(kind: str) -> str:
    whole = json.loads((SCHEMAS / f"{kind}/1.json").read_text(encoding="utf-8"))
    head = f"\n## {kind}\n\n{_cell(whole['description'])} [Its schema](schemas/{kind}/1.json).\n"
    tables = [table for node, place in _inner(whole, whole) for table in _tables(node, whole, place)]
    return head + ("".join(tables) or f"\nA {_kind(whole, whole)}.\n")


def _tables(node: Schema, whole: Schema, place: str) -> Iterator[str]:
    """Yield a table of the fields of an object, then one for the entries of each list and mapping in it."""
    of = [f"Each `{place}`"] if place else []
    of += [
        f"if `{name}` is `{field['const']}`"
        for name, field in node["properties"].items()
        if name == "status" and "const" in field
    ]
    yield f"\n{', '.join(of)}:\n".replace("\nif", "\nIf") if of else ""
    yield "\n| field | what | what it says |\n| --- | --- | --- |\n"
    rows = list(_rows(node, whole, ""))
    for field, (name, required) in rows:
        shown = f"`{name}`" if required else f"*`{name}`*"
        yield f"| {shown} | {_kind(field, whole)} | {_cell(field['description'])} |\n"
    for field, (name, _) in rows:
        for inner, suffix in _inner(field, whole):
            if suffix:
                yield from _tables(inner, whole, f"{place}.{name}{suffix}".lstrip("."))


def _rows(node: Schema, whole: Schema, path: str) -> Iterator[tuple[Schema, tuple[str, bool]]]:
    """Yield the fields of an object and of the objects in it, each with its name, and whether it is always there."""
    for name, field in node.get("properties", {}).items():
        yield field, (f"{path}{name}", name in node.get("required", ()))
        for inner, suffix in _inner(field, whole):
            if not suffix:
                yield from _rows(inner, whole, f"{path}{name}.")


def _options(field: Schema, whole: Schema) -> list[Schema]:
    """Return what a field may be, with references followed."""
    if "$ref" in field:
        return _options(whole["$defs"][field["$ref"].rpartition("/")[2]], whole)
    choices = field.get("anyOf") or field.get("oneOf")
    return [each for choice in choices for each in _options(choice, whole)] if choices else [field]


def _inner(field: Schema, whole: Schema) -> Iterator[tuple[Schema, str]]:
    """Yield the objects that a field holds, and how their place is written."""
    for option in _options(field, whole):
        if "properties" in option:
            yield option, ""
        for key, suffix in (("items", "[]"), ("additionalProperties", ".*")):
            if isinstance(option.get(key), dict):
                for inner, more in _inner(option[key], whole):
                    yield inner, suffix + more


def _kind(field: Schema, whole: Schema) -> str:
    return " or ".join(dict.fromkeys(_named(option, whole) for option in _options(field, whole)))


def _named(option: Schema, whole: Schema) -> str:
    if "const" in option:
        return f"`{option['const']}`"
    if "enum" in option:
        return ", ".join(f"`{each}`" for each in option["enum"])
    if option.get("type") == "array":
        entries = _kind(option["items"], whole)
        return f"list of {entries}" if "`" in entries else f"list of {entries}s"
    kinds = option.get("type", "anything")
    return " or ".join([kinds] if isinstance(kinds, str) else kinds)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
