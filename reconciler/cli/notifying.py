"""`--notify URL`: a short message about a run, through Apprise.

Apprise runs in a process of its own, which is ended when its time is up: its threads would outlive any time limit, and
what it logs may hold parts of an address. A message that cannot be sent is a warning, and changes no exit code.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.cli.output import warn
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.report.message import Message
    from reconciler.report.view.view import View

WHEN: Final = ("always", "change", "trouble")
_SECONDS: Final = 10.0  # for all services together
_TO_START: Final = 10.0  # the process that sends
_TO_LOOK: Final = 60.0  # at addresses, before anything is done: on a busy machine, to import Apprise takes long
_SERVICE: Final = re.compile(r"[a-z0-9]{1,20}://", re.IGNORECASE)
_ENDINGS: Final = {"TIMEOUT": f"no answer within {_SECONDS:.0f} s", "FAILURE": "it was not taken"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--notify",
        action="append",
        default=[],
        metavar="URL",
        help="send a short message to this address of Apprise; repeatable (or RECONCILER_NOTIFY)",
    )
    parser.add_argument(
        "--notify-when",
        choices=WHEN,
        default="change",
        metavar="WHEN",
        help="always, change (default: about changes, drift and trouble) or trouble",
    )


def is_asked(options: argparse.Namespace) -> bool:
    """Tell whether there is an address to send to."""
    return bool(_addresses(options))


def seconds(options: argparse.Namespace) -> float:
    """Return how long the message may take."""
    return _SECONDS + _TO_START if _addresses(options) else 0.0


def check(options: argparse.Namespace) -> None:
    """Make sure, before anything is done, that Apprise is there and understands the addresses. Raises UsageError."""
    if not (addresses := _addresses(options)):
        return
    from importlib.util import find_spec

    if not find_spec("apprise"):
        raise UsageError("--notify needs Apprise: install again with the extra notify (docs/install.md)")
    try:
        services = _ask_apprise(addresses)
    except (OSError, ValueError) as error:
        raise UsageError("--notify: Apprise does not start; try: python -c 'import apprise'") from error
    for number, (address, (name, _)) in enumerate(zip(addresses, services, strict=True), 1):
        if not name:
            service = _SERVICE.match(address)
            raise UsageError(
                f"--notify: address {number} of {len(addresses)} is not understood: "
                f"{f'it begins with {service[0]}' if service else 'it does not begin with SERVICE://'}. "
                "How one is written for each service: https://appriseit.com/services/"
            )


def send(view: View, options: argparse.Namespace) -> None:
    """Send the message about a run, if one is wanted; warn if it cannot be sent."""
    from reconciler.cli.ci_build import LINK
    from reconciler.report import message

    if not (addresses := _addresses(options)) or not message.is_wanted(view, options.notify_when):
        return
    try:
        ended = _ask_apprise(addresses, message.render(view, view.build.get(LINK, "")))
    except (OSError, ValueError):  # words of the error may hold what was sent
        warn("the message of --notify is not sent: Apprise did not come to an end")
        return
    for name, status in ended:
        if status != "SUCCESS":
            why = _ENDINGS.get(status, "it was not sent")
            warn(f"the message to {name} may not have arrived: {why}. To see more: apprise -vv -b test URL")


def _addresses(options: argparse.Namespace) -> list[str]:
    return options.notify or os.environ.get("RECONCILER_NOTIFY", "").split()


def _ask_apprise(addresses: list[str], about: Message | None = None) -> list[tuple[str, str]]:
    """Return what `message_sender` answers. Raises OSError or ValueError if it does not."""
    import subprocess

    said = {"title": about.title, "body": about.body, "kind": "warning" if about.trouble else "info"} if about else {}
    request = {"urls": addresses, "title": "", "body": "", "kind": "info", "seconds": _SECONDS} | said
    try:
        ended = subprocess.run(  # noqa: S603  our own
            # -P: no module of the working folder takes the place of one that Apprise imports
            [sys.executable, "-P", str(Path(__file__).with_name("message_sender.py"))],
            input=json.dumps(request).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS + _TO_START if about else _TO_LOOK,
            check=True,
        )
    except subprocess.SubprocessError as error:
        raise ValueError("no answer") from error
    return [(name, status) for name, status in json.loads(ended.stdout)]
