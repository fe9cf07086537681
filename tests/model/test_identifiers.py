"""Ids that look odd, and targets that are nearly alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.identifiers import (
    ACCOUNT_PLACEHOLDER,
    STREAM_PLACEHOLDER,
    account_id_warning,
    stream_id_warning,
    unfilled,
)
from reconciler.model.lists import Target

USUAL = Target("https://platform.kore.ai", "st-1", "67777ce93e25326494e00000")


@pytest.mark.parametrize("account_id", ["67777ce93e25326494e00000", "67777CE93E25326494E00000"])
def test_a_usual_account_id(account_id: str) -> None:
    assert account_id_warning(account_id) == ""


@pytest.mark.parametrize("account_id", ["67777ce93e25326494e0000", "67777ce93e25326494e000000", "z" * 24])
def test_an_unusual_account_id(account_id: str) -> None:
    assert f"account_id '{account_id}' has {len(account_id)} characters" in account_id_warning(account_id)


@pytest.mark.parametrize(
    ("stream_id", "usual"),
    [
        ("st-0603182c-7ffb-53c3-b307-47ca14b00000", True),
        ("st-603182c-7ffb-53c3-b307-47ca14b00000", True),
        ("st-0603182c-7ffb-53c3-b307-47ca14b0000", False),
    ],
)
def test_the_form_of_a_stream_id(stream_id: str, usual: bool) -> None:
    assert (stream_id_warning(stream_id) == "") == usual


def test_placeholders_that_are_left() -> None:
    both = unfilled(STREAM_PLACEHOLDER, ACCOUNT_PLACEHOLDER)
    assert both.startswith("stream_id and account_id are still the placeholders of init: fill in")
    assert unfilled("st-1", ACCOUNT_PLACEHOLDER).startswith("account_id is still the placeholder of init")
    assert unfilled("st-1", "1") == ""


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (USUAL, ""),
        (
            replace(USUAL, account_id="67777ce93e25326494e00001"),
            "the account id differs from character 24 on: …494e0000[0] and …494e0000[1]",
        ),
        (
            replace(USUAL, account_id="6777ce93e25326494e00000"),
            "the account id differs from character 5 on: 6777[7]ce93e253… and 6777[]ce93e253…",
        ),
        (
            replace(USUAL, host="https://platform.kore.a", stream_id="st-2"),
            (
                "the host differs from character 24 on: …m.kore.a[i] and …m.kore.a[], "
                "the stream id differs from character 4 on: st-[1] and st-[2]"
            ),
        ),
    ],
)
def test_targets_that_differ_in_one_letter(other: Target, said: str) -> None:
    assert USUAL.differences(other) == said
