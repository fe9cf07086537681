"""`reconciler import`: live lists that nobody declares, into the manifest and the state."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli import options as shared
from reconciler.cli.output import coloured, say
from reconciler.errors import UsageError
from reconciler.report.escape import quoted, terminal
from reconciler.report.phrases import counted

if TYPE_CHECKING:
    from reconciler.cli.runtime import Runtime
    from reconciler.cli.wiring import Wired
    from reconciler.manifest import Manifest
    from reconciler.manifest.importing import Imports
    from reconciler.model.lists import Live, LiveList
    from reconciler.protocols import StateWriter


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("lists", nargs="*", metavar="LIST", help="an id, or a glob of live names; default: all")
    shared.manifest(parser)
    shared.environments(parser)
    parser.add_argument(
        "--into", type=Path, metavar="FILE", help="the manifest, or a file that it includes; may be new"
    )
    shared.editing(parser)
    shared.network(parser)


def run(options: argparse.Namespace) -> int:
    """Read, choose, declare and record."""
    from reconciler.cli import edits, wiring
    from reconciler.cli.runtime import Runtime, holder
    from reconciler.manifest.drafting import Draft
    from reconciler.manifest.importing import take_in

    runtime = Runtime()
    chosen = wiring.wired(options)
    into = _into(chosen.manifest, options.into)
    runtime.watch()
    with wiring.clients(chosen.environments, options, runtime) as readers, ExitStack() as locks:
        writers: dict[str, StateWriter] = {}
        if not options.dry_run:
            who = holder(runtime.now())
            writers = {site.desired.environment: locks.enter_context(site.store.lock(who)) for site in chosen.sites}
        live = {name: reader.read_all() for name, reader in readers.items()}
        draft = Draft(chosen.manifest)
        imports, expected = take_in(draft, _undeclared(chosen, live, options.lists), into)
        changes = draft.changes(expected)
        if options.dry_run:
            edits.show(changes, colour=coloured(sys.stdout, options))
            return 0
        edits.write(chosen.manifest, changes)
        _record(imports, writers, runtime)
    _tell(imports, into)
    return 0


def _into(manifest: Manifest, path: Path | None) -> str:
    """Return the file to write to, by its name in the manifest's folder."""
    from reconciler.manifest.including import would_include

    if path is None:
        return manifest.path.name
    folder = manifest.path.parent.resolve()
    resolved = path.resolve()
    name = resolved.relative_to(folder).as_posix() if resolved.is_relative_to(folder) else str(path)
    if name not in manifest.files and not would_include(manifest.include, name):
        raise UsageError(
            f"--into {path}: the manifest does not include it; add it to `include` in {manifest.path} first"
        )
    return name


def _undeclared(chosen: Wired, live: Mapping[str, Live], patterns: Sequence[str]) -> Mapping[str, list[LiveList]]:
    """Return by environment what is to be brought in; environments of one account share their lists."""
    from reconciler.cli import wiring

    declared = wiring.declared_ids(chosen.manifest)
    seen: set[str] = set()
    found: dict[str, list[LiveList]] = {}
    for environment in chosen.environments:
        name = environment.desired.environment
        lists = sorted(live[name].lists.values(), key=lambda each: (each.texts["name"].casefold(), each.id))
        ignored = environment.desired.policy.ignore_undeclared
        found[name] = [
            each
            for each in lists
            if each.id not in declared[name] | seen
            and (_named(each, patterns) if patterns else not _fits(each, ignored))
        ]
        seen.update(each.id for each in found[name])
    every = [each for of_environment in live.values() for each in of_environment.lists.values()]
    for pattern in patterns:
        if not any(_named(each, [pattern]) for each in every):
            raise UsageError(
                f"no live list has the id or the name {pattern!r}; `reconciler drift --undeclared` names them"
            )
    return found


def _named(found: LiveList, patterns: Sequence[str]) -> bool:
    return found.id in patterns or _fits(found, patterns)


def _fits(found: LiveList, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(found.texts["name"], glob) for glob in globs)


def _record(imports: Imports, writers: Mapping[str, StateWriter], runtime: Runtime) -> None:
    """Record each list as it is live: nothing is sent."""
    from reconciler.execute.records import Records
    from reconciler.model.changes import Adopt

    for each in imports.brought:
        writer = writers[each.environment]
        adopted = Adopt(key=each.key, id=each.id, cause="new", before=each.live, after=each.live, source=None)
        Records(writer, runtime).settle(adopted, writer.applied.lists.get(each.key))


def _tell(imports: Imports, into: str) -> None:
    for line in _lines(imports, into):
        say(line)


def _lines(imports: Imports, into: str) -> Iterator[str]:
    keys = {each.key for each in imports.brought}
    if not imports.brought and not imports.refused:
        yield "nothing to import: every live list is declared, ignored or left as a comment"
        return
    comments = f", {counted(len(imports.refused), 'comment')}" if imports.refused else ""
    counts = f"{counted(len(imports.brought), 'list')} imported under {counted(len(keys), 'key')}{comments}"
    yield f"{terminal(into)}: {counts}"
    for each in imports.brought:
        sign = "+" if each.new else "~"
        yield f"  {sign} {each.key}  {quoted(each.live.get('name', ''))}  {each.environment} {each.id}"
    for refused in imports.refused:
        yield f"  ! {terminal(refused)}"
    yield "recorded in the state; look at the file, then: reconciler plan --refresh"
