"""What each code means: the entries of `codes.toml`, read once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import resources
from textwrap import fill, indent

from reconciler.codes.marking import code_of

KINDS = {
    "guards": "Guards: why one list is blocked",
    "errors": "Errors: why a command ends, or an apply would end, without doing what was asked",
    "exits": "Exit codes: what a command tells a script",
    "manifest": "Problems of a manifest: what is wrong in the file",
}
"""The tables of `codes.toml`, each with its heading."""

_COLUMNS = 88
_MOST_SUGGESTED = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """One code. `kind` is a key of KINDS.

    `example` is what the program prints. `given` is the input that leads to it; "" if the example shows it.
    """

    code: str
    kind: str
    means: str
    why: str
    what_to_do: str
    example: str
    given: str = ""

    @property
    def summary(self) -> str:
        """The first sentence of what it means."""
        return f"{self.means.partition('. ')[0].rstrip('.')}."

    def __str__(self) -> str:
        """Return the entry as `reconciler explain` prints it."""
        told = {"Why it exists": self.why, "What to do": self.what_to_do}
        parts = [self.code, _paragraphs(self.means), *(f"{what}:\n{_paragraphs(said)}" for what, said in told.items())]
        parts += ["Example:\n" + indent("\n\n".join(filter(None, (self.given, self.example))), "    ")]
        return "\n\n".join(parts)


def _paragraphs(text: str) -> str:
    return "\n\n".join(
        fill(each, _COLUMNS, break_long_words=False, break_on_hyphens=False) for each in text.split("\n\n")
    )


@cache
def entries() -> Mapping[str, Entry]:
    """Return all entries by code, in the order of the page."""
    text = resources.files(__package__).joinpath("codes.toml").read_text(encoding="utf-8")
    return {
        code: Entry(code, kind, **{name: value.strip("\n") for name, value in entry.items()})
        for kind, table in tomllib.loads(text).items()
        for code, entry in table.items()
    }


def explain(code: str) -> Entry | None:
    """Return the entry of a code, in any case, with or without brackets, or of an exit code by its number."""
    return entries().get(_normalise(code))


def similar(code: str) -> Sequence[str]:
    """Return the codes that are closest to one that does not exist."""
    return get_close_matches(_normalise(code)[:100], entries(), n=_MOST_SUGGESTED, cutoff=0.5)


def _normalise(code: str) -> str:
    written = code_of(code.strip(" []").replace(" ", "-"))
    return f"EXIT-{written}" if written.isdecimal() else written
