"""The program and its rivals: how each is laid out in a folder, started, and understood."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import yaml

from benchmarks.versus.work import Verb
from reconciler.sandbox.accounts import ACCOUNT_ID, STREAM_ID, ContactList

RIVALS = Path(__file__).parent / "rivals"
NO_LIMIT = 60_000  # requests a minute: what the program is told where the server has no limit either
Lists: TypeAlias = Sequence[ContactList]
Command: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tool:
    """One way to do the work.

    `write(folder, lists, url, limit)` writes what is wanted. `prime` is run once, with the lists as they are live, for
    a tool that keeps a state. `differs(code, output)` says whether a check that ended well found something to do.
    """

    key: str
    title: str
    check: Command
    bring: Command
    differs: Callable[[int, str], bool]
    write: Callable[[Path, Lists, str, int], None]
    files: Path | None = None
    prime: Command = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    needs: str = ""

    @property
    def present(self) -> bool:
        """Whether the program that it needs, beyond what is installed for it, is on this machine."""
        return not self.needs or shutil.which(self.needs) is not None

    def command(self, verb: Verb) -> Command:
        """Return what is run to check, or to bring live."""
        return self.check if verb == "check" else self.bring

    def lay(self, folder: Path) -> None:
        """Copy the files of the tool to `folder`, which is made."""
        if self.files:
            shutil.copytree(self.files, folder)
        else:
            folder.mkdir(parents=True)


def _manifest(folder: Path, lists: Lists, url: str, limit: int) -> None:
    place = {"host": url, "stream_id": STREAM_ID, "account_id": ACCOUNT_ID, "requests_per_minute": limit or NO_LIMIT}
    entries = {f"list-{number}": {"id": known.id, **known.texts} for number, known in enumerate(lists)}
    _dump({"version": 1, "environments": {"sandbox": place}, "lists": entries}, folder / "lists.yaml")


def _plain(folder: Path, lists: Lists, url: str, limit: int) -> None:
    """Write the lists with the API's own keys: what one writes who has no tool that asks for more."""
    entries = [{"_id": known.id, **known.texts} for known in lists]
    _dump({"lists": entries}, folder / "lists.yaml")


def _zone(folder: Path, lists: Lists, url: str, limit: int) -> None:
    records = {
        known.id: {"type": "Kore/LIST", "ttl": 60, "value": dict(known.texts)}
        for known in sorted(lists, key=lambda known: known.id)
    }
    zones = folder / "zones"
    zones.mkdir(exist_ok=True)
    _dump(records, zones / "lists.yaml")


def _dump(document: object, path: Path) -> None:
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")


def _by_code(code: int, output: str) -> bool:
    return code == 2


OURS = Tool(
    "reconciler",
    "reconciler",
    check=("reconciler", "plan", "--refresh", "--detailed-exitcode"),
    bring=("reconciler", "apply", "--yes"),
    differs=lambda code, output: code == 2 or " drifted" in output,
    write=_manifest,
    prime=("reconciler", "apply", "--yes"),
)
EACH = Tool(
    "requests-each",
    "requests, one by one",
    check=("python", "each.py", "--check"),
    bring=("python", "each.py"),
    differs=_by_code,
    write=_plain,
    files=RIVALS / "requests",
)
ALL = Tool(
    "requests-all",
    "requests, read all",
    check=("python", "all.py", "--check"),
    bring=("python", "all.py"),
    differs=_by_code,
    write=_plain,
    files=RIVALS / "requests",
)
ANSIBLE = Tool(
    "ansible",
    "Ansible, uri",
    check=("ansible-playbook", "playbook.yml", "--check"),
    bring=("ansible-playbook", "playbook.yml"),
    differs=lambda code, output: json.dumps("differing: 0") not in output,
    write=_plain,
    files=RIVALS / "ansible",
)
OCTODNS = Tool(
    "octodns",
    "octoDNS, own provider",
    check=("octodns-sync", "--config-file", "config.yaml"),
    bring=("octodns-sync", "--config-file", "config.yaml", "--doit"),
    differs=lambda code, output: "No changes were planned" not in output,
    write=_zone,
    files=RIVALS / "octodns",
    variables={"PYTHONPATH": "."},
)
TERRAFORM = Tool(
    "terraform",
    "Terraform, terraform_data",
    check=("sh", "plan.sh"),
    bring=("sh", "apply.sh"),
    differs=lambda code, output: code == 2 or "Check block assertion failed" in output,
    write=_plain,
    files=RIVALS / "terraform",
    prime=("sh", "-c", "mv put.sh aside && : >put.sh && terraform init -no-color && sh apply.sh && mv aside put.sh"),
    variables={"CHECKPOINT_DISABLE": "1"},
    needs="terraform",
)
TOOLS = (OURS, ALL, EACH, ANSIBLE, OCTODNS, TERRAFORM)
