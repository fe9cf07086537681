"""The managed fields of a list, as documents hold them: some of them, each by its name."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Annotated, Literal, NotRequired, TypeAlias

from pydantic import AfterValidator
from pydantic import Field as Described
from typing_extensions import TypedDict

from reconciler.documents.parts import document
from reconciler.model.fields import FIELDS, TABLE, Field, ManagedField
from reconciler.model.texts import Texts, units


def _sendable(row: ManagedField) -> AfterValidator:
    """Return the check that a text may be sent, by the rules that hold for the manifest."""

    def check(text: str) -> str:
        if units(text) > row.longest:
            raise ValueError(f"a {row.label} has at most {row.longest} UTF-16 units")
        if not text and not row.may_be_empty:
            raise ValueError(f"a {row.label} is not empty")
        if row.one_line and any(unicodedata.category(char) == "Cc" for char in text):
            raise ValueError(f"a {row.label} has no control characters")
        return text

    return AfterValidator(check)


if TYPE_CHECKING:
    FieldName: TypeAlias = Field
    ShownTexts: TypeAlias = Texts
    SentTexts: TypeAlias = Texts
else:
    FieldName = Literal[FIELDS]
    ShownTexts = document(TypedDict("ShownTexts", {
        row.name: NotRequired[
            Annotated[str, Described(description=f"The {row.label}; absent if it is not managed or not known.")]
        ]
        for row in TABLE
    }))  # fmt: skip
    ShownTexts.__doc__ = "Managed fields of a list as live, or the state, has them: shown and compared, never sent."
    SentTexts = document(TypedDict("SentTexts", {
        row.name: NotRequired[
            Annotated[str, Described(description=f"The {row.label}; absent if it is not managed."), _sendable(row)]
        ]
        for row in TABLE
    }))  # fmt: skip
    SentTexts.__doc__ = "Managed fields of a list as they are desired: what may be sent."
