"""A folder in order, as the tests of the whole program have it."""

from tests.scenarios.conftest import place

__all__ = ["place"]
