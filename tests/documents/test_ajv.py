"""A validator of another house, in its strict mode, takes the published schemas, and judges documents by them."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from reconciler.cli.schema import DOCUMENTS
from tests.documents.examples import example, spoilt
from tests.program import REPOSITORY

NODE = REPOSITORY / "tests" / "node"
SCHEMAS = REPOSITORY / "docs" / "schemas"
JUDGE = """\
const Ajv = require("ajv/dist/2020");
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
const judged = cases.map(([schema, ...documents]) => documents.map(new Ajv().compile(schema)));
console.log(JSON.stringify(judged));
"""


@pytest.mark.slow
def test_ajv_takes_every_schema_in_its_strict_mode_and_judges_documents_by_it() -> None:
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules" / "ajv").is_dir():
        pytest.skip("needs Node and tests/node/node_modules")
    cases = [
        (json.loads((SCHEMAS / f"{kind}/1.json").read_text(encoding="utf-8")), example(kind), spoilt(kind))
        for kind in DOCUMENTS
    ]
    ran = subprocess.run(
        [node, "-e", JUDGE], cwd=NODE, input=json.dumps(cases), capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert dict(zip(DOCUMENTS, json.loads(ran.stdout), strict=True)) == {kind: [True, False] for kind in DOCUMENTS}


@pytest.mark.slow
def test_schemas_for_editors_hold_as_draft_07_as_well_in_the_strictest_mode() -> None:
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules" / "ajv").is_dir():
        pytest.skip("needs Node and tests/node/node_modules")
    strict = "{strict: true, strictTypes: true, strictTuples: true, strictRequired: true}"
    judge = JUDGE.replace("ajv/dist/2020", "ajv").replace("new Ajv()", f"new Ajv({strict})")
    cases = []
    for kind in ("manifest", "included"):
        schema = json.loads((SCHEMAS / f"{kind}/1.json").read_text(encoding="utf-8"))
        schema["$schema"] = "http://json-schema.org/draft-07/schema#"
        cases.append((schema, example(kind), spoilt(kind)))
    ran = subprocess.run(
        [node, "-e", judge], cwd=NODE, input=json.dumps(cases), capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr, json.loads(ran.stdout)) == (0, "", [[True, False]] * 2)
