"""The program in a new interpreter, with what it does written to a file: the first argument, the others are its own."""

from __future__ import annotations

import sys

from tests.faults.steps import Steps, seen_into

if __name__ == "__main__":
    Steps(None, lambda _: None, seen=seen_into(sys.argv[1])).install()
    sys.argv = ["reconciler", *sys.argv[2:]]
    from reconciler.__main__ import main

    sys.exit(main())
