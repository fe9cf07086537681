"""What a manifest comes to once it is read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.model.lists import Desired


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment: what is desired there, and how its API may be used.

    `credentials` is the prefix of the environment variables. `requests_per_minute` is the smallest that any
    environment of the same account asks for.
    """

    desired: Desired
    credentials: str
    requests_per_minute: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest without problems; environments in the order of the file.

    `files` maps each file that was read, relative to the manifest's folder and with `/`, to the SHA-256 of its bytes
    in hex. `state` is as written: a folder beside the manifest, or a URL.
    """

    path: Path
    files: Mapping[str, str]
    state: str
    environments: Mapping[str, Environment]
