"""One document of each kind that has a published schema, as the program writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from tests.program import REPOSITORY

FOLDER = Path(__file__).parent / "golden"
FILES = {
    "manifest": REPOSITORY / "lists.yaml.example",
    "included": REPOSITORY / "lists.yaml.example",
    "plan": Path(__file__).parent / "plan.json",
    "result": REPOSITORY / "tests/report/golden/result.json",
    "drift": REPOSITORY / "tests/report/golden/drift-counted.json",
    "compare": REPOSITORY / "tests/report/golden/compare.json",
    "problems": REPOSITORY / "tests/report/golden/problems.json",
    "doctor": REPOSITORY / "tests/report/golden/doctor.json",
    "environments": FOLDER / "environments.json",
    "accounts": FOLDER / "accounts.json",
    "state": REPOSITORY / "tests/state/documents/state-1.json",
    "state-list": FOLDER / "state-list.json",
    "state-show": FOLDER / "state-show.json",
    "state-history": FOLDER / "state-history.json",
}


def example(kind: str) -> Any:
    """Return the document of that kind."""
    content = FILES[kind].read_text(encoding="utf-8")
    if FILES[kind].suffix == ".json":
        return json.loads(content)
    manifest = yaml.safe_load(content)
    return manifest if kind == "manifest" else {"lists": manifest["lists"]}


def spoilt(kind: str) -> Any:
    """Return the document with one thing in it that no document of that kind holds."""
    document = example(kind)
    return [*document, 1] if isinstance(document, list) else {**document, "more": 1}
