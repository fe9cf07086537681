"""The figures of benchmarks/README.md are those that `make bench` kept, and none that somebody typed."""

from __future__ import annotations

import json

from benchmarks.__main__ import KEPT, PAGE, with_table


def test_the_table_is_made_of_what_was_measured() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_table(page, json.loads(KEPT.read_text(encoding="utf-8"))) == page
