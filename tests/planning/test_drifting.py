"""Who moved: a row for each case of the table, and what is counted but no drift."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.drift_report import EnvironmentDrift, FieldDrift, ListDrift, Missing
from reconciler.model.lists import Absent, Applied, Campaign, Live, LiveList, Source
from reconciler.planning.drifting import drift
from tests.planning.worlds import TARGET, Short, applied, desired, live

ROWS: dict[str, tuple[Short, Short | None, Short, str]] = {
    "as declared": ({"name": "D"}, {"name": "D"}, {"name": "D"}, ""),
    "live already as the edit wants it": ({"name": "D"}, {"name": "A"}, {"name": "D"}, ""),
    "somebody changed it": ({"name": "D"}, {"name": "D"}, {"name": "L"}, "name D D L live"),
    "edited, not applied": ({"name": "D"}, {"name": "A"}, {"name": "A"}, "name D A A file"),
    "edited, and changed": ({"name": "D"}, {"name": "A"}, {"name": "L"}, "name D A L both"),
    "never applied": ({"name": "D"}, None, {"name": "L"}, "name D None L file"),
    "a field that is new to the manifest": (
        {"name": "D", "description": "d"},
        {"name": "D"},
        {"name": "D", "description": "l"},
        "description d None l file",
    ),
    "an unmanaged field": ({"description": "d"}, {"description": "d"}, {"name": "L", "description": "d"}, ""),
    "each field by itself": (
        {"name": "D", "description": "d"},
        {"name": "D", "description": "a"},
        {"name": "L", "description": "a"},
        "name D D L live; description d a a file",
    ),
    "stored otherwise": ({"name": "D"}, {"name": "D", "stored": {"name": "d"}}, {"name": "d"}, ""),
    "stored otherwise, and changed": (
        {"name": "D"},
        {"name": "D", "stored": {"name": "d"}},
        {"name": "L"},
        "name D D L live",
    ),
    "stored otherwise, and edited": (
        {"name": "E"},
        {"name": "D", "stored": {"name": "d"}},
        {"name": "d"},
        "name E D d file",
    ),
    "in doubt, not landed": (
        {"name": "D"},
        {"name": "B", "intended": {"name": "D"}},
        {"name": "B"},
        "name D B B file",
    ),
    "in doubt, landed": ({"name": "D"}, {"name": "B", "intended": {"name": "D"}}, {"name": "D"}, ""),
    "in doubt, and changed": (
        {"name": "D"},
        {"name": "B", "intended": {"name": "D"}},
        {"name": "L"},
        "name D B L live",
    ),
}


def said(found: EnvironmentDrift) -> str:
    return "; ".join(
        f"{each.field} {each.desired} {each.applied} {each.live} {each.moved}"
        for listed in found.lists
        for each in listed.fields
    )


@pytest.mark.parametrize(("wanted", "known", "served", "expected"), ROWS.values(), ids=list(ROWS))
def test_rows(wanted: Short, known: Short | None, served: Short, expected: str) -> None:
    state = applied({} if known is None else {"a": known})
    found = drift(desired({"a": wanted}), state, live({"a": served}), {"cl-a"})
    assert said(found) == expected
    assert found.in_order == (" live" not in expected and " both" not in expected)
    assert [each.doubtful for each in found.lists] in ([], ["intended" in (known or {})])


def test_a_list_moves_as_its_fields_do() -> None:
    texts = {"name": "D", "description": "d"}
    found = drift(
        desired({"a": texts}), applied({"a": texts}), live({"a": {"name": "L", "description": "l"}}), {"cl-a"}
    )
    assert found.lists[0].moved == "live"
    edited = {"name": "D", "description": "e"}
    served = {"name": "L", "description": "d"}
    (mixed,) = drift(desired({"a": edited}), applied({"a": texts}), live({"a": served}), {"cl-a"}).lists
    assert mixed.moved == "both"


def test_another_id_in_the_state_says_nothing() -> None:
    state = applied({"a": {"name": "D"}})
    moved: Applied = replace(state, lists={"a": state.lists["a"]._replace(id="cl-other")})
    found = drift(desired({"a": {"name": "D"}}), moved, live({"a": {"name": "L"}}), {"cl-a"})
    assert said(found) == "name D None L file"


def test_everything_that_is_said() -> None:
    served = live({"a": {"name": "L", "campaigns": ["C"]}, "b": None})
    state = applied({"a": {"name": "D"}})
    found = drift(desired({"a": {"name": "D"}, "b": {"name": "E"}, "c": {"name": "F"}}), state, served, {"cl-a"})
    assert found == EnvironmentDrift(
        name="prod",
        target=TARGET,
        lineage="lineage",
        serial=7,
        declared=3,
        lists=(
            ListDrift(
                "a",
                "cl-a",
                (FieldDrift("name", "D", "D", "L", "live"),),
                (Campaign("C"),),
                Source("lists.yaml", 1),
                doubtful=False,
                name="L",
            ),
        ),
        missing=(
            Missing("b", "cl-b", "HTTP 404: not found", Source("lists.yaml", 2)),
            Missing("c", "cl-c", "it is not in the list of all", Source("lists.yaml", 3)),
        ),
    )


def test_missing_and_undeclared() -> None:
    served = Live(
        {each: LiveList(each, {"name": each, "description": ""}) for each in ("cl-x", "cl-Y", "cl-z", "cl-other")},
        {"cl-a": Absent("cl-a", "HTTP 404")},
    )
    wanted = desired({"a": {"name": "D"}, "b": {"name": "E"}}, {"ignore_undeclared": ("cl-z",)})
    found = drift(wanted, applied({}), served, {"cl-a", "cl-b", "cl-other"})
    assert [(each.key, each.reason) for each in found.missing] == [
        ("a", "HTTP 404"),
        ("b", "it is not in the list of all"),
    ]
    assert [each.id for each in found.undeclared] == ["cl-x", "cl-Y"]
    assert (found.ignored, found.declared, found.in_order) == (1, 2, False)


def test_a_pattern_that_is_also_the_name_of_a_list_is_told() -> None:
    served = Live({each: LiveList(each, {"name": each, "description": ""}) for each in ("a*", "ab")}, {})
    found = drift(desired({}, {"ignore_undeclared": ("a*",)}), applied({}), served, set())
    assert found.warnings == (
        "policy.ignore_undeclared: 'a*' means only the list of that name: write 'a**' for a pattern",
    )
    assert drift(desired({}, {"ignore_undeclared": ("c*",)}), applied({}), served, set()).warnings == ()


def test_a_missing_list_is_named_as_last_applied() -> None:
    state = applied({"a": {"name": "A"}, "b": {"name": "B", "id": "cl-other"}, "c": {"description": "x"}})
    found = drift(desired({key: {"name": "New"} for key in "abcd"}), state, live({}), set())
    assert {each.key: each.name for each in found.missing} == {"a": "A", "b": "", "c": "", "d": ""}
