"""Run as a program, with the address of `tests.starter`: runs the program there, with the streams of this process."""

from __future__ import annotations

import json
import os
import socket
import sys

with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(sys.argv[1])
    order = {"arguments": sys.argv[2:], "folder": os.getcwd(), "variables": dict(os.environ)}  # noqa: PTH109 - quick
    socket.send_fds(connection, [json.dumps(order).encode()], [0, 1, 2])
    connection.shutdown(socket.SHUT_WR)
    with connection.makefile() as answers:
        _, code = answers
sys.exit(int(code))
