"""What every test shares."""

from __future__ import annotations

import signal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from tests.doubles import az_server, cloud, gs_server, s3_server

__all__ = ["az_server", "cloud", "gs_server", "s3_server"]

# The same examples each time, so that a red run is red for everybody; --hypothesis-profile=random looks elsewhere.
# None of them minds a slow machine.
settings.register_profile("random", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("random"), derandomize=True, database=None)
settings.register_profile("quick", settings.get_profile("thorough"), max_examples=40)
settings.load_profile("quick")


def pytest_configure(config: pytest.Config) -> None:
    """Take no constants of the program for examples: they differ by the modules that a process has read."""
    if config.getoption("--hypothesis-profile") != "random":
        vars(providers)["_get_local_constants"] = lambda: providers._local_constants


# A shell's background job ignores SIGINT, what nohup starts SIGHUP, and so would all that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
