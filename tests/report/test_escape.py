"""What may be shown of a text that others wrote."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.report import escape

SHOWN = {
    "plain": "Renewal Due - May/June 2025 (50%) <b> **x** ::error:: \\ \"'`",
    "accents": "Größe, naïve, e\u0301",
    "scripts": "東京\u3000大阪 한국어 עברית العربية ไทย हिन्दी",
    "emoji": "👩\u200d💻 ❤\ufe0f ❤\ufe0f\u200d🔥 👩🏽\u200d🚀 1\ufe0f\u20e3",
    "private and unassigned": "\ue000\U0001fbff",
}
ESCAPED = {
    "line breaks": ("a\nb\r\tc\x0b\x0c\x85\u2028\u2029", r"a\nb\r\tc\x0b\x0c\x85\u2028\u2029"),
    "escape sequences": ("\x1b[2J\x9b31m\x07\x00\x7f", r"\x1b[2J\x9b31m\x07\x00\x7f"),
    "bidi": ("\u202a\u202e\u2066\u2069\u200e\u200f\u061c", r"\u202a\u202e\u2066\u2069\u200e\u200f\u061c"),
    "zero width": ("a\u200b\u200c\u2060\ufeff\u00ad", r"a\u200b\u200c\u2060\ufeff\xad"),
    "joiner outside emoji": ("a\u200db \u200d😀 😀\u200d \u200d", r"a\u200db \u200d😀 😀\u200d \u200d"),
    "selectors outside emoji": ("\ufe0fa\ufe0f😀\ufe00 \U000e0100", r"\ufe0fa\ufe0f😀\ufe00 \U000e0100"),
    "tags": ("\U0001f3f4\U000e0067", "\U0001f3f4\\U000e0067"),
    "fillers": ("\u3164\u115f\u2800\u034f\uffa0", r"\u3164\u115f\u2800\u034f\uffa0"),
    "odd spaces": ("a\u00a0b\u2003c", r"a\xa0b\u2003c"),
    "lone surrogates": ("\ud83d \udc00", r"\ud83d \udc00"),
}


@pytest.mark.parametrize("text", SHOWN.values(), ids=list(SHOWN))
def test_readable_text_is_shown_as_it_is(text: str) -> None:
    assert escape.terminal(text) == text


@pytest.mark.parametrize(("text", "shown"), ESCAPED.values(), ids=list(ESCAPED))
def test_what_acts_or_hides_is_spelled_out(text: str, shown: str) -> None:
    assert escape.terminal(text) == shown


@pytest.mark.parametrize(("text", "shown"), [("", '""'), ('say "x\\n"', r'"say \"x\\n\""'), ("x\n", r'"x\n"')])
def test_quoted(text: str, shown: str) -> None:
    assert escape.quoted(text) == shown


@given(st.text(), st.text())
def test_quoted_texts_are_equal_only_where_the_texts_are(one: str, other: str) -> None:
    assert (escape.quoted(one) == escape.quoted(other)) == (one == other)


@given(st.text(alphabet=st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Zs", "Mn", "So", "Ll"])))
def test_no_text_gets_through_with_what_acts(text: str) -> None:
    shown = escape.terminal(text)
    kept = {unicodedata.category(char) for char in shown if char not in " \u3000\u200d"}
    assert kept.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
    assert escape.terminal(shown) == shown


@given(st.dictionaries(st.text(), st.text()))
def test_a_json_document_means_the_same_and_is_harmless(value: dict[str, str]) -> None:
    shown = escape.json_document(json.dumps(value, ensure_ascii=False, indent=1))
    assert json.loads(shown) == value
    assert [line for line in shown.split("\n") if escape.terminal(line) != line] == []
    shown.encode()


def test_a_json_document_keeps_readable_text() -> None:
    document = '{\n "a": "東京 \\" 👩\u200d💻 \u202e \U000e0041"\n}'
    assert escape.json_document(document) == '{\n "a": "東京 \\" 👩\u200d💻 \\u202e \\udb40\\udc41"\n}'
