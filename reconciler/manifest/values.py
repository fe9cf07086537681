"""A manifest after it was read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from reconciler.model.lists import Desired, Target

AS_WRITTEN = "{name}"


def format_name(name_format: str, name: str) -> str:
    """Return a name of the manifest as an environment with this `name_format` writes it."""
    return name_format.replace(AS_WRITTEN, name)


def unformat_name(name_format: str, name: str) -> str | None:
    """Return the name in the manifest that is written as `name` with this `name_format`; None if none is."""
    before, after = name_format.split(AS_WRITTEN)
    inner = name[len(before) : len(name) - len(after)]
    return inner if inner and before + inner + after == name else None


class Environment(NamedTuple):
    """One environment: what is desired there, and how its API may be used.

    `credentials` is the prefix of the environment variables. `requests_per_minute` is the smallest that any
    environment of the same account asks for. Names are written here as `name_format` says.
    """

    desired: Desired
    credentials: str
    requests_per_minute: int
    name_format: str = AS_WRITTEN

    @property
    def name(self) -> str:
        """The environment's name."""
        return self.desired.environment

    @property
    def target(self) -> Target:
        """Whom its requests go to."""
        return self.desired.target

    def format_name(self, name: str) -> str:
        """Return a name of the manifest as this environment writes it."""
        return format_name(self.name_format, name)

    def unformat_name(self, name: str) -> str | None:
        """Return the name in the manifest that this environment writes as `name`; None if no name is written so."""
        return unformat_name(self.name_format, name)


class Manifest(NamedTuple):
    """A manifest without problems; environments in the order of the file.

    `files` maps each file that was read, relative to the manifest's folder and with `/`, to the SHA-256 of its bytes
    in hex. `state` is as written: a folder beside the manifest, or a URL.
    """

    path: Path
    files: Mapping[str, str]
    state: str
    environments: Mapping[str, Environment]
