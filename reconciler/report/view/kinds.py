"""The kinds of entries of what is reported, each table in the order in which its kinds are read.

What an apply sends comes first, the riskiest on top; then what is stopped; then the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from reconciler.model.fields import FIELDS, NAME, Field, label

if TYPE_CHECKING:
    from reconciler.model.changes import Action, Update
    from reconciler.model.drift_report import Mover
    from reconciler.model.outcomes import OutcomeKind

Tone: TypeAlias = Literal["stop", "caution", "change", "good", "elsewhere", "quiet"]


class Kind(NamedTuple):
    """A kind of entry: its `tag` on each, the `title` of its group, and what the group `says`.

    `name` stands in links and filters, `sign` before the key of a list. Texts of a list that `changes` are sent, or
    were, or were changed elsewhere. Entries of a kind that is `bulky` are folded if there are many. One that is not
    `in_order` fails a check.
    """

    name: str
    tone: Tone
    sign: str
    tag: str
    title: str
    says: str = ""
    bulky: bool = False
    changes: bool = False
    in_order: bool = True


RISKY_RENAME: Final = Kind(
    "risky-renames", "caution", "~", "risky rename", "Renames with a warning",
    "They will be made. Contact imports and others that use the old names must be changed, too.", changes=True,
)  # fmt: skip
UPDATES: Final[Mapping[Field, Kind]] = {
    NAME: Kind("renames", "change", "~", "rename", "Renames", changes=True),
    **{
        field: Kind(f"{field}s", "change", "~", f"new {label(field)}", f"New {label(field)}s", changes=True)
        for field in FIELDS if field != NAME
    },
}  # fmt: skip
"""By the first of these fields that they send."""
BLOCKED: Final = Kind(
    "blocked",
    "stop",
    "!",
    "blocked",
    "Blocked",
    "Nothing is sent for these lists until the reason shown with each is resolved.",
    in_order=False,
)
LEFT_ALONE: Final = Kind(
    "drift", "elsewhere", "≠", "changed elsewhere", "Changed elsewhere",
    "Changed since the last apply, not by this program. They are left as they are.",
)  # fmt: skip
RECORDED: Final[Mapping[Action, Kind]] = {
    "adopt": Kind(
        "adopt", "good", "+", "to adopt", "To adopt",
        "The account has the declared values already. They are recorded in the state, nothing is sent.",
        bulky=True,
    ),
    "forget": Kind(
        "forget", "quiet", "-", "to forget", "To forget",
        "No longer declared for this environment. They are dropped from the state, nothing is sent.",
        bulky=True,
    ),
    "check": Kind(
        "check", "quiet", "?", "to check", "To check",
        "Not in the state yet: an apply reads them first, and then decides.",
        bulky=True,
    ),
}  # fmt: skip

OUTCOMES: Final[Mapping[OutcomeKind, Kind]] = {
    "failed": Kind("failed", "stop", "!", "failed", "Failed", in_order=False),
    "in_doubt": Kind("in-doubt", "caution", "!", "in doubt", "In doubt", in_order=False),
    "unverified": Kind("unverified", "caution", "!", "not verified", "Not verified", in_order=False),
    "conflict": Kind("conflict", "caution", "!", "in conflict", "In conflict", in_order=False),
    "blocked": Kind("blocked", "stop", "!", "blocked", "Blocked", in_order=False),
    "not_sent": Kind("not-sent", "quiet", "!", "not sent", "Not sent", in_order=False),
    "updated": Kind(
        "updated", "good", "~", "updated", "Updated", "Acknowledged by the API, and confirmed by a later read.",
        changes=True,
    ),
    "adopted": Kind(
        "adopted", "good", "+", "adopted", "Adopted",
        "The account had the declared values already. Recorded in the state, nothing was sent.", bulky=True,
    ),
    "forgotten": Kind(
        "forgotten", "quiet", "-", "forgotten", "Forgotten",
        "No longer declared for this environment. Dropped from the state, nothing was sent.",
        bulky=True,
    ),
}  # fmt: skip

MISSING: Final = Kind(
    "missing", "stop", "!", "missing", "Missing", "Declared, but the account does not have them.", in_order=False
)
MOVED: Final[Mapping[Mover, Kind]] = {
    "both": Kind(
        "both", "caution", "≠", "changed on both sides", "Changed on both sides",
        "Edited in the manifest and changed elsewhere: choose one of the two.", changes=True, in_order=False,
    ),
    "live": Kind(
        "elsewhere", "elsewhere", "≠", "changed elsewhere", "Changed elsewhere", "Since the last apply.",
        changes=True, in_order=False,
    ),
    "file": Kind(
        "edited", "change", "~", "edited", "Edited in the manifest",
        "Not applied yet: the account still has the values of the last apply.",
    ),
}  # fmt: skip
NEVER_APPLIED: Final = Kind(
    "never-applied", "change", "?", "never applied", "Never applied",
    "Declared, but not in the state: an apply reads them first, and then decides.",
)  # fmt: skip
UNDECLARED: Final = Kind(
    "undeclared", "quiet", "+", "undeclared", "Undeclared", "Lists of the account that no environment declares.",
    bulky=True,
)  # fmt: skip

ONLY_IN_ONE: Final = Kind("only-in-one", "caution", "!", "only in one", "Only in one of the two", in_order=False)
DIFFERENT: Final = Kind("different", "change", "≠", "different", "Different", in_order=False)
ON_PURPOSE: Final = Kind(
    "on-purpose", "quiet", "=", "different on purpose", "Different on purpose", "As the overrides of the manifest say."
)

RANKS: Final[Mapping[Kind, int]] = {
    kind: rank
    for rank, kind in enumerate((
        RISKY_RENAME, *UPDATES.values(), BLOCKED, LEFT_ALONE, *RECORDED.values(),
        *OUTCOMES.values(),
        MISSING, *MOVED.values(), NEVER_APPLIED, UNDECLARED,
        ONLY_IN_ONE, DIFFERENT, ON_PURPOSE,
    ))
}  # fmt: skip
"""Which come first."""


def kind_of_update(change: Update) -> Kind:
    """Return the kind of an update, by the field that it is called by."""
    kind = next(kind for field, kind in UPDATES.items() if field in change.fields)
    return RISKY_RENAME if change.warnings and kind is UPDATES[NAME] else kind
