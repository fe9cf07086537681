"""What pydantic finds wrong with a manifest, in the words of this house and with the way out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, cast

from reconciler.manifest.reading import Place, Value
from reconciler.manifest.scalars import REFUSED, NotText
from reconciler.manifest.shape import EnvironmentEntry, ListEntry, ManifestFile, Override, PolicyEntry

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_KEYS = {
    "": tuple(ManifestFile.__annotations__),
    "environments.*": tuple(EnvironmentEntry.__annotations__),
    "policy": tuple(PolicyEntry.__annotations__),
    "lists.*": tuple(ListEntry.__annotations__),
    "lists.*.overrides.*": tuple(Override.__annotations__),
}
_WANTED = {
    "version": "1, the one format that this program reads",
    "state": "a folder beside the manifest, or a URL",
    "environments": "a mapping of one or more names to environments",
    "environments.*": "a mapping with host, stream_id and account_id",
    "environments.*.host": "a host such as https://platform.kore.ai",
    "environments.*.stream_id": "a stream id: st- and then letters, digits, . _ ~ or -",
    "environments.*.account_id": "an account id, made of letters and digits",
    "environments.*.credentials": "a prefix of variables: KORE, or KORE_ and then A-Z, 0-9 or _",
    "environments.*.requests_per_minute": "a whole number from 5 to 100,000, without quotes",
    "environments.*.name_format": 'a text with {name} in it, in quotes: "[dev] {name}"',
    "policy": "a mapping of max_changes, on_drift, rename_in_use and ignore_undeclared",
    "policy.max_changes": "a whole number from 0, or a percentage from 0% to 100%",
    "policy.on_drift": "keep or overwrite",
    "policy.rename_in_use": "block or warn",
    "policy.ignore_undeclared": "a sequence of name globs: [Sales *]",
    "policy.ignore_undeclared.*": "a name glob",
    "include": "a sequence of globs: [lists/*.yaml]",
    "include.*": "a glob such as lists/*.yaml",
    "lists": "a mapping of keys to lists, or {} while there is none",
    "lists.*": "a mapping with id, and name or description",
    "lists.*.id": "an id, cl- and then letters, digits, . _ ~ or -, or one per environment: {dev: cl-…, prod: cl-…}",
    "lists.*.id.*": "an id: cl- and then letters, digits, . _ ~ or -",
    "lists.*.name": "a text",
    "lists.*.description": "a text",
    "lists.*.previously": "the live name of the list, or one per environment: {dev: …, prod: …}",
    "lists.*.previously.*": "the live name of the list",
    "lists.*.protect": "true or false, without quotes",
    "lists.*.overrides": "a mapping of environments to texts: {dev: {name: …}}",
    "lists.*.overrides.*": "a mapping with name, description or both",
    "lists.*.overrides.*.name": "a text",
    "lists.*.overrides.*.description": "a text",
}
_TAKES_ANY_TEXT = ("name", "description", "previously", "previously.*", "include.*", "ignore_undeclared.*")
_NULL = {
    "lists.*.name": "leave the key out to leave the name unmanaged",
    "lists.*.description": 'write "" to clear the description, or leave the key out to leave it unmanaged',
}
_OTHER_BRANCH = {"<text>": dict, "<mapping>": str, "<number>": str, "<percent>": int}
"""The labels of the unions of `shape`, each with the type of values that the union's other branch speaks of."""


MOST_NAMED = 5
_LONGEST_KEY = 60  # characters; a longer one is no slip of the pen


class Fault(NamedTuple):
    """What is wrong with the value at `place`, or with its key."""

    place: Place
    message: str
    at_key: bool = False


def faults(errors: Sequence[ErrorDetails], value: Value, base: Place = ()) -> Iterator[Fault]:
    """Yield what `errors` find in `value`, which stands at `base`; one fault a place, and none of refused values."""
    seen: set[Place] = set()
    for error in errors:
        found = _walked(error["loc"], value)
        if found is None or found[0] in seen:
            continue
        steps, wrong = found
        seen.add(steps)
        fault = _fault(error, (*base, *steps), wrong)
        if fault:
            yield fault


def unknown_key(place: Place, known: Sequence[str]) -> str:
    """Say that the last key of `place` is none of `known`, and which of them may be meant."""
    from difflib import get_close_matches  # noqa: PLC0415  (only where there is a problem)

    name = str(place[-1])
    close = get_close_matches(name, known, n=1) if len(name) <= _LONGEST_KEY else []
    guess = f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}"
    return f"unknown key: {guess} (keys of your own begin with x-)"


def named_first(names: Sequence[str], number: int) -> str:
    """Return the first of `number` names for a message, and how many more there are."""
    first = ", ".join(names[:MOST_NAMED])
    return first if number <= MOST_NAMED else f"{first}, … ({number - MOST_NAMED:,} more)"


def bad_name(name: str) -> str:
    """Say what a key or the name of an environment is made of."""
    if name.startswith("x-"):
        return "keys here are names, and names cannot begin with x-: rename it, or move it to where other keys stand"
    return f"{quoted(name)} is no name: write it with a-z, 0-9, _ and -, beginning with a letter or digit"


def shown(value: Value) -> str:
    """Return `value` as it would be written, for a message."""
    match value:
        case dict():
            return "a mapping" if value else "an empty mapping"
        case list():
            return "a sequence"
        case NotText():
            return value.text
        case str():
            return quoted(value)
        case _:
            return json.dumps(value)


def quoted(text: str) -> str:
    """Return `text` in the double quotes of YAML, shortened where it is long."""
    return json.dumps(text if len(text) <= 60 else text[:59] + "…", ensure_ascii=False)


def _walked(loc: tuple[str | int, ...], value: Value) -> tuple[Place, Value] | None:
    """Return the place that pydantic's `loc` means and the value there; None where the error misreads a union.

    A union's branches all complain; those of the branch that the value was not meant for are dropped.
    """
    steps: list[str | int] = []
    for step in loc:
        if step in _OTHER_BRANCH:
            other = _OTHER_BRANCH[str(step)]
            if isinstance(value, other) and not isinstance(value, bool):
                return None
        elif step != "[key]":
            steps.append(step)
            value = value.get(str(step), REFUSED) if isinstance(value, dict) else cast("list[Value]", value)[int(step)]
    return tuple(steps), value


def _fault(error: ErrorDetails, place: Place, value: Value) -> Fault | None:
    kind = _kind(place)
    if error["type"] == "missing":
        return Fault(place[:-1], f"lacks {place[-1]}: add {_WANTED[kind]}", at_key=True)
    if error["type"] == "extra_forbidden":
        return Fault(place, unknown_key(place, _KEYS[_kind(place[:-1])]), at_key=True)
    if error["loc"][-1] == "[key]":
        return Fault(place, bad_name(str(place[-1])), at_key=True)
    if value is REFUSED:
        return None
    if error["type"] == "house_rule":
        return Fault(place, error["msg"])
    return Fault(place, _wrong_value(kind, value, wants_text=error["type"] == "string_type"))


def _wrong_value(kind: str, value: Value, *, wants_text: bool) -> str:
    wanted = _WANTED[kind]
    if isinstance(value, NotText) and value.read_as == "null":
        return f"has no value (null): {_NULL.get(kind, f'write {wanted}, or leave the key out where it is optional')}"
    if wants_text and isinstance(value, NotText | int) and _takes_any_text(kind):
        read_as = "true or false" if isinstance(value, bool) else getattr(value, "read_as", "a number")
        text = shown(value)
        return f"YAML reads {text} as {read_as}, not as text: write {quoted(text)}"
    return f"{shown(value)} is not {wanted}"


@lru_cache
def _takes_any_text(kind: str) -> bool:
    return kind.endswith(
        ("name", "description", "previously", "previously.*", "include.*", "ignore_undeclared.*", "account_id")
    )


def _kind(place: Place) -> str:
    """Return `place` with `*` for what people name or count, and an environment's policy as any policy."""
    named = {"environments": (1,), "lists": (1, 3)}.get(str(place[0]), ()) if place else ()
    steps = ["*" if isinstance(step, int) or depth in named else step for depth, step in enumerate(place)]
    kind = ".".join(steps)
    return kind.removeprefix("environments.*.") if steps[2:3] == ["policy"] else kind
