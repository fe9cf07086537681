"""An API that keeps texts otherwise than sent: told once, warned of until declared so, and never sent again."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from reconciler.sandbox.settings import Settings
from tests.program import some_lists, workplace

WARNING = "declare it"
FORMS: list[tuple[Literal["trim", "squeeze", "lower", "nfc"], str, str]] = [
    ("squeeze", "Renewal  Due", "Renewal Due"),
    ("lower", "Renewal Due", "renewal due"),
    ("nfc", "Cafe\u0301 Re\u0301sume\u0301", "Caf\u00e9 R\u00e9sum\u00e9"),
]


@pytest.mark.parametrize(("texts", "sent", "kept"), FORMS)
def test_another_form_converges(
    tmp_path: Path, texts: Literal["trim", "squeeze", "lower", "nfc"], sent: str, kept: str
) -> None:
    lists = some_lists(2)
    with workplace(tmp_path, lists) as place:
        place.declare(lists)
        assert place.run("apply", "--yes").code == 0
        place.sandbox.world.settings = Settings(limit=0, texts=texts)
        place.declare(lists, a={"name": sent})
        first = place.run("apply", "--yes")
        assert (first.code, "not verified: name was sent as" in first.out + first.err) == (3, True)
        assert place.puts == [(lists[0].id, {"name": sent})]
        for command in (("plan", "--refresh"), ("plan",), ("apply", "--yes"), ("drift",)):
            later = place.run(*command)
            assert later.code == 0, (command, later)
            assert WARNING in later.out + later.err or command != ("plan", "--refresh"), later
        assert len(place.puts) == 1
        place.declare(lists, a={"name": kept})
        declared = place.run("plan", "--refresh")
        assert (declared.code, WARNING in declared.out + declared.err) == (0, False)
