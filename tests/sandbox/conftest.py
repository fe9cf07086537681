"""A sandbox with two lists, and a client of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.sandbox.server import Sandbox
from tests.sandbox.client import LISTS, Client, client_of


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(lists=LISTS) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return client_of(sandbox)
