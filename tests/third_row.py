"""One row more in the table of managed fields, as if it stood there: to be imported before all else of the program."""

from __future__ import annotations

from reconciler.model import fields


def add_note(*, wire: str, label: str, one_line: bool) -> None:
    """Add a field `note`: a text of at most 64 characters that may be empty, and that nothing refers to."""
    note = fields.ManagedField(
        name="note",
        wire=wire,
        label=label,
        meaning="What colleagues should know.",
        longest=64,
        may_be_empty=True,
        is_foreign_key=False,
        one_line=one_line,
    )
    fields.TABLE = (*fields.TABLE, note)
    fields.MANAGED = {row.name: row for row in fields.TABLE}
    fields.FIELDS = tuple(fields.MANAGED)
