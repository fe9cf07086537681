"""The JSON Schema of a manifest, for editors: the schemas of `shape`, told in another language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias, cast

from reconciler.manifest.grammar import Schema
from reconciler.manifest.shape import MANIFEST

JsonSchema: TypeAlias = "dict[str, JsonSchema] | list[JsonSchema] | str | int | bool | None"
_Node: TypeAlias = dict[str, JsonSchema]
_CHECKS = {
    "str": {"pattern": "pattern", "min_length": "minLength"},
    "int": {"ge": "minimum", "le": "maximum"},
    "dict": {"min_length": "minProperties"},
}


def json_schema() -> _Node:
    """Return the JSON Schema (draft 2020-12) of a manifest; `load` checks more than it can say."""
    definitions: _Node = {}
    whole = _entry(MANIFEST, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": dict(sorted(definitions.items())),
        **whole,
    }


def _told(schema: Schema, definitions: _Node) -> _Node:
    """Return what `schema` says of one value; entries go to `definitions`, by their title."""
    match schema:
        case {"type": "typed-dict", "metadata": {"title": str(title)}}:
            definitions[title] = _entry(schema, definitions)
            return {"$ref": f"#/$defs/{title}"}
        case {"type": "typed-dict-field" | "function-after", "schema": inner}:
            told = _told(cast(Schema, inner), definitions)
        case {"type": "union", "choices": choices}:
            branches = cast("Iterable[tuple[Schema, str]]", choices)
            told = {"anyOf": [_told(branch, definitions) for branch, _ in branches]}
        case {"type": "dict", "keys_schema": {"pattern": str(pattern)}, "values_schema": values}:
            told = _closed({pattern: _told(cast(Schema, values), definitions)})
        case {"type": "list", "items_schema": items}:
            told = {"items": _told(cast(Schema, items), definitions), "type": "array"}
        case {"type": "literal", "expected": expected}:
            told = {"enum": cast(JsonSchema, expected), "type": "string"}
        case _:
            told = {"type": {"str": "string", "int": "integer", "bool": "boolean"}[str(schema["type"])]}
    checks = _CHECKS.get(str(schema["type"]), {})
    told |= {said: cast(JsonSchema, schema[check]) for check, said in checks.items() if check in schema}
    told |= cast(_Node, schema.get("metadata", {}))
    return dict(sorted(told.items()))


def _entry(schema: Schema, definitions: _Node) -> _Node:
    fields = cast("Mapping[str, Schema]", schema["fields"])
    told = _closed({"^x-": True})
    told["properties"] = {name: _told(field, definitions) for name, field in fields.items()}
    if required := [name for name, field in fields.items() if field["required"]]:
        told["required"] = cast(JsonSchema, required)
    told["description"] = cast("dict[str, str]", schema["metadata"])["description"]
    return dict(sorted(told.items()))


def _closed(patterns: _Node) -> _Node:
    """Allow no keys but those of `patterns`, and those that are named besides."""
    return {"type": "object", "additionalProperties": False, "patternProperties": patterns}
