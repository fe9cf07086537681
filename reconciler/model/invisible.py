"""Characters that show nothing, and texts as a reader sees them."""

from __future__ import annotations

import re
import unicodedata

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
_BLANK_CATEGORIES = _HIDDEN_CATEGORIES - {"Cn", "Co", "Cs"}
_INVISIBLE = re.compile(
    "["
    # Default_Ignorable_Code_Point (Unicode 17, DerivedCoreProperties.txt), less what its category hides already:
    "\u034f"  # combining grapheme joiner
    "\u115f-\u1160"  # Hangul fillers
    "\u17b4-\u17b5"  # inherent Khmer vowels
    "\u180b-\u180f"  # Mongolian variation selectors
    "\u3164"  # Hangul filler
    "\ufe00-\ufe0f"  # variation selectors
    "\uffa0"  # half-width Hangul filler
    "\U000e0000-\U000e0fff"  # tags and more variation selectors
    # Blank by their names in the code charts, though no property says so:
    "\u2800"  # blank Braille pattern
    "\U00013441-\U00013442"  # Egyptian hieroglyph blanks
    "\U00016fe4"  # Khitan small script filler
    "\U0001d159"  # musical symbol null notehead
    "]"
)


def shows_nothing(char: str) -> bool:
    """Tell whether a character shows nothing of its own; one that this version of Unicode does not know may."""
    return unicodedata.category(char) in _BLANK_CATEGORIES or _is_invisible(char)


def is_hidden(char: str) -> bool:
    """Tell whether a reader may miss a character, or take it for another: what shows nothing, and what is unknown."""
    return unicodedata.category(char) in _HIDDEN_CATEGORIES or _is_invisible(char)


def _is_invisible(char: str) -> bool:
    return _INVISIBLE.match(char) is not None


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
