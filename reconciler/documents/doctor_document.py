"""What works and what does not: `reconciler/doctor/1`, as `doctor --json` prints it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from typing_extensions import TypedDict

from reconciler.documents.parts import document
from reconciler.model.checks import Check, Checkup

FORMAT: Literal["reconciler/doctor/1"] = "reconciler/doctor/1"


@document
class CheckPart(TypedDict):
    """One thing that was looked at."""

    name: str
    """What was looked at."""
    status: Literal["works", "fails", "unknown"]
    """How it stands; unknown if it could not be looked at, or is neither right nor wrong."""
    detail: str
    """What was found, in words."""
    next_step: str
    """What to do; empty if there is nothing to do."""


@document
class CheckupPart(TypedDict):
    """The checks of one environment."""

    name: str
    """The environment."""
    checks: list[CheckPart]
    """Its checks, in the order in which they were made."""


@document
class DoctorDocument(TypedDict):
    """What works, and what to do about what does not."""

    format: Literal["reconciler/doctor/1"]
    """The format of this document."""
    environments: list[CheckupPart]
    """The environments, in the order of the manifest."""


def doctor_document(found: Iterable[Checkup]) -> DoctorDocument:
    """Return the document of what `doctor` found."""
    return {"format": FORMAT, "environments": [_checkup(checkup) for checkup in found]}


def _checkup(checkup: Checkup) -> CheckupPart:
    return {"name": checkup.environment, "checks": [_check(check) for check in checkup.checks]}


def _check(check: Check) -> CheckPart:
    return {"name": check.name, "status": check.status, "detail": check.detail, "next_step": check.next_step}
