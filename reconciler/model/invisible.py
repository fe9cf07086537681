"""Characters that show nothing, and texts as a reader sees them."""

from __future__ import annotations

import unicodedata

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
_BLANK_CATEGORIES = _HIDDEN_CATEGORIES - {"Cn", "Co", "Cs"}
_INVISIBLE = (
    # Default_Ignorable_Code_Point (Unicode 17, DerivedCoreProperties.txt), less what its category hides already:
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),  # inherent Khmer vowels
    (0x180B, 0x180F),  # Mongolian variation selectors
    (0x3164, 0x3164),  # Hangul filler
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFFA0, 0xFFA0),  # half-width Hangul filler
    (0xE0000, 0xE0FFF),  # tags and more variation selectors
    # Blank by their names in the code charts, though no property says so:
    (0x2800, 0x2800),  # blank Braille pattern
    (0x13441, 0x13442),  # Egyptian hieroglyph blanks
    (0x16FE4, 0x16FE4),  # Khitan small script filler
    (0x1D159, 0x1D159),  # musical symbol null notehead
)


def shows_nothing(char: str) -> bool:
    """Tell whether a character shows nothing of its own; one that this version of Unicode does not know may."""
    return unicodedata.category(char) in _BLANK_CATEGORIES or _is_invisible(char)


def is_hidden(char: str) -> bool:
    """Tell whether a reader may miss a character, or take it for another: what shows nothing, and what is unknown."""
    return unicodedata.category(char) in _HIDDEN_CATEGORIES or _is_invisible(char)


def _is_invisible(char: str) -> bool:
    return any(first <= ord(char) <= last for first, last in _INVISIBLE)


def as_seen(text: str) -> str:
    """Return what a reader takes a text for; texts with an equal result cannot be told apart.

    Case, Unicode normalisation (NFC, NFD, and the compatible forms of NFKC), the width of spaces and characters that
    show nothing do not count.
    """
    folded = text.casefold()
    if folded.isascii() and folded.isprintable() and "  " not in folded:
        return folded
    normal = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", folded).casefold())
    return " ".join("".join(char for char in normal if char.isspace() or not shows_nothing(char)).split())
