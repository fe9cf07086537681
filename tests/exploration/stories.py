"""The small worlds: what is declared, served and known at the beginning, and what others may edit meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from reconciler.model.fields import Field
from reconciler.model.lists import Applied, Desired
from tests.planning.worlds import Short, applied, desired


@dataclass(frozen=True)
class Story:
    """Lists by key: as declared (`wanted`), live (`served`) and in the state (`known`; as served if not given).

    `edits` are what others may do: a list, a field, and the text that they give it. `deviations` is how many at most
    are searched unless told otherwise. `machines` run side by side; `state` says where it is kept.
    `planned`: a plan of that manifest was saved, and is applied. `undo`: at the end, what the last run did is set back.
    """

    name: str
    wanted: Mapping[str, Short]
    served: Mapping[str, Short]
    known: Mapping[str, Short] | None = None
    edits: tuple[tuple[str, Field, str], ...] = ()
    policy: Short | None = None
    deviations: int = 2
    machines: int = 1
    state: Literal["in a folder", "in objects", "on a branch"] = "in a folder"
    planned: Mapping[str, Short] | None = None
    undo: bool = False

    def desired(self) -> Desired:
        """Return the desired side."""
        return desired(self.wanted, self.policy)

    def desired_when_planned(self) -> Desired | None:
        """Return the desired side that a saved plan was made of."""
        return desired(self.planned, self.policy) if self.planned else None

    def applied(self) -> Applied:
        """Return the state at the beginning."""
        return applied(self.served if self.known is None else self.known)

    def protects(self, key: str) -> bool:
        """Tell whether nothing may be sent to a list."""
        return bool(self.wanted.get(key, {}).get("protect"))


def _edits(*lists: str) -> tuple[tuple[str, Field, str], ...]:
    """Return every edit of some lists, written `key name|name description|description`."""
    return tuple(
        (key, field, text)
        for key, names, descriptions in (each.split(" ") for each in lists)
        for field, texts in (("name", names), ("description", descriptions))
        for text in texts.split("|")
    )


ONE = Story(
    "one list",
    wanted={"a": {"name": "New", "description": "E"}},
    served={"a": {"name": "Old", "description": "D"}},
    edits=_edits("a Old|New|Else D|E|F"),
)
TWO = Story(
    "two lists",
    wanted={"a": {"name": "New", "description": "D"}, "b": {"name": "B", "description": "E"}},
    served={"a": {"name": "Old", "description": "D"}, "b": {"name": "B", "description": "D"}},
    edits=_edits("a Old|New|Else D|F", "b B|Else D|E|F"),
)
RENAMES = Story(
    "renames that wait",
    wanted={"a": {"name": "Third", "description": "D"}, "b": {"name": "First", "description": "D"}},
    served={"a": {"name": "First", "description": "D"}, "b": {"name": "Second", "description": "D"}},
    edits=_edits("a First|Third|Else D|F", "b First|Second|Else D|F"),
)
MIXED = Story(
    "adopt, forget, protected, in doubt",
    wanted={
        "a": {"name": "A", "description": "D"},
        "b": {"name": "New", "description": "D", "previously": "Old"},
        "d": {"name": "Done", "description": "D"},
        "p": {"name": "Other", "description": "D", "protect": True},
    },
    served={
        "a": {"name": "A", "description": "D"},
        "b": {"name": "Old", "description": "D"},
        "d": {"name": "Was", "description": "D"},
        "p": {"name": "Kept", "description": "D"},
        "f": {"name": "Forgotten", "description": "D"},
    },
    known={
        "d": {"name": "Was", "description": "D", "intended": {"name": "Done"}},
        "p": {"name": "Kept", "description": "D"},
        "f": {"name": "Forgotten", "description": "D"},
    },
    edits=_edits("b New|Else D|F", "d Was|Done|Else D|F"),
)
OVERWRITE = Story(
    "drift is overwritten",
    wanted={"a": {"name": "New", "description": "D"}},
    served={"a": {"name": "Old", "description": "F"}},
    known={"a": {"name": "Old", "description": "D"}},
    edits=_edits("a Old|New|Else D|F"),
    policy={"on_drift": "overwrite"},
)
IN_OBJECTS = replace(ONE, name="one list, its state in objects", state="in objects")
ON_A_BRANCH = replace(ONE, name="one list, its state on a branch", state="on a branch")
MACHINES = replace(TWO, name="two machines", edits=(), state="in objects", machines=2)
MACHINES_ON_A_BRANCH = replace(MACHINES, name="two machines, their state on a branch", state="on a branch")
SAVED = replace(TWO, name="a saved plan", planned={**TWO.wanted, "b": {"name": "B", "description": "D"}})
UNDO = replace(ONE, name="undo", undo=True)
FIELD = Story("one field", wanted={"a": {"name": "New"}}, served=ONE.served, edits=())
FIELD_ON_A_BRANCH = replace(FIELD, name="one field, its state on a branch", state="on a branch")
DEEP = tuple(replace(story, deviations=3) for story in (FIELD, FIELD_ON_A_BRANCH))
STORIES = (ONE, TWO, RENAMES, MIXED, OVERWRITE, SAVED, UNDO, IN_OBJECTS, ON_A_BRANCH, MACHINES, MACHINES_ON_A_BRANCH)
