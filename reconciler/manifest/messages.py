"""Turn pydantic's errors into messages for people: what is wrong, and what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from reconciler.manifest import model_base
from reconciler.manifest.flaws import Flaw, Kind
from reconciler.manifest.freeze_times import WEEK
from reconciler.manifest.model_base import Entry
from reconciler.manifest.models import (
    LEAST_REQUESTS,
    MOST_REQUESTS,
    EnvironmentEntry,
    ListEntry,
    ManifestFile,
    Override,
)
from reconciler.manifest.policy_models import LONGEST_REASON, MOST_FREEZES, FreezeEntry, PolicyEntry
from reconciler.manifest.reading import Place, Value
from reconciler.manifest.scalars import REFUSED, NotText
from reconciler.model.fields import FIELDS, TABLE
from reconciler.model.patterns import closest

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_ENTRIES: Mapping[str, type[Entry]] = {
    "": ManifestFile,
    "environments.*": EnvironmentEntry,
    "policy": PolicyEntry,
    "policy.freeze.*": FreezeEntry,
    "lists.*": ListEntry,
    "lists.*.overrides.*": Override,
}
_WANTED = {
    "version": "1, the one format that this program reads",
    "state": "a folder beside the manifest, or a URL",
    "environments": "a mapping of one or more names to environments",
    "environments.*": "a mapping with host, stream_id and account_id",
    "environments.*.host": "a host, such as https://platform.kore.ai",
    "environments.*.stream_id": "a stream id: st- followed by letters, digits, . _ ~ or -",
    "environments.*.account_id": "an account id, made of letters and digits",
    "environments.*.credentials": "a prefix of variables: KORE, or KORE_ followed by A-Z, 0-9 or _",
    "environments.*.requests_per_minute": f"an integer from {LEAST_REQUESTS} to {MOST_REQUESTS:,}, unquoted",
    "environments.*.name_format": 'a text with {name} in it, in quotes: "[dev] {name}"',
    "policy": f"a mapping of {', '.join(PolicyEntry.model_fields)}",
    "policy.max_changes": "an integer of at least 0, unquoted, or a percentage from 0% to 100%",
    "policy.on_drift": "keep or overwrite",
    "policy.rename_in_use": "block or warn",
    "policy.rename_while_running": "block or allow",
    "policy.ignore_undeclared": "a sequence of names or patterns of names, such as [Sales *]",
    "policy.ignore_undeclared.*": "a name or a pattern of names",
    "policy.name_pattern": 'a regular expression, in quotes: "[A-Z].* - [0-9]{4}"',
    "policy.required": f"a sequence of {', '.join(FIELDS)} or keys of your own, such as [{FIELDS[-1]}, x-owner]",
    "policy.required.*": f"{', '.join(FIELDS)}, or a key of your own that begins with x-",
    "policy.freeze": f"a sequence of at most {MOST_FREEZES} mappings with reason, zone, and when it holds",
    "policy.freeze.*": "a mapping with reason, zone, and when it holds: days, hours, since, until",
    "policy.freeze.*.reason": f"a text of 1 to {LONGEST_REASON} characters, without space around it",
    "policy.freeze.*.zone": "a time zone, such as Europe/Berlin",
    "policy.freeze.*.days": f"days and ranges of {', '.join(WEEK)}: mon-fri, sun",
    "policy.freeze.*.hours": "two times of 24 hours, from 00:00 to 24:00: 18:00-08:00",
    "policy.freeze.*.since": 'a date, with a time or without, in quotes: "2026-12-20 18:00"',
    "policy.freeze.*.until": 'a date, with a time or without, in quotes: "2027-01-06 12:00"',
    "include": "a sequence of globs, such as [lists/*.yaml]",
    "include.*": "a glob, such as lists/*.yaml",
    "lists": "a mapping of keys to lists, or {} if there is none",
    "lists.*": f"a mapping with id, and {' or '.join(FIELDS)}",
    "lists.*.id": "an id (cl- followed by letters, digits, . _ ~ or -), or one for each environment: "
    "{dev: cl-…, prod: cl-…}",
    "lists.*.id.*": "an id: cl- followed by letters, digits, . _ ~ or -",
    "lists.*.previously": "the live name of the list, or one for each environment: {dev: …, prod: …}",
    "lists.*.previously.*": "the live name of the list",
    "lists.*.protect": "true or false, unquoted",
    "lists.*.overrides": f"a mapping of environments to texts: {{dev: {{{FIELDS[0]}: …}}}}",
    "lists.*.overrides.*": f"a mapping with {' or '.join(FIELDS)}",
    **{f"{entry}.{field}": "a text" for entry in ("lists.*", "lists.*.overrides.*") for field in FIELDS},
}
"""What a value must be, by the kind of its place (see `_kind`)."""

_ANY_TEXT = (
    *FIELDS,
    "previously",
    "previously.*",
    "include.*",
    "ignore_undeclared.*",
    "name_pattern",
    "reason",
    "zone",
    "since",
    "until",
    "account_id",
)
"""Endings of the kinds of places that take any text."""

_NULL = {
    f"lists.*.{row.name}": f'write "" to clear the {row.label}, or leave the key out to leave it unmanaged'
    if row.may_be_empty
    else f"leave the key out to leave the {row.label} unmanaged"
    for row in TABLE
}


MOST_NAMED = 5
_LONGEST_KEY = 60  # characters; a longer one is not a typing error


class Fault(NamedTuple):
    """What is wrong with the value at `place`, or with its key."""

    place: Place
    flaw: Flaw
    at_key: bool = False


def faults(errors: Sequence[ErrorDetails], value: Value, base: Place = ()) -> Iterator[Fault]:
    """Yield one fault for each place in `value` that has errors. `base` is the place of `value` itself.

    Values that the reader has refused are skipped.
    """
    seen: set[Place] = set()
    for error in errors:
        steps, wrong = _place(error, value)
        if steps in seen or wrong is REFUSED:
            continue
        seen.add(steps)
        yield _fault(error, (*base, *steps), wrong)


def unknown_key(place: Place, known: Sequence[str]) -> str:
    """Return a message for the last key of `place`, which is not in `known`, with the closest known key."""
    name = str(place[-1])
    above, dot, below = name.partition(".")
    if dot and above in known and len(name) <= _LONGEST_KEY:
        return f"unknown key: write {above}: {{{below}: …}}, or {below} on a line of its own, indented under {above}"
    close = closest(name, known) if len(name) <= _LONGEST_KEY else ""
    guess = f"did you mean {close}?" if close else f"known here: {', '.join(known)}"
    return f"unknown key: {guess} (keys of your own begin with x-)"


def first_names(names: Sequence[str], number: int) -> str:
    """Return the first of `number` names for a message, and a count of the others."""
    first = ", ".join(names[:MOST_NAMED])
    return first if number <= MOST_NAMED else f"{first}, … ({number - MOST_NAMED:,} more)"


def bad_name(name: str) -> Flaw:
    """Return what is wrong with a key, or a name of an environment, that is not valid."""
    if name.startswith("x-"):
        message = "keys here are names, and names cannot begin with x-: rename it, or move it to where other keys stand"
    else:
        message = f"{quote(name)} is not a valid name: use a-z, 0-9, _ and -, beginning with a letter or digit"
    return Flaw(Kind.BAD_NAME, message)


def show_value(value: Value) -> str:
    """Return `value` for a message, as YAML writes it; collections by their kind."""
    match value:
        case dict():
            return "a mapping" if value else "an empty mapping"
        case list():
            return "a sequence"
        case NotText():
            return value.text
        case str():
            return quote(value)
        case _:
            return json.dumps(value)


def quote(text: str) -> str:
    """Return `text` in the double quotes of YAML, shortened if it is long."""
    return json.dumps(text if len(text) <= 60 else text[:59] + "…", ensure_ascii=False)


def _place(error: ErrorDetails, value: Value) -> tuple[Place, Value]:
    """Return the place in `value` that an error of pydantic points to, and the value there.

    Steps that `value` does not have are pydantic's own: a tag of a union, or `[key]`.
    """
    steps: list[str | int] = []
    for step in error["loc"]:
        match value, step:
            case dict(), str() if step in value:
                value = value[step]
            case list(), int():
                value = value[step]
            case _ if error["type"] != "missing":
                continue
        steps.append(step)
    return tuple(steps), value


def _fault(error: ErrorDetails, place: Place, value: Value) -> Fault:
    kind = _kind(place)
    match error["type"]:
        case "missing":
            message = f"{place[-1]} is missing: add {_WANTED[kind]}"
            return Fault(place[:-1], Flaw(Kind.MISSING_KEY, message), at_key=True)
        case "extra_forbidden":
            message = unknown_key(place, tuple(_ENTRIES[_kind(place[:-1])].model_fields))
            return Fault(place, Flaw(Kind.UNKNOWN_KEY, message), at_key=True)
        case _ if error["loc"][-1:] == ("[key]",):
            return Fault(place, bad_name(str(place[-1])), at_key=True)
        case model_base.BROKEN_RULE:
            return Fault(place, Flaw(Kind(error["ctx"]["kind"]), error["msg"]))
        case found:
            return Fault(place, _wrong_value(kind, value, wants_text=found == "string_type"))


def _wrong_value(kind: str, value: Value, *, wants_text: bool) -> Flaw:
    wanted = _WANTED[kind]
    if isinstance(value, NotText) and value.read_as == "null":
        message = f"has no value (null): {_NULL.get(kind, f'write {wanted}, or leave the key out if it is optional')}"
        return Flaw(Kind.NULL, message)
    if wants_text and isinstance(value, NotText | int) and kind.endswith(_ANY_TEXT):
        read_as = "true or false" if isinstance(value, bool) else getattr(value, "read_as", "a number")
        text = show_value(value)
        return Flaw(Kind.NOT_TEXT, f"YAML reads {text} as {read_as}, not as text: write {quote(text)}")
    return Flaw(Kind.WRONG_VALUE, f"must be {wanted}; got {show_value(value)}")


def _kind(place: Place) -> str:
    """Return `place` with `*` for names and indexes: `lists.*.id`. An environment's policy is `policy`."""
    named = {"environments": (1,), "lists": (1, 3)}.get(str(place[0]), ()) if place else ()
    steps = ["*" if isinstance(step, int) or depth in named else step for depth, step in enumerate(place)]
    kind = ".".join(steps)
    return kind.removeprefix("environments.*.") if steps[2:3] == ["policy"] else kind
