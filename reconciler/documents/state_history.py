"""What the last runs made of a state, as `state history --json` prints it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from reconciler.documents.parts import Count, StatePart, document
from reconciler.documents.result_document import EnvironmentResultPart, OutcomePart, ResultDocument


@document
class JoinedResult(TypedDict):
    """What the result of an apply, given by --results, says of this run."""

    plan: str
    """The digest of the plan that was followed."""
    outcomes: list[OutcomePart]
    """What became of each change."""


@document
class RunPart(TypedDict):
    """What one run made of the state. Who it was is empty where the store does not say so."""

    serial: Count
    """The serial that it wrote."""
    lineage: str
    """The identity of the state through all its serials."""
    at: Annotated[str, Field(examples=["2026-11-22T10:00:00Z"])]
    """When it wrote the state: RFC 3339 in UTC."""
    user: str
    """The user."""
    host: str
    """The machine."""
    command: str
    """The command."""
    job: str
    """The URL of the CI job; empty if it was none."""
    added: list[str]
    """The keys that the serial before did not have."""
    changed: list[str]
    """The keys of lists that the serial before had otherwise."""
    dropped: list[str]
    """The keys that only the serial before had."""
    results: NotRequired[list[JoinedResult]]
    """The results of runs that sent or recorded something, and began with the serial before; only with --results."""


@document
class StateHistoryDocument(TypedDict):
    """What the last runs made of a state."""

    history: list[RunPart]
    """The runs, the newest first."""


def join_results(
    began_with: Sequence[StatePart | None], runs: Sequence[RunPart], environment: str, results: Sequence[ResultDocument]
) -> list[RunPart]:
    """Return the runs with the results of those in `environment` that began with the same state as each."""
    parts = [(result["plan"], part) for result in results for part in result["environments"]]
    mine = [(plan, part) for plan, part in parts if part["name"] == environment and _recorded(part)]
    joined: list[RunPart] = []
    for before, run in zip(began_with, runs, strict=True):
        found: list[JoinedResult] = [
            {"plan": plan, "outcomes": part["outcomes"]}
            for plan, part in mine
            if before and part.get("state") == before
        ]
        joined.append({**run, "results": found} if found else run)
    return joined


def _recorded(part: EnvironmentResultPart) -> bool:
    return any(outcome["attempts"] or outcome["outcome"] in ("adopted", "forgotten") for outcome in part["outcomes"])
