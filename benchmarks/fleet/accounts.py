"""A fleet: manifests of some hundred accounts each, with the state of every environment, all as applied before."""

from __future__ import annotations

import shutil
from multiprocessing import get_context
from pathlib import Path

from benchmarks import places
from benchmarks.fleet.double import description_of, name_of

EDITED = 0
"""The list that is edited, in every account."""


def new_description(turn: int) -> str:
    """Return the description that an edit gives the list."""
    return f"Text of list {EDITED}, edited in turn {turn}"


def write_fleet(folder: Path, host: str, accounts: int, lists: int, manifest_of: int) -> list[Path]:
    """Write manifests of at most `manifest_of` accounts, each in a folder of its own; return the folders."""
    shutil.rmtree(folder, ignore_errors=True)
    firsts = range(0, accounts, manifest_of)
    folders = [folder / f"manifest-{first}" for first in firsts]
    for first, there in zip(firsts, folders, strict=True):
        numbers = range(first, min(first + manifest_of, accounts))
        # In a process of its own: the kernel counts what this one once had among what its children have at their peak.
        writing = get_context("spawn").Process(target=_write, args=(there, host, numbers, lists))
        writing.start()
        writing.join()
        assert writing.exitcode == 0, there
    return folders


def account_of(number: int) -> str:
    """Return the id of an account."""
    return f"a{number}"


def edit(folder: Path, turn: int) -> None:
    """Change one description, which all accounts of the manifest share."""
    path, kept = folder / "lists.yaml", folder / "lists.before.yaml"
    text = kept.read_text(encoding="utf-8")
    path.write_text(text.replace(f" {description_of(EDITED)}\n", f" {new_description(turn)}\n"), encoding="utf-8")


def _write(folder: Path, host: str, numbers: range, lists: int) -> None:
    from reconciler.model.lists import Applied, AppliedList, Target  # noqa: PLC0415  (see above)
    from reconciler.state.document import render  # noqa: PLC0415

    state = folder / ".reconciler"
    state.mkdir(parents=True)
    head, entries = places.HEAD, []
    for number in numbers:
        target = places.TARGET.format(host=host, account=account_of(number))
        head += f"  env-{number}: {{{target}, requests_per_minute: 30}}\n"
    for each in range(lists):
        ids = ", ".join(f"env-{number}: {places.list_id(each)}" for number in numbers)
        entries.append(places.entry(each, f"{{{ids}}}", name=name_of(each), description=description_of(each)))
    for name in ("lists.yaml", "lists.before.yaml"):
        (folder / name).write_text(f"{head}lists:\n{''.join(entries)}", encoding="utf-8")
    applied = {
        f"list-{each:07d}": AppliedList(
            f"list-{each:07d}",
            places.list_id(each),
            {"name": name_of(each), "description": description_of(each)},
            "2026-11-22T10:00:00Z",
        )
        for each in range(lists)
    }
    stream = "st-0603182c-7ffb-53c3-b307-47ca14b00000"
    for number in numbers:
        lineage = f"5a4db0c5-0000-4000-8000-{number:012x}"
        document = Applied(f"env-{number}", Target(host, stream, account_of(number)), lineage, 1, applied)
        (state / f"env-{number}.state.json").write_text(render(document), encoding="utf-8")
