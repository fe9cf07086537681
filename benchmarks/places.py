"""What the measurements begin with: an installed program, manifests with their state, sandboxes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import TypeAlias
from urllib.request import Request, urlopen

import yaml

Style: TypeAlias = Callable[[str], str]
REPOSITORY = Path(__file__).parent.parent
FOLDER = REPOSITORY / ".bench"
HEAD = "version: 1\nenvironments:\n"
TARGET = "host: {host}, stream_id: st-0603182c-7ffb-53c3-b307-47ca14b00000, account_id: '{account}'"


def program() -> Path:
    """Install the program as users do, as a wheel, with a current pip; return the folder of its commands."""
    binaries = FOLDER / "own" / "bin"
    if not binaries.exists():
        subprocess.run([sys.executable, "-m", "venv", binaries.parent], check=True)
        pip(binaries, "--upgrade", "pip")
        pip(binaries, "--no-deps", "--require-hashes", "-r", str(REPOSITORY / "requirements" / "dev.txt"))
    pip(binaries, "--no-deps", "--force-reinstall", "--no-build-isolation", str(REPOSITORY))
    return binaries


def pip(binaries: Path, *words: str) -> None:
    """Install into that environment."""
    quiet = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([binaries / "python", *quiet, *words], check=True)


def entry(number: int, ids: str, *, name: str = "", description: str = "") -> str:
    """Return one list as it stands in a manifest."""
    return (
        f"  list-{number:07d}:\n    id: {ids}\n    name: {name or f'Renewal Due {number:07d} - May/June'}\n"
        f"    description: {description or f'Customers whose service expires in July, part {number}.'}\n"
    )


def list_id(number: int) -> str:
    """Return the id of a list."""
    return f"cl-{number:07x}-3aca-4008-973e-{number:012x}"


def large(folder: Path, lists: int, *, changed: int = 0, wrong: int = 0, written: Style = str) -> Path:
    """Write a manifest of one environment, and the state of it; `changed` were edited since, `wrong` have a problem.

    `written` makes of its text another with the same meaning. It is done in a process of its own: the kernel counts
    what this one once had among what each of its children has at its peak.
    """
    writing = get_context("spawn").Process(target=_write, args=(folder, lists, changed, wrong, written))
    writing.start()
    writing.join()
    if writing.exitcode:
        raise RuntimeError(f"{folder} could not be written")
    return folder


def dumped(text: str) -> str:
    """Return a manifest as yaml.dump writes it: keys in order, other indents, `version` after the lists."""
    document = yaml.load(text, yaml.CSafeLoader)
    return str(yaml.dump(document, Dumper=yaml.CSafeDumper, allow_unicode=True))


def quoted(text: str) -> str:
    """Return a manifest with its texts in quotes."""
    return re.sub(r"^(    (?:name|description): )(.*)$", r"\1'\2'", text, flags=re.MULTILINE)


def folded(text: str) -> str:
    """Return a manifest with its descriptions folded, each over two lines."""
    return re.sub(r"^(    description: )(.*) (\S+ \S+)$", r"\1>-\n      \2\n      \3", text, flags=re.MULTILINE)


def overridden(text: str) -> str:
    """Return a manifest of two environments, in which every tenth description stands in `overrides`."""
    numbers = count()

    def move(found: re.Match[str]) -> str:
        return found[0] if next(numbers) % 10 else f"    overrides: {{prod: {{description: '{found[1]}'}}}}"

    other = TARGET.format(host="https://platform.kore.ai", account="67777ce93e25326494e00001")
    text = text.replace("\nlists:\n", f"\n  dev: {{{other}}}\nlists:\n", 1)
    text = re.sub(r"^    id: (.*)$", r"    id: {prod: \1, dev: \1}", text, flags=re.MULTILINE)
    return re.sub(r"^    description: (.*)$", move, text, flags=re.MULTILINE)


def commit(folder: Path) -> None:
    """Make a git repository of the folder and commit what is in it, as users do: a plan asks the state's history."""
    settings = ("user.name=bench", "user.email=bench@localhost", "init.defaultBranch=main")
    git = ["git", *(word for setting in settings for word in ("-c", setting))]
    for words in (["init"], ["add", "--all"], ["commit", "--allow-empty", "--message", "as applied"]):
        subprocess.run([*git, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def _write(folder: Path, lists: int, changed: int, wrong: int, written: Style) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    every, faulty = (lists // changed if changed else 0), (lists // wrong if wrong else 0)
    target = TARGET.format(host="https://platform.kore.ai", account="67777ce93e25326494e00000")
    text = StringIO()
    text.write(f"{HEAD}  prod: {{{target}}}\nlists:\n")
    for number in range(lists):
        description = f"Edited in July, part {number}." if every and number % every == 0 else ""
        description = "x" * 300 if faulty and number % faulty == 0 else description
        text.write(entry(number, list_id(number), description=description))
    (folder / "lists.yaml").write_text(written(text.getvalue()), encoding="utf-8")
    _state(folder, lists)
    commit(folder)


def _state(folder: Path, lists: int) -> None:
    """Write the state of the lists as they were before any edit, as the program itself writes it."""
    from reconciler.model.lists import Applied, AppliedList, Target  # noqa: PLC0415
    from reconciler.state.document import render  # noqa: PLC0415

    target = Target("https://platform.kore.ai", "st-0603182c-7ffb-53c3-b307-47ca14b00000", "67777ce93e25326494e00000")
    entries = {}
    for number in range(lists):
        key = f"list-{number:07d}"
        texts = {
            "name": f"Renewal Due {number:07d} - May/June",
            "description": f"Customers whose service expires in July, part {number}.",
        }
        entries[key] = AppliedList(key, list_id(number), texts, "2026-11-22T10:00:00Z")
    applied = Applied("prod", target, "5a4db0c5-0000-4000-8000-000000000009", 3, entries)
    (folder / ".reconciler").mkdir(exist_ok=True)
    (folder / ".reconciler" / "prod.state.json").write_text(render(applied), encoding="utf-8")


@dataclass
class Served:
    """A running sandbox, and how to reach its control path."""

    url: str

    def ask(self, method: str, path: str, document: object = None) -> object:
        """Ask the control path; return what it answers."""
        body = None if document is None else json.dumps(document).encode()
        with urlopen(Request(f"{self.url}/_sandbox{path}", body, method=method)) as answer:  # loopback
            text = answer.read()
        return json.loads(text) if text else None

    def account(self, account: str, lists: Sequence[tuple[str, str, str]]) -> None:
        """Make an account that holds `lists`: id, name and description of each."""
        held = [{"id": each[0], "name": each[1], "description": each[2]} for each in lists]
        stream = "st-0603182c-7ffb-53c3-b307-47ca14b00000"
        self.ask("PUT", f"/accounts/{account}", {"streams": [stream], "lists": held})

    def requests(self) -> list[dict[str, object]]:
        """Return the log of requests."""
        found = self.ask("GET", "/requests")
        assert isinstance(found, list)
        return found


@contextmanager
def sandbox(binaries: Path, *settings: str) -> Iterator[Served]:
    """Serve on a free port of loopback, in a process of its own, for as long as the context lasts."""
    words: list[str | Path] = [binaries / "reconciler", "sandbox", "--port", "0"]
    for setting in settings:
        words += ["--set", setting]
    running = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    try:
        yield Served(
            next(word for line in running.stdout for word in line.split() if word.startswith("http://")).rstrip(".,")
        )
    finally:
        running.terminate()
        running.wait()


def credentials() -> dict[str, str]:
    """Return the variables with which the sandbox lets somebody in."""
    from reconciler.sandbox.tokens import CLIENT_ID, CLIENT_SECRET  # noqa: PLC0415

    return {"KORE_CLIENT_ID": CLIENT_ID, "KORE_CLIENT_SECRET": CLIENT_SECRET, "XDG_CACHE_HOME": str(FOLDER / "cache")}
