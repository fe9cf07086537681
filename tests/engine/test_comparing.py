"""Two environments side by side, by what they declare, what was applied, and what is live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.engine import comparing
from reconciler.engine.comparing import Side
from reconciler.engine.workspaces import PlanMetadata, Selection
from reconciler.errors import RemoteError
from reconciler.manifest import Environment, load
from reconciler.model.comparison import Comparison
from reconciler.model.lists import Absent, Live, LiveList, OddList, Target
from reconciler.protocols import Reader
from reconciler.report.view.of_comparison import view_of_comparison
from tests.planning import worlds

DEV, PROD = Target("https://h.example", "st-dev", "b1"), Target("https://h.example", "st-prod", "a1")
MANIFEST = """\
version: 1
environments:
  dev: {host: "https://h.example", stream_id: st-dev, account_id: b1, name_format: "[dev] {name}"}
  prod: {host: "https://h.example", stream_id: st-prod, account_id: a1}
lists:
"""
LISTS = """\
  alike: {id: {dev: d1, prod: p1}, name: Alike, description: Same}
  by-name: {id: {dev: d2, prod: p2}, name: VIP, overrides: {dev: {name: "[dev] VIP"}}}
  own-text: {id: {dev: d3, prod: p3}, name: Own, description: Ours, overrides: {dev: {description: Theirs}}}
  some-text: {id: {dev: d4, prod: p4}, name: Some, overrides: {prod: {description: Managed}}}
  new: {id: {dev: d5}, name: New}
  old: {id: {prod: p6}, name: Old}
"""


@pytest.fixture
def environments(tmp_path: Path) -> Mapping[str, Environment]:
    """Two environments, dev and prod, that differ in each way that a manifest can say."""
    path = tmp_path / "lists.yaml"
    path.write_text(MANIFEST + LISTS.replace(": d", ": cl-d").replace("prod: p", "prod: cl-p"))
    return load(path).environments


def compared(before: Side, after: Side, only: tuple[str, ...] = ()) -> Comparison:
    return comparing.compare(before, after, "manifest", PlanMetadata("0", "", {}), Selection(only))


def said(found: Comparison) -> list[tuple[str, str, str]]:
    """Return what the view says of each list: key, words, reason."""
    return [(entry.key, entry.words, entry.reason) for entry in view_of_comparison(found).environments[0].entries]


def steps(found: Comparison) -> list[str]:
    return [step.command.removeprefix("reconciler ") for step in view_of_comparison(found).environments[0].steps]


def test_what_is_declared(environments: Mapping[str, Environment]) -> None:
    dev, prod = (comparing.of_manifest(of.desired, of.unformat_name) for of in environments.values())
    found = compared(dev, prod)
    assert said(found) == [
        ("new", "only in dev", "it has no id in prod"),
        ("old", "only in prod", "it has no id in dev"),
        ("own-text", "different on purpose", "the description is overridden in dev"),
        ("some-text", "different on purpose", "the description is managed in prod only"),
    ]
    assert (found.alike, found.in_order) == (2, False)
    assert steps(found) == ["promote dev prod", "promote prod dev"]
    assert said(compared(prod, dev)) == said(found)
    part = compared(dev, prod, only=("own-*", "alike"))
    assert (part.alike, part.in_order, [each.key for each in part.lists]) == (1, True, ["own-text"])


def test_what_was_applied(environments: Mapping[str, Environment]) -> None:
    dev, prod = environments["dev"], environments["prod"]
    texts = {key: wanted.texts for key, wanted in dev.desired.lists.items()}
    there = {
        **texts,
        "own-text": {**texts["own-text"], "description": "Edited, and not applied in prod"},
        "left": {"name": "[dev] Left"},
    }
    here = {"alike": {"name": "Alike", "description": "Before", "intended": {"description": "Same"}}}
    here |= {"by-name": {"name": "VIP"}, "own-text": {"name": "Own", "description": "Ours"}, "old": {"name": "Old"}}
    found = compared(
        comparing.of_state(dev.desired, dev.unformat_name, worlds.applied(there)),
        comparing.of_state(prod.desired, prod.unformat_name, worlds.applied({**here, "left": {"name": "Gone"}})),
    )
    assert said(found) == [
        ("new", "only in dev", "it has no id in prod"),
        ("old", "only in prod", "it has no id in dev"),
        ("some-text", "only in dev", "declared in prod, but never applied"),
        ("alike", "different", "the description in prod is not what the manifest declares"),
        ("left", "different", ""),
        ("own-text", "different", "the description in dev is not what the manifest declares"),
    ]
    assert found.warnings == ("in doubt in prod, compared as before the last write: alike",)
    assert next(each for each in found.lists if each.key == "left").source is None
    assert steps(found) == ["promote dev prod", "promote prod dev", "plan --env dev", "plan --env prod"]


def test_no_state_is_told_of(environments: Mapping[str, Environment]) -> None:
    nothing = replace(worlds.applied({}), serial=0)
    sides = [comparing.of_state(of.desired, of.unformat_name, nothing) for of in environments.values()]
    found = compared(sides[0], sides[1])
    assert found.warnings == ("there is no state of dev yet", "there is no state of prod yet")
    assert (found.lists, found.alike, found.in_order) == ((), 0, True)


def live(**names: str) -> dict[str, LiveList]:
    return {f"cl-{key}": LiveList(f"cl-{key}", {"name": name, "description": "Same"}) for key, name in names.items()}


def test_what_is_live(environments: Mapping[str, Environment]) -> None:
    dev, prod = (of.desired for of in environments.values())
    unformat = [of.unformat_name for of in environments.values()]
    managed = comparing.managed_fields((dev, prod))
    assert managed["by-name"] == {"name"}
    there = Live(live(d1="[dev] Alike", d2="[dev] VIP", d3="[dev] Own", d4="[dev] Some", d5="[dev] New"))
    here = Live(
        live(p1="[dev] Alike", p2="VIP", p6="Old"),
        absent={"cl-p3": Absent("cl-p3", "HTTP 404")},
        odd={"cl-p4": OddList("cl-p4", "its name is null")},
    )
    found = comparing.compare(
        comparing.of_live(dev, unformat[0], there, managed),
        comparing.of_live(prod, unformat[1], here, managed),
        "live",
        PlanMetadata("0", "", {}),
        Selection(),
        requests=2,
    )
    assert said(found) == [
        ("new", "only in dev", "it has no id in prod"),
        ("old", "only in prod", "it has no id in dev"),
        ("own-text", "only in dev", "the account has no list cl-p3 (HTTP 404)"),
        ("some-text", "only in dev", "its record in prod cannot be read: its name is null"),
        ("alike", "different", "the name in prod is not what the manifest declares"),
    ]
    assert steps(found) == ["promote dev prod", "promote prod dev", "drift --env prod"]


class OneAccount:
    """An API that answers the same lists each time, or not at all."""

    def __init__(self, *, broken: bool = False) -> None:
        self.requests = 0
        self.broken = broken

    def read_all(self) -> Live:
        self.requests += 1
        if self.broken:
            raise RemoteError("HTTP 500")
        return Live(live(d1="[dev] Alike"))

    def read(self, list_id: str) -> Absent:
        self.requests += 1
        return Absent(list_id, "")


def test_an_account_is_read_once(environments: Mapping[str, Environment]) -> None:
    dev, prod = (of.desired for of in environments.values())
    shared = replace(prod, target=replace(prod.target, account_id="b1"))
    first, second = OneAccount(), OneAccount()
    readers: dict[str, Reader] = {"dev": first, "prod": second}
    lives = comparing.read_accounts((dev, shared), readers, Selection(("alike",)))
    assert lives[0] is lives[1]
    assert set(lives[0].absent) == {"cl-p1"}
    assert (first.requests, second.requests) == (2, 0)
    with pytest.raises(RemoteError, match="HTTP 500"):
        comparing.read_accounts((dev, prod), {**readers, "prod": OneAccount(broken=True)}, Selection(("alike",)))
