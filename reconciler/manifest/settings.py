"""The environments of a manifest, made of its checked head: all of them but their lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from reconciler.manifest.shape import EnvironmentEntry, Head, PolicyEntry
from reconciler.manifest.values import AS_WRITTEN
from reconciler.model.lists import MaxChanges, Policy, Target


class Settings(NamedTuple):
    """One environment without its lists; names are written to it as `name_format` says."""

    target: Target
    policy: Policy = Policy()
    credentials: str = "KORE"
    requests_per_minute: int = 30
    name_format: str = AS_WRITTEN


def settings(head: Head) -> dict[str, Settings]:
    """Return the settings of each environment; those of one account get the smallest limit of them."""
    each = {name: _settings(entry, head.get("policy", {})) for name, entry in head["environments"].items()}
    smallest: dict[tuple[str, str], int] = {}
    for of in each.values():
        smallest[of.target.account] = min(
            of.requests_per_minute, smallest.get(of.target.account, of.requests_per_minute)
        )
    return {name: of._replace(requests_per_minute=smallest[of.target.account]) for name, of in each.items()}


def stand_ins(names: Mapping[str, object]) -> dict[str, Settings]:
    """Return settings for environments of which only the names can be relied on, so that their lists can be checked.

    Each is of an account of its own.
    """
    return {name: Settings(Target("", "", name)) for name in names}


def _settings(entry: EnvironmentEntry, policy: PolicyEntry) -> Settings:
    return Settings(
        target=Target(entry["host"], entry["stream_id"], entry["account_id"]),
        policy=_policy({**policy, **entry.get("policy", {})}),
        credentials=entry.get("credentials", "KORE"),
        requests_per_minute=entry.get("requests_per_minute", 30),
        name_format=entry.get("name_format", AS_WRITTEN),
    )


def _policy(entry: PolicyEntry) -> Policy:
    unset = Policy()
    return Policy(
        max_changes=_max_changes(entry["max_changes"]) if "max_changes" in entry else unset.max_changes,
        on_drift=entry.get("on_drift", unset.on_drift),
        rename_in_use=entry.get("rename_in_use", unset.rename_in_use),
        ignore_undeclared=tuple(entry.get("ignore_undeclared", unset.ignore_undeclared)),
    )


def _max_changes(limit: int | str) -> MaxChanges:
    return MaxChanges(limit) if isinstance(limit, int) else MaxChanges(int(limit.removesuffix("%")), percent=True)
