"""`reconciler accept`: live values of drifted lists, into the manifest. The state and the account stay as they are."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from reconciler.cli import options as shared
from reconciler.cli import reports
from reconciler.cli.output import note, say, warn
from reconciler.cli.outputs import Outputs
from reconciler.errors import UsageError
from reconciler.model.fields import NAME, label
from reconciler.model.patterns import did_you_mean, matches
from reconciler.planning.blocks import GONE
from reconciler.planning.guard import name_campaigns
from reconciler.report.escape import quote, terminal
from reconciler.report.phrases import CAUSES, TAKEN_OUT

if TYPE_CHECKING:
    from reconciler.cli.wiring import Chosen
    from reconciler.manifest.edit.acceptance import Refused, Wanted
    from reconciler.model.drift_report import DriftReport

LeftOut: TypeAlias = tuple[str, str]
"""An environment, and what of it is not accepted and why."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "keys", nargs="*", metavar="KEY", help="a key, or a glob of keys; default: all that only changed elsewhere"
    )
    shared.manifest(parser)
    shared.environments(parser)
    shared.who(parser)
    shared.editing(parser)
    reports.file_arguments(parser)
    shared.network(parser)
    parser.set_defaults(json=False)


def run(options: argparse.Namespace) -> int:
    """Read, compare and rewrite; exit 3 if the manifest's rules refuse some of it, or a list was deleted."""
    from reconciler.cli import edits, exits, wiring
    from reconciler.cli.drift import find_drift
    from reconciler.manifest.edit.acceptance import accept_texts
    from reconciler.manifest.edit.draft import Draft

    options.outputs = Outputs(options)
    with options.outputs.reading(options.file):
        chosen = wiring.load_workspaces(options)
    options.outputs.settle(chosen)
    _check_keys(chosen, options.keys)
    report, failures = find_drift(chosen, options)
    if failures and not report.environments:
        reports.save_files(report, options)
        raise exits.of_all(failures)
    codes = exits.report_failures(failures)
    draft = Draft(chosen.manifest)
    alone = _tell_left_out(_find_left_alone(report, options.keys))
    accepted, refused, expected = accept_texts(draft, list(_find_changes(report, options.keys)))
    changes = draft.changes(expected)
    edits.make(chosen.manifest, changes, options)
    gone = _tell_left_out(_find_gone(report, options.keys))
    if not (accepted or refused or gone):
        which = "no list that you named" if options.keys else "no list"
        say("nothing else to accept" if alone else f"nothing to accept: {which} changed elsewhere since the last apply")
    edits.say_accepted(draft, accepted)
    if accepted and not options.dry_run:
        say("accepted into the manifest; the next apply records it, and sends nothing for it")
    _warn_of_reverts(report, accepted)
    _warn_of_campaigns(report, accepted)
    unfit = _tell_left_out(map(_refusal, refused))
    saved = reports.save_files(_with_left_out(report, [*alone, *gone, *unfit]), options)
    return exits.worst([*codes, 3 if refused or gone else 0, 0 if saved else 1])


def _check_keys(chosen: Chosen, keys: Sequence[str]) -> None:
    known = {key for environment in chosen.environments for key in environment.desired.lists}
    unknown = [pattern for pattern in keys if not any(matches(pattern, key) for key in known)]
    if unknown:
        names = (workspace.name for workspace in chosen.workspaces)
        named, guess = ", ".join(map(repr, unknown)), did_you_mean(unknown[0], known)
        raise UsageError(f"the manifest has no list {named} in {', '.join(names)}{guess}")


def _find_changes(report: DriftReport, keys: Sequence[str]) -> Iterator[Wanted]:
    """Yield what changed elsewhere; lists whose edit in the manifest would be lost only where their key is named."""
    from reconciler.manifest.edit.acceptance import Wanted

    for environment in report.environments:
        for drifted in environment.drifted:
            if _is_named(drifted.key, keys) if keys else drifted.moved != "both":
                moved = (field for field in drifted.fields if field.moved != "file")
                yield from (Wanted(environment.name, drifted.key, field.field, field.live) for field in moved)


def _is_named(key: str, keys: Sequence[str]) -> bool:
    return any(matches(pattern, key) for pattern in keys)


def _find_left_alone(report: DriftReport, keys: Sequence[str]) -> Iterator[LeftOut]:
    """Yield the lists that changed on both sides, unless keys say which lists are meant."""
    from reconciler.report import steps

    for environment in report.environments:
        for drifted in environment.drifted:
            if drifted.moved == "both" and not keys:
                instead = steps.accept(environment.name, report.asked, drifted.key)
                where = f"{drifted.key} in {environment.name}"
                why = f"the manifest was edited too; to give up that edit: {instead}"
                yield environment.name, f"left alone: {where}: {why}"


def _find_gone(report: DriftReport, keys: Sequence[str]) -> Iterator[LeftOut]:
    """Yield the lists that the account does not have, of those that are meant."""
    for environment in report.environments:
        for each in environment.missing:
            if not keys or _is_named(each.key, keys):
                where = f"{each.key} in {environment.name}"
                yield environment.name, f"not accepted: {where}: {CAUSES['missing']}; {GONE}"


def _refusal(refused: Refused) -> LeftOut:
    wanted = refused.wanted
    what = f"the live {label(wanted.field)} {quote(wanted.text)} {terminal(refused.why)}"
    return wanted.environment, f"not accepted: {wanted.key} in {wanted.environment}: {what}"


def _tell_left_out(found: Iterable[LeftOut]) -> list[LeftOut]:
    left_out = list(found)
    for _, words in left_out:
        note(words)
    return left_out


def _with_left_out(report: DriftReport, left_out: Sequence[LeftOut]) -> DriftReport:
    """Return the report of what was found, with a warning for all that is not accepted; undeclared lists cannot be."""
    environments = (
        replace(of, undeclared=(), warnings=(*of.warnings, *(words for name, words in left_out if name == of.name)))
        for of in report.environments
    )
    return replace(report, environments=tuple(environments))


def _warn_of_reverts(report: DriftReport, accepted: Sequence[Wanted]) -> None:
    """Say which lists nobody changed elsewhere: git moved the state back, and accepting brings its change back."""
    taken_out = {(of.name, key) for of in report.environments for key in of.standing.taken_out}
    for environment, key in sorted({(each.environment, each.key) for each in accepted} & taken_out):
        warn(f"{key} in {environment}: {TAKEN_OUT}, as git revert does: accepted, it takes that revert back")


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
