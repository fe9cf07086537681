"""Switches: how they are set, and what wrong ones say."""

from __future__ import annotations

import pytest

from reconciler.errors import UsageError
from reconciler.sandbox.settings import Settings, change, describe, parse

TAKEN = [
    ("limit=0", {"limit": 0}),
    ("limit-answer=429-retry-after", {"limit_answer": "429-retry-after"}),
    (" enforce_jti = off ", {"enforce_jti": False}),
    ("late_writes=1.5", {"late_writes": 1.5}),
    ("read_all_type_hides=3", {"read_all_type_hides": 3}),
    ("read_all_type_hides=cl-1, cl-2", {"read_all_type_hides": ("cl-1", "cl-2")}),
    ("read_all_type_hides=dnc", {"read_all_type_hides": "dnc"}),
    ("clock_skew=-400", {"clock_skew": -400.0}),
]
REFUSED = [
    ("limit", "--set limit: write it as KEY=VALUE, such as limit=0"),
    (
        "limit=many",
        "setting limit=many: input should be a valid integer, unable to parse string as an integer",
    ),
    ("limit=-1", "setting limit=-1: input should be greater than or equal to 0"),
    ("latency=61", "setting latency=61: input should be less than or equal to 60"),
    ("clock_skew=nan", "setting clock_skew=nan: input should be a finite number"),
    ("texts=upper", "setting texts=upper: input should be 'exact', 'trim', 'squeeze', 'lower' or 'nfc'"),
    ("lmit=3", f"setting lmit: unknown; did you mean limit? {{all}} {len(Settings.model_fields)}"),
    ("xyzzy=3", f"setting xyzzy: unknown; {{all}} {len(Settings.model_fields)}"),
]


@pytest.mark.parametrize(("assignment", "expected"), TAKEN)
def test_an_assignment_sets_its_switch_and_no_other(assignment: str, expected: dict[str, object]) -> None:
    assert parse([assignment]).model_dump() == {**Settings().model_dump(), **expected}


@pytest.mark.parametrize(("assignment", "message"), REFUSED)
def test_a_wrong_assignment_says_what_is_wrong(assignment: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse([assignment])
    assert str(caught.value) == message.format(all="`reconciler sandbox --settings` lists all")


def test_all_wrong_assignments_are_reported_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        parse(["limit=a", "latency=b"])
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == [
        "setting limit=a",
        "setting latency=b",
    ]


def test_a_change_takes_values_of_json_and_keeps_the_rest() -> None:
    settings = change(Settings(limit=5), {"read_all_type_hides": ["cl-1"], "date": False})
    assert settings == Settings(limit=5, read_all_type_hides=("cl-1",), date=False)


def test_the_description_names_every_switch_with_default_meaning_and_choices() -> None:
    lines = describe().splitlines()
    assert [line.partition("=")[0] for line in lines] == list(Settings.model_fields)
    assert lines[0] == "limit=60                 requests a minute per account; 0 is no limit"
    assert lines[2].startswith("limit_counts_refused=on  ")
    assert next(line for line in lines if line.startswith("texts=")).endswith("(exact | trim | squeeze | lower | nfc)")
