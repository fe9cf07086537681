"""httpx2, by other hands and with the same interface: what is tested of HTTP holds with it in its place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PLAIN = "--assert=plain"  # pytest is too late to prepare anyio, which is a plugin, too
AS_HTTPX = """
import sys, httpx2
httpx2.alias_httpx()
import httpx, pytest
assert httpx.HTTPTransport is httpx2.HTTPTransport
sys.exit(pytest.main(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("module", ["test_http.py", "test_client.py"])
def test_in_the_place_of_httpx(module: str) -> None:
    words = [sys.executable, "-c", AS_HTTPX, "-q", "-n", "0", "-p", "no:cacheprovider", PLAIN, str(HERE / module)]
    tried = subprocess.run(words, cwd=HERE.parents[1], capture_output=True, text=True, timeout=300, check=False)
    assert tried.returncode == 0, tried.stdout
    assert " passed" in tried.stdout
