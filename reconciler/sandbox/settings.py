"""The switches: one for each point in which the behaviour of the real service is unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model, field_validator

from reconciler.errors import UsageError
from reconciler.model.fields import TABLE, ManagedField
from reconciler.model.fields import Field as FieldName
from reconciler.model.patterns import closest

_Emptied: TypeAlias = Literal["clear", "ignore", "refuse"]
_Null: TypeAlias = Literal["empty", "null", "absent"]


class _Switches(BaseModel):
    """The switches of the service; `Settings` adds those of each managed field."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    limit: int = Field(default=60, ge=0, description="requests a minute per account; 0 is no limit")
    limit_window: float = Field(
        default=60.0, gt=0, le=3600, description="seconds of the sliding window that `limit` counts in"
    )
    limit_counts_refused: bool = Field(
        default=True, description="whether requests refused by the limit count in it too"
    )
    limit_answer: Literal["429", "429-retry-after", "429-retry-date", "200-message"] = Field(
        default="429",
        description="what a request over the limit gets; -retry-after in seconds, 200-message is HTTP 200",
    )

    read_all_method: Literal["post", "get", "both"] = Field(
        default="post", description="the method that reads all lists"
    )
    wrong_method: Literal["405", "404"] = Field(
        default="405", description="what a method that a call does not know gets"
    )
    read_all_type_hides: Literal["dnc"] | int | tuple[str, ...] = Field(
        default="dnc",
        description="what type=call leaves out of read all: dnc (do-not-call lists), ids, or how many, the last ones",
    )
    gone_answer: Literal["404", "412", "200-null", "200-failed"] = Field(
        default="404", description="what reading or writing a list that does not exist gets"
    )
    list_in_use: Literal["running", "used", "never"] = Field(
        default="running", description="when isListInUse is true: while a campaign runs, if any uses the list, or never"
    )

    tells_who: bool = Field(default=True, description="whether reading one list answers who saved it last")

    unsent_fields: Literal["keep", "wipe"] = Field(
        default="keep", description="what a PUT does to the field it leaves out"
    )
    texts: Literal["exact", "trim", "squeeze", "lower", "nfc"] = Field(
        default="exact", description="how texts are stored"
    )
    duplicate_names: Literal["refuse", "allow"] = Field(
        default="refuse", description="what a PUT gets whose name another list has, ignoring case"
    )
    length_unit: Literal["utf16", "codepoints"] = Field(default="utf16", description="what the lengths count")
    characters: Literal["any", "bmp", "ascii"] = Field(default="any", description="which characters texts may have")

    late_writes: float = Field(default=0.0, ge=0, le=3600, description="seconds until a PUT shows in reads")
    late_reads: Literal["both", "all", "one"] = Field(default="both", description="which reads `late_writes` holds for")
    latency: float = Field(
        default=0.0, ge=0, le=60, description="seconds a call takes, half of them after it was carried out"
    )

    check_token: bool = Field(default=True, description="whether the JWT is looked at")
    algorithms: Literal["both", "HS256", "HS512"] = Field(default="both", description="the JWT algorithms accepted")
    enforce_jti: bool = Field(default=True, description="whether a JWT needs a fresh jti and an exp within the hour")
    leeway: float = Field(default=0.0, ge=0, le=3600, description="seconds by which exp and iat may be off")
    scope_missing: bool = Field(default=False, description="whether the JWT app lacks the scope Campaign Management")
    clock_skew: float = Field(
        default=0.0, ge=-1e9, le=1e9, description="seconds the sandbox's clock is ahead, or behind"
    )
    date: bool = Field(default=True, description="whether answers carry a Date")

    success_word: Literal["success", "SUCCESS", "Success"] = Field(
        default="success", description="the word in `status`"
    )
    error_key: Literal["msg", "message"] = Field(default="msg", description="the key of the text in `errors`")

    def longest(self, field: FieldName) -> int:
        """Return the greatest length of a field."""
        longest: int = getattr(self, f"{field}_length")
        return longest

    def when_empty(self, field: FieldName) -> _Emptied:
        """Return what a PUT does whose `field` is empty."""
        emptied: _Emptied = getattr(self, f"empty_{field}", "refuse")
        return emptied

    def null(self, field: FieldName) -> _Null:
        """Return how a `field` reads that is empty."""
        null: _Null = getattr(self, f"null_{field}", "empty")
        return null

    @field_validator("read_all_type_hides", mode="before")
    @classmethod
    def _count_or_ids(cls, value: object) -> object:
        """Read `3` as a count and `cl-a,cl-b` as ids."""
        if not isinstance(value, str) or value == "dnc":
            return value
        if re.fullmatch("[0-9]{1,12}", value):
            return int(value)
        return tuple(part.strip() for part in value.split(","))


def _switches(row: ManagedField) -> Iterator[tuple[str, object]]:
    """Yield the switches of one managed field."""
    least = 0 if row.may_be_empty else 1
    yield f"{row.name}_length", (int, Field(default=row.longest, ge=least, description=f"the longest {row.label}"))
    if row.may_be_empty:
        said = f'how a list without {row.label} reads: "", null, or without the field'
        yield f"null_{row.name}", (_Null, Field(default="empty", description=said))
        said = f'what a PUT with {row.label} "" does'
        yield f"empty_{row.name}", (_Emptied, Field(default="clear", description=said))


if TYPE_CHECKING:

    class Settings(_Switches):
        """How the sandbox behaves; the defaults are the likeliest reading of what is known about the API."""

else:
    Settings = create_model("Settings", __base__=_Switches, **dict(chain.from_iterable(map(_switches, TABLE))))
    Settings.__doc__ = "How the sandbox behaves; the defaults are the likeliest reading of what is known about the API."


def parse(assignments: Iterable[str]) -> Settings:
    """Return the defaults with `KEY=VALUE` assignments made; raises UsageError naming everything wrong in them."""
    changes: dict[str, object] = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals:
            raise UsageError(f"--set {assignment}: write it as KEY=VALUE, such as limit=0")
        changes[key.strip().replace("-", "_")] = value.strip()
    return change(Settings(), changes)


def change(settings: Settings, changes: Mapping[str, object]) -> Settings:
    """Return `settings` with `changes` made; raises UsageError naming everything wrong in them."""
    try:
        return Settings.model_validate({**settings.model_dump(), **changes})
    except ValidationError as error:
        lines = {str(problem["loc"][0]): problem["msg"] for problem in error.errors()}
        raise UsageError("\n".join(_problem(key, changes[key], message) for key, message in lines.items())) from error


def describe() -> str:
    """Return every switch with its default and what it means, one a line."""
    rows = [
        (f"{name}={_plain(field.default)}", field.description or "", _choices(name))
        for name, field in Settings.model_fields.items()
    ]
    width = max(len(first) for first, _, _ in rows)
    return "".join(
        f"{first:{width}}  {meaning}{f' ({choices})' if choices else ''}\n" for first, meaning, choices in rows
    )


def _problem(key: str, value: object, message: str) -> str:
    if key in Settings.model_fields:
        return f"setting {key}={value}: {message[0].lower()}{message[1:]}"
    close = closest(key, Settings.model_fields)
    hint = f"did you mean {close}? " if close else ""
    return f"setting {key}: unknown; {hint}`reconciler sandbox --settings` lists all {len(Settings.model_fields)}"


def _choices(name: str) -> str:
    schema = Settings.model_json_schema()["properties"][name]
    return " | ".join(schema.get("enum", ()))


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
