"""Colour on a terminal, where the caller asked for it; no text needs it to be understood."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

Ink: TypeAlias = Literal["plain", "bold", "dim", "red", "green", "yellow", "magenta", "cyan"]

_CODES: Final[dict[Ink, str]] = {
    "plain": "0",
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "magenta": "35",
    "cyan": "36",
}


class Pen(NamedTuple):
    """Writes in ink where `colour` is on; where it is off, it leaves the text alone."""

    colour: bool

    def paint(self, ink: Ink, text: str) -> str:
        """Return `text`, already escaped, in `ink`."""
        return f"\x1b[{_CODES[ink]}m{text}\x1b[0m" if self.colour and ink != "plain" and text else text
