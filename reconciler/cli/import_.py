"""`reconciler import`: live lists that are not declared, into the manifest and the state; or a reviewed sheet."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli import options as shared
from reconciler.cli.output import say, warn
from reconciler.errors import UsageError
from reconciler.model.fields import NAME
from reconciler.model.patterns import matcher, patterns_taken_as_names
from reconciler.report.escape import quote, terminal
from reconciler.report.phrases import count, shorten
from reconciler.report.text.lines import join_campaigns

if TYPE_CHECKING:
    from reconciler.cli.runtime import Runtime
    from reconciler.cli.wiring import Chosen
    from reconciler.manifest import Environment
    from reconciler.manifest.edit.imports import Imports
    from reconciler.model.lists import Campaign, Live, LiveList
    from reconciler.protocols import StateWriter


_OWN_KEY = re.compile(r"x-[\w.-]+=.*\S.*")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("lists", nargs="*", metavar="LIST", help="an id, or a glob of live names; default: all")
    shared.manifest(parser)
    shared.environments(parser)
    parser.add_argument(
        "--into", type=shared.path, metavar="FILE", help="the manifest, or a file that it includes; may be new"
    )
    parser.add_argument(
        "--own",
        action="append",
        type=_own_key,
        metavar="x-KEY=TEXT",
        help="a key of your own for each new list, such as x-owner=TEAM; repeatable",
    )
    parser.add_argument(
        "--csv",
        type=shared.path,
        metavar="FILE",
        help="take the texts that were changed in a sheet of `export` into the manifest instead; sends nothing",
    )
    shared.editing(parser)
    shared.network(parser)


def _own_key(text: str) -> tuple[str, str]:
    if not _OWN_KEY.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not x-KEY=TEXT, such as x-owner=TEAM")
    name, _, value = text.partition("=")
    return name, value


def run(options: argparse.Namespace) -> int:
    """Take over a sheet, or what is live and not declared."""
    if not options.csv:
        return _import_lists(options)
    from reconciler.cli import sheet

    if options.lists or options.env or options.all_envs or options.into or options.own:
        raise UsageError("--csv goes without LIST, --env, --all-envs, --into and --own: the sheet names the lists")
    return sheet.take_over(options)


def _import_lists(options: argparse.Namespace) -> int:
    """Read, choose, declare and record."""
    from reconciler.cli import edits, wiring
    from reconciler.cli.runtime import Runtime, lock_info
    from reconciler.engine.per_account import all_of, side_by_side
    from reconciler.manifest.edit.draft import Draft
    from reconciler.manifest.edit.imports import import_lists

    runtime = Runtime()
    into = _name_of(options)
    is_there = into == options.file.name or Path(options.file.parent, into).exists()
    new = {} if is_there else {into: b"lists: {}\n"}
    chosen = wiring.load_workspaces(options, drafts=new)
    if into not in chosen.manifest.files:
        raise UsageError(f"--into {options.into}: the manifest does not include it; add it to `include` first")
    with wiring.clients(chosen.environments, options, runtime) as readers, ExitStack() as locks:
        writers: dict[str, StateWriter] = {}
        if not options.dry_run:
            who = lock_info()
            writers = {
                workspace.name: locks.enter_context(workspace.store.lock(who)) for workspace in chosen.workspaces
            }
        read = side_by_side(chosen.workspaces, lambda workspace: readers[workspace.name].read_all())
        live = dict(zip(readers, all_of(readers, read), strict=True))
        draft = Draft(chosen.manifest, into if new else None)
        imports, expected = import_lists(
            draft, _find_undeclared(chosen, live, options.lists), into, dict(options.own or ())
        )
        changes = draft.changes(expected)
        if new and into in changes:
            old, content = changes[into]
            changes = {**changes, into: (old, _schema_line(options.file.parent, into) + content)}
        edits.make(chosen.manifest, changes, options)
        if not options.dry_run:
            _record(imports, writers, runtime)
    then = wiring.next_command("plan --refresh", [workspace.name for workspace in chosen.workspaces], options)
    campaigns = {each.id: each.campaigns for of in live.values() for each in of.lists.values() if each.campaigns}
    for line in _lines(imports, list(changes), then, campaigns, recorded=not options.dry_run):
        say(line)
    return 0


def _name_of(options: argparse.Namespace) -> str:
    """Return the file to write to, by its name in the manifest's folder; a link is named as itself."""
    manifest: Path = options.file
    if options.into is None:
        return manifest.name
    return Path(os.path.relpath(options.into, manifest.parent)).as_posix()


def _schema_line(folder: Path, into: str) -> bytes:
    """Return the line by which editors find the schema of included files, if that is beside the manifest."""
    schema = "included.schema.json"
    if not (folder / schema).exists():
        return b""
    return f"# yaml-language-server: $schema={'../' * into.count('/')}{schema}\n".encode()


def _find_undeclared(chosen: Chosen, live: Mapping[str, Live], patterns: Sequence[str]) -> Mapping[str, list[LiveList]]:
    """Return by environment what is to be brought in; each list of an account to the environment that it fits best."""
    from reconciler.cli import wiring

    declared = wiring.declared_ids(chosen.manifest)
    every = [each for of_environment in live.values() for each in of_environment.lists.values()]
    names = {each.texts[NAME] for each in every}
    ignored_names = [
        each for environment in chosen.environments for each in environment.desired.policy.ignore_undeclared
    ]
    for words in patterns_taken_as_names(patterns or dict.fromkeys(ignored_names), names):
        warn(words)
    fits = [_matcher(pattern, every, names) for pattern in patterns]
    found: dict[str, list[LiveList]] = {environment.name: [] for environment in chosen.environments}
    for environments in _by_account(chosen):
        name = environments[0].name
        for each in sorted(live[name].lists.values(), key=lambda each: (each.texts[NAME].casefold(), each.id)):
            best = max(environments, key=lambda environment: _fit(environment, each))
            ignored = any(
                matcher(pattern, names)(each.texts[NAME]) for pattern in best.desired.policy.ignore_undeclared
            )
            wanted = any(fit(each) for fit in fits) if patterns else not ignored
            if wanted and each.id not in declared[name]:
                found[best.name].append(each)
    return found


def _by_account(chosen: Chosen) -> Iterable[list[Environment]]:
    accounts: dict[tuple[str, str], list[Environment]] = {}
    for environment in chosen.environments:
        accounts.setdefault(environment.target.account, []).append(environment)
    return accounts.values()


def _fit(environment: Environment, found: LiveList) -> int:
    """Say how well a name fits an environment: as many letters as its format has; -1 if it does not."""
    fits = environment.unformat_name(found.texts[NAME]) is not None
    return len(environment.name_format) if fits else -1


def _matcher(pattern: str, every: Sequence[LiveList], names: Collection[str]) -> Callable[[LiveList], bool]:
    """Return a test for the lists that a pattern means, by id or else by name. Raises UsageError if there is none."""
    if any(pattern == each.id for each in every):
        return lambda found: found.id == pattern
    means = matcher(pattern, names)
    if not any(map(means, names)):
        raise UsageError(f"no live list has the id or the name {pattern!r}; `reconciler drift --undeclared` names them")
    return lambda found: means(found.texts[NAME])


def _record(imports: Imports, writers: Mapping[str, StateWriter], runtime: Runtime) -> None:
    """Record each list as it is live: nothing is sent."""
    from reconciler.execute.records import Records
    from reconciler.model.changes import Adopt

    for each in imports.imported:
        writer = writers[each.environment]
        adopted = Adopt(key=each.key, id=each.id, cause="new", before=each.texts, after=each.texts, source=None)
        Records(writer, runtime).settle(adopted, writer.applied.lists.get(each.key))


def _lines(
    imports: Imports, changed: Sequence[str], then: str, campaigns: Mapping[str, Sequence[Campaign]], *, recorded: bool
) -> Iterator[str]:
    if not imports.imported and not imports.refused:
        yield "nothing to import: every live list is declared, ignored or left as a comment, which says why"
        return
    keys = {each.key for each in imports.imported}
    counts = f"{count(len(imports.imported), 'list')} under {count(len(keys), 'key')}"
    comments = f", {count(len(imports.refused), 'list')} left as a comment" if imports.refused else ""
    yield f"{'imported' if recorded else 'would import'} into {terminal(', '.join(changed))}: {counts}{comments}"
    for each in imports.imported:
        sign = "+" if each.new else "~"
        yield f"  {sign} {each.key}  {quote(each.texts.get(NAME, ''))}  {each.environment} {each.id}"
        if users := campaigns.get(each.id):
            yield f"      used by: {shorten(join_campaigns(users))}"
    for said in (*imports.refused, *imports.remarks):
        yield f"  ! {terminal(said)}"
    if recorded and imports.imported:
        yield f"recorded in the state; look at the file, then: {then}"
