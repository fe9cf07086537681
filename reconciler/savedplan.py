"""A plan that was saved, read as strictly as a manifest: whoever wrote the file may wish us ill.

What it asks for is judged later, by `planning.review`. Here it must be whole: of this format, of a shape that `plan`
writes, and unaltered since, by its digest. (The digest is no signature.)
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, NoReturn, Self, TypeAlias, TypedDict

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import from_json

from reconciler.errors import PlanRefusedError, UsageError
from reconciler.model import lists, texts
from reconciler.model.changes import (
    Adopt,
    Block,
    Blocked,
    Cause,
    Change,
    Check,
    EnvironmentPlan,
    Forget,
    Guard,
    Plan,
    Update,
)
from reconciler.planning.document import FORMAT, digest


def load(path: Path) -> Plan:
    """Return the plan in the file `path`.

    Raises PlanRefusedError where it is not whole, UsageError where the file cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the plan {path}: {error.strerror}") from error
    document = _document(content, path)
    plan = document.plan()
    if digest(plan) != document.digest:
        raise PlanRefusedError(
            f"{path} was altered after it was made: its digest is {document.digest}, its content gives {digest(plan)}; "
            "make a new plan"
        )
    return plan


def plan_schema() -> dict[str, object]:
    """Return the JSON Schema of a plan document; `load` checks more than it can say."""
    return _Document.model_json_schema()


def _document(content: bytes, path: Path) -> _Document:
    try:
        found = from_json(content)
    except ValueError as error:
        raise PlanRefusedError(
            f"{path} is not a saved plan: {error}; make one with: reconciler plan --out FILE"
        ) from error
    form = found.get("format") if isinstance(found, dict) else None
    if form != FORMAT:
        raise PlanRefusedError(f"{path} is of the format {form!r}, this version reads {FORMAT!r}: make a new plan")
    try:
        return _Document.model_validate_json(content)
    except ValidationError as error:
        _refuse(error, path)


def _refuse(error: ValidationError, path: Path) -> NoReturn:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    raise PlanRefusedError(
        f"{path} is not as this program writes plans: {where}: {first['msg']}{more}; make a new plan"
    ) from error


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def _text(field: texts.Field) -> AfterValidator:
    def check(text: str) -> str:
        if texts.units(text) > texts.MOST_UNITS[field] or (field == "name" and not text):
            raise ValueError(f"a {field} has at most {texts.MOST_UNITS[field]} UTF-16 units, and a name is not empty")
        if field == "name" and any(unicodedata.category(char) == "Cc" for char in text):
            raise ValueError("a name has no control characters")
        return text

    return AfterValidator(check)


Key: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*\z", max_length=200)]
ListId: TypeAlias = Annotated[str, StringConstraints(pattern=r"^cl-[0-9A-Za-z_-]+\z", max_length=200)]


class _Target(_Shape):
    host: str
    stream_id: str
    account_id: str


class _Source(_Shape):
    file: str
    line: int


class _Before(_Shape):
    """What live or the state held: shown and compared, never sent."""

    name: str | None = None
    description: str | None = None

    def texts(self) -> texts.Texts:
        return _given(self)


class _After(_Shape):
    """What may be sent."""

    name: Annotated[str, _text("name")] | None = None
    description: Annotated[str, _text("description")] | None = None

    def texts(self) -> texts.Texts:
        return _given(self)


def _given(shape: _Before | _After) -> texts.Texts:
    return {field: text for field in texts.FIELDS if (text := getattr(shape, field)) is not None}


class _Block(_Shape):
    guard: Guard
    reason: str
    lift: str


class _Change(_Shape):
    key: Key
    id: ListId
    action: Literal["update", "adopt", "forget", "check", "blocked"]
    cause: Cause
    fields: list[texts.Field]
    before: _Before | None
    after: _After
    blocked_by: _Block | None
    source: _Source | None
    warnings: list[str]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        after = self.after.texts()
        if len(set(self.fields)) < len(self.fields) or not after.keys() >= set(self.fields):
            raise ValueError("fields names what after does not hold, or one twice")
        if bool(self.fields) != (self.action in ("update", "blocked")):
            raise ValueError(f"fields does not go with the action {self.action}")
        if (self.blocked_by is not None) != (self.action == "blocked"):
            raise ValueError("blocked_by goes with the action blocked, and with no other")
        return self

    def change(self) -> Change:
        source = lists.Source(self.source.file, self.source.line) if self.source else None
        common = _Common(
            key=self.key,
            id=self.id,
            cause=self.cause,
            before=self.before.texts() if self.before else {},
            after=self.after.texts(),
            source=source,
            warnings=tuple(self.warnings),
        )
        if self.blocked_by:
            block = Block(self.blocked_by.guard, self.blocked_by.reason, self.blocked_by.lift)
            return Blocked(**common, fields=tuple(self.fields), block=block)
        if self.action == "update":
            return Update(**common, fields=tuple(self.fields))
        return _WITHOUT_FIELDS[self.action](**common)


class _Common(TypedDict):
    key: str
    id: str
    cause: Cause
    before: texts.Texts
    after: texts.Texts
    source: lists.Source | None
    warnings: tuple[str, ...]


_WITHOUT_FIELDS: Mapping[str, type[Adopt | Forget | Check]] = {
    "adopt": Adopt,
    "forget": Forget,
    "check": Check,
}


class _Drift(_Shape):
    key: Key
    id: ListId
    fields: list[texts.Field]
    applied: _Before
    live: _Before
    source: _Source


class _State(_Shape):
    lineage: str
    serial: Annotated[int, Field(ge=0)]


class _Summary(_Shape):
    update: int
    adopt: int
    forget: int
    check: int
    blocked: int
    unchanged: Annotated[int, Field(ge=0)]
    drifted: int
    requests: int
    seconds: int


class _Environment(_Shape):
    name: Key
    target: _Target
    state: _State
    summary: _Summary
    warnings: list[str]
    changes: list[_Change]
    drift: list[_Drift]

    @model_validator(mode="after")
    def _once(self) -> Self:
        keys = [change.key for change in self.changes]
        sent = [change.id for change in self.changes if change.action == "update"]
        if len(set(keys)) < len(keys) or len(set(sent)) < len(sent):
            raise ValueError("a key, or the id of an update, stands twice")
        return self

    def plan(self) -> EnvironmentPlan:
        return EnvironmentPlan(
            name=self.name,
            target=lists.Target(self.target.host, self.target.stream_id, self.target.account_id),
            lineage=self.state.lineage,
            serial=self.state.serial,
            changes=tuple(change.change() for change in self.changes),
            unchanged=self.summary.unchanged,
        )


class _File(_Shape):
    path: str
    sha256: str


class _Manifest(_Shape):
    files: list[_File]


class _Failed(_Shape):
    name: Key
    error: str


class _Document(_Shape):
    format: str
    digest: str
    tool: str
    created_at: str
    refreshed: bool
    manifest: _Manifest
    environments: list[_Environment]
    failed: list[_Failed] = []
    refused: str = ""

    @model_validator(mode="after")
    def _once(self) -> Self:
        names = [environment.name for environment in self.environments]
        if len(set(names)) < len(names):
            raise ValueError("an environment stands twice")
        return self

    def plan(self) -> Plan:
        return Plan(
            tool=self.tool,
            created_at=self.created_at,
            refreshed=self.refreshed,
            files={file.path: file.sha256 for file in self.manifest.files},
            environments=tuple(environment.plan() for environment in self.environments),
            failed={each.name: each.error for each in self.failed},
        )
