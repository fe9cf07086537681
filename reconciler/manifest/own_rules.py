"""Rules that a manifest's policy sets for its own lists: `name_pattern` and `required`.

A pattern is matched by the regular expressions of Rust, which pydantic brings along: in time that is linear in the
length of the name, whatever the pattern is. That is why they have no look-around and no backreferences.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache

from pydantic_core import SchemaError, SchemaValidator, core_schema

from reconciler.manifest.flaws import Flaw, Kind
from reconciler.manifest.values import unformat_name
from reconciler.model.fields import FIELDS, label
from reconciler.model.lists import Policy

LONGEST_PATTERN = 1_000  # characters
_MOST_SHOWN = 60


def pattern_fault(pattern: str) -> Flaw | None:
    """Check a `name_pattern`."""
    if not pattern:
        return Flaw(Kind.PATTERN, 'is empty: write a regular expression, or leave the key out; ".*" allows every name')
    if len(pattern) > LONGEST_PATTERN:
        return Flaw(
            Kind.PATTERN,
            f"is {len(pattern):,} characters long, and at most {LONGEST_PATTERN:,} are read: shorten it",
        )
    try:
        _compile(pattern)
        _whole(pattern)
    except SchemaError as error:
        why = str(error).rstrip(".").rpartition("rror: ")[2]
        return Flaw(Kind.PATTERN, f"is not a regular expression that is supported here ({why}): correct it")
    return None


def name_fault(policy: Policy, name_format: str, name: str) -> Flaw | None:
    """Check the name of a list, as an environment with this policy and `name_format` writes it."""
    written = unformat_name(name_format, name) or name
    if not policy.name_pattern or _whole(policy.name_pattern).isinstance_python(written):
        return None
    pattern = (
        policy.name_pattern if len(policy.name_pattern) <= _MOST_SHOWN else f"{policy.name_pattern[:_MOST_SHOWN]}…"
    )
    return Flaw(
        Kind.NAME_PATTERN,
        f"does not match policy.name_pattern '{pattern}': rename the list, or change the pattern",
    )


def missing_faults(policy: Policy, present: Collection[str]) -> Iterator[Flaw]:
    """Yield what `policy.required` asks for and is not among the `present` fields and keys of a list."""
    for name in policy.required:
        if name not in present:
            what = label(name) if name in FIELDS else f"{name} (or an empty one)"
            yield Flaw(Kind.REQUIRED, f"has no {what}, but policy.required asks for it: add it")


@lru_cache(maxsize=64)
def _whole(pattern: str) -> SchemaValidator:
    try:
        return _compile(rf"\A(?:{pattern})\z")
    except SchemaError:  # perhaps it ends with a comment, as (?x) allows
        return _compile(f"\\A(?:{pattern}\n)\\z")


def _compile(pattern: str) -> SchemaValidator:
    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
