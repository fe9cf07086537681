"""How two long texts differ, word by word."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.report.words import Piece, word_diff

SIGNS = {"kept": "{}", "removed": "[-{}-]", "added": "{{+{}+}}", "skipped": "<{}>"}
CASES = {
    "a word": (
        "Customers whose service expires",
        "Customers whose contract expires",
        "Customers whose [-service-]{+contract+} expires",
    ),
    "neighbours are one change": (
        "whose old service soon expires",
        "whose new contract soon expires",
        "whose [-old service-]{+new contract+} soon expires",
    ),
    "added at the end": ("It expires in July.", "It expires in July. Call.", "It expires in July.{+ Call.+}"),
    "removed at the start": ("Now it expires in July.", "it expires in July.", "[-Now -]it expires in July."),
    "punctuation stays": ("expires in July, May.", "expires in June, May.", "expires in [-July-]{+June+}, May."),
    "a space": ("expires in July", "expires in  July", "expires in[- -]{+  +}July"),
    "no spaces in the script": ("毎晩二時に請求から", "毎晩三時に請求から", "毎晩[-二-]{+三+}時に請求から"),
    "accents stay on their letters": ("le cafe\u0301 est bon", "le cafe est bon", "le [-cafe\u0301-]{+cafe+} est bon"),
    "long kept stretches": (
        "1 2 3 4 5 6 7 8 9 A 1 2 3 4 5 6 7 8 9 10 11 12 B 1 2 3 4 5 6 7 8 9",
        "1 2 3 4 5 6 7 8 9 X 1 2 3 4 5 6 7 8 9 10 11 12 Y 1 2 3 4 5 6 7 8 9",
        "<… >6 7 8 9 [-A-]{+X+} 1 2 3 4< … >9 10 11 12 [-B-]{+Y+} 1 2 3 4< …>",
    ),
    "equal": ("one two", "one two", "one two"),
}


def signed(pieces: tuple[Piece, ...] | None) -> str:
    assert pieces is not None
    return "".join(SIGNS[piece.kind].format(piece.text) for piece in pieces)


@pytest.mark.parametrize(("old", "new", "expected"), CASES.values(), ids=list(CASES))
def test_pieces(old: str, new: str, expected: str) -> None:
    assert signed(word_diff(old, new)) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Filled by hand until then.", "Customers whose service expires."),
        ("a b " * 1000, "a c " * 1000),
        (" ".join(f"{n} x" for n in range(60)), " ".join(f"{n} y" for n in range(60))),
    ],
    ids=["too little in common", "too long", "too many changes"],
)
def test_no_pieces_where_they_would_not_help(old: str, new: str) -> None:
    assert word_diff(old, new) is None


@given(st.lists(st.sampled_from(["a", "b", " ", "  ", ".", "東", "京"]), max_size=12).map("".join), st.data())
def test_pieces_make_up_both_texts(old: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(old)))
    new = old[:at] + data.draw(st.text("ab .東", max_size=3)) + old[at + data.draw(st.integers(0, 3)) :]
    pieces = word_diff(old, new) or ()
    skipped = any(piece.kind == "skipped" for piece in pieces)
    if pieces and not skipped:
        assert "".join(piece.text for piece in pieces if piece.kind != "added") == old
        assert "".join(piece.text for piece in pieces if piece.kind != "removed") == new
    assert [one for one, two in pairwise(pieces) if one.kind == two.kind] == []
