"""A strict validator of another house takes the published schemas without a word."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.program import REPOSITORY

NODE = REPOSITORY / "tests" / "node"
SCHEMAS = sorted(str(path) for path in (REPOSITORY / "docs" / "schemas").iterdir())
COMPILE = """\
const Ajv = require("ajv/dist/2020");
for (const path of process.argv.slice(1)) {
  new Ajv().compile(JSON.parse(require("fs").readFileSync(path, "utf8")));
}
"""


@pytest.mark.slow
def test_ajv_compiles_every_schema_in_its_strict_mode() -> None:
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules" / "ajv").is_dir():
        pytest.skip("needs Node and tests/node/node_modules")
    ran = subprocess.run([node, "-e", COMPILE, *SCHEMAS], cwd=NODE, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")
