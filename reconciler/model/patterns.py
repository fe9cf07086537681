"""Patterns of names and keys: an exact one means just itself, else `*` is any text and `?` any character.

All else stands for itself, brackets too: names begin with them (`[dev] Renewals`). Upper and lower case differ.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

_SHORTEST_PART = 3


def matcher(pattern: str, every: Collection[str]) -> Callable[[str], bool]:
    """Return a function that tells whether `pattern` means a text, given `every` text that there is."""
    if pattern in every:
        return lambda text: text == pattern
    return lambda text: matches(pattern, text)


def patterns_taken_as_names(patterns: Iterable[str], every: Collection[str]) -> Iterator[str]:
    """Yield a warning for each of `patterns` that means just itself, although it would fit others of `every` text."""
    for pattern in patterns:
        if pattern in every and any(matches(pattern, text) for text in every if text != pattern):
            instead = pattern.replace("*", "**", 1) if "*" in pattern else f"{pattern}*"
            yield f"{pattern!r} means only the list of that name: write {instead!r} for a pattern"


def closest(written: str, known: Iterable[str]) -> str:
    """Return the one of `known` that is closest to what was written, or the shortest that has it in it; "" if none."""
    from difflib import get_close_matches  # noqa: PLC0415  (only after a mistake)

    words = sorted(known, key=len)
    close = get_close_matches(written[:200], words, n=1)
    longer = (word for word in words if len(written) >= _SHORTEST_PART and written in word)
    return next(iter(close), "") or next(longer, "")


def did_you_mean(written: str, keys: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` with the key that is closest to what was written, "" if none is close."""
    import re  # noqa: PLC0415  (only after a mistake)

    as_key = re.sub("[^a-z0-9_]+", "-", written[:200].lower())  # a list's name is often written instead of its key
    close = closest(as_key, keys)
    return f"; did you mean {close!r}?" if close else ""


def matches(pattern: str, text: str) -> bool:
    """Tell whether the whole `text` fits a pattern; in time proportional to the product of their lengths at most."""
    at = in_text = 0
    star, resumed = -1, 0
    while in_text < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resumed = at, in_text
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[in_text]):
            at, in_text = at + 1, in_text + 1
        elif star >= 0:
            resumed += 1
            at, in_text = star + 1, resumed
        else:
            return False
    return all(character == "*" for character in pattern[at:])
