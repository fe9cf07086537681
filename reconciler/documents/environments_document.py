"""The names of the environments: a JSON array, as `environments --json` prints it for a pipeline's matrix."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from reconciler.documents.parts import Key

EnvironmentsDocument: TypeAlias = Annotated[
    list[Key],
    Field(description="The names of the environments, in the order of the manifest.", examples=[["dev", "prod"]]),
]
