"""The table of managed fields: what this program looks after in a contact list, one row a field.

Everything else goes through this table: the manifest's schema and rules, the bodies and answers of the API, the state,
the documents, the reports and the sandbox. One field, `NAME`, identifies a list for people and for campaigns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

Field: TypeAlias = str
"""The name of a managed field."""


@dataclass(frozen=True, slots=True)
class ManagedField:
    """One managed field.

    `name` is its name in the manifest, the state and every document, `wire` in the API's bodies and answers, `label` in
    messages and reports, which make its plural with an s; `meaning` says what it is, in schemas. `longest` is its
    greatest length in UTF-16 units, as the API documents it, counted the stricter way. A field that may be empty is
    cleared by "", and reads as "" if the API answers null or nothing. Campaigns and contact imports refer to lists
    by a foreign key: a change of it breaks them. A text of `one_line` has no control characters.
    """

    name: Field
    wire: str
    label: str
    meaning: str
    longest: int
    may_be_empty: bool
    is_foreign_key: bool
    one_line: bool


TABLE: tuple[ManagedField, ...] = (
    ManagedField(
        name="name",
        wire="name",
        label="name",
        meaning="The name of the list, by which campaigns and contact imports refer to it.",
        longest=48,
        may_be_empty=False,
        is_foreign_key=True,
        one_line=True,
    ),
    ManagedField(
        name="description",
        wire="description",
        label="description",
        meaning="The description of the list.",
        longest=256,
        may_be_empty=True,
        is_foreign_key=False,
        one_line=False,
    ),
)

MANAGED: Mapping[Field, ManagedField] = {row.name: row for row in TABLE}
FIELDS: tuple[Field, ...] = tuple(MANAGED)
"""The names of the managed fields, in the order in which they are shown and written."""

(NAME,) = (row.name for row in TABLE if row.is_foreign_key)
"""The field by which people and campaigns know a list."""


def label(field: Field) -> str:
    """Return what a field is called in messages and reports."""
    return MANAGED[field].label
