"""Plans and results that between them hold every action, cause, guard and outcome, and texts of every kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from reconciler.model.changes import Adopt, Block, Blocked, Check, Drift, EnvironmentPlan, Forget, Plan, Update
from reconciler.model.lists import Campaign, LastSave, Source, Target
from reconciler.model.outcomes import EnvironmentResult, Outcome, Result

TARGET = Target("https://platform.kore.ai", "st-0603182c-7ffb-53c3-b307-47ca14b00000", "67777ce93e25326494e00000")
OTHER_ACCOUNT = Target(
    "https://platform.kore.ai", "st-0603182c-7ffb-53c3-b307-47ca14b11111", "67777ce93e25326494e11111"
)

LONG = (
    "Customers whose service expires in July and who have not yet answered the letter of May. "
    "The list is filled every night at two by the billing system; calls start at nine, Monday to Friday."
)
LONG_EDITED = LONG.replace("service", "contract").replace("nine, Monday to Friday", "eight, Monday to Saturday")
REWRITTEN = (
    "Filled by hand until the new billing system is there. Ask the renewals team before anything is called, "
    "and keep an eye on numbers that were ported."
)
JAPANESE = "契約の更新が近いお客様の一覧です。毎晩二時に請求システムから登録され、九時から電話をかけます。" * 2
HOSTILE = 'a\x1b[31m"b"\\c\n! forged  blocked\u202egnihtyna\u200b\u2028\ud800\x9b2J\x7f\r\tend'


def list_id(number: int) -> str:
    """Return an id as the API makes them."""
    return f"cl-718e888-3aca-4008-973e-{number:012d}"


def at(line: int) -> Source:
    """Return a place in the manifest."""
    return Source("lists.yaml", line)


def environment(name: str, *changes: Update | Adopt | Forget | Check | Blocked, **rest: object) -> EnvironmentPlan:
    """Return an environment's plan with a target and a state."""
    return EnvironmentPlan(**{"name": name, "target": TARGET, "lineage": "x", "serial": 7, "changes": changes} | rest)  # type: ignore[arg-type]


def planned(*environments: EnvironmentPlan, refreshed: bool = True) -> Plan:
    """Return a plan of these environments."""
    return Plan("0.1.0", "2026-11-22T10:00:00Z", refreshed, {"lists.yaml": "00"}, environments)


RENAME = Update(
    key="renewal-due",
    id=list_id(1),
    cause="edit",
    before={"name": "Renewal Due - May 2025", "description": "Customers whose service expires in July."},
    after={"name": "Renewal Due - May/June 2025", "description": "Customers whose service expires in July."},
    source=at(12),
    fields=("name",),
)
ADOPTED = Adopt(key="vip", id=list_id(4), cause="new", before={"name": "VIP"}, after={"name": "VIP"}, source=at(40))
RENAME_IN_USE = Blocked(
    key="winback",
    id=list_id(3),
    cause="edit",
    before={"name": "Winback Q1"},
    after={"name": "Winback Q2"},
    source=at(31),
    fields=("name",),
    block=Block(
        "rename_in_use",
        'the campaigns "Spring Winback" and "Winback, second call" use this list, and whoever pushes contacts to it by '
        "its name fails after a rename",
        "take the list out of these campaigns, or set policy.rename_in_use to warn",
    ),
)
DESCRIBED = Update(
    key="letters",
    id=list_id(5),
    cause="edit",
    before={"name": "Letters", "description": LONG},
    after={"name": "Letters", "description": LONG_EDITED},
    source=at(52),
    fields=("description",),
)


def _update(number: int, key: str, **rest: object) -> Update:
    values = {"key": key, "id": list_id(number), "cause": "edit", "source": at(number * 10), "warnings": ()} | rest
    return Update(**values)  # type: ignore[arg-type]


def _blocked(number: int, guard: str, cause: str, reason: str, lift: str) -> Blocked:
    return Blocked(
        key=f"blocked-{number}",
        id=list_id(number),
        cause=cause,  # type: ignore[arg-type]
        before={"name": "Old"} if guard != "missing" else {},
        after={"name": "New"},
        source=at(number),
        fields=("name",) if guard != "missing" else (),
        block=Block(guard, reason, lift),  # type: ignore[arg-type]
    )


GUARDS: Final = (
    _blocked(1, "wrong_id", "new", 'the id names the list "Old", not "New"', "mend the id, or set previously: Old"),
    _blocked(2, "conflict", "conflict", 'live is "Mine" since then', "reconciler accept, or --revert-drift"),
    _blocked(3, "missing", "missing", 'the API answered 404: "Not found"', "mend the id, or remove the list"),
    _blocked(4, "protect", "drift", "the list is protected", "remove protect: true"),
    _blocked(5, "rename_in_use", "retry", 'the campaign "Spring" uses it', "set policy.rename_in_use to warn"),
    _blocked(6, "name_taken", "edit", 'the list "vip" keeps the name "New"', "rename that one first"),
    _blocked(7, "rename_cycle", "edit", "blocked-7 and vip swap their names", "do it in two steps"),
    _blocked(8, "unreviewed", "new", "the plan was made without live values", "make it with --refresh"),
    _blocked(9, "unknown", "undo", "neither the manifest nor the state has it", "declare the list"),
    _blocked(10, "unreadable", "edit", "its record cannot be understood", "correct it in the console"),
)

UPDATES: Final = (
    _update(21, "sentence", before={"description": LONG}, after={"description": LONG_EDITED}, fields=("description",)),
    _update(22, "rewritten", before={"description": LONG}, after={"description": REWRITTEN}, fields=("description",)),
    _update(
        23,
        "long-names",
        cause="drift",
        before={"name": "Renewal Due - first call in May 2025 (North)"},
        after={"name": "Renewal Due - second call in June 2025 (North)"},
        fields=("name",),
        warnings=('the campaign "Spring" uses this list', "the name is 46 of 48 characters long"),
    ),
    _update(24, "unread", cause="retry", before={}, after={"name": "New", "description": ""}, fields=("name",)),
    _update(25, "cleared", before={"description": LONG}, after={"description": ""}, fields=("description",)),
    _update(
        26,
        "both",
        cause="undo",
        before={"name": "A", "description": ""},
        after={"name": "B", "description": "Says what it is."},
        fields=("name", "description"),
        waits_for=("long-names", "unread"),
    ),
    _update(
        27,
        "let-go",
        cause="conflict",
        before={"name": "A", "description": "Somebody else's now."},
        after={"name": "B"},
        fields=("name",),
    ),
    _update(28, "taken-over", cause="new", before={"name": "Old"}, after={"name": "New"}, fields=("name",)),
    _update(
        29,
        "marked",
        before={"description": LONG + " [-sic-]"},
        after={"description": LONG_EDITED + " [-sic-]"},
        fields=("description",),
    ),
    _update(
        30,
        "spaces",
        before={"description": LONG},
        after={"description": LONG.replace("list is", "list  is")},
        fields=("description",),
    ),
)
OTHERS: Final = (
    Adopt(key="by-hand", id=list_id(41), cause="edit", before={"name": "A"}, after={"name": "A"}, source=at(41)),
    Adopt(
        key="landed",
        id=list_id(42),
        cause="retry",
        before={"name": "A", "description": "Was managed."},
        after={"name": "A"},
        source=at(42),
    ),
    Forget(key="gone", id=list_id(43), cause="removed", before={"name": "Old list"}, after={}, source=None),
    Forget(key="nameless", id=list_id(44), cause="removed", before={"description": "x"}, after={}, source=None),
    Check(
        key="fresh",
        id=list_id(45),
        cause="new",
        before={},
        after={"name": "Fresh", "description": "Not in the state."},
        source=Source("lists/more.yaml", 3),
    ),
)
DRIFT: Final = (
    Drift("kept", list_id(61), ("name",), {"name": "Ours"}, {"name": "Theirs"}, at(61)),
    Drift(
        "kept-too",
        list_id(62),
        ("name", "description"),
        {"name": "A", "description": "x"},
        {"name": "B", "description": ""},
        at(62),
    ),
)

FEW: Final = environment("prod", RENAME, RENAME_IN_USE, ADOPTED, DESCRIBED, unchanged=996, requests=5, seconds=3)
USED: Final = {
    list_id(1): (Campaign("Renewals", "cm-9"),),
    list_id(3): (Campaign("Spring Winback", "cm-17"), Campaign("Winback, second call")),
}
EVERYTHING: Final = environment(
    "prod",
    *OTHERS,
    *UPDATES,
    *GUARDS,
    drift=DRIFT,
    last_saves={list_id(61): LastSave("u-07", "2026-11-24T17:04:11.000Z")},
    unchanged=970,
    requests=37,
    seconds=75,
    warnings=("24 changes of 1,000 lists: over max_changes (10); apply refuses without --allow-mass-change 24",),
)
WIDE: Final = environment(
    "prod",
    _update(
        1,
        "tokyo",
        before={"name": "東京のお客様 2025年5月"},
        after={"name": "東京のお客様 2025年6月"},
        fields=("name",),
    ),
    _update(
        2,
        "osaka",
        before={"name": "大阪にお住まいの契約更新が近いお客様(第一回)"},
        after={"name": "大阪にお住まいの契約更新が近いお客様(第二回)"},
        fields=("name",),
    ),
    _update(
        3,
        "letters",
        before={"description": JAPANESE},
        after={"description": JAPANESE.replace("請求", "販売")},
        fields=("description",),
    ),
    _update(
        4,
        "mixed",
        before={"name": "קמפיין אביב"},
        after={"name": "קמפיין קיץ \u200f2025 👩\u200d💻❤️"},
        fields=("name",),
        warnings=("この一覧は「春のキャンペーン」で使われています。 名前を変えると、 連絡先の登録が失敗します。",),
    ),
    unchanged=1,
    requests=7,
    seconds=1,
)
FOUL: Final = environment(
    HOSTILE,
    Update(
        key=HOSTILE,
        id=HOSTILE,
        cause="edit",
        before={"name": HOSTILE, "description": HOSTILE * 3},
        after={"name": HOSTILE + "!", "description": HOSTILE * 3 + "!"},
        source=Source(HOSTILE, 1),
        fields=("name", "description"),
        warnings=(HOSTILE,),
        waits_for=(HOSTILE,),
    ),
    Blocked(
        key=HOSTILE,
        id=HOSTILE,
        cause="new",
        before={},
        after={"name": HOSTILE},
        source=None,
        fields=("name",),
        block=Block("wrong_id", HOSTILE, HOSTILE),
    ),
    Forget(key=HOSTILE, id=HOSTILE, cause="removed", before={"name": HOSTILE}, after={}, source=None),
    drift=(Drift(HOSTILE, HOSTILE, ("name",), {"name": "x"}, {"name": HOSTILE}, Source(HOSTILE, 2)),),
    warnings=(HOSTILE,),
)


def _outcome(key: str, number: int, **rest: object) -> Outcome:
    return Outcome(**{"key": key, "id": list_id(number), "action": "update"} | rest)  # type: ignore[arg-type]


UPDATED: Final = _outcome("renewal-due", 1, outcome="updated", attempts=1, verified=True)
OUTCOMES: Final = (
    UPDATED,
    _outcome("late", 2, outcome="not_sent", error="the run was stopped before"),
    _outcome(
        "winback", 3, action="blocked", outcome="blocked", guard="rename_in_use", error='the campaign "Spring" uses it'
    ),
    _outcome("vip", 4, action="adopt", outcome="adopted"),
    _outcome("gone", 5, action="forget", outcome="forgotten"),
    _outcome("mine", 6, outcome="conflict", error='live is "Mine" now, the plan saw "Ours"; nothing was sent'),
    _outcome(
        "trimmed",
        7,
        outcome="unverified",
        attempts=1,
        verified=False,
        error='sent "VIP  customers", the API shows "VIP customers"; the state keeps that as stored',
    ),
    _outcome("lost", 8, outcome="in_doubt", attempts=5, error="PUT timed out after 30 s, five times"),
    _outcome("refused", 9, outcome="failed", attempts=2, verified=False, error='the API answered 412 "Invalid name"'),
    _outcome("wordless", 10, outcome="failed", attempts=1),
)
MIXED: Final = EnvironmentResult("prod", OUTCOMES, unchanged=990, requests=14, seconds=12.34, stopped="SIGINT")
CLEAN: Final = EnvironmentResult("dev", (UPDATED,), unchanged=999, requests=4, seconds=0.72)
IDLE: Final = EnvironmentResult("test", (), unchanged=1000, requests=1, seconds=0.2)
FOUL_RESULT: Final = EnvironmentResult(
    HOSTILE,
    (Outcome(key=HOSTILE, id=HOSTILE, action="update", outcome="failed", error=HOSTILE),),
    unchanged=0,
    requests=1,
    seconds=0.0,
    stopped=HOSTILE,
)


def ran(*environments: EnvironmentResult) -> Result:
    """Return the result of a run over these environments."""
    return Result("sha256:00", environments, planned(replace(FEW, campaigns=USED)))
