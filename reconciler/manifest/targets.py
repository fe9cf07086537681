"""Make the environments of a manifest from their entries and their lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.manifest.freeze_times import days_in, hours_in, since, until, zone_of
from reconciler.manifest.models import EnvironmentEntry, Head
from reconciler.manifest.policy_models import FreezeEntry, PolicyEntry
from reconciler.manifest.values import Environment
from reconciler.model.lists import Desired, DesiredList, Freeze, MaxChanges, Policy, Target


def target(entry: EnvironmentEntry) -> Target:
    """Return the target of an environment."""
    return Target(entry.host, entry.stream_id, entry.account_id)


def environments(head: Head, lists: Mapping[str, Mapping[str, DesiredList]]) -> dict[str, Environment]:
    """Return each environment with its `lists`. Environments of one account share the smallest rate limit."""
    allowed = policies(head)
    limits: dict[tuple[str, str], int] = {}
    for entry in head.environments.values():
        account = target(entry).account
        limits[account] = min(entry.requests_per_minute, limits.get(account, entry.requests_per_minute))
    return {
        name: Environment(
            Desired(name, target(entry), lists[name], allowed[name]),
            entry.credentials,
            limits[target(entry).account],
            entry.name_format,
        )
        for name, entry in head.environments.items()
    }


def policies(head: Head) -> dict[str, Policy]:
    """Return the policy of each environment."""
    return {name: _policy(head.policy, entry.policy) for name, entry in head.environments.items()}


def stand_ins(names: Iterable[str]) -> dict[str, EnvironmentEntry]:
    """Return entries for environments whose own entries have problems, so that lists can still be checked.

    Each has an account of its own.
    """
    return {name: EnvironmentEntry.model_construct(host="", stream_id="", account_id=name) for name in names}


def _policy(common: PolicyEntry, own: PolicyEntry) -> Policy:
    """Return the policy of an environment: keys of its `own` policy replace those of the `common` one."""
    entry = common.model_copy(update={name: getattr(own, name) for name in own.model_fields_set})
    return Policy(
        max_changes=_max_changes(entry.max_changes),
        on_drift=entry.on_drift,
        rename_in_use=entry.rename_in_use,
        rename_while_running=entry.rename_while_running,
        ignore_undeclared=tuple(entry.ignore_undeclared),
        name_pattern=entry.name_pattern,
        required=tuple(dict.fromkeys(entry.required)),
        freeze=tuple(map(_freeze, entry.freeze)),
    )


def _freeze(entry: FreezeEntry) -> Freeze:
    begin, end = hours_in(entry.hours)
    return Freeze(
        entry.reason, zone_of(entry.zone), days_in(entry.days), begin, end, since(entry.since), until(entry.until)
    )


def _max_changes(limit: int | str) -> MaxChanges:
    return MaxChanges(limit) if isinstance(limit, int) else MaxChanges(int(limit.removesuffix("%")), percent=True)
