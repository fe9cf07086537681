"""Plans, results or drift reports of several runs as one: of parts of the accounts, or of environments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias, TypeVar

from reconciler.errors import UsageError
from reconciler.model.changes import Plan
from reconciler.model.drift_report import DriftReport
from reconciler.model.outcomes import EnvironmentResult, Result
from reconciler.model.shards import parse_shard

Subject: TypeAlias = Plan | Result | DriftReport
_Subject = TypeVar("_Subject", Plan, DriftReport)
_NO_REPORT = "this part of the accounts did not report"


def merge(parts: Mapping[str, Subject]) -> Subject:
    """Return what several runs planned, did or found, given by the files that say so.

    A part of the accounts that did not report is named like an environment that failed. Beside results there may be
    plans that an apply refused. Raises UsageError if the parts do not go together.
    """
    found = list(parts.values())
    plans = [each for each in found if isinstance(each, Plan)]
    results = [each for each in found if isinstance(each, Result)]
    drifts = [each for each in found if isinstance(each, DriftReport)]
    refused = {file: each for file, each in parts.items() if isinstance(each, Plan) and each.refused}
    if 0 < len(drifts) < len(found) or len(refused) < len(plans) < len(found):
        raise UsageError("these do not go together: name plans, or results of applies, or drift reports")
    missing = _missing_parts(parts)
    _check_environments(parts)
    if len(plans) == len(found):
        return _merge_plans(plans, missing)
    if drifts:
        return _of_all(drifts, missing)
    return _merge_results(results, refused, missing)


def _missing_parts(parts: Mapping[str, Subject]) -> list[str]:
    """Return which parts of the accounts are not there, named as environments are."""
    by_part: dict[str, str] = {}
    for file, each in parts.items():
        part = (each.approved if isinstance(each, Result) else each).asked.shard
        if part and part in by_part:
            raise UsageError(f"{by_part[part]} and {file} are both of part {part} of the accounts")
        by_part[part] = file
    shards = [parse_shard(part) for part in by_part]
    counts = {shard.count if shard else 0 for shard in shards}
    if counts == {0}:
        return []
    if len(counts) > 1:
        said = "; ".join(f"{file} of {f'part {part}' if part else 'no part'}" for part, file in by_part.items())
        raise UsageError(f"these are not parts of one whole: {said}")
    (count,) = counts
    there = {shard.number for shard in shards if shard}
    return [f"part-{number}-of-{count}" for number in range(1, count + 1) if number not in there]


def _check_environments(parts: Mapping[str, Subject]) -> None:
    seen: dict[str, str] = {}
    for file, each in parts.items():
        failed = () if isinstance(each, Result) else each.failed
        for name in (*(of.name for of in each.environments), *failed):
            if name in seen:
                raise UsageError(f"{name} is in both {seen[name]} and {file}: name one document of each run")
            seen[name] = file


def _merge_plans(plans: Sequence[Plan], missing: Sequence[str]) -> Plan:
    made = _of_all(plans, missing)
    refused = dict.fromkeys(plan.refused for plan in plans if plan.refused)
    return replace(made, refreshed=all(plan.refreshed for plan in plans), refused="; ".join(refused))


def _of_all(parts: Sequence[_Subject], missing: Sequence[str]) -> _Subject:
    first = min(parts, key=lambda each: each.created_at)
    failed = {name: words for each in parts for name, words in each.failed.items()}
    return replace(
        first,
        files={path: sha256 for each in parts for path, sha256 in each.files.items()},
        environments=tuple(of for each in parts for of in each.environments),
        failed={**failed, **dict.fromkeys(missing, _NO_REPORT)},
        asked=replace(first.asked, shard=""),
    )


def _merge_results(results: Sequence[Result], refused: Mapping[str, Plan], missing: Sequence[str]) -> Result:
    first = min(results, key=lambda each: each.approved.created_at)
    digests = {each.plan for each in results}
    stopped = dict.fromkeys(missing, _NO_REPORT)
    for file, plan in refused.items():
        names = [of.name for of in plan.environments] or [file]  # it may have known none yet
        stopped |= dict.fromkeys(names, f"refused: {plan.refused}")
    return Result(
        first.plan if len(digests) == 1 else "",
        (
            *(of for each in results for of in each.environments),
            *(EnvironmentResult(name, (), 0, 0, 0.0, stopped=why) for name, why in stopped.items()),
        ),
        replace(first.approved, asked=replace(first.approved.asked, shard="")),
    )
