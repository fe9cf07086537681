"""Doubles of the clouds that others wrote, started by the tests: moto for S3, Azurite for Azure.

One that cannot start fails the tests where CI=true is set, and skips them with the reason elsewhere.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import httpx
import pytest

from tests.program import REPOSITORY, UNMEASURED

AZURITE = REPOSITORY / "tests" / "node" / "node_modules" / ".bin" / "azurite-blob"
# Public: the account that every copy of the emulator has.
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_WAITING = 60.0
_ELSEWHERE = ("AWS_", "AZURE_", "GOOGLE_")


class CannotStartError(Exception):
    """A double that does not start, and why."""


@contextmanager
def moto() -> Iterator[Mapping[str, str]]:
    """Serve S3 with a bucket `bucket`; yield the variables that lead there."""
    command = [sys.executable, "-m", "tests.state.moto_server"]
    with _started(command, REPOSITORY, stdout=subprocess.PIPE) as running:
        assert running.stdout
        port = running.stdout.readline().strip()
        if not port:
            raise CannotStartError("moto ended at once: is it installed?")
        url = f"http://127.0.0.1:{port.decode()}"
        httpx.put(f"{url}/bucket", trust_env=False, timeout=_WAITING).raise_for_status()
        yield {
            "AWS_ENDPOINT_URL_S3": url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing-secret",
            "AWS_REGION": "us-east-1",
        }


@contextmanager
def azurite() -> Iterator[Mapping[str, str]]:
    """Serve Azure blobs with a container `bucket`; yield the variables that lead there."""
    if not AZURITE.exists():
        raise CannotStartError("Azurite is not installed: make slow does so, with Node")
    port = free_port()
    command = [
        str(AZURITE), "--blobHost", "127.0.0.1", "--blobPort", str(port),
        "--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--disableTelemetry",
    ]  # fmt: skip
    url = f"http://127.0.0.1:{port}/{AZURE_ACCOUNT}"
    with _started(command, REPOSITORY, stdout=subprocess.DEVNULL) as running:
        until = time.monotonic() + _WAITING
        while not _answers(url):
            if running.poll() is not None or time.monotonic() > until:
                raise CannotStartError("Azurite does not answer")
            time.sleep(0.1)
        variables = {
            "AZURE_STORAGE_ENDPOINT": url,
            "AZURE_STORAGE_ACCOUNT_NAME": AZURE_ACCOUNT,
            "AZURE_STORAGE_ACCOUNT_KEY": AZURE_KEY,
        }
        _make_container(url)
        yield variables


@contextmanager
def in_place(variables: Mapping[str, str]) -> Iterator[None]:
    """Have these variables and no others that lead to a cloud."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(_ELSEWHERE):
                patch.delenv(name)
        for name, value in {**variables, "NO_PROXY": "127.0.0.1", "AWS_EC2_METADATA_DISABLED": "true"}.items():
            patch.setenv(name, value)
        yield


def cannot(error: CannotStartError) -> NoReturn:
    """Fail in CI, skip elsewhere."""
    if os.environ.get("CI") == "true":
        pytest.fail(str(error))
    pytest.skip(str(error))


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def deaf_port() -> Iterator[int]:
    """Have a port that refuses connections, and that no other process gets, for as long as the context lasts."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        yield int(deaf.getsockname()[1])


@contextmanager
def _started(command: list[str], folder: Path, stdout: int) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, cwd=folder, env=UNMEASURED, stdout=stdout, stderr=subprocess.DEVNULL) as running:
        try:
            yield running
        finally:
            running.terminate()


def _answers(url: str) -> bool:
    try:
        httpx.get(url, trust_env=False)
    except httpx.TransportError:
        return False
    return True


def _make_container(url: str) -> None:
    """Make the container by a request that is signed as Azure wants it: obstore only knows objects."""
    import base64
    import hashlib
    import hmac
    from datetime import UTC, datetime

    date, version = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"), "2021-12-02"
    resource = f"/{AZURE_ACCOUNT}/{AZURE_ACCOUNT}/bucket\nrestype:container"
    text = "PUT\n" + "\n" * 11 + f"x-ms-date:{date}\nx-ms-version:{version}\n{resource}"
    signed = hmac.new(base64.b64decode(AZURE_KEY), text.encode(), hashlib.sha256).digest()
    headers = {
        "x-ms-date": date,
        "x-ms-version": version,
        "Authorization": f"SharedKey {AZURE_ACCOUNT}:{base64.b64encode(signed).decode()}",
    }
    answer = httpx.put(f"{url}/bucket?restype=container", headers=headers, trust_env=False)
    answer.raise_for_status()
