"""What is wrong with a document, in words."""

from __future__ import annotations

from pydantic import ValidationError


def complaints(error: ValidationError) -> list[str]:
    """Return every problem as `where: what`, `where` dotted, or as `what` if it is the whole document."""
    problems = ((".".join(map(str, problem["loc"])), problem["msg"]) for problem in error.errors())
    return [f"{where}: {what}" if where else what for where, what in problems]
