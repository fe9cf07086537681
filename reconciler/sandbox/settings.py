"""The switches: one for each point in which nobody knows how the real service behaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from reconciler.errors import UsageError


class Settings(BaseModel):
    """How the sandbox behaves; the defaults are the likeliest reading of what is known about the API."""

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
    read_all_type_hides: int | tuple[str, ...] = Field(
        default=0, description="lists that type=call leaves out of read all: ids, or how many (the last ones)"
    )
    gone_answer: Literal["404", "412", "200-null", "200-failed"] = Field(
        default="404", description="what reading or writing a list that does not exist gets"
    )
    null_description: Literal["empty", "null", "absent"] = Field(
        default="empty", description='how a list without description reads: "", null, or without the field'
    )
    is_list_in_use_lies: bool = Field(
        default=True, description="whether isListInUse is false for lists that campaigns use"
    )

    unsent_fields: Literal["keep", "wipe"] = Field(
        default="keep", description="what a PUT does to the field it leaves out"
    )
    empty_description: Literal["clear", "ignore", "refuse"] = Field(
        default="clear", description='what a PUT with description "" does'
    )
    texts: Literal["exact", "trim", "squeeze", "lower", "nfc"] = Field(
        default="exact", description="how texts are stored"
    )
    duplicate_names: Literal["refuse", "allow"] = Field(
        default="refuse", description="what a PUT gets whose name another list has, ignoring case"
    )
    name_length: int = Field(default=48, ge=1, description="the longest name")
    description_length: int = Field(default=256, ge=0, description="the longest description")
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

    @field_validator("read_all_type_hides", mode="before")
    @classmethod
    def _count_or_ids(cls, value: object) -> object:
        """Read `3` as a count and `cl-a,cl-b` as ids."""
        if not isinstance(value, str):
            return value
        if value.isdecimal():
            return int(value)
        return tuple(part.strip() for part in value.split(","))


def parsed(assignments: Iterable[str]) -> Settings:
    """Return the defaults with `KEY=VALUE` assignments made; raises UsageError naming everything wrong in them."""
    changes: dict[str, object] = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals:
            raise UsageError(f"--set {assignment}: write it as KEY=VALUE, such as limit=0")
        changes[key.strip().replace("-", "_")] = value.strip()
    return changed(Settings(), changes)


def changed(settings: Settings, changes: Mapping[str, object]) -> Settings:
    """Return `settings` with `changes` made; raises UsageError naming everything wrong in them."""
    try:
        return Settings.model_validate({**settings.model_dump(), **changes})
    except ValidationError as error:
        lines = {str(problem["loc"][0]): problem["msg"] for problem in error.errors()}
        raise UsageError("\n".join(_problem(key, changes[key], message) for key, message in lines.items())) from error


def described() -> str:
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
    close = get_close_matches(key, Settings.model_fields, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"setting {key}: unknown; {hint}`reconciler sandbox --settings` lists all {len(Settings.model_fields)}"


def _choices(name: str) -> str:
    schema = Settings.model_json_schema()["properties"][name]
    return " | ".join(schema.get("enum", ()))


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
