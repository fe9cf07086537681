"""Changes that somebody may take with a click: whole lines, by the file's own bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.errors import ManifestError
from reconciler.manifest import load
from reconciler.manifest.edit.suggestions import Suggestion, suggest_changes, suggest_quotes
from reconciler.model.changes import Block, Blocked, Drift, EnvironmentPlan, Guard, Plan
from reconciler.model.fields import Field
from reconciler.model.lists import Source, Target
from reconciler.model.texts import Texts
from tests.program import some_lists, workplace

HEAD = """\
version: 1
environments:
  prod: {host: h.example, stream_id: st-1, account_id: a1}
lists:
"""
DEV = "  dev: {host: h.example, stream_id: st-1, account_id: a2}\nlists:\n"
VIP = "  vip: # ours\n    id: cl-1\n    name: VIP\n    description: D\n"


def written(folder: Path, lists: str) -> Path:
    path = folder / "lists.yaml"
    head = HEAD.replace("lists:\n", DEV) if "dev:" in lists else HEAD
    path.write_bytes((head + lists).encode())
    return path


def blocked(
    guard: Guard, live: Texts, declared: Texts, *fields: Field, lift: str = "add: previously"
) -> EnvironmentPlan:
    change = Blocked(
        key="vip",
        id="cl-1",
        cause="new",
        before=live,
        after=declared,
        source=Source("lists.yaml", 6),
        fields=fields,
        block=Block(guard, "a reason", lift),
    )
    return EnvironmentPlan("prod", Target("h.example", "st-1", "a1"), "", 0, (change,))


def suggested(path: Path, environment: EnvironmentPlan) -> list[tuple[int, int, tuple[str, ...]]]:
    plan = Plan("", "", True, {}, (environment,))
    found = list(suggest_changes(load(path), plan))
    assert all(Path(each.file) == path for each in found)
    return [(each.first, each.last, each.lines) for each in found]


def quoted(path: Path) -> list[Suggestion]:
    with pytest.raises(ManifestError) as refused:
        load(path)
    return list(suggest_quotes(path, refused.value.problems))


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        (VIP, (5, 5, ("  vip: # ours", '    previously: "Old \\"one\\""'))),
        ("  vip: {id: cl-1, name: VIP}\n", (5, 5, ('  vip: {previously: "Old \\"one\\"", id: cl-1, name: VIP}',))),
        (
            "  vip:\n    id: {prod: cl-1, dev: cl-2}\n    name: VIP\n",
            (6, 6, ("  vip:", '    previously: {prod: "Old \\"one\\""}')),
        ),
    ],
)
def test_a_list_of_another_name_is_taken_over(
    tmp_path: Path, lists: str, expected: tuple[int, int, tuple[str, ...]]
) -> None:
    plan = blocked("wrong_id", {"name": 'Old "one"'}, {"name": "VIP"})
    assert suggested(written(tmp_path, lists), plan) == [expected]


def test_nothing_is_suggested_that_could_be_taken_by_half_or_does_not_help(tmp_path: Path) -> None:
    live: Texts = {"name": "Other", "description": "Live"}
    declared: Texts = {"name": "VIP", "description": "D"}
    renamed = blocked("wrong_id", live, declared, lift="if you renamed the key: reconciler state mv --env prod a vip")
    assert suggested(written(tmp_path, VIP), renamed) == []
    assert suggested(written(tmp_path, VIP), blocked("protect", live, declared)) == []
    path = written(tmp_path, VIP.replace("    description", "    x-note: y\n    description"))
    assert suggested(path, blocked("conflict", live, declared, "name", "description")) == []
    path = written(tmp_path, VIP + "    previously: Older\n")
    assert suggested(path, blocked("wrong_id", live, declared)) == []
    path = written(tmp_path, VIP.replace("\n", "\r\n"))
    assert suggested(path, blocked("conflict", live, declared, "name")) == []
    path = written(tmp_path, VIP)
    assert suggested(path, blocked("conflict", {"name": "x" * 500}, declared, "name")) == []
    path = written(tmp_path, "  vip: {id: cl-1, name: VIP}\n")
    assert suggested(path, blocked("wrong_id", {"name": ""}, declared)) == []


def test_a_name_that_only_looks_like_the_live_one_is_written_as_live(tmp_path: Path) -> None:
    plan = blocked("wrong_id", {"name": "VIP"}, {"name": "V\u0406P"})
    path = written(tmp_path, VIP.replace("VIP", "V\u0406P"))
    assert suggested(path, plan) == [(7, 7, ("    name: VIP",))]


def test_a_json_manifest_stays_json(tmp_path: Path) -> None:
    path = tmp_path / "lists.json"
    environments = {"prod": {"host": "h.example", "stream_id": "st-1", "account_id": "a1"}}
    lists = {"vip": {"id": {"prod": "cl-1"}, "name": "VIP", "description": "D"}}
    path.write_text(json.dumps({"version": 1, "environments": environments, "lists": lists}, indent=1))
    declared: Texts = {"name": "VIP", "description": "D"}
    ((first, last, lines),) = suggested(path, blocked("wrong_id", {"name": "Old", "description": "D"}, declared))
    kept = path.read_text().splitlines()
    changed = json.loads("\n".join([*kept[: first - 1], *lines, *kept[last:]]))
    assert changed["lists"] == {"vip": {"previously": {"prod": "Old"}, **lists["vip"]}}


def test_what_changed_elsewhere_is_declared(tmp_path: Path) -> None:
    conflict = blocked("conflict", {"name": "VIP", "description": "Live: new"}, {"description": "D"}, "description")
    assert suggested(written(tmp_path, VIP), conflict) == [(8, 8, ('    description: "Live: new"',))]
    drift = Drift("vip", "cl-1", ("name",), {"name": "VIP"}, {"name": "Theirs"}, Source("lists.yaml", 6))
    plan = EnvironmentPlan("prod", Target("h.example", "st-1", "a1"), "", 0, (), (drift,))
    assert suggested(written(tmp_path, VIP), plan) == [(7, 7, ("    name: Theirs",))]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("    name: 2025 # the year", '    name: "2025" # the year'),
        ("    name: yes", '    name: "yes"'),
        ("    name: Calls #5", '    name: "Calls #5"'),
        ("    name: *star", '    name: "*star"'),
        ("    name: a: b", '    name: "a: b"'),
    ],
)
def test_a_value_that_needs_quotes_gets_them(tmp_path: Path, line: str, expected: str) -> None:
    path = written(tmp_path, f"  vip:\n    id: cl-1\n{line}\n")
    (suggestion,) = quoted(path)
    assert (suggestion.file, suggestion.first, suggestion.last, suggestion.lines) == (str(path), 7, 7, (expected,))


@pytest.mark.parametrize("lists", ["  vip:\n    id: nope\n    name: ''\n", "  vip:\r\n    id: cl-1\r\n    name: 5\r\n"])
def test_a_value_that_is_wrong_in_quotes_too_stays(tmp_path: Path, lists: str) -> None:
    assert quoted(written(tmp_path, lists)) == []


def test_a_manifest_that_is_not_there_or_no_text_has_no_suggestions(tmp_path: Path) -> None:
    assert quoted(tmp_path / "lists.yaml") == []
    path = tmp_path / "lists.yaml"
    path.write_bytes(b"\xff\xff")
    assert quoted(path) == []


def test_plan_saves_the_comments_of_a_review(tmp_path: Path) -> None:
    (known,) = some_lists(1)
    (tmp_path / ".git").mkdir()
    saved = tmp_path / "suggestions.tsv"
    with workplace(tmp_path, [known]) as made:
        made.declare([known], a={"name": "Its name"})
        made.run("plan", "--refresh", "--suggest", saved.name)
        (line,) = saved.read_text().splitlines()
        made.manifest("  a:\n    id: cl-1\n    name: 5\n")
        assert made.run("plan", "--suggest", saved.name).code == 1
        quoted = saved.read_text()
        made.manifest("  a:\n    id: cl-1\n    name: ```5\n")
        assert made.run("plan", "--suggest", saved.name).code == 1
        assert made.run("plan").code == 1
    path, first, last, comment = line.split("\t")
    assert (path, first, last) == ("lists.yaml", "10", "10")
    assert json.loads(comment) == {
        "path": "lists.yaml",
        "side": "RIGHT",
        "line": 10,
        "body": f"`{known.id} is a list named {known.texts['name']!r}, which is not the declared name 'Its name'`\n\n"
        f'```suggestion\n  a:\n    previously: "{known.texts["name"]}"\n```\n',
    }
    assert '```suggestion\\n    name: \\"5\\"\\n```' in quoted
    assert saved.read_text() == "", "a suggestion with a fence in it would end early"
