"""Each guard has an entry, and the example there is what the program says of such a list."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import get_args

import pytest
import yaml

from reconciler.codes.marking import code_of
from reconciler.model.changes import Blocked, EnvironmentPlan, Guard, Plan
from reconciler.model.lists import Live, OddList, Source
from reconciler.planning.build import build
from reconciler.planning.guard import apply_guards
from reconciler.planning.revalidation import revalidate
from reconciler.report.text import lines
from reconciler.report.view.of_plan import view_of_plan
from tests.codes.examples import assert_example, codes
from tests.planning.worlds import Short, applied, desired, live

WORLDS: dict[str, Short] = yaml.safe_load((Path(__file__).parent / "guards.yaml").read_text(encoding="utf-8"))


def test_every_guard_has_an_entry_and_a_world() -> None:
    assert codes("guards") == [code_of(guard) for guard in get_args(Guard)]
    assert list(WORLDS) == codes("guards")


@pytest.mark.parametrize("code", WORLDS)
def test_the_example_is_what_the_program_says(code: str) -> None:
    plan = planned(WORLDS[code])
    (change,) = (change for change in plan.changes if change.key == "renewal-due")
    assert isinstance(change, Blocked)
    assert code_of(change.block.guard) == code
    placed = replace(change, source=Source("lists.yaml", 12) if change.source else None)
    assert_example(code, shown(replace(plan, changes=(placed,))))


def planned(world: Short) -> EnvironmentPlan:
    wanted, known = desired(world["desired"]), applied(world["applied"])
    seen = None if world.get("planned") == "offline" else live_side(world)
    plan = apply_guards(build(wanted, known, seen), wanted, known, seen)
    if "now" not in world:
        return plan
    manifest, state = world.get("manifest", world["desired"]), world.get("state", world["applied"])
    return revalidate(plan, desired(manifest), applied(state), live(world["now"]))


def live_side(world: Short) -> Live:
    odd = [OddList(*world["odd"])] if "odd" in world else []
    return replace(live(world.get("live", world["applied"])), odd={each.id: each for each in odd})


def shown(plan: EnvironmentPlan) -> str:
    """Return the block of the one change of a plan, as `plan` prints it."""
    view = view_of_plan(Plan("0", "2026-11-22T10:00:00Z", True, {}, (plan,)))
    blocks = lines.render(view, colour=False, width=100).split("\n\n")
    (block,) = (block for block in blocks if block.startswith("  ! "))
    return dedent(block)
