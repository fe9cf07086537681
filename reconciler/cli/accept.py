"""`reconciler accept`: live values of drifted lists, into the manifest. The state and the account stay as they are."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reconciler.cli import options as shared
from reconciler.cli.output import note, say, uses_colour, warn
from reconciler.errors import UsageError
from reconciler.model.fields import NAME, label
from reconciler.model.patterns import did_you_mean, matches
from reconciler.planning.blocks import GONE
from reconciler.planning.guard import name_campaigns
from reconciler.report.escape import quote, terminal
from reconciler.report.phrases import CAUSES

if TYPE_CHECKING:
    from reconciler.cli.wiring import Chosen
    from reconciler.manifest.edit.acceptance import Wanted
    from reconciler.model.drift_report import DriftReport


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "keys", nargs="*", metavar="KEY", help="a key, or a glob of keys; default: all that only changed elsewhere"
    )
    shared.manifest(parser)
    shared.environments(parser)
    shared.editing(parser)
    shared.network(parser)


def run(options: argparse.Namespace) -> int:
    """Read, compare and rewrite; exit 3 if the manifest's rules refuse some of it, or a list was deleted."""
    from reconciler.cli import edits, exits, wiring
    from reconciler.cli.drift import find_drift
    from reconciler.manifest.edit.acceptance import accept_texts
    from reconciler.manifest.edit.draft import Draft

    chosen = wiring.load_workspaces(options)
    _check_keys(chosen, options.keys)
    report, failures = find_drift(chosen, options)
    if failures and not report.environments:
        raise exits.of_all(failures)
    codes = exits.report_failures(failures)
    wanted = list(_find_changes(report, options.keys))
    draft = Draft(chosen.manifest)
    accepted, refused, expected = accept_texts(draft, wanted)
    changes = draft.changes(expected)
    if options.dry_run:
        edits.show(changes, colour=uses_colour(sys.stdout, options))
    else:
        edits.write(chosen.manifest, changes)
    gone = list(_find_gone(report, options.keys))
    for key, environment in gone:
        note(f"not accepted: {key} in {environment}: {CAUSES['missing']}; {GONE}")
    if not (accepted or refused or gone):
        say("nothing to accept: no list changed elsewhere since the last apply")
    _tell(accepted, written=not options.dry_run)
    _warn_of_campaigns(report, accepted)
    for each in refused:
        where = f"{each.wanted.key} in {each.wanted.environment}"
        what = f"the live {label(each.wanted.field)} {quote(each.wanted.text)}"
        note(f"not accepted: {where}: {what} {terminal(each.why)}")
    return exits.worst([*codes, 3 if refused or gone else 0])


def _check_keys(chosen: Chosen, keys: Sequence[str]) -> None:
    known = {key for environment in chosen.environments for key in environment.desired.lists}
    unknown = [pattern for pattern in keys if not any(matches(pattern, key) for key in known)]
    if unknown:
        named, guess = ", ".join(map(repr, unknown)), did_you_mean(unknown[0], known)
        raise UsageError(f"the manifest has no list {named} in {', '.join(_names(chosen))}{guess}")


def _names(chosen: Chosen) -> Iterator[str]:
    for environment in chosen.environments:
        yield environment.desired.environment


def _find_changes(report: DriftReport, keys: Sequence[str]) -> Iterator[Wanted]:
    """Yield what changed elsewhere; lists whose edit in the manifest would be lost only where their key is named."""
    from reconciler.manifest.edit.acceptance import Wanted
    from reconciler.report import steps

    for environment in report.environments:
        for drifted in environment.drifted:
            named = any(matches(pattern, drifted.key) for pattern in keys)
            if drifted.moved == "both" and not keys:
                note(
                    f"left alone: {drifted.key} in {environment.name}: the manifest was edited too; "
                    f"to give up that edit: {steps.accept(environment.name, report.asked, drifted.key)}"
                )
            elif named or not keys:
                moved = (field for field in drifted.fields if field.moved != "file")
                yield from (Wanted(environment.name, drifted.key, field.field, field.live) for field in moved)


def _find_gone(report: DriftReport, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield key and environment of the lists that the account does not have, of those that are meant."""
    for environment in report.environments:
        for each in environment.missing:
            if not keys or any(matches(pattern, each.key) for pattern in keys):
                yield each.key, environment.name


def _warn_of_campaigns(report: DriftReport, accepted: Sequence[Wanted]) -> None:
    """Say which of the names that are accepted may not be the one that campaigns were set up with."""
    drifted = {(of.name, each.key): each for of in report.environments for each in of.drifted}
    for each in accepted:
        found = drifted[each.environment, each.key]
        if each.field == NAME and found.campaigns:
            warn(
                f"{each.key} in {each.environment}: {name_campaigns(found.campaigns)}: look there "
                "which name it was set up with; if that is the old one, correct it there, or set the name back instead"
            )


def _tell(accepted: Sequence[Wanted], *, written: bool) -> None:
    for each in accepted:
        say(f"  ~ {each.key}  {each.environment}  {label(each.field)}: {quote(each.text)}")
    if accepted and written:
        say("accepted into the manifest; the next apply records it, and sends nothing for it")
