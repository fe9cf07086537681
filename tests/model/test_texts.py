"""Texts: what differs, what holds, how long they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.texts import Field, Texts, differing, holds, narrowed, stored_alike, units

TEXTS = st.fixed_dictionaries(
    {}, optional={"name": st.sampled_from(["", "a", "b"]), "description": st.sampled_from(["", "a", "b"])}
)


@pytest.mark.parametrize(
    ("texts", "other", "fields"),
    [
        ({}, {"name": "N"}, ()),
        ({"name": "N"}, {"name": "N", "description": "D"}, ()),
        ({"name": "N"}, {}, ("name",)),
        ({"description": ""}, {}, ("description",)),
        ({"description": "D", "name": "N"}, {"name": "n", "description": "d"}, ("name", "description")),
        ({"description": "D", "name": "N"}, {"name": "N", "description": "d"}, ("description",)),
    ],
)
def test_differing(texts: Texts, other: Texts, fields: tuple[Field, ...]) -> None:
    assert differing(texts, other) == fields


@given(TEXTS, TEXTS)
def test_texts_hold_just_what_does_not_differ(texts: Texts, wanted: Texts) -> None:
    assert holds(texts, wanted) == (not differing(wanted, texts))
    assert holds(texts, narrowed(texts, differing(texts, wanted)))


def test_narrowed_keeps_the_order_of_fields() -> None:
    texts: Texts = {"description": "D", "name": "N"}
    assert list(narrowed(texts, ("description", "name"))) == ["name", "description"]
    assert narrowed(texts, ("name",)) == {"name": "N"}
    assert narrowed({"name": "N"}, ("description",)) == {}
    assert narrowed(texts, {"description": None}) == {"description": "D"}


@pytest.mark.parametrize(
    ("sent", "stored", "alike"),
    [
        ("Renewal Due", "renewal  due ", True),
        ("Straße", "STRASSE", True),
        ("a\u00a0b", "ab", True),
        ("", " ", True),
        ("é", "e\u0301", False),  # composed otherwise is another text
        ("June", "July", False),
        ("June", "", False),
    ],
)
def test_stored_alike(sent: str, stored: str, alike: bool) -> None:
    assert stored_alike(sent, stored) is alike


@pytest.mark.parametrize(("text", "length"), [("", 0), ("abc", 3), ("é", 1), ("😀", 2), ("a😀é", 4), ("\ud83d", 1)])
def test_units_count_as_javascript_does(text: str, length: int) -> None:
    assert units(text) == length
