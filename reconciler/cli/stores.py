"""Where the state of an environment is kept: a folder, a branch, an object store, as `state` of the manifest says."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.output import warn
from reconciler.errors import UsageError
from reconciler.files import is_pipe

if TYPE_CHECKING:
    from reconciler.manifest import Environment, Manifest
    from reconciler.model.lists import Desired, Target
    from reconciler.state.state_store import Store

_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:[./][A-Za-z0-9][A-Za-z0-9_-]*)*")
_NO_BRANCH = re.compile(r"^HEAD$|^refs/|\.lock(?:/|$)")  # what git takes for something else, or not at all
LASTING_STATE = "git+branch://reconciler-state"


def move_state(url: str) -> str:
    """Return what to do so that the state is kept at a URL."""
    return f"`reconciler state migrate --to {url}`, then write `state: {url}` in the manifest"


MOVE_STATE = move_state(LASTING_STATE)
_warn_once = cache(warn)


def store(manifest: Manifest, environment: Environment, url: str | None = None, *, elsewhere: bool = False) -> Store:
    """Return where the state of an environment is kept, or would be at another `url`; `elsewhere`: for workers."""
    from reconciler.cli.owners import owner

    made: Store
    if elsewhere:
        from reconciler.cli.fleet.state_elsewhere import StateElsewhere

        made = StateElsewhere(manifest.state)
    else:
        made = store_at(url or manifest.state, manifest.path, environment.desired)
    made.owner = owner(manifest, environment, url or manifest.state, made)
    return made


def state_in_folder(manifest: Manifest) -> str:
    """Return what is wrong for a pipeline with a state that is kept in a folder, "" if it is kept elsewhere."""
    return "" if "://" in manifest.state else f"state: {manifest.state!r} is a folder, which a pipeline forgets"


def state_branch(url: str) -> str:
    """Return the name of the branch that `state` of a manifest names, "" if it names none."""
    scheme, _, name = url.partition("://")
    return name if scheme == "git+branch" else ""


def store_at(url: str, manifest: Path, desired: Desired) -> Store:
    """Return where the state of an environment is kept, without a word of which manifest it is the state of."""
    name, target = desired.environment, desired.target
    scheme, slashes, _ = url.partition("://")
    if not slashes:
        from reconciler.state.backends.folder import FileStore

        if is_pipe(manifest):
            raise UsageError(
                "the manifest comes through a pipe, so no state can be kept beside it: name a file with -f, or keep "
                "the state on a branch or in an object store"
            )
        return FileStore(manifest.parent / url, name, target, manifest.parent)
    if scheme in ("s3", "gs", "az"):
        return _in_objects(url, name, target)
    branch = state_branch(url)
    if not _BRANCH.fullmatch(branch) or _NO_BRANCH.search(branch):
        raise UsageError(
            f"state: {url!r} is not understood: write a folder beside the manifest, git+branch://NAME for a branch of "
            "the repository that holds it, or s3://, gs:// or az:// for an object store"
        )
    from reconciler.cli import logs
    from reconciler.state.backends.branch import Branch
    from reconciler.state.backends.git_branch import BranchStore, names

    logs.show()
    return BranchStore(Branch(manifest.parent, branch, names(name)), name, target)


def _in_objects(url: str, name: str, target: Target) -> Store:
    from reconciler.state.backends.clouds import bucket, missing_credentials

    if missing := missing_credentials(url, os.environ):
        _warn_once(missing)
    objects = bucket(url, os.environ)
    from reconciler.state.backends.object_store import ObjectStore

    return ObjectStore(objects, name, target)
