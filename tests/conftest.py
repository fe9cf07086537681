"""What every test shares."""

from __future__ import annotations

import signal

from hypothesis import settings

from tests.doubles import az_server, cloud, gs_server, s3_server

__all__ = ["az_server", "cloud", "gs_server", "s3_server"]

# The same examples each time, so that a red run is red for everybody; --hypothesis-profile=random looks elsewhere.
settings.register_profile("same", deadline=None, derandomize=True, database=None)
settings.register_profile("random", deadline=None)
settings.load_profile("same")

# A shell's background job ignores SIGINT, what nohup starts SIGHUP, and so would all that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
