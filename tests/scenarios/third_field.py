"""The program with a third managed field: `python -m tests.scenarios.third_field plan` is `reconciler plan` with it.

The row is there before anything else of the program is imported, as if it stood in the table. Its three names differ,
so that none can stand in for another. `python -m pytest -p tests.scenarios.third_field` runs other tests with it.
"""

from __future__ import annotations

import sys

from reconciler.model import fields

fields.TABLE = (
    *fields.TABLE,
    fields.ManagedField(
        name="note",
        wire="listNote",
        label="internal note",
        meaning="What colleagues should know.",
        longest=64,
        may_be_empty=True,
        is_foreign_key=False,
        one_line=False,
    ),
)
fields.MANAGED = {row.name: row for row in fields.TABLE}
fields.FIELDS = tuple(fields.MANAGED)

if __name__ == "__main__":
    from reconciler.__main__ import main  # now that the table has its third row

    sys.exit(main())
