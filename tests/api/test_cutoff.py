"""One thread watches over all requests: each is cut off at its own time, whatever the others have left."""

from __future__ import annotations

import socket
import struct
import time
from threading import active_count

from reconciler.api import cutoff
from reconciler.api.cutoff import Cutoff


def test_the_shorter_one_ends_first_whichever_began_first() -> None:
    with Cutoff(300.0) as longer, Cutoff(0.05) as shorter, Cutoff(300.0) as later:
        while not shorter.passed:
            time.sleep(0.01)
        assert (longer.passed, later.passed) == (False, False)


def test_what_ended_in_time_is_not_cut_off() -> None:
    with Cutoff(1.0) as ended:
        pass
    with Cutoff(1.1) as next_one:  # once it is cut off, the time of the other is over, too
        while not next_one.passed:
            time.sleep(0.01)
    assert not ended.passed


def test_many_requests_take_no_thread_each() -> None:
    with Cutoff(30.0):
        before = active_count()
        several = [Cutoff(30.0).__enter__() for _ in range(20)]
        assert active_count() <= before
        for cutoff in several:
            cutoff.__exit__()


def test_a_connection_that_was_reset_speaks() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as near:
        far, _ = server.accept()
        assert not cutoff._speaks(near)
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        far.close()
        while not cutoff._speaks(near):
            time.sleep(0.01)
