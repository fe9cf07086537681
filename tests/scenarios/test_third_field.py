"""A managed field is one row of `model.fields`: the program with a third row takes it everywhere."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types

from reconciler.cli.reports import FORMATS
from reconciler.sandbox.accounts import ACCOUNT_ID, STREAM_ID
from reconciler.sandbox.tokens import CLIENT_ID, CLIENT_SECRET
from tests.program import REPOSITORY, SECONDS, UNMEASURED, Running

THIRD = "tests.scenarios.third_field"
PROD, TEST = f"accounts/{ACCOUNT_ID}/lists", "accounts/test/lists"
MANIFEST = """\
version: 1
environments:
  prod: {{host: "{url}", stream_id: {stream}, account_id: "{account}", requests_per_minute: 6000}}
  test: {{host: "{url}", stream_id: st-test, account_id: test, requests_per_minute: 6000}}
lists:
  a:
    id: {{prod: cl-1}}
    name: Alpha
    note: First
  b:
    id: {{prod: cl-2}}
    name: Beta
    note: Second
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with a manifest, and the sandbox that its environments mean; both know the third field."""

    folder: Path
    url: str

    @property
    def variables(self) -> Mapping[str, str]:
        """What the program runs with."""
        kept = {name: value for name, value in UNMEASURED.items() if not name.startswith(("KORE", "RECONCILER"))}
        keys = {"KORE_CLIENT_ID": CLIENT_ID, "KORE_CLIENT_SECRET": CLIENT_SECRET}
        return {**kept, **keys, "PYTHONPATH": str(REPOSITORY), "NO_PROXY": "127.0.0.1", "COLUMNS": "100"}

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run the program to its end, which must be `code`; return what it said."""
        said = "".join((ended := Running(arguments, self.folder, self.variables, THIRD)).communicate())
        assert ended.returncode == code, said
        return said

    def killed_at_its_put(self, *arguments: str) -> None:
        """Run the program until it waits for the answer of a PUT, and kill it."""
        self.control("POST", "faults", [{"kind": "hang", "call": "put"}])
        program = Running(arguments, self.folder, self.variables, THIRD)
        until = time.monotonic() + SECONDS
        while not self.bodies() and time.monotonic() < until:
            time.sleep(0.02)
        program.kill()
        assert program.wait() == -signal.SIGKILL
        self.control("DELETE", "faults")

    def control(self, method: str, path: str, body: object = None) -> Any:  # JSON
        """Change the sandbox, or look at it."""
        content = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.url}/_sandbox/{path}", content, method=method), timeout=SECONDS) as answer:
            return json.load(answer)

    def bodies(self) -> list[str]:
        """Return the body of every PUT since the last call that found some."""
        found = [str(each["body"]) for each in self.control("GET", "requests") if each["kind"] == "put"]
        if found:
            self.control("DELETE", "requests")
        return found

    def declare(self, before: str, after: str) -> None:
        """Edit the manifest."""
        assert before in self.manifest
        (self.folder / "lists.yaml").write_text(self.manifest.replace(before, after), encoding="utf-8")

    @property
    def manifest(self) -> str:
        """What the manifest says."""
        return (self.folder / "lists.yaml").read_text(encoding="utf-8")

    def document(self, name: str) -> Any:  # JSON
        """Return a document that the program wrote, after holding it against the schema that it prints."""
        document = json.loads((self.folder / name).read_text(encoding="utf-8"))
        kind = re.fullmatch(r"reconciler/(\w+)/1", document["format"])
        assert kind
        Draft202012Validator(json.loads(self.run("schema", kind[1]))).validate(document)
        return document

    def reports(self, code: int, *arguments: str) -> Mapping[str, str]:
        """Return what the program says in each format."""
        asked = [part for name in FORMATS for part in ("--report", f"{name}=out.{name}")]
        self.run(*arguments, *asked, code=code)
        return {name: (self.folder / f"out.{name}").read_text(encoding="utf-8") for name in FORMATS}


@contextmanager
def place(folder: Path) -> Iterator[Place]:
    """Serve two accounts until the context ends."""
    command = [sys.executable, "-m", THIRD, "sandbox", "--port", "0", "--lists", "0", "--set", "limit=0"]
    with subprocess.Popen(
        command, cwd=REPOSITORY, env={**os.environ, "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True
    ) as sandbox:
        try:
            assert sandbox.stdout
            served = Place(folder, sandbox.stdout.readline().split()[2])
            served.control("PUT", PROD, [
                {"id": "cl-1", "name": "Alpha", "note": "First", "campaigns": ["Spring"]},
                {"id": "cl-2", "name": "Beta", "note": "Second"},
            ])  # fmt: skip
            served.control("PUT", "accounts/test", {"streams": ["st-test"], "lists": [{"id": "cl-t", "name": "Beta"}]})
            text = MANIFEST.format(url=served.url, stream=STREAM_ID, account=ACCOUNT_ID)
            (folder / "lists.yaml").write_text(text, encoding="utf-8")
            yield served
        finally:
            sandbox.terminate()


def test_everything_takes_a_third_field(tmp_path: Path) -> None:
    with place(tmp_path) as at:
        settings = at.control("GET", "settings")
        assert (settings["note_length"], settings["null_note"], settings["empty_note"]) == (64, "empty", "clear")
        the_manifest(at)
        plan_and_apply(at)
        undo(at)
        drift_and_accept(at)
        import_and_promote(at)


def the_manifest(at: Place) -> None:
    schema = at.run("schema", "manifest")
    assert "What colleagues should know." in schema
    assert '"maxLength": 64' in schema
    at.declare("First", "n" * 65)
    assert "lists.a.note: is 65 characters long" in at.run("validate", code=1)
    at.declare("n" * 65, "First")
    at.run("apply", "--yes", "--env", "prod")


def plan_and_apply(at: Place) -> None:
    at.declare("note: First", "note: Changed")
    at.declare("note: Second", 'note: ""')
    shown = at.reports(0, "plan", "--refresh", "--env", "prod", "--out", "plan.json")
    assert 'internal note: "First" → "Changed"' in shown["text"]
    assert "internal note: `First` → `Changed`" in shown["markdown"]
    assert "#### new internal notes (2)" in shown["markdown"]
    assert "<dt>internal note</dt>" in shown["html"]
    assert "2 new internal notes" in shown["html"]
    assert json.loads(shown["gitlab"])["update"] == 2
    change = at.document("plan.json")["environments"][0]["changes"][0]
    assert (change["fields"], change["after"]) == (["note"], {"name": "Alpha", "note": "Changed"})
    at.killed_at_its_put("apply", "--yes", "--env", "prod")
    journal = (at.folder / ".reconciler" / "prod.journal.jsonl").read_text(encoding="utf-8")
    assert '"intended": {"note": "Changed"}' in journal
    at.control("PATCH", "settings", {"texts": "lower"})
    done = at.reports(3, "apply", "plan.json", "--yes", "--undo-out", "undo.json")
    at.control("PATCH", "settings", {"texts": "exact"})
    assert {name for name, said in done.items() if "internal note was sent as" not in said} == {"gitlab", "prometheus"}
    assert at.bodies() == ['{"listNote": "Changed"}', '{"listNote": ""}']
    known, cleared = at.document(".reconciler/prod.state.json")["lists"].values()
    assert (known["note"], known["stored"]) == ("Changed", {"note": "changed"})
    assert (cleared["note"], at.control("GET", f"{PROD}/cl-2")["note"]) == ("", "")
    at.document("out.json")


def undo(at: Place) -> None:
    at.run("apply", "undo.json", "--yes")
    assert sorted(at.bodies()) == ['{"listNote": "First"}', '{"listNote": "Second"}']
    at.declare("note: Changed", "note: First")
    at.declare('note: ""', "note: Second")


def drift_and_accept(at: Place) -> None:
    at.control("PATCH", f"{PROD}/cl-1", {"note": "Elsewhere"})
    at.control("PUT", f"{PROD}/cl-3", {"name": "Gamma", "note": "Third"})
    found = at.reports(0, "drift", "--env", "prod", "--undeclared")
    assert 'internal note (last applied → live now): "First" → "Elsewhere"' in found["text"]
    assert "internal note (last applied → live now): `First` → `Elsewhere`" in found["markdown"]
    assert "since the last apply: internal note" in found["junit"]
    assert found["html"].count("<dt>internal note</dt>") == 2
    (environment,) = at.document("out.json")["environments"]
    assert environment["lists"][0]["fields"][0]["field"] == "note"
    assert environment["undeclared"][0]["note"] == "Third"
    assert 'internal note: "Elsewhere"' in at.run("accept", "--env", "prod")
    assert "note: Elsewhere\n" in at.manifest


def import_and_promote(at: Place) -> None:
    at.run("import", "--env", "prod")
    assert 'note: "Third"\n' in at.manifest
    said = at.run("promote", "prod", "test", "--match-names")
    assert 'internal note: "Second"' in said
    assert 'id: cl-t, its internal note there is ""' in said


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_laws_hold_with_it() -> None:
    laws = ["documents/test_saved_plan.py", "planning/test_laws.py", "execute/test_laws.py", "model/test_texts.py"]
    store = [f"state/test_{name}.py" for name in ("document", "journal", "writer", "folding", "merging", "moving")]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "not slow", "-p", THIRD,
         *(f"tests/{each}" for each in (*laws, *store))],
        cwd=REPOSITORY, env=UNMEASURED, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout
