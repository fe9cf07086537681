"""What a contact centre might find in the morning: two environments, a plan, its result, and drift; for pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from reconciler.documents.plan_document import digest
from reconciler.model.changes import Adopt, Block, Blocked, Change, Drift, EnvironmentPlan, Forget, Plan, Update
from reconciler.model.drift_report import DriftReport, EnvironmentDrift, FieldDrift, ListDrift, Missing
from reconciler.model.lists import Campaign, LiveList, Source, Target
from reconciler.model.outcomes import EnvironmentResult, Outcome, OutcomeKind, Result
from reconciler.model.texts import Texts, differing

PROD: Final = Target("https://platform.kore.ai", "st-0603182c-7ffb-53c3-b307-47ca14b00000", "67777ce93e25326494e00000")
DEV: Final = Target("https://platform.kore.ai", "st-9ad5520b-1c1e-5f10-8d52-0c6a5e500000", "67777ce93e25326494e11111")
MADE_AT: Final = "2026-11-22T06:30:00Z"
FILES: Final = {
    "lists.yaml": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "lists/sales.yaml": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
}
LINEAGE: Final = "4c0b1c9e-8d0a-4c58-9d6c-2f2a3f0d1b7e"

RENEWAL: Final = (
    "Customers whose service expires in {} and who have not answered our letter. Filled every night at two."
)
BILLS: Final = "Invoices open for more than {} days. Called on weekdays from nine to five, at most twice."
WARNING: Final = "1 campaign uses it ('{}'): contact imports and others that use its name must be changed, too"


def list_id(number: int, prod: bool = True) -> str:
    """Return an id as the API makes them; the same list has another in each environment."""
    return f"cl-{'718e888' if prod else 'a551660'}-3aca-4008-973e-{number:012d}"


def _update(number: int, key: str, before: Texts, after: Texts, *warnings: str, dev: bool = False) -> Update:
    return Update(
        key=key,
        id=list_id(number, not dev),
        cause="edit",
        before=before,
        after=after,
        source=Source("lists.yaml", 4 + number * 4),
        fields=differing(after, before),
        warnings=warnings,
    )


def _spring(prefix: str = "") -> tuple[Texts, Texts]:
    return {"name": f"{prefix}Winback - Spring 2026"}, {"name": f"{prefix}Winback - Summer 2026"}


def _renewal(prefix: str = "") -> tuple[Texts, Texts]:
    before: Texts = {"name": f"{prefix}Renewal Due - May 2026", "description": RENEWAL.format("May")}
    return before, {"name": f"{prefix}Renewal Due - May/June 2026", "description": RENEWAL.format("May or June")}


_PROD: Final[tuple[Change, ...]] = (
    Blocked(
        key="welcome-call",
        id=list_id(7),
        cause="edit",
        before={"name": "Welcome Call - May 2026"},
        after={"name": "Welcome Call - June 2026"},
        source=Source("lists.yaml", 31),
        fields=("name",),
        block=Block(
            "rename_in_use",
            "2 campaigns use it ('Welcome, new customers', 'Welcome, second try'), and campaigns and contact imports "
            "refer to lists by name",
            "rename it when no campaign uses it, or set policy.rename_in_use: warn",
        ),
    ),
    _update(1, "renewal-due", *_renewal(), WARNING.format("Renewals 2026")),
    _update(2, "winback", *_spring(), WARNING.format("Come back in spring")),
    _update(3, "vip", {"name": "VIP"}, {"name": "Gold and platinum customers"}),
    _update(4, "payment-reminder", {"description": BILLS.format(14)}, {"description": BILLS.format(30)}),
    Adopt(
        key="feedback",
        id=list_id(5),
        cause="new",
        before={"name": "Feedback after a call"},
        after={"name": "Feedback after a call"},
        source=Source("lists/sales.yaml", 3),
    ),
    Forget(key="fair-2025", id=list_id(6), cause="removed", before={"name": "Fair 2025"}, after={}, source=None),
)
_DEV: Final[tuple[Change, ...]] = (
    _update(1, "renewal-due", *_renewal("[dev] "), dev=True),
    _update(2, "winback", *_spring("[dev] "), dev=True),
    _update(4, "payment-reminder", {"description": BILLS.format(14)}, {"description": BILLS.format(30)}, dev=True),
    _update(7, "welcome-call", {"name": "[dev] Welcome"}, {"name": "[dev] Welcome Call - June 2026"}, dev=True),
)
_DRIFT: Final = Drift(
    "appointments",
    list_id(8),
    ("description",),
    {"description": "Appointments of the coming week, called two days ahead."},
    {"description": "Appointments of the coming week, called one day ahead."},
    Source("lists.yaml", 60),
)
CAMPAIGNS: Final = {
    list_id(1): (Campaign("Renewals 2026"),),
    list_id(2): (Campaign("Come back in spring"),),
    list_id(7): (Campaign("Welcome, new customers"), Campaign("Welcome, second try")),
    list_id(8): (Campaign("Appointments"),),
}

NAMES: Final = {
    list_id(4): "Payment Reminder - first call",
    list_id(4, False): "[dev] Payment Reminder - first call",
    list_id(8): "Appointments - next week",
}


def _environment(name: str, changes: Sequence[Change], **rest: object) -> EnvironmentPlan:
    target = PROD if name == "prod" else DEV
    values = {"name": name, "target": target, "lineage": LINEAGE, "serial": 41, "changes": tuple(changes)} | rest
    return EnvironmentPlan(**values)  # type: ignore[arg-type]


_OF_PROD: Final = _environment(
    "prod", _PROD, drift=(_DRIFT,), unchanged=212, requests=7, seconds=4, campaigns=CAMPAIGNS, names=NAMES
)
PLAN: Final = Plan(
    "0.2.0",
    MADE_AT,
    True,
    FILES,
    (_OF_PROD, _environment("dev", _DEV, unchanged=180, requests=7, seconds=4, names=NAMES)),
)
SINGLE: Final = replace(PLAN, environments=(_OF_PROD,))


def _outcome(change: Change, kind: OutcomeKind, error: str | None = None, attempts: int = 1) -> Outcome:
    return Outcome(
        key=change.key,
        id=change.id,
        action=change.action,
        outcome=kind,
        attempts=attempts,
        error=error,
        guard=change.block.guard if isinstance(change, Blocked) else None,
    )


_OUTCOMES: Final = (
    _outcome(_PROD[0], "blocked", "2 campaigns use it; rename it when no campaign uses it", 0),
    _outcome(_PROD[1], "updated"),
    _outcome(_PROD[2], "in_doubt", "PUT timed out after 30 s, five times", 5),
    _outcome(_PROD[3], "updated"),
    _outcome(_PROD[4], "failed", 'the API answered 412 "Invalid description"', 1),
    _outcome(_PROD[5], "adopted", attempts=0),
    _outcome(_PROD[6], "forgotten", attempts=0),
)
RESULT: Final = Result(
    digest(SINGLE), (EnvironmentResult("prod", _OUTCOMES, unchanged=212, requests=14, seconds=41.3),), SINGLE
)

_FOUND: Final = (
    ListDrift(
        "appointments",
        list_id(8),
        (
            FieldDrift(
                "description",
                "Appointments of the coming week, called two days ahead.",
                "Appointments of the coming week, called two days ahead.",
                "Appointments of the coming week, called one day ahead.",
                "live",
            ),
        ),
        (Campaign("Appointments"),),
        Source("lists.yaml", 60),
        name="Appointments - next week",
    ),
    ListDrift(
        "payment-reminder",
        list_id(4),
        (FieldDrift("description", BILLS.format(30), BILLS.format(14), BILLS.format(21), "both"),),
        (Campaign("Reminders, first call"), Campaign("Reminders, second call")),
        Source("lists.yaml", 20),
        name="Payment Reminder - first call",
    ),
    ListDrift(
        "vip",
        list_id(3),
        (FieldDrift("name", "Gold and platinum customers", "VIP", "VIP", "file"),),
        (),
        Source("lists.yaml", 16),
    ),
)
DRIFT: Final = DriftReport(
    "0.2.0",
    MADE_AT,
    FILES,
    (
        EnvironmentDrift(
            "prod",
            PROD,
            LINEAGE,
            41,
            declared=219,
            lists=_FOUND,
            missing=(
                Missing(
                    "fair-2026", list_id(9), "HTTP 404: Contact list not found", Source("lists.yaml", 70), "Fair 2026"
                ),
            ),
            undeclared=(
                LiveList(list_id(90), {"name": "Test of Monday", "description": ""}, (Campaign("Load test"),)),
            ),
            ignored=2,
            requests=2,
        ),
        EnvironmentDrift(
            "dev",
            DEV,
            LINEAGE,
            12,
            declared=180,
            lists=(replace(_FOUND[0], id=list_id(8, False), campaigns=()),),
            requests=1,
        ),
    ),
)
