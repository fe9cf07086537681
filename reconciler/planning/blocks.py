"""Why a single list is not written, in words: the reason with its values, and what lifts it."""

from __future__ import annotations

import json
from dataclasses import replace

from reconciler.model.changes import Adopt, Block, Blocked, Cause, Change, Update
from reconciler.model.fields import FIELDS, NAME, Field, label
from reconciler.model.lists import Absent, Applied, DesiredList, DoubtfulList, KnownList, Live
from reconciler.model.texts import Texts, unseen_difference


def block_change(change: Change, block: Block, cause: Cause | None = None) -> Blocked:
    """Return `change` as stopped by `block`."""
    whole = tuple(field for field in FIELDS if field in change.after)
    fields = change.fields if isinstance(change, Update) else whole
    return replace(Blocked(**change.common, fields=fields, block=block), cause=cause or change.cause)


def wrong_id(wanted: DesiredList, live_name: str, applied: Applied) -> Block:
    """The id of a list that the state does not know leads to a list of another name."""
    reason = f"{wanted.id} is a list named {live_name!r}, which is {_expectation(wanted)}"
    if NAME in wanted.texts and (unseen := unseen_difference(live_name, wanted.texts[NAME])):
        reason = f"{reason}; it looks the same, but {unseen}"
    other = next((known.key for known in applied.lists.values() if known.id == wanted.id), None)
    if other is not None:
        return Block(
            "wrong_id",
            f"{reason}; the state knows it as {other!r}",
            f"if you renamed the key: {rename_in_state(applied.environment, other, wanted.key)}",
        )
    return Block(
        "wrong_id",
        reason,
        f"correct the id; or, if this is the list that you mean, add: previously: {_yaml(live_name)}",
    )


def rename_in_state(environment: str, old: str, new: str) -> str:
    """Return the command that renames a key in the state, as it was renamed in the manifest."""
    return f"reconciler state mv --env {environment} {old} {new}"


def _yaml(text: str) -> str:
    """Return a text as YAML takes it: in double quotes, which it has from JSON."""
    return json.dumps(text, ensure_ascii=False)


def _expectation(wanted: DesiredList) -> str:
    name = wanted.texts.get(NAME)
    if name is None and wanted.previously is None:
        return "nothing that the manifest mentions (neither name nor previously is declared)"
    if wanted.previously is None:
        return f"not the declared name {name!r}"
    if name is None:
        return f"not its previously {wanted.previously!r}"
    return f"neither the declared name {name!r} nor its previously {wanted.previously!r}"


OVERWRITE = "or overwrite it with --revert-drift (or policy.on_drift: overwrite)"
"""The last way out of a conflict."""


def conflict(wanted: DesiredList, known: KnownList, fields: tuple[Field, ...], live: Texts, environment: str) -> Block:
    """The same fields were changed in the manifest and elsewhere since the last apply."""
    sides = "; ".join(
        f"{label(field)}: {_last(known, field)}, now live {live[field]!r}, declared {wanted.texts[field]!r}"
        for field in fields
    )
    return Block(
        "conflict",
        f"changed elsewhere since the last apply ({sides})",
        f"take the live text into the manifest with `reconciler accept --env {environment} {wanted.key}`, {OVERWRITE}",
    )


def _last(known: KnownList, field: Field) -> str:
    text = _quote(known.texts.get(field))
    if isinstance(known, DoubtfulList) and field in known.intended:
        return f"{text} before a PUT of {known.intended[field]!r} that is in doubt"
    return f"last applied {text}"


GONE = (
    "correct its id; or, if the list was deleted, remove this environment from its `id` in the manifest (its whole "
    "key, if it has no other id), or make the list again in the console and write its new id into the manifest"
)
"""The ways out for a declared list that the account does not have."""


def missing(list_id: str, absent: Absent | None) -> Block:
    """The account has no list with this id."""
    return Block("missing", gone(list_id, absent.reason if absent else ""), GONE)


def gone(list_id: str, answer: str) -> str:
    """Return why a declared list cannot be written: the account does not have it, and what the API answered."""
    return f"the account has no list {list_id}" + (f" ({answer})" if answer else "")


def not_found(list_id: str, live: Live) -> Block:
    """Nothing usable is known of the list: its record cannot be read, or there is none."""
    odd = live.odd.get(list_id)
    if odd is None:
        return missing(list_id, live.absent.get(list_id))
    return Block(
        "unreadable",
        f"the API's record of {list_id} cannot be understood: {odd.reason}",
        f"look at the list in the console, and correct its {' and '.join(map(label, FIELDS))} there",
    )


def unknown(change: Change) -> Block:
    """A saved plan names a list that is neither declared nor in the state."""
    return Block(
        "unknown",
        f"neither the manifest nor the state has {change.key!r} with the id {change.id}",
        "make a new plan from the present manifest",
    )


def declared_again(fields: tuple[Field, ...] = ()) -> Block:
    """A saved plan would let go of a list, or of some of its fields, that the manifest declares by now."""
    what = f"lets go of the {' and '.join(map(label, fields))}" if fields else "forgets this list"
    return Block(
        "unreviewed",
        f"the plan {what}, but the manifest declares it again",
        "make a new plan from the present manifest",
    )


def unreviewed_values(fields: tuple[Field, ...]) -> Block:
    """A saved plan would overwrite values that its reviewers did not see."""
    return Block(
        "unreviewed",
        f"the plan was made without seeing the live {' and '.join(map(label, fields))}, and live is not as desired",
        "make the plan with --refresh, and have that one reviewed",
    )


def live_has_moved(change: Update | Adopt, fields: tuple[Field, ...], live: Texts) -> Block:
    """Live is no longer what the plan was made for."""
    sides = "; ".join(
        f"{label(field)}: planned {_planned_text(change, field)}, now live {live[field]!r}" for field in fields
    )
    if change.cause == "undo":
        return Block(
            "conflict",
            f"the undo would overwrite a change made elsewhere since that apply ({sides})",
            "leave it as it is, or write the text that you want into the manifest, then plan and apply",
        )
    return Block("conflict", f"changed elsewhere since the plan was made ({sides})", "look at it, and make a new plan")


def _planned_text(change: Update | Adopt, field: Field) -> str:
    if isinstance(change, Update) and field in change.fields:
        return f"from {_quote(change.before.get(field))}"
    return f"as {change.after[field]!r}"


def _quote(text: str | None) -> str:
    return "nothing" if text is None else repr(text)
