"""The managed fields of a list, as documents hold them: some of them, each by its name."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Annotated, NotRequired, TypeAlias

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from reconciler.documents.parts import document
from reconciler.model import texts


def _sendable(field: texts.Field) -> AfterValidator:
    """Return the check that a text may be sent as `field`, by the rules that hold for the manifest."""

    def check(text: str) -> str:
        if texts.units(text) > texts.MOST_UNITS[field] or (field == "name" and not text):
            raise ValueError(f"a {field} has at most {texts.MOST_UNITS[field]} UTF-16 units, and a name is not empty")
        if field == "name" and any(unicodedata.category(char) == "Cc" for char in text):
            raise ValueError("a name has no control characters")
        return text

    return AfterValidator(check)


if TYPE_CHECKING:
    ShownTexts: TypeAlias = texts.Texts
    SentTexts: TypeAlias = texts.Texts
else:
    ShownTexts = document(TypedDict("ShownTexts", {
        field: NotRequired[Annotated[str, Field(description=f"The {field}; absent if it is not managed or not known.")]]
        for field in texts.FIELDS
    }))  # fmt: skip
    ShownTexts.__doc__ = "Managed fields of a list as live, or the state, has them: shown and compared, never sent."
    SentTexts = document(TypedDict("SentTexts", {
        field: NotRequired[
            Annotated[str, Field(description=f"The {field}; absent if it is not managed."), _sendable(field)]
        ]
        for field in texts.FIELDS
    }))  # fmt: skip
    SentTexts.__doc__ = "Managed fields of a list as they are desired: what may be sent."
