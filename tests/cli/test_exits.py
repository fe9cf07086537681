"""What failed where, on stderr."""

from __future__ import annotations

import pytest

from reconciler.cli.exits import report_failures
from reconciler.errors import LockedError, UsageError


def test_each_failure_names_its_environment_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert report_failures({"test": UsageError("test: no id"), "prod": LockedError("locked")}) == [1, 4]
    assert capsys.readouterr().err == "error: test: no id [USAGE]\nerror: prod: locked [STATE-LOCKED]\n"
