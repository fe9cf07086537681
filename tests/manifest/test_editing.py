"""Accept and import change just the texts that they are told to: the rest of a file stays, to the byte."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reconciler.errors import EditError, ManifestError
from reconciler.manifest import load
from reconciler.manifest.edit.acceptance import Wanted, accept_texts, find_overrides
from reconciler.manifest.edit.draft import Draft, declarations
from reconciler.manifest.edit.imports import Imports, import_lists
from reconciler.manifest.edit.list_text import NewList
from reconciler.manifest.edit.promotion import Candidate, add_ids, candidates, matches
from reconciler.manifest.rules import text_fault
from reconciler.manifest.values import Environment
from reconciler.model.fields import NAME, Field
from reconciler.model.lists import LiveList, Source
from tests.manifest.styles import Written, live_descriptions, live_names, manifests, names
from tests.planning.worlds import desired

ENVIRONMENTS = """\
version: 1
environments:
  prod: {host: h.example, stream_id: st-1, account_id: a1}
"""
TWO = """\
version: 1
environments:
  prod: {host: h.example, stream_id: st-1, account_id: a1}
  dev: {host: h.example, stream_id: st-1, account_id: a2, name_format: "[dev] {name}"}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "lists.yaml"
    path.write_bytes(text.encode())
    return path


def made(path: Path, changes: Mapping[str, tuple[bytes, bytes]]) -> str:
    """Write the changes; return the manifest's text."""
    for name, (_, new) in changes.items():
        (path.parent / name).parent.mkdir(exist_ok=True)
        (path.parent / name).write_bytes(new)
    return path.read_bytes().decode()


def accepted(path: Path, *wanted: tuple[str, str, Field, str]) -> str:
    draft = Draft(load(path))
    _, refused, expected = accept_texts(draft, [Wanted(*each) for each in wanted])
    assert refused == []
    return made(path, draft.changes(expected))


def imported(path: Path, undeclared: Mapping[str, list[LiveList]], into: str = "lists.yaml") -> Imports:
    new = not (path.parent / into).exists()
    draft = Draft(load(path, {into: b"lists: {}"} if new else None), into if new else None)
    imports, expected = import_lists(draft, undeclared, into)
    made(path, draft.changes(expected))
    return imports


def live_list(list_id: str, name: str, description: str = "") -> LiveList:
    return LiveList(list_id, {"name": name, "description": description})


ACCEPTED = {
    "plain stays plain": ("name: Old # why\n", "New name", "name: New name # why\n"),
    "plain that would mean something else": ("name: Old # why\n", "yes", 'name: "yes" # why\n'),
    "single quotes stay": ("name: 'Old'\n", "It's new", "name: 'It''s new'\n"),
    "double quotes stay": ('name: "Old"   # why\n', 'a "b" \\', 'name: "a \\"b\\" \\\\"   # why\n'),
    "folded stays folded": ("name: >-  # why\n      Old\n      one\n\n", "New", "name: >-  # why\n      New\n\n"),
    "literal stays literal": ("name: |-\n        Old\n", "New", "name: |-\n        New\n"),
    "a block that cannot hold it": ("name: >- # why\n      Old\n", "a\u200fb", 'name: "a\\u200fb" # why\n'),
    "a plain one over two lines": ("name: Old\n      one # why\n", "New", "name: New # why\n"),
    "at the end, without a line break": ("name: Old", "New", "name: New"),
    "a key that follows": ("name: Old\n    x-a: b\n", "New", "name: New\n    x-a: b\n"),
}


@pytest.mark.parametrize(("before", "text", "after"), ACCEPTED.values(), ids=list(ACCEPTED))
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_text_is_rewritten_in_its_style(tmp_path: Path, before: str, text: str, after: str, newline: str) -> None:
    head = f"{ENVIRONMENTS}lists:\n  a:\n    id: cl-1\n    "
    path = written(tmp_path, (head + before).replace("\n", newline))
    assert accepted(path, ("prod", "a", "name", text)) == (head + after).replace("\n", newline)


BOTH = "id: {prod: cl-1, dev: cl-2}\n    name: L\n    description: D\n"
OVERRIDDEN = {
    "shared: this environment gets an override": (
        "id: {prod: cl-1, dev: cl-2}\n    name: L\n    # below\n",
        [("dev", "name", "Other")],
        'id: {prod: cl-1, dev: cl-2}\n    name: L\n    overrides: {dev: {name: "Other"}}\n    # below\n',
    ),
    "shared, and all accept the same": (
        "id: {prod: cl-1, dev: cl-2}\n    name: L\n",
        [("dev", "name", "[dev] New"), ("prod", "name", "New")],
        "id: {prod: cl-1, dev: cl-2}\n    name: New\n",
    ),
    "alone there: its own text, without the format": (
        "id: {dev: cl-2}\n    name: L # n\n",
        [("dev", "name", "[dev] New")],
        "id: {dev: cl-2}\n    name: New # n\n",
    ),
    "alone there, and it does not fit the format": (
        "id: {dev: cl-2}\n    name: L\n",
        [("dev", "name", "New")],
        'id: {dev: cl-2}\n    name: L\n    overrides: {dev: {name: "New"}}\n',
    ),
    "an override is rewritten": (
        "id: {prod: cl-1, dev: cl-2}\n    name: L\n    overrides: {dev: {name: 'T' }} # t\n",
        [("dev", "name", "U")],
        "id: {prod: cl-1, dev: cl-2}\n    name: L\n    overrides: {dev: {name: 'U' }} # t\n",
    ),
    "one more field of an override": (
        f"{BOTH}    overrides:\n      dev:\n        name: T # t\n",
        [("dev", "description", "E")],
        f'{BOTH}    overrides:\n      dev:\n        name: T # t\n        description: "E"\n',
    ),
    "one more environment of overrides, and one more field, at one place": (
        f"{BOTH}    overrides:\n      dev:\n        name: T\n",
        [("dev", "description", "E"), ("prod", "description", "F")],
        (
            f"{BOTH}    overrides:\n      dev:\n        name: T\n"
            '        description: "E"\n      prod: {description: "F"}\n'
        ),
    ),
    "in braces": (
        "{id: {prod: cl-1, dev: cl-2}, name: L,\n     overrides: {}}\n",
        [("dev", "name", "T"), ("prod", "name", "M")],
        '{id: {prod: cl-1, dev: cl-2}, name: L,\n     overrides: {dev: {name: "T"}, prod: {name: "M"}}}\n',
    ),
}


def test_a_sequence_ends_where_its_last_item_does(tmp_path: Path) -> None:
    path = written(tmp_path, f"{TWO}lists:\n  a:\n    {BOTH}    x-teams:\n      - one # 1\n")
    assert accepted(path, ("dev", "a", "name", "O")).endswith(
        '    x-teams:\n      - one # 1\n    overrides: {dev: {name: "O"}}\n'
    )


@pytest.mark.parametrize(("before", "wanted", "after"), OVERRIDDEN.values(), ids=list(OVERRIDDEN))
def test_several_environments(tmp_path: Path, before: str, wanted: list[tuple[str, Field, str]], after: str) -> None:
    head = f"{TWO}lists:\n  a:{' ' if before.startswith('{') else chr(10) + '    '}"
    path = written(tmp_path, head + before)
    draft, texts = Draft(load(path)), [Wanted(name, "a", field, text) for name, field, text in wanted]
    assert {each.text in after.partition("overrides")[2] for each in find_overrides(draft, texts)} <= {True}
    assert bool(find_overrides(draft, texts)) is ("overrides" in after)
    assert accepted(path, *((name, "a", field, text) for name, field, text in wanted)) == head + after


def test_names_that_are_swapped_are_accepted_together(tmp_path: Path) -> None:
    lists = "lists:\n  a: {id: cl-1, name: A}\n  b: {id: cl-2, name: B}\n"
    path = written(tmp_path, ENVIRONMENTS + lists)
    assert accepted(path, ("prod", "a", "name", "B"), ("prod", "b", "name", "A")) == ENVIRONMENTS + (
        "lists:\n  a: {id: cl-1, name: B}\n  b: {id: cl-2, name: A}\n"
    )


def test_what_the_rules_refuse_is_left_as_it_is(tmp_path: Path) -> None:
    lists = "lists:\n  a: {id: cl-1, name: A}\n  b: {id: cl-2, name: B, description: D}\n"
    draft = Draft(load(written(tmp_path, ENVIRONMENTS + lists)))
    wanted = [
        Wanted("prod", "a", "name", "b"),
        Wanted("prod", "b", "name", " B"),
        Wanted("prod", "b", "description", "x" * 257),
    ]
    done, refused, expected = accept_texts(draft, wanted)
    assert (done, draft.changes(expected)) == ([], {})
    assert [(each.wanted.text[:2], each.why) for each in refused] == [
        (" B", "begins or ends with white space: remove it"),
        ("xx", "is 257 characters long, and a description has at most 256: shorten it by 1"),
        ("b", "is also the name of another list in this environment, ignoring case"),
    ]


@given(manifests(), st.data())
@settings(max_examples=50)
def test_accept_changes_these_texts_and_nothing_else(manifest: Written, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = manifest.save(Path(folder))
        try:
            loaded = load(path)
        except ManifestError:
            assume(False)
        here = [(env, key) for env, lists in declarations(loaded).items() for key in lists]
        env, key = data.draw(st.sampled_from(here))
        fields = sorted(declarations(loaded)[env][key][1])
        field = data.draw(st.sampled_from(fields))
        text = data.draw(live_names if field == "name" else live_descriptions)
        draft = Draft(loaded)
        done, refused, expected = accept_texts(draft, [Wanted(env, key, field, text)])
        assert len(done) + len(refused) == 1
        changes = draft.changes(expected)
        assert bool(changes) == bool(done)
        if refused:
            return
        made(path, changes)
        assert declarations(load(path))[env][key][1][field] == text
        _stays_but_for(manifest, path.read_bytes(), key, env, field)


def _stays_but_for(manifest: Written, after: bytes, key: str, env: str, field: str) -> None:
    """Either one text stands where another stood, or something was added at one place; the rest is as it was."""
    rewritten = [
        after.startswith(manifest.raw(manifest.pieces[:at])) and after.endswith(_ending(manifest, at))
        for place, at in manifest.places.items()
        if place in {(key, field), (key, env, field)}
    ]
    assert any(rewritten) or _is_insertion(manifest.raw(), after)


def _ending(manifest: Written, at: int) -> bytes:
    return "".join(manifest.pieces[at + 1 :]).replace("\n", manifest.newline).encode()


@given(manifests(environments=("prod",)), st.lists(st.tuples(live_names, live_descriptions), max_size=4))
@settings(max_examples=50)
def test_import_adds_and_changes_nothing_else(manifest: Written, served: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = manifest.save(Path(folder))
        before = declarations(load(path))["prod"]
        lists = [live_list(f"cl-n{number}", *texts) for number, texts in enumerate(served)]
        imports = imported(path, {"prod": lists})
        after = declarations(load(path))["prod"]
        assert {key: after[key] for key in before} == before
        assert {after[each.key][0] for each in imports.imported} == {each.id for each in imports.imported}
        by_id = {each.id: each for each in lists}
        for each in imports.imported:
            assert after[each.key][1].items() <= by_id[each.id].texts.items()
        assert len(imports.imported) + len(imports.refused) == len(lists)
        old, new = manifest.raw(), path.read_bytes()
        assert _is_insertion(old, new)
        again = imported(path, {"prod": [each for each in lists if each.id in str(imports.refused)]})
        assert (again.imported, again.refused, path.read_bytes()) == ([], [], new)


def _is_insertion(old: bytes, new: bytes) -> bool:
    """Tell whether one piece was put into `old`, or a last line ended before it."""
    same = 0
    while same < len(old) and same < len(new) and old[same] == new[same]:
        same += 1
    return new.endswith(old[same:])


B = '  b:\n    id: cl-2\n    name: "B"\n    description: ""\n'
IMPORTED = {
    "below what is there": (
        "lists:\n  a:\n    id: cl-1\n    name: A\n    # of a\n# far\n",
        f"lists:\n  a:\n    id: cl-1\n    name: A\n    # of a\n{B}# far\n",
    ),
    "into no lists": ("lists: {} # none\n", f"lists: # none\n{B}"),
    "where there are no lists": (
        "x-a: 1\n",
        'x-a: 1\nlists:\n  b:\n    id: cl-2\n    name: "B"\n    description: ""\n',
    ),
    "between braces that hold a comment": (
        "lists: { # mine\n  } # other\n",
        'lists: {b: {id: cl-2, name: "B", description: ""} # mine\n  } # other\n',
    ),
    "between braces": (
        "lists: {a: {id: cl-1, name: A}}",
        'lists: {a: {id: cl-1, name: A}, b: {id: cl-2, name: "B", description: ""}}',
    ),
    "further in than usual": (
        "lists:\n     a: {id: cl-1, name: A}\n",
        (
            "lists:\n     a: {id: cl-1, name: A}\n"
            '     b:\n          id: cl-2\n          name: "B"\n          description: ""\n'
        ),
    ),
    "as far in as its neighbours": (
        "lists:\n    a:\n        id: cl-1\n        name: A\n",
        (
            "lists:\n    a:\n        id: cl-1\n        name: A\n"
            '    b:\n        id: cl-2\n        name: "B"\n        description: ""\n'
        ),
    ),
}


@pytest.mark.parametrize(("before", "after"), IMPORTED.values(), ids=list(IMPORTED))
def test_where_new_lists_stand(tmp_path: Path, before: str, after: str) -> None:
    path = written(tmp_path, ENVIRONMENTS + before)
    imported(path, {"prod": [live_list("cl-2", "B")]})
    assert path.read_text() == ENVIRONMENTS + after


def test_a_manifest_in_braces(tmp_path: Path) -> None:
    head = "{version: 1, environments: {prod: {host: h.example, stream_id: st-1, account_id: a1}}"
    path = written(tmp_path, f"{head}, lists: {{}}}}")
    imported(path, {"prod": [live_list("cl-2", "B"), live_list("cl-3", " C")]})
    assert path.read_text() == (
        head + ', lists: {b: {id: cl-2, name: "B", description: ""}}}\n'
        '# not imported from prod: cl-3, " C": its name begins or ends with white space: remove it\n'
    )
    path = written(tmp_path, head + "}\n")
    imported(path, {"prod": [live_list("cl-2", "B")]})
    assert path.read_text() == head + ', lists: {b: {id: cl-2, name: "B", description: ""}}}\n'
    path = written(tmp_path, head + ", lists: {}}\n")
    imported(path, {"prod": [live_list("cl-3", " C")]})
    assert "# not imported" in path.read_text()


def test_into_an_included_file_that_may_be_new(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "old.yaml").write_text("lists: {}")
    path = written(tmp_path, f"{ENVIRONMENTS}include: [lists/*.yaml]\n")
    imported(path, {"prod": [live_list("cl-2", "B")]}, "lists/new.yaml")
    imported(path, {"prod": [live_list("cl-3", "C")]}, "lists/old.yaml")
    path.write_text(path.read_text().replace("lists/*.yaml", "lists/*.yaml, none.yaml"))
    assert imported(path, {"prod": []}, "none.yaml").imported == []
    path.write_text(path.read_text().replace(", none.yaml", ""))
    imported(path, {"prod": [live_list("cl-4", " D")]}, "lists/none.yaml")
    assert (tmp_path / "lists/none.yaml").read_text().startswith("lists: {}\n  # not imported from prod: cl-4")
    assert (
        tmp_path / "lists/new.yaml"
    ).read_text() == 'lists:\n  b:\n    id: cl-2\n    name: "B"\n    description: ""\n'
    assert (tmp_path / "lists/old.yaml").read_text() == 'lists:\n  c:\n    id: cl-3\n    name: "C"\n    description: ""'
    assert list(load(path).environments["prod"].desired.lists) == ["b", "c"]


def test_several_environments_become_one_list_with_an_id_each(tmp_path: Path) -> None:
    path = written(tmp_path, f"{TWO}lists:\n  old:\n    id: {{prod: cl-0}}\n    name: Old\n    description: o\n")
    served = {
        "prod": [live_list("cl-1", "One", "1"), live_list("cl-2", "Two", "2"), live_list("cl-5", "Prod only", "")],
        "dev": [
            live_list("cl-1d", "[dev] One", "1"),
            live_list("cl-2d", "[dev] Two", "two"),
            live_list("cl-3d", "Unformatted", ""),
            live_list("cl-4d", "[dev] Old", "older"),
        ],
    }
    imports = imported(path, served)
    assert path.read_text() == TWO + (
        "lists:\n"
        "  old:\n    id: {prod: cl-0, dev: cl-4d}\n    name: Old\n    description: o\n"
        '    overrides: {dev: {description: "older"}}\n'
        '  one:\n    id: {prod: cl-1, dev: cl-1d}\n    name: "One"\n    description: "1"\n'
        '  two:\n    id: {prod: cl-2, dev: cl-2d}\n    name: "Two"\n    description: "2"\n'
        '    overrides: {dev: {description: "two"}}\n'
        '  prod-only:\n    id: {prod: cl-5}\n    name: "Prod only"\n    description: ""\n'
        '  unformatted:\n    id: {dev: cl-3d}\n    description: ""\n    overrides: {dev: {name: "Unformatted"}}\n'
    )
    assert [(each.key, each.environment, each.new) for each in imports.imported][:2] == [
        ("one", "prod", True),
        ("one", "dev", True),
    ]


def test_a_description_that_the_rules_refuse_stays_unmanaged(tmp_path: Path) -> None:
    path = written(tmp_path, f"{TWO}lists:\n  old: {{id: {{prod: cl-0}}, name: Old}}\n")
    imports = imported(path, {"prod": [live_list("cl-1", "A", "x ")], "dev": [live_list("cl-2", "[dev] Old", "y ")]})
    assert path.read_text() == TWO + (
        "lists:\n  old: {id: {prod: cl-0, dev: cl-2}, name: Old}\n"
        '  a:\n    id: {prod: cl-1}\n    name: "A"\n'
        "    # description of prod not imported: it begins or ends with white space: remove it\n"
    )
    assert [(each.key, dict(each.texts)) for each in imports.imported] == [
        ("a", {"name": "A"}),
        ("old", {"name": "[dev] Old"}),
    ]
    assert imports.remarks == ["a: description of prod not imported: it begins or ends with white space: remove it"]


def test_an_id_is_not_added_where_the_next_apply_would_overwrite_a_description(tmp_path: Path) -> None:
    lists = "lists:\n  old: {id: {prod: cl-0}, name: Old, description: o}\n"
    path = written(tmp_path, TWO + lists)
    imports = imported(path, {"dev": [live_list("cl-2", "[dev] Old", "precious ")]})
    assert imports.imported == []
    assert path.read_text() == TWO + lists + (
        '  # not imported from dev: cl-2, "[dev] Old": its description begins or ends with white space: remove it\n'
    )


def test_a_name_that_fits_the_format_chooses_first(tmp_path: Path) -> None:
    path = written(tmp_path, f"{TWO}lists: {{}}\n")
    served = {"prod": [live_list("cl-1", "A")], "dev": [live_list("cl-2", "A"), live_list("cl-3", "[dev] A")]}
    imports = imported(path, served)
    assert [(each.key, each.environment, each.id) for each in imports.imported] == [
        ("a", "prod", "cl-1"),
        ("a", "dev", "cl-3"),
        ("a-2", "dev", "cl-2"),
    ]


def test_ids_are_words_and_what_no_manifest_can_have_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, f"{ENVIRONMENTS}lists:\n  a: {{id: cl-10, name: A}}\n")
    imports = imported(path, {"prod": [live_list("cl-1", long := "x" * 60), live_list("5f\n00", "B")]})
    assert imports.refused == [
        f'not imported from prod: cl-1, "{long}": its name {text_fault(NAME, long)}',
        'not imported from prod: "5f\\n00", "B": a manifest cannot hold such an id',
    ]
    assert list(load(path).environments["prod"].desired.lists) == ["a"]


NOTE = '# not imported from prod: cl-3, " C": its name begins or ends with white space: remove it\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("lists: {}\n", f"lists: {{}}\n{NOTE}"),
        ("x-a: 1\n", f"x-a: 1\n{NOTE}"),
        ("lists: {} # none", f"lists: {{}} # none\n{NOTE}".rstrip("\n")),
    ],
)
def test_where_there_is_nothing_but_a_comment_to_add(tmp_path: Path, before: str, after: str) -> None:
    path = written(tmp_path, ENVIRONMENTS + before)
    imported(path, {"prod": [live_list("cl-3", " C")]})
    assert path.read_text() == ENVIRONMENTS + after


def test_a_chain_of_names_falls_with_the_one_that_cannot_move(tmp_path: Path) -> None:
    lists = "lists:\n  a: {id: cl-1, name: A}\n  b: {id: cl-2, name: B}\n  c: {id: cl-3, name: C}\n"
    draft = Draft(load(written(tmp_path, ENVIRONMENTS + lists)))
    wanted = [Wanted("prod", "a", "name", "B"), Wanted("prod", "c", "name", "A"), Wanted("prod", "b", "name", " ")]
    done, refused, expected = accept_texts(draft, wanted)
    assert (done, [each.wanted.key for each in refused]) == ([], ["b", "a", "c"])
    assert draft.changes(expected) == {}


def test_line_ends_are_those_of_the_neighbours(tmp_path: Path) -> None:
    path = written(tmp_path, f"{ENVIRONMENTS}lists:\r\n  a:\r\n    id: cl-1\r\n    name: A\r\n")
    imported(path, {"prod": [live_list("cl-2", "B")]})
    assert path.read_bytes().decode() == (
        f"{ENVIRONMENTS}lists:\r\n  a:\r\n    id: cl-1\r\n    name: A\r\n"
        '  b:\r\n    id: cl-2\r\n    name: "B"\r\n    description: ""\r\n'
    )


def test_explicit_keys(tmp_path: Path) -> None:
    path = written(tmp_path, f"{ENVIRONMENTS}lists:\n  ? a\n  : id: cl-1\n    name: A\n")
    imported(path, {"prod": [live_list("cl-2", "B")]})
    assert list(load(path).environments["prod"].desired.lists) == ["a", "b"]


def test_two_keys_that_want_one_list(tmp_path: Path) -> None:
    lists = (
        "lists:\n  a: {id: {prod: cl-1}, name: X, overrides: {prod: {name: Z}}}\n  b: {id: {prod: cl-2}, name: X}\n"
        "  c: {id: {prod: cl-3}, name: Taken}\n  d: {id: {dev: cl-4}, name: TAKEN}\n"
    )
    draft = Draft(load(written(tmp_path, TWO + lists)))
    found = matches(candidates(draft, "prod", "dev"), [live_list("cl-5", "[dev] X"), live_list("cl-6", "[dev] Taken")])
    assert {each.candidate.key: each.why for each in found} == {
        "a": "another key without an id there would have the same name",
        "b": "another key without an id there would have the same name",
        "c": "d has that name there, ignoring case",
    }


def test_names_that_two_lists_have(tmp_path: Path) -> None:
    path = written(tmp_path, f"{ENVIRONMENTS}lists:\n  a: {{id: cl-1, name: A}}\n")
    imports = imported(path, {"prod": [live_list("cl-2", "a"), live_list("cl-3", "B"), live_list("cl-4", "b")]})
    assert [each.id for each in imports.imported] == ["cl-3"]
    assert [each.partition(": another list of this environment is called ")[2] for each in imports.refused] == [
        '"A", which counts as the same name: rename one of them, then import again',
        '"B", which counts as the same name: rename one of them, then import again',
    ]
    again = imported(path, {"prod": [live_list("cl-2", "a"), live_list("cl-4", "C")]})
    assert ([each.id for each in again.imported], again.refused) == (["cl-4"], [])
    assert ("cl-2, " in path.read_text(), "cl-4, " in path.read_text()) == (True, False)


def test_a_key_that_is_in_the_environment_already_is_not_joined(tmp_path: Path) -> None:
    lists = "lists:\n  a: {id: {prod: cl-1}, name: A, overrides: {prod: {name: Z}}}\n"
    path = written(tmp_path, TWO + lists)
    (found,) = imported(path, {"prod": [live_list("cl-2", "A")]}).imported
    assert (found.key, found.new) == ("a-2", True)


def test_keys_that_only_differ_in_their_number(tmp_path: Path) -> None:
    path = written(tmp_path, f"{ENVIRONMENTS}lists: {{}}\n")
    imported(path, {"prod": [live_list("cl-1", "X"), live_list("cl-2", "X!"), live_list("cl-3", "X?")]})
    assert list(load(path).environments["prod"].desired.lists) == ["x", "list-x-2", "list-x-3"]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Renewal Due - May/June 2025", "renewal-due-may-june-2025"),
        ("Привет", "privet"),
        ("yes", "list-yes"),
        ("2025", "list-2025"),
        ("x-ray", "list-x-ray"),
        ("---", "list-0a-9"),
        ("A", "a-2"),
        ("y", "list-y"),
    ],
)
def test_keys_are_made_from_names(tmp_path: Path, name: str, key: str) -> None:
    path = written(tmp_path, f"{ENVIRONMENTS}lists:\n  a: {{id: cl-1, name: Other}}\n")
    (found,) = imported(path, {"prod": [live_list("cl-0A.9", name)]}).imported
    assert found.key == key


def test_promotion_finds_ids_by_the_name_there(tmp_path: Path) -> None:
    lists = (
        "lists:\n  a: {id: {prod: cl-1}, name: A, description: D}\n  b:\n    id:\n      prod: cl-2 # b\n    name: B\n"
        "  c: {id: {prod: cl-3}, name: C}\n  d: {id: {prod: cl-4, dev: cl-4d}, name: D}\n"
        "  e: {id: {prod: cl-5}, name: E}\n"
        f"  f: {{id: {{prod: cl-6}}, name: {'x' * 45}}}\n"
        "  g: {id: {prod: cl-7}, overrides: {prod: {name: G}}}\n"
    )
    path = written(tmp_path, TWO + lists)
    draft = Draft(load(path))
    wanted = list(candidates(draft, "prod", "dev"))
    assert [(each.key, each.texts.get("name")) for each in wanted][:3] == [
        ("a", "[dev] A"),
        ("b", "[dev] B"),
        ("c", "[dev] C"),
    ]
    served = [
        live_list(f"cl-{n}d", f"[dev] {name}", "D") for n, name in [(1, "A"), (2, "B"), (3, "C"), (9, "C"), (8, "e")]
    ]
    found = list(matches(wanted, served))
    assert {each.candidate.key: each.live.id if each.live else each.why for each in found} == {
        "a": "cl-1d",
        "b": "cl-2d",
        "c": "2 lists have that name: cl-3d, cl-9d",
        "e": 'its name there differs in upper and lower case: cl-8d "[dev] e". '
        "Rename it in the console, then run this again",
        "f": "its name there is 51 characters long, and a name has at most 48: shorten it by 3",
        "g": "it has no name outside its overrides: nothing to look for",
    }
    made(path, draft.changes(add_ids(draft, "dev", found)))
    assert path.read_text() == TWO + lists.replace("{prod: cl-1}", "{prod: cl-1, dev: cl-1d}").replace(
        "      prod: cl-2 # b\n", "      prod: cl-2 # b\n      dev: cl-2d\n"
    )


RULED = (
    TWO
    + """\
policy: {name_pattern: "[A-Z].*", required: [description]}
lists:
  a: {id: {prod: cl-1}, name: A, description: "", x-owner: us}
"""
)


def test_rules_of_the_policy_hold_for_what_is_accepted(tmp_path: Path) -> None:
    draft = Draft(load(written(tmp_path, RULED)))
    wanted = [Wanted("prod", "a", "name", "a"), Wanted("prod", "a", "description", "d")]
    accepted, refused, expected = accept_texts(draft, wanted)
    assert (accepted, [each.wanted for each in refused]) == (wanted[1:], wanted[:1])
    assert refused[0].why == "does not match policy.name_pattern '[A-Z].*': rename the list, or change the pattern"
    assert 'name: A, description: "d"' in made(tmp_path / "lists.yaml", draft.changes(expected))


def test_rules_of_the_policy_hold_for_what_is_imported(tmp_path: Path) -> None:
    path = written(tmp_path, RULED)
    served = {
        "prod": [live_list("cl-2", "b"), live_list("cl-3", "C", "c "), live_list("cl-4", "D", "d")],
        "dev": [live_list("cl-5", "[dev] A"), live_list("cl-6", "[dev] e")],
    }
    imports = imported(path, served)
    assert [each.id for each in imports.imported] == ["cl-4", "cl-5"]
    pattern = "does not match policy.name_pattern '[A-Z].*': rename the list, or change the pattern"
    assert imports.refused == [
        f'not imported from prod: cl-2, "b": its name {pattern}',
        'not imported from prod: cl-3, "C": its description begins or ends with white space: remove it',
        f'not imported from dev: cl-6, "[dev] e": its name {pattern}',
    ]
    assert [*load(path).environments["prod"].desired.lists] == ["a", "d"]


def test_keys_of_the_users_own_are_given_to_new_lists(tmp_path: Path) -> None:
    path = written(tmp_path, RULED.replace("[description]", "[x-owner, x-team]").replace("us}", "us, x-team: 1}"))
    draft = Draft(load(path))
    with pytest.raises(EditError, match=r"asks for x-team in new lists.*Nothing was written.*\(--own x-team=TEXT\)"):
        import_lists(draft, {"prod": [live_list("cl-2", "B")]}, "lists.yaml", {"x-owner": "us"})
    path = written(tmp_path, RULED.replace("[description]", "[x-owner]"))
    assert [each.new for each in imported(path, {"dev": [live_list("cl-5", "[dev] A")]}).imported] == [False]
    draft = Draft(load(path))
    _, expected = import_lists(draft, {"prod": [live_list("cl-2", "B")]}, "lists.yaml", {"x-owner": "us: \n"})
    assert made(path, draft.changes(expected)).endswith('    description: ""\n    x-owner: "us: \\n"\n')


def test_rules_of_the_policy_hold_for_what_is_promoted(tmp_path: Path) -> None:
    dev = 'name_format: "[dev] {name}", policy: {name_pattern: "[A-Z].*", required: [description, x-owner]}}'
    lists = (
        "lists:\n  a: {id: {prod: cl-1}, name: A, description: D, x-owner: us}\n"
        "  b: {id: {prod: cl-2}, name: b, description: D, x-owner: us}\n"
        "  c: {id: {prod: cl-3}, name: C, x-owner: us}\n"
        "  d: {id: {prod: cl-4}, name: D, description: D, x-owner: ~}\n"
        '  e: {id: {prod: cl-5}, name: E, description: D, x-owner: ""}\n'
    )
    path = written(tmp_path, TWO.replace('name_format: "[dev] {name}"}', dev) + lists)
    draft = Draft(load(path))
    found = list(matches(candidates(draft, "prod", "dev"), [live_list("cl-1d", "[dev] A", "D")]))
    asked = "but policy.required asks for it: add it"
    assert [match.why for match in found] == [
        "",
        "its name there does not match policy.name_pattern '[A-Z].*': rename the list, or change the pattern",
        f"it has no description, {asked}",
        f"it has no x-owner (or an empty one), {asked}",
        f"it has no x-owner (or an empty one), {asked}",
    ]
    made(path, draft.changes(add_ids(draft, "dev", found)))
    assert list(load(path).environments["dev"].desired.lists) == ["a"]


PLAIN_IDS = {
    "plain": ("a:\n    id: cl-1  # one\n    name: A\n", "a:\n    id: {prod: cl-1}  # one\n    name: A\n"),
    "single quotes": ("a: {name: A, id: 'cl-1'}\n", "a: {name: A, id: {prod: 'cl-1'}}\n"),
    "double quotes": ('a: {id: "cl-1", name: A,}\n', 'a: {id: {prod: "cl-1"}, name: A,}\n'),
    "below its key": (
        "a:\n    id:\n      cl-1 # one\n    name: A\n",
        "a:\n    id:\n      {prod: cl-1} # one\n    name: A\n",
    ),
    "folded": ("a:\n    id: >- # one\n      cl-1\n    name: A\n", "a:\n    id: {prod: cl-1} # one\n    name: A\n"),
    "literal": ("a:\n    name: A\n    id: |-\n      cl-1\n", "a:\n    name: A\n    id: {prod: cl-1}\n"),
    "explicit": (
        "a:\n    ? id\n    : cl-1\n    ? name\n    : A\n",
        "a:\n    ? id\n    : {prod: cl-1}\n    ? name\n    : A\n",
    ),
    "one in braces": ("a: {id: {prod: cl-1}, name: A}\n", "a: {id: {prod: cl-1}, name: A}\n"),
}


def with_dev(path: Path) -> str:
    draft = Draft(load(path))
    entry = {"host": "h.example", "stream_id": "st-2", "account_id": "a2"}
    text = made(path, draft.changes(draft.add_environment("dev", entry)))
    assert list(load(path).environments) == ["prod", "dev"]
    assert load(path).environments["dev"].desired.lists == {}
    return text


@pytest.mark.parametrize(("before", "after"), PLAIN_IDS.values(), ids=list(PLAIN_IDS))
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_environment_is_added_and_plain_ids_are_those_of_the_first(
    tmp_path: Path, before: str, after: str, newline: str
) -> None:
    path = written(tmp_path, f"{ENVIRONMENTS}lists:\n  {before}# end".replace("\n", newline))
    entry = '  dev:\n    host: "h.example"\n    stream_id: "st-2"\n    account_id: "a2"\n'
    assert with_dev(path) == f"{ENVIRONMENTS}{entry}lists:\n  {after}# end".replace("\n", newline)


def test_an_environment_is_added_to_a_manifest_of_several_files_and_in_json(tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text("lists: {b: {id: cl-2, name: B}}\n")
    (tmp_path / "none.yaml").write_text("# nothing yet\n")
    flow = "environments: {prod: {host: h.example, stream_id: st-1, account_id: a1}, # p\n}\n"
    path = written(tmp_path, f"version: 1\ninclude: [more.yaml, none.yaml]\n{flow}")
    assert '}, dev: {host: "h.example", stream_id: "st-2", account_id: "a2"}, # p\n}\n' in with_dev(path)
    assert (tmp_path / "more.yaml").read_text() == "lists: {b: {id: {prod: cl-2}, name: B}}\n"
    path = written(
        tmp_path,
        JSON.replace('    "off": {"host": "h.example", "stream_id": "st-1", "account_id": "a2"}\n', "")
        .replace('"a1"},', '"a1"}')
        .replace('{"prod": "cl-1"}', '"cl-1"'),
    )
    values = json.loads(with_dev(path))
    assert values["lists"]["a"]["id"] == {"prod": "cl-1"}
    assert values["environments"]["dev"] == {"host": "h.example", "stream_id": "st-2", "account_id": "a2"}


@given(manifests(environments=("prod",)))
@settings(max_examples=30)
def test_adding_an_environment_leaves_every_list_as_it_was(manifest: Written) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = manifest.save(Path(folder))
        before = declarations(load(path))
        with_dev(path)
        assert declarations(load(path)) == {**before, "dev": {}}


def test_promotion_says_which_list_only_looks_the_same(tmp_path: Path) -> None:
    lists = "lists:\n  a: {id: {prod: cl-1}, name: A b}\n  c: {id: {prod: cl-3}, name: C}\n"
    wanted = candidates(Draft(load(written(tmp_path, TWO + lists))), "prod", "dev")
    found = matches(wanted, [live_list("cl-2", "[dev] A\u00a0b"), live_list("cl-4", "[dev] a b")])
    assert [each.why for each in found] == [
        (
            "its name there differs in what cannot be seen (Unicode normalisation, invisible characters): "
            'cl-2 "[dev] A\\u00a0b", cl-4 "[dev] a b". Rename it in the console, then run this again'
        ),
        "no list has that name there: make it in the console, or rename the one meant, and run this again",
    ]
    (sharp,) = matches([Candidate("s", {"name": "Straße"}, Source("lists.yaml", 1))], [live_list("cl-5", "Strasse")])
    assert sharp.why.startswith("its name there differs in letters that count as the same, such as ß and ss: cl-5 ")


def test_a_list_that_an_environment_of_the_same_account_declares_is_not_to_be_made_again(tmp_path: Path) -> None:
    one_account = TWO.replace("a2", "a1").replace(', name_format: "[dev] {name}"', "")
    manifest = load(written(tmp_path, one_account + "lists:\n  a: {id: {prod: cl-1}, name: A}\n"))
    wanted = candidates(Draft(manifest), "prod", "dev")
    (found,) = matches(wanted, [])
    assert found.why == (
        "prod, which is the same account as dev, declares the list of that name, as a: if that is not meant, correct "
        "the account_id of dev"
    )


def test_a_file_that_changed_since_it_was_read_is_left_alone(tmp_path: Path) -> None:
    path = written(tmp_path, f"{ENVIRONMENTS}lists: {{}}\n")
    loaded = load(path)
    path.write_text("other")
    with pytest.raises(EditError, match="it was changed meanwhile"):
        Draft(loaded)
    path.unlink()
    with pytest.raises(EditError, match=r"cannot be read \(No such file"):
        Draft(loaded)


def test_what_it_does_not_know_how_to_change_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, f"{ENVIRONMENTS}lists:\n  a: {{id: cl-1, name: A}}\n")
    draft = Draft(load(path))
    draft.add([NewList("b", "no id", {"name": "B"})], [], "lists.yaml")
    with pytest.raises(EditError, match=r"nothing was written\. As it would have been:\n.*must be an id"):
        draft.changes({})
    with pytest.raises(EditError, match="has no list 'b'"):
        Draft(load(path)).own_texts("b")
    with pytest.raises(EditError, match="does not know how to change"):
        Draft(load(path)).changes({})


def test_an_id_for_a_list_with_one_id_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, f"{ENVIRONMENTS}lists:\n  a: {{id: cl-1, name: A}}\n")
    draft = Draft(load(path))
    wanted = Candidate("a", {"name": "A"}, draft.manifest.environments["prod"].desired.lists["a"].source)
    with pytest.raises(EditError, match="has one id for one environment"):
        add_ids(draft, "prod", matches([wanted], [live_list("cl-2", "A")]))


@given(names.filter(lambda text: not text_fault(NAME, text)))
def test_a_name_is_found_again_under_any_format(name: str) -> None:
    for written_as in ("{name}", "[dev] {name}", "{name} (test)", "<{name}>"):
        environment = Environment(desired({}), "KORE", 30, written_as)
        assert environment.unformat_name(environment.format_name(name)) == name
        if written_as != "{name}":
            assert environment.unformat_name(written_as.replace("{name}", "")) is None


JSON = """{
  "version": 1,
  "environments": {
    "prod": {"host": "h.example", "stream_id": "st-1", "account_id": "a1"},
    "off": {"host": "h.example", "stream_id": "st-1", "account_id": "a2"}
  },
  "lists": {"a": {"id": {"prod": "cl-1"}, "name": "Sale \\ud83d\\ude00"}}
}
"""


@pytest.mark.parametrize("text", ["New \U0001f600", 'a "b" \\', "Tag \U000e0001 \u202e"])
def test_a_manifest_in_json_stays_json(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, JSON)
    assert load(path).environments["prod"].desired.lists["a"].texts == {"name": "Sale \U0001f600"}
    lists = {"prod": [live_list("cl-3", text, "D"), live_list("cl-4", " no")], "off": [live_list("cl-5", text, "E")]}
    (refused,) = imported(path, lists).refused
    assert "cl-4" in refused
    draft = Draft(load(path))
    found = matches(candidates(draft, "prod", "off"), [live_list("cl-2", "Sale \U0001f600")])
    made(path, draft.changes(add_ids(draft, "off", found)))
    accepted(path, ("off", "a", "name", f"{text}!"), ("prod", "a", "description", text))
    values = json.loads(path.read_text(encoding="utf-8"))["lists"]
    assert values["a"]["id"] == {"prod": "cl-1", "off": "cl-2"}
    assert (values["a"]["overrides"]["off"], values["a"].get("description")) == ({"name": f"{text}!"}, None)
    (new,) = (entry for key, entry in values.items() if key != "a")
    assert new["id"] == {"prod": "cl-3", "off": "cl-5"}
    assert new["overrides"] == {"off": {"description": "E"}}


def test_names_that_need_quotes_get_them(tmp_path: Path) -> None:
    head = TWO.replace("  dev:", '  "off":').replace(', name_format: "[dev] {name}"', "")
    path = written(tmp_path, f"{head}lists:\n  a: {{id: {{prod: cl-1}}, name: A}}\n")
    draft = Draft(load(path))
    found = matches(candidates(draft, "prod", "off"), [live_list("cl-2", "A")])
    made(path, draft.changes(add_ids(draft, "off", found)))
    accepted(path, ("off", "a", "name", "B"))
    assert path.read_text() == (
        f'{head}lists:\n  a: {{id: {{prod: cl-1, "off": cl-2}}, name: A, overrides: {{"off": {{name: "B"}}}}}}\n'
    )
