"""What the last runs made of a state, as `state history --json` prints it."""

from __future__ import annotations

from typing_extensions import TypedDict

from reconciler.documents.parts import Count, Moment, document


@document
class RunPart(TypedDict):
    """What one run made of the state. Who it was is empty where the store does not say so."""

    serial: Count
    """The serial that it wrote."""
    lineage: str
    """The identity of the state through all its serials."""
    at: Moment
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


@document
class StateHistoryDocument(TypedDict):
    """What the last runs made of a state."""

    history: list[RunPart]
    """The runs, the newest first."""
