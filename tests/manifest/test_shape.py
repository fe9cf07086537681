"""What the type checker is told of a manifest is what the schemas let through."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Literal, Required, get_args, get_origin, get_type_hints

import pytest

from reconciler.manifest import shape

ENTRIES = {
    shape.Override: shape.OVERRIDE,
    shape.ListEntry: shape.LIST,
    shape.PolicyEntry: shape.POLICY,
    shape.EnvironmentEntry: shape.ENVIRONMENT,
    shape.ManifestFile: shape.MANIFEST,
}


def type_of(schema: object) -> object:
    """Return the Python type of what passes `schema`."""
    match schema:
        case {"type": "function-after" | "typed-dict-field", "schema": inner}:
            return type_of(inner)
        case {"type": "typed-dict", "metadata": {"title": title}}:
            return next(entry for entry in ENTRIES if entry.__name__ == title)
        case {"type": "dict", "keys_schema": keys, "values_schema": values}:
            return dict[type_of(keys), type_of(values)]  # type: ignore[misc]  # made at run time
        case {"type": "list", "items_schema": items}:
            return list[type_of(items)]  # type: ignore[misc]  # made at run time
        case {"type": "union", "choices": choices}:
            return reduce(or_, (type_of(branch) for branch, _ in choices))
        case {"type": "literal", "expected": expected}:
            return Literal[tuple(expected)]
        case {"type": "str" | "int" | "bool" as simple}:
            return {"str": str, "int": int, "bool": bool}[simple]
    raise AssertionError(schema)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.__name__)
def test_types_and_schemas_are_equal(entry: type) -> None:
    declared = get_type_hints(entry, include_extras=True)
    fields = ENTRIES[entry]["fields"]
    assert isinstance(fields, dict)
    assert list(fields) == list(declared)
    for name, hint in declared.items():
        required = get_origin(hint) is Required
        assert type_of(fields[name]) == (get_args(hint)[0] if required else hint), name
        assert fields[name]["required"] == required, name
