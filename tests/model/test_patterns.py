"""Patterns: an exact text means itself; of the rest, only the star and the question mark mean more than themselves."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.patterns import did_you_mean, matcher, matches, patterns_taken_as_names

ROWS = [
    ("*", "", True),
    ("*", "anything at all", True),
    ("", "", True),
    ("", "a", False),
    ("renewal-*", "renewal-due", True),
    ("renewal-*", "a-renewal-due", False),
    ("*due", "renewal-due", True),
    ("re?ewal", "renewal", True),
    ("re?ewal", "reewal", False),
    ("[dev] *", "[dev] Foo", True),
    ("[dev] *", "d Foo", False),
    ("[dev] Foo", "[dev] Foo", True),
    ("[!a]*", "b", False),
    ("Foo", "foo", False),
    ("a*b*c", "aXbXbXc", True),
    ("a*b*c", "aXbXbX", False),
    ("line *", "line one\nline two", True),
]


@pytest.mark.parametrize(("pattern", "text", "fits"), ROWS)
def test_a_pattern(pattern: str, text: str, fits: bool) -> None:
    assert matches(pattern, text) is fits


@given(st.text("ab*?[]-", max_size=8), st.text("ab[]-*", max_size=10))
def test_it_means_what_the_expression_means(pattern: str, text: str) -> None:
    parts = {"*": ".*", "?": "."}
    expression = "".join(parts.get(character, re.escape(character)) for character in pattern)
    assert matches(pattern, text) is (re.fullmatch(expression, text, re.DOTALL) is not None)


def test_an_exact_one_means_just_itself() -> None:
    every = ["a*", "ab", "Foo"]
    assert [text for text in every if matcher("a*", every)(text)] == ["a*"]
    assert [text for text in every if matcher("a?", every)(text)] == ["a*", "ab"]


@pytest.mark.parametrize(
    ("pattern", "instead"), [("*", "**"), ("a*", "a**"), ("a?", "a?*"), ("b*", None), ("ab", None), ("c?", None)]
)
def test_a_pattern_that_is_also_a_name(pattern: str, instead: str | None) -> None:
    every = ["*", "a*", "ab", "a?", "c?"]
    said = list(patterns_taken_as_names([pattern], every))
    expected = f"{pattern!r} means only the list of that name: write {instead!r} for a pattern"
    assert said == ([expected] if instead else [])
    if instead:
        assert {text for text in every if matches(pattern, text)} <= {text for text in every if matches(instead, text)}


def test_the_key_that_is_probably_meant() -> None:
    keys = ["contract-renewal-24m", "win-back"]
    assert did_you_mean("Contract Renewal 24M", keys) == "; did you mean 'contract-renewal-24m'?"
    assert did_you_mean("winback", keys) == "; did you mean 'win-back'?"
    assert did_you_mean("renewal", keys) == "; did you mean 'contract-renewal-24m'?"
    assert did_you_mean("24", keys) == did_you_mean("x", keys) == ""


def test_many_stars_end_soon() -> None:
    assert not matches("*a" * 100 + "b", "a" * 5_000)
