"""The type of `policy`: what an apply may do, and when."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Discriminator, Field, StringConstraints, Tag, model_validator

from reconciler.manifest.flaws import Flaw, Kind
from reconciler.manifest.freeze_times import DAYS, HOURS, MOMENT, hours_fault, moment_fault, since, until, zone_fault
from reconciler.manifest.model_base import TRIMMED, Entry, Glob, broken_rule, free_of
from reconciler.manifest.own_rules import LONGEST_PATTERN, pattern_fault
from reconciler.manifest.rules import control_fault
from reconciler.model import fields
from reconciler.model.lists import Policy

MOST_FREEZES = 100
LONGEST_REASON = 200  # characters
_DEFAULT = Policy()


def _form_of_limit(value: object) -> str:
    return "number" if isinstance(value, int) else "percentage"


Required: TypeAlias = Annotated[str, StringConstraints(pattern=rf"^(?:{'|'.join(fields.FIELDS)}|x-\S+)$")]
Limit: TypeAlias = Annotated[
    Annotated[int, Field(ge=0), Tag("number")]
    | Annotated[str, StringConstraints(pattern=r"^(?:100|[1-9]?[0-9])%$"), Tag("percentage")],
    Discriminator(_form_of_limit),
]


class FreezeEntry(Entry):
    """Times in which an apply refuses to send anything."""

    model_config = ConfigDict(title="Freeze")

    reason: Annotated[str, StringConstraints(pattern=TRIMMED, max_length=LONGEST_REASON), free_of(control_fault)] = (
        Field(description="Why: shown by plan and by an apply that refuses.", examples=["No one is on call"])
    )
    zone: Annotated[str, free_of(zone_fault)] = Field(
        description="The time zone of all times here.", examples=["Europe/Berlin", "UTC"]
    )
    days: Annotated[str, StringConstraints(pattern=DAYS)] = Field(
        default="mon-sun",
        description="The days of the week on which it begins: days and ranges of days.",
        examples=["sat-sun", "mon-thu, sun"],
    )
    hours: Annotated[str, StringConstraints(pattern=HOURS), free_of(hours_fault)] = Field(
        default="00:00-24:00",
        description="From when to when. An end that is not after the begin is in the next day.",
        examples=["08:00-18:00", "18:00-08:00"],
    )
    since: Annotated[str, StringConstraints(pattern=MOMENT), free_of(moment_fault)] = Field(
        default="", description="Not before: a date, or a date and a time.", examples=["2026-12-20"]
    )
    until: Annotated[str, StringConstraints(pattern=MOMENT), free_of(moment_fault)] = Field(
        default="",
        description="Not after: a date, which counts to its end, or a date and a time.",
        examples=["2027-01-06", "2027-01-06 12:00"],
    )

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> FreezeEntry:
        begin, end = since(self.since), until(self.until)
        if begin and end and end <= begin:
            raise broken_rule(Flaw(Kind.FREEZE, "until is not after since, so it never holds: correct one of them"))
        return self


class PolicyEntry(Entry):
    """What an apply may do."""

    model_config = ConfigDict(title="Policy")

    max_changes: Limit = Field(
        default=f"{_DEFAULT.max_changes.number}%",
        description="Changes in one apply: a number, or a percentage of the environment's lists, never under 10.",
        examples=[20, "100%"],
    )
    on_drift: Literal["keep", "overwrite"] = Field(
        default=_DEFAULT.on_drift,
        description="keep: show what was changed elsewhere. overwrite: set it back.",
        examples=["overwrite"],
    )
    rename_in_use: Literal["block", "warn"] = Field(
        default=_DEFAULT.rename_in_use,
        description="What becomes of renames of lists that campaigns use.",
        examples=["warn"],
    )
    rename_while_running: Literal["block", "allow"] = Field(
        default=_DEFAULT.rename_while_running,
        description="What becomes of renames while a list is in use now; allow also needs rename_in_use: warn.",
        examples=["allow"],
    )
    ignore_undeclared: list[Glob] = Field(
        default=list(_DEFAULT.ignore_undeclared),
        description="Names, or patterns of names, of live lists that someone else looks after.",
        examples=[["Sandbox *"]],
    )
    name_pattern: Annotated[str, free_of(pattern_fault)] = Field(
        default=_DEFAULT.name_pattern,
        description="A regular expression that every name must match as a whole, as written without name_format. "
        "Look-around and backreferences are not supported.",
        examples=["[A-Z].* - [0-9]{4}"],
        json_schema_extra={"maxLength": LONGEST_PATTERN},
    )
    required: list[Required] = Field(
        default=list(_DEFAULT.required),
        description="What each list must have: fields that must be managed, and x- keys that must not be empty.",
        examples=[["description", "x-owner"]],
    )
    freeze: list[FreezeEntry] = Field(
        default=[],
        max_length=MOST_FREEZES,
        description="Times in which an apply refuses to send anything, unless --break-freeze says why.",
        examples=[[{"reason": "No one is on call", "zone": "Europe/Berlin", "days": "sat-sun"}]],
    )
