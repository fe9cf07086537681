"""`reconciler mcp`: tools for an assistant, by the Model Context Protocol on stdin and stdout. None can write."""

from __future__ import annotations

import argparse
import os
import sys

from reconciler.cli import options as shared
from reconciler.cli import signals
from reconciler.errors import UsageError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    shared.manifest(parser)
    parser.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="NAME",
        help="an environment that the tools may look at; repeatable (or RECONCILER_ENV); default: all",
    )
    shared.network(parser)


def run(options: argparse.Namespace) -> int:
    """Serve until the assistant closes stdin, or a signal ends it."""
    try:
        from reconciler.cli.assistant.mcp_server import serve
    except ModuleNotFoundError as error:
        raise UsageError(
            f"reconciler mcp needs {error.name}: install again with the extra mcp (docs/install.md)"
        ) from error
    from reconciler.cli.assistant.read_only_tools import Tools
    from reconciler.cli.runtime import Runtime

    if sys.__stdin__ is None or sys.__stdout__ is None:
        raise UsageError("reconciler mcp talks with an assistant on stdin and stdout, and one of them is closed")
    signals.take_over(signals.leave)  # nothing that it does has to be recorded
    tools = Tools(options.file, options.env, options.timeout, Runtime())
    serve(tools)
    if tools.is_busy:  # Python would wait until the API has answered, and nobody waits for that any more
        os._exit(0)
    return 0
