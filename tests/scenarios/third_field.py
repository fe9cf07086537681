"""The program with a third managed field: `python -m tests.scenarios.third_field plan` is `reconciler plan` with it.

The row is there before anything else of the program is imported, as if it stood in the table. Its three names differ,
so that none can stand in for another. `python -m pytest -p tests.scenarios.third_field` runs other tests with it.
"""

from __future__ import annotations

import sys

from tests import third_row

third_row.add_note(wire="listNote", label="internal note", one_line=False)

if __name__ == "__main__":
    from reconciler.__main__ import main  # now that the table has its third row

    sys.exit(main())
