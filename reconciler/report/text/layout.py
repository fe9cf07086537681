"""Where text stands on the page: columns, indents, and prose that is wrapped under its label."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from reconciler.report import phrases
from reconciler.report.colour import Ink, Pen
from reconciler.report.escape import terminal

MARGIN = 2  # of the mark before a key
INDENT = 6  # of what is said about that list
_NARROWEST = 40
_UNSEEN = frozenset({"Mn", "Me", "Cf"})


class Page(NamedTuple):
    """A page of `width` columns, written with `pen`."""

    pen: Pen
    width: int

    def fits(self, line: str) -> bool:
        """Tell whether an unpainted line stands on the page without being broken."""
        return columns(line) <= self.width

    def key_line(self, sign: str, ink: Ink, key: str, words: str, place: str) -> str:
        """Return `mark key  words  (place)`, the first line of what is said of a list; `words` may be empty."""
        parts = [self.pen.paint("bold", terminal(key)), words, place and self.pen.paint("dim", f"({terminal(place)})")]
        return " " * MARGIN + self.pen.paint(ink, sign) + " " + "  ".join(part for part in parts if part)

    def failure_line(self, environment: str, error: str) -> str:
        """Return what is said of an environment that could not be looked at."""
        name = self.pen.paint("bold", terminal(environment))
        return f"{name}  {phrases.FAILED}\n{self.prose('why:', error, ink='red', indent=INDENT)}"

    def prose(self, label: str, text: str, *, ink: Ink, indent: int) -> str:
        """Return `label text`, the label in `ink`, wrapped between words.

        `text` is escaped and bounded here, `label` by the caller.
        """
        head = " " * indent + label
        width = max(self.width, _NARROWEST)
        lines = _wrap(terminal(phrases.shorten(text.strip())), width, used=columns(head), indent=indent + MARGIN)
        return " " * indent + self.pen.paint(ink, label) + "\n".join(lines)


def _wrap(text: str, width: int, *, used: int, indent: int) -> list[str]:
    """Break at single spaces only, so that a name with two of them stays as it is."""
    lines, room = [""], width - used
    for word in text.split(" "):
        needed = columns(word) + 1
        if needed <= room:
            lines[-1] += " " + word
            room -= needed
        else:
            lines.append(" " * indent + word)
            room = width - indent - columns(word)
    return [each.rstrip() for each in lines]


def columns(text: str) -> int:
    """Return how many columns of a terminal an escaped text takes; East Asian wide characters take two."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.category(char) in _UNSEEN:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
