"""`reconciler sandbox`: serve a double of the API on loopback."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli import options as shared
from reconciler.cli.output import say
from reconciler.cli.signals import ending_signals
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.sandbox.accounts import Account
    from reconciler.sandbox.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from reconciler.sandbox.demo import MOST_ACCOUNTS, MOST_LISTS

    parser.add_argument(
        "--port",
        type=shared.integer(0, 65_535),
        default=4010,
        metavar="N",
        help="port on 127.0.0.1 (default 4010; 0: a free one)",
    )
    parser.add_argument(
        "--lists",
        type=shared.integer(0, MOST_LISTS),
        default=10,
        metavar="N",
        help="how many lists to make up (default 10)",
    )
    parser.add_argument(
        "--accounts",
        type=shared.integer(1, MOST_ACCOUNTS),
        default=1,
        metavar="N",
        help="how many accounts, each with the same lists under ids of its own (default 1)",
    )
    parser.add_argument(
        "--data", type=shared.path, metavar="FILE", help="keep the lists in this file; made when absent"
    )
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a switch; repeatable")
    parser.add_argument("--settings", action="store_true", help="list the switches, and end")
    parser.add_argument(
        "--manifest",
        type=shared.path,
        metavar="FILE",
        help="write a manifest for the lists of the first account to a new file",
    )


def run(options: argparse.Namespace) -> int:
    """Serve until a signal; return 129, 130 or 143, as the signal was."""
    from reconciler.sandbox.settings import describe, parse

    if options.settings:
        say(describe())
        return 0
    settings = parse(options.set)
    endings = ending_signals()
    signal.pthread_sigmask(signal.SIG_BLOCK, endings)
    try:
        return 128 + _serve(options, settings, endings)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, endings)


def _serve(options: argparse.Namespace, settings: Settings, endings: Collection[signal.Signals]) -> int:
    """Serve, and return the signal that ended it; blocked as they are, all threads leave the signals to this one."""
    try:
        from reconciler.sandbox.server import Sandbox
    except ModuleNotFoundError as error:
        message = f"the sandbox needs {error.name}: install again with the extra sandbox (docs/install.md)"
        raise UsageError(message) from error
    from reconciler.sandbox.datafile import keep

    accounts = _accounts(options)
    kept = partial(keep, options.data) if options.data else None
    with Sandbox(settings=settings, accounts=accounts, port=options.port, keep=kept) as sandbox:
        if options.manifest:
            _write_manifest(options.manifest, accounts[0], sandbox.url)
        say(_greeting(accounts, sandbox.url))
        return signal.sigwait(endings)


def _accounts(options: argparse.Namespace) -> tuple[Account, ...]:
    """Return the accounts of the data file, or made-up lists, which are then kept in it."""
    from reconciler.sandbox import datafile, demo

    if options.data and (accounts := datafile.load(options.data)):
        return accounts
    made_up = demo.accounts(options.accounts, options.lists)
    if options.data:
        datafile.keep(options.data, {account.id: account for account in made_up})
    return made_up


def _write_manifest(path: Path, account: Account, url: str) -> None:
    from reconciler.sandbox.demo import manifest

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(manifest(account, url))
    except OSError as error:
        raise UsageError(f"--manifest {path}: {error.strerror}; it is only written where there is none yet") from error


def _greeting(accounts: Sequence[Account], url: str) -> str:
    from reconciler.sandbox.tokens import CLIENT_ID, CLIENT_SECRET

    targets = "".join(f"stream_id {account.streams[0]}, account_id {account.id}\n" for account in accounts)
    lists = sum(len(account.lists) for account in accounts)
    where = f" in {len(accounts)} accounts" if len(accounts) > 1 else ""
    return (
        f"Sandbox at {url} with {lists} contact lists{where}; stop it with Ctrl-C\n"
        f"{targets}"
        f"export KORE_CLIENT_ID={CLIENT_ID}\n"
        f"export KORE_CLIENT_SECRET={CLIENT_SECRET}\n"
    )
