"""What the types of a manifest have in common: the base of every mapping, and rules whose message people are shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, LiteralString, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

from reconciler.manifest.flaws import Flaw

BROKEN_RULE: LiteralString = "broken_rule"
"""The type of a pydantic error whose message is shown to people unchanged."""

TRIMMED = r"^\S(?:[\s\S]*\S)?$"
"""The pattern of a text without space around it."""

Glob: TypeAlias = Annotated[str, StringConstraints(min_length=1)]


def broken_rule(flaw: Flaw) -> PydanticCustomError:
    return PydanticCustomError(BROKEN_RULE, "{message}", {"message": flaw.message, "kind": flaw.kind})


def free_of(fault: Callable[[str], Flaw | None]) -> AfterValidator:
    """Return a validator that refuses a text if `fault` finds one."""

    def check(text: str) -> str:
        if found := fault(text):
            raise broken_rule(found)
        return text

    return AfterValidator(check)


class Entry(BaseModel):
    """A mapping with a fixed set of keys.

    Users may add keys of their own that begin with x-; the YAML reader drops them before they get here.
    """

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        defer_build=True,
        field_title_generator=lambda name, _: name.replace("_", " ").capitalize(),
        json_schema_extra={"patternProperties": {"^x-": True}},
    )
