"""The words of an answer: which they are, and that they are safe to show."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.api.error_text import parse_json, safe, words

WORDS: list[tuple[object, str]] = [
    ({"errors": [{"msg": "a"}, {"message": "b"}], "message": "c"}, "a; b; c"),
    ({"errors": [{"msg": "a", "message": "b"}]}, "a; b"),
    ({"errors": [{"msg": "a"}, {"msg": "a"}], "message": "a"}, "a"),
    ({"errors": {"msg": "a"}}, "a"),
    ({"errors": ["a", 5, None, {"code": 1}]}, "a"),
    ({"errors": "a", "message": " b "}, "a; b"),
    ({"message": {"text": "a"}}, '{"message": {"text": "a"}}'),
    ({"message": ""}, '{"message": ""}'),
    (["a"], '["a"]'),
    ("a", '"a"'),
]


@pytest.mark.parametrize(("document", "said"), WORDS)
def test_words_of_json(document: object, said: str) -> None:
    assert words(json.dumps(document).encode()) == said


@pytest.mark.parametrize(("body", "said"), [(b"", ""), (b"<p>x", "<p>x"), (b"\xff", "�"), (b"[" * 9, "[" * 9)])
def test_words_of_what_is_no_json(body: bytes, said: str) -> None:
    assert words(body) == said


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json(body: bytes) -> None:
    assert parse_json(body) is None


TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJhcHBJZCI6ImNzLTEifQ.c2lnbmF0dXJl-_"
SAFE: list[tuple[str, str]] = [
    ("plain", "plain"),
    ("two\r\n  lines\t!", "two lines !"),
    ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
    ("\u202egnp.exe", "\\u202egnp.exe"),
    ("Überfällig 日本 🎉", "Überfällig 日本 🎉"),
    (f"bad token {TOKEN}!", "bad token [cut out]!"),
    (f"bad token {TOKEN[:30]}", "bad token [cut out]"),
    ("the secret s3cr3t/x, twice s3cr3t/x", "the secret [cut out], twice [cut out]"),
    ("x" * 300, "x" * 300),
    ("x" * 301, "x" * 299 + "…"),
    ("\x00" * 300, ("\\x00" * 75)[:299] + "…"),
]


@pytest.mark.parametrize(("text", "shown"), SAFE)
def test_safe(text: str, shown: str) -> None:
    assert safe(text, ["s3cr3t/x", ""]) == shown


@given(st.text(max_size=400))
def test_what_is_safe_is_bounded_and_printable(text: str) -> None:
    shown = safe(text, [])
    assert len(shown) <= 300
    assert shown.isprintable()


@given(st.text(max_size=400), st.text(max_size=400))
def test_a_secret_is_never_shown(before: str, after: str) -> None:
    assert "s3cr3t" not in safe(f"{before}s3cr3t{after}", ["s3cr3t"])
