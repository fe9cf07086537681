"""The figures of benchmarks/README.md are those that `make bench` kept, of manifests that the program takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import places
from benchmarks.__main__ import KEPT, PAGE, with_table
from benchmarks.works import STYLES, accounts_of
from reconciler.manifest import load


class Served(places.Served):
    """A sandbox that nobody asks."""

    def account(self, account: str, lists: Sequence[tuple[str, str, str]]) -> None:
        """Hold nothing."""


def test_the_table_is_made_of_what_was_measured() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_table(page, json.loads(KEPT.read_text(encoding="utf-8"))) == page


@pytest.mark.parametrize("style", STYLES)
def test_a_large_manifest_is_valid_as_it_is_written(style: str, tmp_path: Path) -> None:
    manifest = load(places.large(tmp_path, 11, written=STYLES[style]) / "lists.yaml")
    assert len(manifest.environments["prod"].desired.lists) == 11


def test_a_manifest_of_many_accounts_is_valid(tmp_path: Path) -> None:
    folder = accounts_of(Served("http://127.0.0.1:1"), tmp_path / "lists", accounts=3, lists=2)
    assert len(load(folder / "lists.yaml").environments) == 3
