"""What a read shows of a PUT: the answer of a PUT is no evidence of what is stored, a later read is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from reconciler.model.fields import FIELDS, Field, label
from reconciler.model.lists import LiveList
from reconciler.model.texts import Texts, holds, only_fields, stored_alike

Shown: TypeAlias = Literal[
    "sent",  # as sent
    "alike",  # as sent but for what an API may keep otherwise: case, white space, NFC or NFD
    "before",  # as before the PUT
    "other",  # neither
    "gone",  # no such list
]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a read showed: how the sent fields stand, which unsent ones changed, and the live texts."""

    shown: Shown
    touched: tuple[Field, ...]
    live: Texts

    @property
    def took(self) -> bool:
        """Whether the sent fields show as sent, or nearly so."""
        return self.shown in ("sent", "alike")

    @property
    def clean(self) -> bool:
        """Whether the PUT did what it said and nothing else."""
        return self.took and not self.touched


def finding(body: Texts, before: Texts, live: LiveList | None) -> Finding:
    """Compare the `live` list with the `body` sent to it and with the live texts `before` that."""
    if live is None:
        return Finding("gone", (), {})
    touched = tuple(field for field in FIELDS if field not in body and live.texts[field] != before[field])
    return Finding(_what_shows(body, before, live.texts), touched, live.texts)


def _what_shows(body: Texts, before: Texts, live: Texts) -> Shown:
    if holds(live, body):
        return "sent"
    if holds(live, only_fields(before, tuple(body))):
        return "before"
    if all(stored_alike(text, live[field]) for field, text in body.items()):
        return "alike"
    return "other"


def stored_forms(body: Texts, live: Texts) -> dict[Field, str]:
    """Return the fields that the API keeps otherwise than sent, as it keeps them."""
    return {field: live[field] for field, text in body.items() if live[field] != text}


def describe(found: Finding, body: Texts) -> str:
    """Say in words what is not as it should be, with both values."""
    parts = [
        f"{label(field)} was sent as {text!r}, the API shows {found.live[field]!r}"
        for field, text in body.items()
        if found.live and found.live[field] != text
    ]
    parts += [f"{label(field)} was not sent but changed, to {found.live[field]!r}" for field in found.touched]
    return "; ".join(parts) or "the API no longer shows the list"
