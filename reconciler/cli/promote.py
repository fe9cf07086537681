"""`reconciler promote FROM TO`: what one environment has and another lacks; with --match-names, ids found by name."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.cli import options as shared
from reconciler.cli.output import say
from reconciler.errors import UsageError
from reconciler.model.fields import NAME, label
from reconciler.model.texts import differing
from reconciler.report.escape import quote, terminal

if TYPE_CHECKING:
    from reconciler.manifest import Manifest
    from reconciler.manifest.edit.draft import Draft
    from reconciler.manifest.edit.promotion import Candidate, Match
    from reconciler.model.lists import LiveList


_MOST_NAMED = 10


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("before", metavar="FROM", help="the environment that has the lists")
    parser.add_argument("after", metavar="TO", help="the environment that is to have them")
    shared.manifest(parser)
    parser.add_argument(
        "--match-names", action="store_true", help="find ids by the live names in TO (one request) and write them in"
    )
    shared.editing(parser)
    shared.network(parser)


def run(options: argparse.Namespace) -> int:
    """Show what is lacking; find it and write it where asked to."""
    from reconciler.manifest import load
    from reconciler.manifest.edit.draft import Draft
    from reconciler.manifest.edit.promotion import Match, candidates

    manifest = load(options.file)
    shared.choose_environments([options.before, options.after], False, list(manifest.environments))
    if options.dry_run and not options.match_names:
        raise UsageError("--dry-run goes with --match-names: without it, nothing is written")
    draft = Draft(manifest)
    wanted = list(candidates(draft, options.before, options.after))
    if options.match_names and wanted:
        return _add_matches(options, draft, wanted)
    _show(options, [Match(each) for each in wanted])
    return 0


def _add_matches(options: argparse.Namespace, draft: Draft, wanted: Sequence[Candidate]) -> int:
    from reconciler.cli import edits
    from reconciler.manifest.edit.promotion import add_ids, matches

    there = _find_undeclared(options, draft.manifest)
    found = list(matches(wanted, there))
    changes = draft.changes(add_ids(draft, options.after, found))
    edits.make(draft.manifest, changes, options)
    _show(options, found)
    if any(not match.live for match in found):
        _name_unmatched(options.after, found, there)
    return 0


def _name_unmatched(environment: str, found: Sequence[Match], there: Sequence[LiveList]) -> None:
    """Name the lists there that no key has: one of them may be meant by another name."""
    ids = {match.live.id for match in found if match.live}
    names = sorted(quote(each.texts[NAME]) for each in there if each.id not in ids)
    more = f", and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    if names:
        say(f"Lists in {environment} that no key has: {', '.join(names[:_MOST_NAMED])}{more}")


def _find_undeclared(options: argparse.Namespace, manifest: Manifest) -> list[LiveList]:
    from reconciler.cli import wiring
    from reconciler.cli.runtime import Runtime

    runtime = Runtime()
    declared = wiring.declared_ids(manifest)[options.after]
    with wiring.clients([manifest.environments[options.after]], options, runtime) as readers:
        live = readers[options.after].read_all()
    return [found for found in live.lists.values() if found.id not in declared]


def _show(options: argparse.Namespace, found: Sequence[Match]) -> None:
    from reconciler.cli import wiring

    if not found:
        say(f"every list of {options.before} has an id in {options.after}")
        return
    say(f"{len(found)} of {options.before} without an id in {options.after}, and what they would be there:")
    for match in found:
        candidate = match.candidate
        place = terminal(f"{candidate.source.file}:{candidate.source.line}")
        say(f"  {'+' if match.live else '?'} {candidate.key}  ({place})")
        for field, text in candidate.texts.items():
            say(f"      {label(field)}: {quote(text)}")
        for line in _match_lines(match):
            say(f"      {line}")
    if not options.match_names:
        find = wiring.next_command(f"promote {options.before} {options.after} --match-names", [], options)
        say(f"To find their ids by these names: {find}")
    elif any(match.live for match in found) and not options.dry_run:
        look = wiring.next_command("plan --refresh", [options.after], options)
        say(f"ids written; look at the file, then: {look}")


def _match_lines(match: Match) -> list[str]:
    if match.live is None:
        why = match.why or match.candidate.fault
        return [f"no id: {terminal(why)}"] if why else []
    texts = match.live.texts
    others = (f"its {label(field)} there is {quote(texts[field])}" for field in differing(match.candidate.texts, texts))
    return [", ".join((f"id: {match.live.id}", *others))]
