"""The program, run within this process since that is fast, and what must be true of any run."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

from reconciler.cli.app import run

CODES = {0, 1, 2, 3, 4}
MOST_SECONDS = 60.0
MOST_TEXT = 300_000
UNEXPECTED = "something that this program does not expect"


def assert_in_order(folder: Path, variables: Mapping[str, str], arguments: Sequence[str]) -> int:
    """Run the program; its exit code is one of the contract's, its words are words, and it ends in time."""
    out, err = io.StringIO(), io.StringIO()
    began = time.monotonic()
    with chdir(folder), mock.patch.dict(os.environ, variables), redirect_stdout(out), redirect_stderr(err):
        code = run(arguments)
    said = out.getvalue() + err.getvalue()
    assert time.monotonic() - began < MOST_SECONDS, arguments
    assert code in CODES, (arguments, said)
    assert "Traceback" not in said, (arguments, said)
    assert UNEXPECTED not in said, (arguments, said)
    assert len(said) < MOST_TEXT, (arguments, len(said))
    assert code in {0, 2} or said, (arguments, code)
    return code
