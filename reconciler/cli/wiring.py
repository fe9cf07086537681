"""From options to what the engine takes: the manifest, its environments as workspaces, their stores and API clients."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from reconciler import __version__
from reconciler.cli import options as shared
from reconciler.cli.output import note, warn
from reconciler.cli.stores import MOVE_STATE, state_in_folder, store
from reconciler.engine.workspaces import PlanMetadata, Selection, Workspace
from reconciler.errors import PinError, PlanRefusedError, ReconcilerError, UsageError
from reconciler.files import is_pipe
from reconciler.model.changes import Asked
from reconciler.model.identifiers import unfilled
from reconciler.model.patterns import did_you_mean, matches
from reconciler.model.times import timestamp
from reconciler.protocols import Clock, Reader

if TYPE_CHECKING:
    from reconciler.api.client import Client
    from reconciler.api.rate_limit import RateLimit
    from reconciler.manifest import Environment, Manifest
    from reconciler.model.changes import Plan
    from reconciler.model.lists import Absent, Live, LiveList, OddList

Limits: TypeAlias = "dict[tuple[str, str], RateLimit]"
CONNECT_SECONDS, READ_SECONDS = 10.0, 30.0
_FILES_AN_ENVIRONMENT = 4  # lock, journal, connection, and one while files are replaced
_FILES_BESIDE = 64


class WithTimeout(Protocol):
    """What holds the seconds to connect and to read, None for the usual ones."""

    @property
    def timeout(self) -> float | None: ...


class Chosen(NamedTuple):
    """What the options chose: the manifest, its chosen environments, and each as a workspace."""

    manifest: Manifest
    environments: tuple[Environment, ...]
    workspaces: tuple[Workspace, ...]


def load_workspaces(
    options: argparse.Namespace,
    saved: Plan | None = None,
    drafts: Mapping[str, bytes] | None = None,
    *,
    one: bool = False,
    manifest: Manifest | None = None,
) -> Chosen:
    """Load the manifest and choose its environments: those of the options, or of a saved plan; `one` is to be named.

    `manifest` is it, if it was loaded already.
    """
    if manifest is None:
        from reconciler.manifest import load

        manifest = load(options.file, drafts)
    if os.environ.get("RECONCILER_STATE_IN_FOLDER") == "refuse" and (fault := state_in_folder(manifest)):
        raise UsageError(f"{fault}. In a clone: {MOVE_STATE}")
    if "://" not in manifest.state and is_pipe(options.file):
        raise UsageError(
            f"{options.file}: is a pipe, and the state is kept beside the manifest: name a file, or give state: a URL"
        )
    if saved is None:
        part = getattr(options, "shard", None) is not None
        known = list(manifest.environments)
        names = shared.choose_environments(options.env, options.all_envs, known, in_part=part, one=one)
    else:
        names = _planned_environments(saved, manifest, options)
    chosen = environments_in_shard((manifest.environments[name] for name in names), options)
    elsewhere = bool(getattr(options, "dask", None)) and "://" in manifest.state
    workspaces = tuple(
        Workspace(each.desired, store(manifest, each, elsewhere=elsewhere), each.requests_per_minute) for each in chosen
    )
    return Chosen(manifest, chosen, workspaces)


def environments_in_shard(environments: Iterable[Environment], options: argparse.Namespace) -> tuple[Environment, ...]:
    """Return those environments whose account is in the part that the options name; all if they name none."""
    shard = getattr(options, "shard", None)
    if shard is None:
        return tuple(environments)
    held = tuple(each for each in environments if shard.holds(each.target.account))
    if not held:
        note(f"part {shard} of the accounts has none of these environments: there is nothing to do")
    return held


def tell_unmatched(only: Sequence[str], manifest: Manifest, plan: Plan | None = None) -> None:
    """Say of each `--only` that means neither a list of the manifest nor a change of the plan that it does so."""
    for pattern, meant in unmatched(only, manifest, plan):
        warn(f"--only {pattern}: no list has such a key{meant}")


def unmatched(only: Sequence[str], manifest: Manifest, plan: Plan | None = None) -> Iterator[tuple[str, str]]:
    """Yield each pattern that means no list and no change, with what may have been meant."""
    keys = {key for environment in manifest.environments.values() for key in environment.desired.lists}
    keys |= {change.key for environment in (plan.environments if plan else ()) for change in environment.changes}
    for pattern in only:
        if not any(matches(pattern, key) for key in keys):
            yield pattern, did_you_mean(pattern, keys)


def _planned_environments(saved: Plan, manifest: Manifest, options: argparse.Namespace) -> list[str]:
    """Return the environments of a saved plan, or those of them that the options name."""
    for environment in saved.environments:
        present = manifest.environments.get(environment.name)
        if present is None:
            raise PlanRefusedError(f"the plan is for {environment.name!r}, which the manifest does not have")
        if present.target != environment.target:
            raise PlanRefusedError(
                f"the plan is for {environment.name} at {environment.target}, "
                f"but the manifest means {present.target} "
                f"({environment.target.differences(present.target)}): make a new plan"
            )
    names = [environment.name for environment in saved.environments]
    return shared.choose_environments(options.env, not options.env, names, of="the plan")


def plan_metadata(manifest: Manifest, now: float, options: argparse.Namespace) -> PlanMetadata:
    """Say what a plan was made by, when, from which files, and what it was asked for."""
    return PlanMetadata(__version__, timestamp(now), manifest.files, _asked_of(options))


def next_command(words: str, environments: Sequence[str], options: argparse.Namespace) -> str:
    """Return the command of these words that goes on from this one."""
    from reconciler.report import steps

    return steps.command(words, environments, _asked_of(options))


def _asked_of(options: argparse.Namespace) -> Asked:
    """Return what a command that goes on from this one must be given."""
    named = "" if options.file == shared.DEFAULT_FILE and not os.environ.get("RECONCILER_FILE") else str(options.file)
    part = selection(options)
    out, shard = (str(getattr(options, name, None) or "") for name in ("out", "shard"))
    return Asked(named, part.only, part.revert_drift, out, shard)


def declared_ids(manifest: Manifest) -> Mapping[str, frozenset[str]]:
    """Return, by environment, the ids that any environment of its account declares."""
    by_account: dict[tuple[str, str], set[str]] = {}
    for environment in manifest.environments.values():
        ids = {wanted.id for wanted in environment.desired.lists.values()}
        by_account.setdefault(environment.target.account, set()).update(ids)
    return {name: frozenset(by_account[each.target.account]) for name, each in manifest.environments.items()}


def selection(options: argparse.Namespace) -> Selection:
    """Return the part of the lists that the options select."""
    return Selection(
        tuple(getattr(options, "only", ())), getattr(options, "revert_drift", False), getattr(options, "who", 0)
    )


class _Unready:
    """What reads an environment whose pins or credentials are wrong: it says so each time."""

    requests = 0

    def __init__(self, why: ReconcilerError) -> None:
        self._why = why

    def read_all(self) -> Live:
        raise self._why

    def read(self, list_id: str) -> LiveList | OddList | Absent:
        del list_id
        raise self._why


@contextmanager
def readers(
    environments: Sequence[Environment], options: WithTimeout, clock: Clock, limits: Limits | None = None
) -> Iterator[Mapping[str, Reader]]:
    """Connect as `clients`; an environment whose target, pins or credentials do not hold fails when it is read."""
    from reconciler.api.credentials import from_variables

    unready: dict[str, Reader] = {}
    for environment in environments:
        try:
            _check_target(environment)
            from_variables(environment.credentials, os.environ)
        except (PinError, UsageError) as error:
            unready[environment.name] = _Unready(error)
    others = [environment for environment in environments if environment.name not in unready]
    with clients(others, options, clock, limits) as connected:
        yield {**connected, **unready}


@contextmanager
def clients(
    environments: Sequence[Environment], options: WithTimeout, clock: Clock, limits: Limits | None = None
) -> Iterator[Mapping[str, Client]]:
    """Connect to the API of each environment; those of one account share its rate limit.

    `limits` keeps these, by account, for who connects again. Pins are checked before any credential is read.
    """
    from reconciler.api.client import Client
    from reconciler.api.credentials import from_variables
    from reconciler.api.rate_limit import RateLimit
    from reconciler.cli import logs

    for environment in environments:
        _check_target(environment)
    logs.show()
    _allow_open_files(len(environments))
    limits = {} if limits is None else limits
    with ExitStack() as open_clients:
        connected: dict[str, Client] = {}
        for environment in environments:
            target = environment.target
            per_minute = environment.requests_per_minute
            limit = limits.setdefault(target.account, RateLimit(per_minute, clock))
            limit.requests_per_minute = per_minute  # the manifest may have been edited since
            credentials = from_variables(environment.credentials, os.environ)
            client = Client(target, credentials, clock, limit, timeout=timeouts(options))
            connected[environment.name] = open_clients.enter_context(client)
        yield connected


def _allow_open_files(environments: int) -> None:
    """Let this process keep the files open that so many environments need, as far as the system lets it."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        wanted = environments * _FILES_AN_ENVIRONMENT + _FILES_BESIDE
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _check_target(environment: Environment) -> None:
    """Raise PinError if the target is not the pinned one, UsageError if it was never filled in."""
    from reconciler.api.credentials import check_pins

    target = environment.target
    check_pins(environment.credentials, os.environ, target)
    if left := unfilled(target.stream_id, target.account_id):
        raise UsageError(f"{environment.name}: {left}. Nothing was sent")


def timeouts(options: WithTimeout) -> tuple[float, float]:
    """Return the seconds to connect and to read."""
    return (options.timeout, options.timeout) if options.timeout else (CONNECT_SECONDS, READ_SECONDS)
