"""The doubles of the clouds, as fixtures, each started once by whoever asks first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest

from tests.state.google import google
from tests.state.servers import CannotStartError, azurite, cannot, in_place, moto


@pytest.fixture(scope="session")
def s3_server() -> Iterator[Mapping[str, str]]:
    """The variables that lead to moto."""
    with ExitStack() as open_contexts:
        try:
            variables = open_contexts.enter_context(moto())
        except CannotStartError as error:
            cannot(error)
        yield variables


@pytest.fixture(scope="session")
def az_server() -> Iterator[Mapping[str, str]]:
    """The variables that lead to Azurite."""
    with ExitStack() as open_contexts:
        try:
            variables = open_contexts.enter_context(azurite())
        except CannotStartError as error:
            cannot(error)
        yield variables


@pytest.fixture(scope="session")
def gs_server() -> Iterator[Mapping[str, str]]:
    """The variables that lead to our own double of Google."""
    with google() as variables:
        yield variables


@pytest.fixture
def cloud(request: pytest.FixtureRequest, kind: str) -> Iterator[Mapping[str, str]]:
    """Lead this process to the cloud of a kind, where it is one."""
    variables: Mapping[str, str] = request.getfixturevalue(f"{kind}_server") if kind in {"s3", "az", "gs"} else {}
    with in_place(variables):
        yield variables
