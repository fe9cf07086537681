"""All of a manifest but its lists: checked, and made into the settings of each environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, cast

from pydantic import ValidationError

from reconciler.manifest import hosts
from reconciler.manifest.reading import Place, Reading
from reconciler.manifest.shape import HEAD, EnvironmentEntry, Head, PolicyEntry
from reconciler.manifest.wording import faults
from reconciler.model.lists import MaxChanges, Policy, Target

Account: TypeAlias = tuple[str, str]
"""Host and account id: what shares one rate limit and one set of lists."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One environment without its lists; names are written as `before` + name + `after`."""

    environment: str
    target: Target
    policy: Policy
    credentials: str
    requests_per_minute: int
    before: str
    after: str

    @property
    def account(self) -> Account:
        """The account that this environment is of."""
        return self.target.host, self.target.account_id


@dataclass(frozen=True, slots=True)
class ReadHead:
    """What the head says, as far as it is sound.

    `names` holds every declared environment, `settings` only those without a problem.
    """

    state: str
    include: tuple[str, ...]
    names: tuple[str, ...]
    settings: Mapping[str, Settings]


def read_head(reading: Reading) -> ReadHead:
    """Check everything in a manifest but `lists`, blaming what is wrong on `reading`."""
    head = {key: value for key, value in reading.root.items() if key != "lists"}
    wrong = _problems(head, reading)
    sound = cast("Head", {key: value for key, value in head.items() if (key,) not in wrong})
    environments = sound.get("environments", {})
    policy = {} if _below(wrong, ("policy",)) else sound.get("policy", {})
    settings = {
        name: _settings(name, environment, policy)
        for name, environment in environments.items()
        if not _below(wrong, ("environments", name))
    }
    include = () if _below(wrong, ("include",)) else tuple(sound.get("include", ()))
    return ReadHead(sound.get("state", ".reconciler"), include, tuple(environments), _sharing(settings))


def _problems(head: dict[str, object], reading: Reading) -> set[Place]:
    """Blame what is wrong in `head`; return the places of it."""
    try:
        HEAD.validate_python(head)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        found = list(faults(details, reading.root))
        for fault in found:
            reading.blame(fault.place, fault.message, at_key=fault.at_key)
        return {fault.place for fault in found}
    return set()


def _below(wrong: set[Place], place: Place) -> bool:
    return any(found[: len(place)] == place for found in wrong)


def _settings(name: str, entry: EnvironmentEntry, policy: PolicyEntry) -> Settings:
    before, _, after = entry.get("name_format", "{name}").partition("{name}")
    return Settings(
        environment=name,
        target=Target(hosts.normalised(entry["host"]), entry["stream_id"], entry["account_id"]),
        policy=_policy({**policy, **entry.get("policy", {})}),
        credentials=entry.get("credentials", "KORE"),
        requests_per_minute=entry.get("requests_per_minute", 30),
        before=before,
        after=after,
    )


def _policy(entry: PolicyEntry) -> Policy:
    unset = Policy()
    limit = entry.get("max_changes")
    match limit:
        case None:
            max_changes = unset.max_changes
        case int():
            max_changes = MaxChanges(limit)
        case str():
            max_changes = MaxChanges(int(limit.removesuffix("%")), percent=True)
    return Policy(
        max_changes,
        entry.get("on_drift", unset.on_drift),
        entry.get("rename_in_use", unset.rename_in_use),
        tuple(entry.get("ignore_undeclared", unset.ignore_undeclared)),
    )


def _sharing(settings: Mapping[str, Settings]) -> dict[str, Settings]:
    """Give environments of one account the smallest limit of them."""
    smallest: dict[Account, int] = {}
    for each in settings.values():
        smallest[each.account] = min(each.requests_per_minute, smallest.get(each.account, each.requests_per_minute))
    return {name: replace(each, requests_per_minute=smallest[each.account]) for name, each in settings.items()}
