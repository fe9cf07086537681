"""What may be shown of a text that others wrote."""

from __future__ import annotations

import json
import re
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
    "private and unassigned": ("\ue000\U0001fbff\U0010ffff", r"\ue000\U0001fbff\U0010ffff"),
    "blanks": ("\U0001d159\U00016fe4\U00013441", r"\U0001d159\U00016fe4\U00013441"),
    "styles of what has none": (
        "€\ufe0f →\ufe0f a\ufe0f\u20e3",
        r"€\ufe0f →\ufe0f a\ufe0f\u20e3".replace("\\u20e3", "\u20e3"),
    ),
    "commands": ("###[x] ##vso[y ##TEAMCITY[", r"##\x23[x] #\x23vso[y #\x23TEAMCITY["),
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
    assert escape.quote(text) == shown


@given(st.text(), st.text())
def test_quoted_texts_are_equal_only_where_the_texts_are(one: str, other: str) -> None:
    assert (escape.quote(one) == escape.quote(other)) == (one == other)


@given(st.text(alphabet=st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Zs", "Mn", "So", "Ll"])))
def test_no_text_gets_through_with_what_acts(text: str) -> None:
    shown = escape.terminal(text)
    kept = {unicodedata.category(char) for char in shown if char not in " \u3000\u200d"}
    assert kept.isdisjoint({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
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


# DerivedCoreProperties.txt of Unicode 17: Default_Ignorable_Code_Point, whole.
IGNORABLE = (
    "00AD 034F 061C 115F-1160 17B4-17B5 180B-180F 200B-200F 202A-202E 2060-206F 3164 FE00-FE0F FEFF FFA0 FFF0-FFF8 "
    "1BCA0-1BCA3 1D173-1D17A E0000-E0FFF"
)


def test_all_that_unicode_lets_programs_ignore_shows() -> None:
    for stretch in IGNORABLE.split():
        first, _, last = stretch.partition("-")
        for code in range(int(first, 16), int(last or first, 16) + 1):
            assert escape.terminal(chr(code)) != chr(code), hex(code)


@pytest.mark.parametrize(
    ("codes", "spaces"),
    [(range(0x3100), [" ", "\u3000"]), pytest.param(range(0x3100, 0x110000), [], marks=pytest.mark.slow)],
)
def test_every_character_that_shows_is_a_letter_mark_number_sign_or_symbol(codes: range, spaces: list[str]) -> None:
    """All of Unicode, as far as Python knows it."""
    shown = [char for char in map(chr, codes) if escape.terminal(char) == char]
    assert {unicodedata.category(char)[0] for char in shown} - {"Z"} == set("LMNPS")
    assert [char for char in shown if unicodedata.category(char).startswith("Z")] == spaces


def test_what_is_named_blank_shows() -> None:
    """By their names in Unicode: what Python knows of them, whatever their category."""
    blank = re.compile(r"\bBLANK\b(?! SYMBOL)|(?<!GAP )(?<!LINE )\bFILLER\b|NULL NOTEHEAD")
    named = [chr(code) for code in range(0x110000) if blank.search(unicodedata.name(chr(code), ""))]
    assert len(named) > 6
    assert [unicodedata.name(char) for char in named if escape.terminal(char) == char] == []


ODD = st.text(st.sampled_from("=+-@\t\n\r'\";,|＝a "), max_size=12) | st.text()


@given(ODD)
def test_no_cell_begins_a_formula_wherever_a_line_is_split_and_its_text_comes_back(text: str) -> None:
    cell = escape.cell(text)
    assert escape.cell_text(cell) == text
    for part in re.split(r"[,;|\t\n\r]", cell):
        assert not part.lstrip("\"'").startswith(tuple("=+-@＝＋－＠")) or part.lstrip('"').startswith("'")


@given(st.text(st.characters(blacklist_characters="'")))
def test_a_cell_whose_apostrophes_a_program_took_away_is_its_text(text: str) -> None:
    assert escape.cell_text(text) == text
