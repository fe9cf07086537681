"""Texts: what differs, what holds, how long they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.fields import FIELDS, Field
from reconciler.model.texts import (
    Texts,
    differing,
    holds,
    only_fields,
    placeholder,
    placeholder_warnings,
    stored_alike,
    units,
    unseen_difference,
)

TEXTS = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, st.sampled_from(["", "a", "b"])))


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
    assert holds(texts, only_fields(texts, differing(texts, wanted)))


@pytest.mark.parametrize(
    ("old", "new", "unseen"),
    [
        ("May/June", "May-June", ""),
        ("Café", "Cafe", ""),
        ("Café", "Café", ""),
        ("", "Café", ""),
        ("a–b", "a–c", ""),
        ("Cafe\u0301", "Caf\u00e9", "its accents are written otherwise (Unicode NFC and NFD)"),
        ("ABC", "\u0410BC", "U+0410 CYRILLIC CAPITAL LETTER A stands for U+0041 LATIN CAPITAL LETTER A"),
        ("May\u2013June\u2019s", "May-June's", "U+002D HYPHEN-MINUS stands for U+2013 EN DASH"),
        ("o\u03bf", "\u043eo", "U+043E CYRILLIC SMALL LETTER O stands for U+006F LATIN SMALL LETTER O"),
    ],
)
def test_what_nobody_sees_is_told(old: str, new: str, unseen: str) -> None:
    assert unseen_difference(old, new) == unseen


@pytest.mark.slow
def test_letters_that_look_alike_are_those_of_like_names_or_shapes() -> None:
    ascii_of = {
        chr(point): char
        for point in range(0x80, 0x3000)
        for char in map(chr, range(0x21, 0x7F))
        if "stands for" in unseen_difference(char, chr(point))
    }
    assert len(ascii_of) == 50
    assert {ascii_of[char] for char in "\u2010\u2011\u2012\u2013\u2212"} == {"-"}
    for char, like in ascii_of.items():
        if like.isalpha():
            assert char.isupper() == like.isupper()
            assert char.isalpha()


def test_narrowed_keeps_the_order_of_fields() -> None:
    texts: Texts = {"description": "D", "name": "N"}
    assert list(only_fields(texts, ("description", "name"))) == ["name", "description"]
    assert only_fields(texts, ("name",)) == {"name": "N"}
    assert only_fields({"name": "N"}, ("description",)) == {}
    assert only_fields(texts, {"description": None}) == {"description": "D"}


@pytest.mark.parametrize(
    ("sent", "stored", "alike"),
    [
        ("Renewal Due", "renewal  due ", True),
        ("Straße", "STRASSE", True),
        ("a\u00a0b", "ab", True),
        ("", " ", True),
        ("e\u0301", "é", True),  # NFC kept where NFD was sent
        ("é", "e\u0301", True),
        ("E\u0301T\u00c9", " ét\u00e9", True),  # and squeezed and in lower case besides
        ("\u1e9b\u0323", "\u1e69", True),  # a long s is an s in another case
        ("\ufb01t", "fit", True),  # so casefold has it
        ("é", "e", False),
        ("\u00b2", "2", False),  # another text under NFKC only
        ("June", "July", False),
        ("June", "", False),
    ],
)
def test_stored_alike(sent: str, stored: str, alike: bool) -> None:
    assert stored_alike(sent, stored) is alike


@pytest.mark.parametrize(("text", "length"), [("", 0), ("abc", 3), ("é", 1), ("😀", 2), ("a😀é", 4), ("\ud83d", 1)])
def test_units_count_as_javascript_does(text: str, length: int) -> None:
    assert units(text) == length


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Sale ${YEAR}", "${YEAR}"),
        ("<NAME> of list", "<NAME>"),
        ("{{ name }} list", "{{ name }}"),
        ("a < b > c", ""),
        ("Sale $5 {x}", ""),
        ("<3 customers>", ""),
        ("${}", ""),
    ],
)
def test_a_placeholder(text: str, found: str) -> None:
    assert placeholder(text) == found
    warned = list(placeholder_warnings({"name": text}, ("name", "description")))
    assert warned == ([f"the name holds {found}, as a template does: nothing is filled in"] if found else [])
