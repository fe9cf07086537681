"""`reconciler doctor`: say what works and what does not, and what to do about that. It writes nothing."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from reconciler import __version__
from reconciler.cli import options as shared
from reconciler.cli.output import say, say_json, uses_colour, width
from reconciler.errors import PinError, ReconcilerError, SignInError
from reconciler.model.checks import Check, Checkup
from reconciler.model.identifiers import account_id_warning, stream_id_warning, unfilled
from reconciler.model.lists import Absent, DoubtfulList
from reconciler.report.phrases import IMPORT

if TYPE_CHECKING:
    from reconciler.api.client import Client
    from reconciler.cli.forge import Forge
    from reconciler.cli.runtime import Runtime
    from reconciler.cli.wiring import Limits
    from reconciler.manifest import Environment, Manifest
    from reconciler.model.lists import Freeze, Live, Target
    from reconciler.state.state_store import Store


_MOST_READ_ALONE = 20
"""If more are left out, the account is another one: one request each would say the same."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    shared.manifest(parser)
    shared.environments(parser)
    parser.add_argument(
        "--ci", action="store_true", help="look at the settings of the repository on GitLab or GitHub instead"
    )
    shared.output(parser)
    shared.network(parser)


def run(options: argparse.Namespace) -> int:
    """Check each environment; exit 4 where a pin does not hold, 1 where anything else fails."""
    from reconciler.cli import stores, wiring
    from reconciler.cli.runtime import Runtime
    from reconciler.engine.per_account import all_of, side_by_side

    runtime = Runtime()
    chosen = wiring.load_workspaces(options)
    if options.ci:
        from reconciler.cli.forge import find_forge

        forge = find_forge(options.file.parent, os.environ)
        checkups = [_check_up_ci(each, chosen.manifest, forge) for each in chosen.environments]
        _show(checkups, options)
        return 0 if all(checkup.works for checkup in checkups) else 1

    limits: Limits = {}

    def look(environment: Environment) -> Checkup:
        store = stores.store(chosen.manifest, environment)
        return Checkup(environment.name, tuple(_checks(environment, store, options, runtime, limits)))

    names = [environment.name for environment in chosen.environments]
    checkups = all_of(names, side_by_side(chosen.environments, look))
    _show(checkups, options)
    failed = {check.name for checkup in checkups for check in checkup.checks if check.status == "fails"}
    return PinError.exit_code if "pins" in failed else 1 if failed else 0


def _check_up_ci(environment: Environment, manifest: Manifest, forge: Forge) -> Checkup:
    """Check the settings of the repository for one environment."""
    from reconciler.cli import stores
    from reconciler.cli.forge import UnseenError
    from reconciler.cli.github_checks import check_github
    from reconciler.cli.gitlab_checks import check_gitlab
    from reconciler.cli.owners import repository_folder

    name, target = environment.name, environment.target
    branch = stores.state_branch(manifest.state)
    checks: tuple[Check, ...] = ()
    if fault := stores.state_in_folder(manifest):
        checks = (Check("state", "fails", fault, stores.MOVE_STATE),)
    try:
        if forge.kind == "GitLab":
            checks += tuple(check_gitlab(forge, name, environment.credentials, target, branch))
        else:
            checks += tuple(check_github(forge, name, target, branch, repository_folder(manifest.path.parent)))
    except UnseenError as error:
        step = f"a token that may read {forge.project} at {forge.host}{forge.base}"
        checks += (Check("repository", "fails", str(error), step),)
    return Checkup(name, checks)


def _checks(
    environment: Environment, store: Store, options: argparse.Namespace, runtime: Runtime, limits: Limits
) -> Iterator[Check]:
    yield Check("versions", "works", _versions())
    yield _try_check("state", lambda: _describe_state(store))
    yield _lock(store)
    prefix, target = environment.credentials, environment.target
    pins = _check_pins(prefix, target)
    variables = _try_check("variables", lambda: _check_variables(prefix))
    yield pins
    yield variables
    left = unfilled(target.stream_id, target.account_id)
    if left:
        yield Check("target", "fails", left, "edit the environment in the manifest; nothing is sent before")
    if unusual := stream_id_warning(target.stream_id):
        yield Check("stream id", "unknown", unusual)
    if unusual := account_id_warning(target.account_id):
        yield Check("account id", "unknown", unusual)
    if freezes := environment.desired.policy.freeze:
        yield _freeze(freezes, runtime)
    if not left and pins.status != "fails" and variables.status == "works":
        yield from _ask_api(environment, options, runtime, limits)
    else:
        yield from (Check(name, "unknown", "not tried") for name in ("sign-in", "clock", "ids"))


def _ask_api(
    environment: Environment, options: argparse.Namespace, runtime: Runtime, limits: Limits
) -> Iterator[Check]:
    from reconciler.cli import wiring

    with wiring.clients([environment], options, runtime, limits) as clients:
        client = clients[environment.name]
        try:
            live = client.read_all()
        except ReconcilerError as error:
            step = (
                "correct what the message names" if isinstance(error, SignInError) else "see that the host is reached"
            )
            yield Check("sign-in", "fails", error.coded, step)
            yield _clock(client)
            yield Check("ids", "unknown", "nothing could be read")
            return
        yield Check(
            "sign-in",
            "works",
            f"{environment.target.host} answers with {len(live.lists)} lists. Client id, secret, scope, stream "
            "and account are accepted; the scope that reads is the one that writes",
        )
        yield _clock(client)
        yield _ids(environment, live, client)


def _try_check(name: str, look: Callable[[], str]) -> Check:
    """Return a check that works, with the words of `look`, unless that raises."""
    try:
        return Check(name, "works", look())
    except ReconcilerError as error:
        return Check(name, "fails", error.coded, "set them as the message says")


def _versions() -> str:
    import ssl

    packages = ", ".join(f"{package} {version(package)}" for package in ("httpx", "pydantic", "PyJWT", "PyYAML"))
    return f"reconciler {__version__}, Python {platform.python_version()}, {packages}, {ssl.OPENSSL_VERSION}"


def _describe_state(store: Store) -> str:
    applied = store.load()
    if not applied.serial:
        return f"none yet in {store.place}; the first import or apply writes it"
    doubtful = sum(isinstance(known, DoubtfulList) for known in applied.lists.values())
    return f"serial {applied.serial}, {len(applied.lists)} lists, {doubtful} in doubt, in {store.place}"


def _lock(store: Store) -> Check:
    from reconciler.cli.runtime import lock_info

    looked = _try_check("lock", lambda: store.holder(lock_info()) or "free")
    if looked.status == "works" and looked.detail != "free":
        return Check("lock", "fails", looked.detail, "wait until that run has ended")
    return looked


def _freeze(freezes: Sequence[Freeze], runtime: Runtime) -> Check:
    from datetime import UTC, datetime

    from reconciler.planning.freezes import freeze_in_words

    words = freeze_in_words(freezes, datetime.fromtimestamp(runtime.now(), UTC))
    return Check("freeze", "unknown", words) if words else Check("freeze", "works", "no freeze is on now")


def _check_pins(prefix: str, target: Target) -> Check:
    from reconciler.api.credentials import check_pins

    names = [f"{prefix}_{name}" for name in ("HOST", "ACCOUNT_ID", "STREAM_ID")]
    held = [name for name in names if name in os.environ or f"{name}_FILE" in os.environ]
    if not held:
        return Check("pins", "unknown", "none is set", f"where a pipeline runs, set {', '.join(names)}")

    def compare() -> str:
        check_pins(prefix, os.environ, target)
        return f"{', '.join(held)} as in the manifest"

    return _try_check("pins", compare)


def _check_variables(prefix: str) -> str:
    """Check the variables, and name those that are set, never their values."""
    from reconciler.api.credentials import from_variables

    from_variables(prefix, os.environ)
    names = ("CLIENT_ID", "CLIENT_SECRET", "TOKEN", "JWT_ALGORITHM", "JWT_SUBJECT")
    every = [f"{prefix}_{name}{ending}" for name in names for ending in ("", "_FILE")]
    return ", ".join(name for name in every if os.environ.get(name)) + " set"


def _clock(client: Client) -> Check:
    from reconciler.api.signin import of_clock

    if client.skew is None:
        return Check("clock", "unknown", "no answer with a date came")
    if fault := of_clock(client.skew):
        return Check("clock", "fails", fault, "set this machine's clock")
    return Check("clock", "works", f"{abs(client.skew):.0f} s off the API's")


def _ids(environment: Environment, live: Live, client: Client) -> Check:
    """Look for each declared list among `live`, then alone: the answer to *read all* hides do-not-call lists."""
    lists = environment.desired.lists.values()
    if not lists:
        return Check("ids", "works", f"no list is declared yet; {IMPORT}")
    unseen = [wanted for wanted in lists if wanted.id not in live.lists]
    if not unseen:
        return Check("ids", "works", f"all {len(lists)} declared lists are among them")
    try:
        missing = [
            wanted for wanted in unseen if len(unseen) > _MOST_READ_ALONE or isinstance(client.read(wanted.id), Absent)
        ]
    except ReconcilerError as error:
        return Check("ids", "unknown", error.coded)
    if not missing:
        alone = f"{len(unseen)} of them only if read alone, as it answers do-not-call lists"
        return Check("ids", "works", f"the account has all {len(lists)} declared lists, {alone}")
    return Check(
        "ids",
        "fails",
        f"{len(missing)} of {len(lists)} declared lists are not among them: "
        + ", ".join(f"{wanted.key} ({wanted.id})" for wanted in missing),
        "correct the ids; plan --refresh says of each what to do",
    )


def _show(checkups: list[Checkup], options: argparse.Namespace) -> None:
    if options.json:
        from reconciler.documents.doctor_document import doctor_document

        say_json(doctor_document(checkups))
        return
    from reconciler.report.text import checkups as text

    say(text.checkups(checkups, colour=uses_colour(sys.stdout, options), width=width()))
