"""The problems of a manifest: `reconciler/problems/1`, as `validate --json` prints it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from reconciler.documents.parts import document
from reconciler.model.problems import Problem

FORMAT: Literal["reconciler/problems/1"] = "reconciler/problems/1"


@document
class ProblemPart(TypedDict):
    """One thing that is wrong, at one place."""

    file: str
    """The file, as the manifest was named."""
    line: int
    """The line, counted from 1."""
    column: int
    """The column, counted from 1."""
    path: str
    """Where in the manifest, dotted, such as lists.vip.name; empty for a file as a whole."""
    message: str
    """What is wrong, and the way out."""
    code: NotRequired[str]
    """The code of the kind of problem, such as M044; `reconciler explain` says more of it."""


@document
class ProblemsDocument(TypedDict):
    """What is wrong with a manifest."""

    format: Literal["reconciler/problems/1"]
    """The format of this document."""
    problems: list[ProblemPart]
    """The problems, in the order of the files; empty for a manifest without any."""


def problems_document(problems: Iterable[Problem]) -> ProblemsDocument:
    """Return the document of a manifest's problems."""
    return {"format": FORMAT, "problems": [_problem(problem) for problem in problems]}


def _problem(problem: Problem) -> ProblemPart:
    part: ProblemPart = {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "path": problem.path,
        "message": problem.message,
    }
    if problem.code:
        part["code"] = problem.code
    return part
