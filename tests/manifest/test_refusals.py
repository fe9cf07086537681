"""Every refusal of a manifest, with its exact places and messages: `refused/NAME.yaml` and `NAME.problems`."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from reconciler.errors import ManifestError
from reconciler.manifest import load, messages
from reconciler.manifest.own_rules import name_fault, pattern_fault
from reconciler.manifest.yaml_events import FASTEST, Parser, PurePythonParser
from reconciler.manifest.yaml_reader import read
from reconciler.model.lists import Policy
from tests import golden

REFUSED = Path(__file__).parent / "refused"
CASES = sorted(path.name for path in REFUSED.glob("*.yaml"))


@pytest.mark.parametrize("name", CASES)
def test_each_refusal_names_every_place_and_the_way_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REFUSED)
    started = time.monotonic()
    with pytest.raises(ManifestError) as refused:
        load(Path(name))
    assert time.monotonic() - started < 30  # the 100,000 brackets too
    golden.check(REFUSED / name.replace(".yaml", ".problems"), f"{refused.value}\n")


def test_every_key_says_what_its_value_must_be() -> None:
    kinds = {f"{kind}.{key}".lstrip(".") for kind, entry in messages._ENTRIES.items() for key in entry.model_fields}
    assert kinds - {"environments.*.policy"} <= messages._WANTED.keys()


@pytest.mark.parametrize("parser", [FASTEST, PurePythonParser])
@pytest.mark.parametrize("opener", ["[", "{a: ", "- ", "? ", "? - ", "{? ", "x-a: {? "])
def test_every_kind_of_nesting_has_the_same_end(opener: str, parser: Parser) -> None:
    reading = read("lists.yaml", opener.encode() * 2_000, parser)
    assert reading.broken
    assert "nested deeper than 8 levels" in reading.problems[-1].message
    assert reading.problems[-1].column > 8


def test_problems_come_by_file_and_place() -> None:
    with pytest.raises(ManifestError) as refused:
        load(REFUSED / "not_text.yaml")
    assert list(refused.value.problems) == sorted(refused.value.problems)


def test_a_pattern_may_end_with_a_comment() -> None:
    policy = Policy(name_pattern="(?x) [A-Z]+ # one word")
    assert pattern_fault(policy.name_pattern) is None
    assert name_fault(policy, "{name}", "GOLD") is None
    assert name_fault(policy, "{name}", "GOLD\n")
    assert name_fault(policy, "{name}", "gold")
