"""The real program in a folder of its own, against a sandbox: what the tests above the client run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Self

from reconciler.model.lists import Applied
from reconciler.sandbox.accounts import ContactList
from reconciler.sandbox.server import ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, STREAM_ID, Sandbox
from reconciler.sandbox.settings import Settings
from reconciler.state.document import parse, render
from tests import starter
from tests.starter import Started

FOR_INTERPRETERS = ("PYTHON", "LANG", "LC_", "TZ")
PROGRAM = [sys.executable, "-m", "reconciler"]
REPOSITORY = Path(__file__).parent.parent
# Coverage makes a start of the program take half as long again; where a test is not about lines, it goes without.
UNMEASURED = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
SECONDS = 60  # after which a command that should have ended counts as hanging


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, object]:
        """Its stdout as JSON."""
        parsed: dict[str, object] = json.loads(self.out)
        return parsed


class Running(Started):
    """A run whose output is kept, as a context that waits for its end."""

    def __init__(
        self, arguments: Sequence[str], folder: Path, variables: Mapping[str, str], first: str = "tests.starter"
    ) -> None:
        self._kept = TemporaryFile(), TemporaryFile()  # noqa: SIM115 - `take_output` closes them
        self._said = "", ""
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - as a descriptor
            streams = [stream.fileno() for stream in (nothing, *self._kept)]
            super().__init__(arguments, folder, variables, streams, first)

    def communicate(self, timeout: float = SECONDS) -> tuple[str, str]:
        """Wait for the end; return all of stdout and stderr."""
        self.wait(timeout)
        return self._said

    def read_until(self, said: str, timeout: float = SECONDS) -> None:
        """Wait until that is on stderr."""
        until, err = time.monotonic() + timeout, self._kept[1].fileno()
        while said.encode() not in os.pread(err, 1 << 20, 0):
            assert time.monotonic() < until, said
            time.sleep(0.01)

    def take_output(self) -> None:
        """Keep it, for `communicate`."""
        out, err = self._kept
        self._said = _read_text(out), _read_text(err)
        out.close()
        err.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait(SECONDS)


_FIRST: dict[str, Applied] = {}  # states after the first apply, by manifest without the sandbox's address


@dataclass
class Workplace:
    """A folder with a manifest, and the sandbox that its environment `prod` means."""

    folder: Path
    sandbox: Sandbox
    variables: dict[str, str] = field(default_factory=dict)
    url: str = ""  # of what stands before the sandbox, if anything does
    measured: bool = True

    def __post_init__(self) -> None:
        """Sign in to the sandbox, and keep the rate limit's memory to this folder."""
        self.url = self.url or self.sandbox.url
        inherited = os.environ if self.measured else UNMEASURED
        kept = {name: value for name, value in inherited.items() if not name.startswith(("KORE", "RECONCILER"))}
        self.variables = {
            **kept,
            "KORE_CLIENT_ID": CLIENT_ID,
            "KORE_CLIENT_SECRET": CLIENT_SECRET,
            "PYTHONPATH": str(REPOSITORY),
            "NO_PROXY": "127.0.0.1",
            "COLUMNS": "100",
            "SSL_CERT_FILE": os.devnull,  # the sandbox has no TLS, and to load what is trusted is half of a run
            "SSL_CERT_DIR": os.devnull,
        }

    def manifest(self, lists: str, *, policy: str = "{}", rate: int = 6000, more: str = "") -> Path:
        """Write `lists.yaml`: one environment `prod`, and `lists` as they stand below `lists:`."""
        path = self.folder / "lists.yaml"
        path.write_text(
            f"version: 1\nenvironments:\n  prod:\n    host: {self.url}\n    stream_id: {STREAM_ID}\n"
            f"    account_id: '{ACCOUNT_ID}'\n    requests_per_minute: {rate}\n    policy: {policy}\n{more}"
            f"lists:\n{lists}",
            encoding="utf-8",
        )
        return path

    def declare(self, lists: Iterable[ContactList], **changed: Mapping[str, str]) -> Path:
        """Write a manifest of `lists` with keys a, b, c …; `changed` sets other keys of one, by key."""
        entries = []
        for key, known in zip("abcdefghijklmnopqrstuvwxyz", lists, strict=False):
            fields = {"id": known.id, **known.texts, **changed.get(key, {})}
            lines = "".join(f"    {name}: {json.dumps(text)}\n" for name, text in fields.items())
            name = json.dumps(key) if key in "ny" else key  # some readers take these for true or false
            entries.append(f"  {name}:\n{lines}")
        return self.manifest("".join(entries))

    def run(self, *arguments: str, given: str = "", **variables: str) -> Ran:
        """Run the program to its end, in a process of its own.

        Variables that only a new interpreter looks at need a new one: `afresh`.
        """
        if any(name.startswith(FOR_INTERPRETERS) for name in variables):
            return self.run_afresh(*arguments, given=given, **variables)
        with TemporaryFile() as stdin, TemporaryFile() as stdout, TemporaryFile() as stderr:
            stdin.write(given.encode())
            stdin.seek(0)
            streams = [stream.fileno() for stream in (stdin, stdout, stderr)]
            code = starter.run(arguments, self.folder, {**self.variables, **variables}, streams, SECONDS)
            out, err = (_read_text(stream) for stream in (stdout, stderr))
        assert "Traceback" not in err, err
        return Ran(code, out, err)

    def run_afresh(self, *arguments: str, given: str = "", **variables: str) -> Ran:
        """Run the program to its end by a new interpreter, as a shell does."""
        ended = subprocess.run(
            [*PROGRAM, *arguments],
            cwd=self.folder,
            env={**self.variables, **variables},
            input=given,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert "Traceback" not in ended.stderr, ended.stderr
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    def start(self, *arguments: str, **variables: str) -> Running:
        """Start the program, in a process of its own, and leave it running."""
        return Running(arguments, self.folder, {**self.variables, **variables})

    def apply_first(self) -> None:
        """Have the state that a first apply leaves, which is run once for each manifest, and copied from then on."""
        manifest = (self.folder / "lists.yaml").read_text(encoding="utf-8").replace(self.url, "")
        document = self.folder / ".reconciler" / "prod.state.json"
        if manifest in _FIRST:
            document.parent.mkdir()
            (document.parent / "prod.lock").touch()
            first = replace(_FIRST[manifest], target=replace(_FIRST[manifest].target, host=self.url))
            document.write_text(render(first), encoding="utf-8")
        else:
            ran = self.run("apply", "--yes")
            assert ran.code == 0, ran.err
            _FIRST[manifest] = parse(document.read_bytes(), where="it")
            self.sandbox.world.log.clear()

    def state(self) -> dict[str, dict[str, object]]:
        """Return the entries of the state document, by key."""
        document = json.loads((self.folder / ".reconciler" / "prod.state.json").read_text(encoding="utf-8"))
        entries: dict[str, dict[str, object]] = document["lists"]
        return entries

    @property
    def puts(self) -> list[tuple[str, Mapping[str, str]]]:
        """Every write that the sandbox took from a PUT: id and body."""
        return [
            (write.list_id, {str(field): text for field, text in write.sent.items()})
            for write in self.sandbox.world.writes
            if write.sent is not None
        ]


def _read_text(stream: IO[bytes]) -> str:
    """Return all that was written to a file, with line ends as `subprocess` gives them."""
    stream.seek(0)
    return stream.read().decode().replace("\r\n", "\n").replace("\r", "\n")


def some_lists(count: int = 3) -> list[ContactList]:
    """Return lists with plain names, `Alpha 1` and so on, that no campaign uses."""
    return [
        ContactList(f"cl-{number:07x}-0000", {"name": f"Alpha {number}", "description": f"Text {number}"})
        for number in range(1, count + 1)
    ]


@contextmanager
def workplace(
    folder: Path, lists: Iterable[ContactList], settings: Settings | None = None, *, measured: bool = True
) -> Iterator[Workplace]:
    """Serve `lists`, without a limit unless `settings` say so, for as long as the context lasts."""
    with Sandbox(settings=settings or Settings(limit=0), lists=lists) as sandbox:
        yield Workplace(folder, sandbox, measured=measured)
