"""The words in which `shape` says what a manifest may hold: each makes one kind of schema of pydantic-core.

`metadata` holds what the JSON Schema says besides (`published`); the validator does not look at it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from pydantic_core import PydanticCustomError

Schema: TypeAlias = Mapping[str, object]
NAME = r"^(?:[a-wyz0-9][a-z0-9_-]*|x(?:[a-z0-9_][a-z0-9_-]*)?)$"  # a word that does not begin with x-


def text(**more: object) -> Schema:
    """Any text, but for what `more` asks of it."""
    return {"type": "str", **more}


def ruled(check: Callable[[str], str]) -> Schema:
    """A text that `check` returns, or raises `refused` for."""
    return {"type": "function-after", "function": {"type": "no-info", "function": check}, "schema": text()}


def refused(fault: str) -> PydanticCustomError:
    """Return what a check raises: `fault` says, in words for people, what is wrong and what to do."""
    return PydanticCustomError("house_rule", "{fault}", {"fault": fault})


def number(**more: int) -> Schema:
    """A whole number."""
    return {"type": "int", **more}


def flag() -> Schema:
    """True or false."""
    return {"type": "bool"}


def word(*words: str) -> Schema:
    """One of `words`."""
    return {"type": "literal", "expected": list(words)}


def sequence(items: Schema) -> Schema:
    """Any number of `items`."""
    return {"type": "list", "items_schema": items}


def by_name(values: Schema, **more: int) -> Schema:
    """A mapping of names, which people choose, to `values`."""
    return {"type": "dict", "keys_schema": text(pattern=NAME), "values_schema": values, **more}


def either(**branches: Schema) -> Schema:
    """One of several; where an error is of a branch, its place has the branch's name as a step: `<text>`."""
    return {"type": "union", "choices": [(schema, f"<{name}>") for name, schema in branches.items()]}


def key(meaning: str, value: Schema, *, required: bool = False, **published: object) -> Schema:
    """One key of an `entry`, and what it is for."""
    metadata = {"description": meaning, **published}
    return {"type": "typed-dict-field", "schema": value, "required": required, "metadata": metadata}


def entry(of: type, **keys: Schema) -> Schema:
    """A mapping of just these `keys`: the TypedDict `of`."""
    return {
        "type": "typed-dict",
        "fields": keys,
        "extra_behavior": "forbid",
        "config": {"strict": True},
        "metadata": {"title": of.__name__, "description": of.__doc__},
    }
