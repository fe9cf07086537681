"""The kinds of entries of each subject, what is sent on top, and how entries become groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from reconciler.model.fields import FIELDS, NAME, label
from reconciler.model.outcomes import OutcomeKind
from reconciler.report.html.page import Entry, Group, Kind
from reconciler.report.order import UPDATES

PLANNED: Final[Mapping[str, Kind]] = {
    "renames with a warning": Kind(
        "risky-renames", "caution", "risky rename", "Renames with a warning",
        "They will be made. Whoever refers to these lists by name must follow.",
    ),
    UPDATES[NAME]: Kind("renames", "change", "rename", "Renames"),
    **{
        UPDATES[field]: Kind(f"{field}s", "change", f"new {label(field)}", f"New {label(field)}s")
        for field in FIELDS if field != NAME
    },
    "blocked": Kind("blocked", "stop", "blocked", "Blocked", "Nothing is sent for these until somebody lifts it."),
    "drift": Kind(
        "drift", "elsewhere", "changed elsewhere", "Changed elsewhere",
        "Since the last apply, and not by this program. They are left alone.",
    ),
    "to check": Kind(
        "check", "quiet", "to check", "To check", "Not in the state yet: an apply reads and judges them first.",
        bulky=True,
    ),
    "to adopt": Kind(
        "adopt", "good", "adopt", "To adopt", "Live is as declared. They are recorded, nothing is sent.",
        bulky=True,
    ),
    "to forget": Kind(
        "forget", "quiet", "forget", "To forget", "No longer in the manifest. The lists themselves stay.",
        bulky=True,
    ),
}  # fmt: skip
"""By the titles of `order.RISKS`, and drift that is left alone."""

DONE: Final[Mapping[OutcomeKind, Kind]] = {
    "failed": Kind("failed", "stop", "failed", "Failed"),
    "in_doubt": Kind("in-doubt", "caution", "in doubt", "In doubt"),
    "unverified": Kind("unverified", "caution", "not verified", "Not verified"),
    "conflict": Kind("conflict", "caution", "in conflict", "In conflict"),
    "blocked": Kind("blocked", "stop", "blocked", "Blocked"),
    "not_sent": Kind("not-sent", "quiet", "not sent", "Not sent"),
    "updated": Kind("updated", "good", "updated", "Updated", "Acknowledged, and found so by a later read."),
    "adopted": Kind(
        "adopted", "good", "adopted", "Adopted", "Live was as declared. Recorded, nothing sent.", bulky=True
    ),
    "forgotten": Kind(
        "forgotten", "quiet", "forgotten", "Forgotten", "No longer in the manifest. The lists themselves stay.",
        bulky=True,
    ),
}  # fmt: skip

FOUND: Final[Mapping[str, Kind]] = {
    "missing": Kind("missing", "stop", "missing", "Missing", "Declared, but the account does not have them."),
    "both": Kind(
        "both", "caution", "changed on both sides", "Changed on both sides",
        "Edited in the manifest and changed elsewhere: somebody has to choose.",
    ),
    "live": Kind("elsewhere", "elsewhere", "changed elsewhere", "Changed elsewhere", "Since the last apply."),
    "file": Kind(
        "edited", "change", "edited", "Edited in the manifest", "Not applied yet: live still is as it was."
    ),
    "undeclared": Kind(
        "undeclared", "quiet", "declared nowhere", "Declared nowhere", "Live lists that no environment declares.",
        bulky=True,
    ),
}  # fmt: skip
"""By who moved, and the lists of which only one side exists."""


def group(kinds: Iterable[Kind], entries: Iterable[Entry]) -> tuple[Group, ...]:
    """Return the entries by kind, the kinds in their order; no group is empty."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.kind.name, []).append(entry)
    return tuple(Group(kind, tuple(found[kind.name])) for kind in kinds if kind.name in found)
