"""Each class of errors and each exit code has an entry, and the example there is what the program prints."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from tempfile import TemporaryFile

import pytest

from reconciler import errors
from reconciler.cli.exits import _WORST_FIRST
from reconciler.errors import ReconcilerError, in_words
from reconciler.model.lists import Target
from reconciler.sandbox import faults
from reconciler.sandbox.server import ACCOUNT_ID, STREAM_ID
from reconciler.state.backends.folder import FileStore
from tests import starter
from tests.codes.examples import assert_example, codes
from tests.docs.replay import SHOWN_PORT
from tests.faults.test_signals import Terminal, arrived, await_
from tests.program import SECONDS, Workplace, some_lists
from tests.state.samples import HOLDER

UNSTABLE = {
    r"(\d requests?) in [0-9.]+ s": r"\1 in 0.2 s",
    r"sha256:[0-9a-f]{64}": "sha256:…",
    r"\(\d+ min ago\)": "(2 min ago)",
    r"(lineage )[0-9a-f-]{36}": r"\g<1>…",
}
Show = Callable[[Workplace], str]


def test_every_class_of_errors_has_an_entry() -> None:
    classes = [found for found in vars(errors).values() if isinstance(found, type)]
    coded = [found.code for found in classes if issubclass(found, ReconcilerError) and found.code]
    assert len(set(coded)) == len(coded)
    assert sorted(codes("errors")) == sorted(coded) == sorted(SHOWN)


def test_every_exit_code_has_an_entry() -> None:
    assert codes("exits") == list(EXITS)
    assert sorted(codes("exits")) == sorted(f"EXIT-{code}" for code in _WORST_FIRST)


def ran(*arguments: str, **variables: str) -> Show:
    """Return what shows a command."""
    return lambda place: shown(place, arguments, variables)


def shown(place: Workplace, arguments: Sequence[str], variables: dict[str, str], given: int | None = None) -> str:
    """Return a command, all that it prints, and the lines that ask for its exit code."""
    with TemporaryFile() as output, open(os.devnull, "rb") as nothing:  # noqa: PTH123 - as a descriptor
        streams = [nothing.fileno() if given is None else given, output.fileno(), output.fileno()]
        code = starter.run(arguments, place.folder, {**place.variables, **variables}, streams, SECONDS)
        output.seek(0)
        return typed(place, arguments, variables, output.read().decode(), code)


def typed(place: Workplace, arguments: Sequence[str], variables: dict[str, str], said: str, code: int) -> str:
    before = "".join(f"{name}={value} " for name, value in variables.items())
    for pattern, stable in UNSTABLE.items():
        said = re.sub(pattern, stable, said)
    said = said.replace(place.url.removeprefix("http://"), SHOWN_PORT)
    said = said.replace(str(place.folder.resolve()), "/home/me/lists")
    return f"$ {before}reconciler {' '.join(arguments)}\n{said}$ echo $?\n{code}"


def edited(place: Workplace, *, policy: str = "{}", protect: bool = False) -> None:
    """Declare a new name for the first of three lists."""
    path = place.declare(some_lists(3), a={"name": "Renewals"}, **({"b": {"name": "Reminders"}} if protect else {}))
    text = path.read_text(encoding="utf-8").replace("policy: {}", f"policy: {policy}")
    path.write_text(text.replace("  b:\n", "    protect: true\n  b:\n") if protect else text, encoding="utf-8")


def after_edit(show: Show, *, policy: str = "{}", protect: bool = False) -> Show:
    def edit_and_show(place: Workplace) -> str:
        edited(place, policy=policy, protect=protect)
        return show(place)

    return edit_and_show


def with_state(change: Callable[[str], str], show: Show) -> Show:
    """Return what shows a command after the file of the state was changed."""

    def change_and_show(place: Workplace) -> str:
        document = place.folder / ".reconciler/prod.state.json"
        document.write_text(change(document.read_text(encoding="utf-8")), encoding="utf-8")
        return show(place)

    return change_and_show


def at_terminal(place: Workplace) -> str:
    leader, follower = pty.openpty()
    os.write(leader, b"no\n")
    try:
        edited(place)
        return shown(place, ["apply"], {}, follower)
    finally:
        os.close(leader)
        os.close(follower)


def while_locked(place: Workplace) -> str:
    with FileStore(place.folder / ".reconciler", "prod", Target(place.url, STREAM_ID, ACCOUNT_ID)).lock(HOLDER):
        return shown(place, ["state", "rm", "a"], {})


def altered_plan(place: Workplace) -> str:
    edited(place)
    place.run("plan", "--out", "plan.json")
    path = place.folder / "plan.json"
    path.write_text(path.read_text(encoding="utf-8").replace("Renewals", "Other"), encoding="utf-8")
    return shown(place, ["apply", "plan.json", "--yes"], {})


def migrated(place: Workplace) -> str:
    place.run("state", "migrate", "--to", ".states")
    return shown(place, ["state", "list"], {})


def migrated_onto_another(place: Workplace) -> str:
    kept = place.folder / ".states"
    kept.mkdir()
    text = (place.folder / ".reconciler/prod.state.json").read_text(encoding="utf-8")
    text = re.sub(r'("lineage": ")[^"]+', r"\g<1>4c0b1c9e-8d0a-4c58-9d6c-2f2a3f0d1b7e", text)
    (kept / "prod.state.json").write_text(re.sub(r' "checksum".*\n', "", text), encoding="utf-8")
    return shown(place, ["state", "migrate", "--to", ".states"], {})


def without_state_folder(place: Workplace) -> str:
    document = place.folder / ".reconciler/prod.state.json"
    document.unlink()
    document.mkdir()
    return shown(place, ["state", "list"], {})


def undeclared(place: Workplace) -> str:
    place.manifest("  a: {id: cl-0000001-0000, name: Alpha 1, x-owner: me}\n", policy="{required: [x-owner]}")
    return shown(place, ["import"], {})


def refused(place: Workplace) -> str:
    place.sandbox.world.faults.arm([faults.Status(call="read_all", status=403, message="Not allowed")])
    return shown(place, ["plan", "--refresh"], {})


def without_scheduler(place: Workplace) -> str:
    manifest = place.folder / "lists.yaml"
    manifest.write_text(f"state: s3://bucket/lists\n{manifest.read_text(encoding='utf-8')}", encoding="utf-8")
    return shown(place, ["plan", "--refresh", "--dask", "127.0.0.1:1", "--timeout", "0.1"], {})


def of_another_account(place: Workplace) -> str:
    manifest = place.folder / "lists.yaml"
    manifest.write_text(
        manifest.read_text(encoding="utf-8").replace(ACCOUNT_ID, "67777ce93e25326494e00000"), encoding="utf-8"
    )
    return shown(place, ["plan"], {})


def without_stdout(place: Workplace) -> str:
    command = ["sh", "-c", f'"{sys.executable}" -m reconciler validate >&-']
    ended = subprocess.run(
        command, cwd=place.folder, env=place.variables, stderr=subprocess.PIPE, text=True, check=False
    )
    return typed(place, ["validate", ">&-"], {}, ended.stderr, ended.returncode)


def unexpected(_: Workplace) -> str:
    return f"error: {in_words(OSError(5, 'Input/output error')).coded}"


def stopped(number: signal.Signals) -> Show:
    """Return what shows an apply that is stopped while it reads."""

    def start_and_stop(place: Workplace) -> str:
        edited(place)
        place.sandbox.world.log.clear()
        place.sandbox.world.faults.arm([faults.Delay(call="read_all", seconds=0.5)])
        terminal = Terminal(place, "apply", NO_COLOR="1")
        await_(place, arrived(1, "read_all"))
        terminal.running.send_signal(number)
        code = terminal.end()
        return typed(place, ["apply"], {}, terminal.shown.replace("\r\n", "\n"), code)

    return start_and_stop


SHOWN: dict[str, Show] = {
    "USAGE": ran("plan", "--env", "test"),
    "EDIT-REFUSED": undeclared,
    "STATE-UNUSABLE": without_state_folder,
    "STATE-DAMAGED": with_state(lambda text: text.replace("Alpha 1", "Alpha 9"), ran("plan")),
    "API-UNUSABLE": refused,
    "SIGN-IN-REFUSED": ran("plan", "--refresh", KORE_CLIENT_SECRET="wrong"),
    "FLEET-UNUSABLE": without_scheduler,
    "MASS-CHANGE": after_edit(ran("apply", "--yes"), policy="{max_changes: 0}"),
    "DECLINED": at_terminal,
    "OUTPUT-INCOMPLETE": without_stdout,
    "UNEXPECTED": unexpected,
    "STOPPED": stopped(signal.SIGINT),
    "REFUSED": migrated_onto_another,
    "STATE-LOCKED": while_locked,
    "STATE-FOREIGN": of_another_account,
    "STATE-MOVED": migrated,
    "PLAN-REFUSED": altered_plan,
    "FROZEN": after_edit(ran("apply", "--yes"), policy="{freeze: [{reason: Stock taking, zone: UTC}]}"),
    "PIN-MISMATCH": ran("plan", "--refresh", KORE_HOST="https://platform.kore.ai"),
}
EXITS: dict[str, Show] = {
    "EXIT-0": ran("validate"),
    "EXIT-1": ran("validate", "-f", "list.yaml"),
    "EXIT-2": after_edit(ran("plan", "--detailed-exitcode")),
    "EXIT-3": after_edit(ran("apply", "--yes"), protect=True),
    "EXIT-4": ran("plan", "--refresh", KORE_ACCOUNT_ID="67777ce93e25326494e00000"),
    "EXIT-129": stopped(signal.SIGHUP),
    "EXIT-130": stopped(signal.SIGINT),
    "EXIT-143": stopped(signal.SIGTERM),
}


@pytest.mark.parametrize("code", SHOWN)
def test_the_example_of_an_error_is_what_the_program_prints(code: str, place: Workplace) -> None:
    happens = SHOWN[code](place)
    assert f"[{code}]" in happens
    assert_example(code, happens)


SLOW = ("EXIT-129", "EXIT-130", "EXIT-143")  # as STOPPED, but for the number


@pytest.mark.parametrize(
    "code", [pytest.param(code, marks=pytest.mark.slow) if code in SLOW else code for code in EXITS]
)
def test_the_example_of_an_exit_code_is_what_the_program_prints(code: str, place: Workplace) -> None:
    happens = EXITS[code](place)
    assert happens.endswith(f"\n{code.removeprefix('EXIT-')}")
    assert_example(code, happens)
