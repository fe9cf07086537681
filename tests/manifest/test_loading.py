"""What a manifest comes to: every key, every style, every language; and the schema that editors are given."""

from __future__ import annotations

import json
import re
import sys
import tempfile
import zoneinfo
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from yaml.error import MarkedYAMLError

from reconciler.errors import ManifestError
from reconciler.manifest import included_schema, load, manifest_schema
from reconciler.manifest.flaws import Flaw, Kind
from reconciler.manifest.freeze_times import zone_fault
from reconciler.manifest.policy_models import PolicyEntry
from reconciler.manifest.rules import text_fault
from reconciler.manifest.yaml_errors import explain
from reconciler.manifest.yaml_events import FASTEST, PurePythonParser
from reconciler.manifest.yaml_reader import read
from reconciler.model.fields import NAME
from reconciler.model.invisible import as_seen
from reconciler.model.lists import MaxChanges, Policy, Source, Target

EXAMPLE = Path(__file__).parents[2] / "lists.yaml.example"
HEAD = "version: 1\nenvironments: {prod: {host: h.example, stream_id: st-1, account_id: a1}}\n"


def written(folder: Path, text: str, name: str = "lists.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("key", PolicyEntry.model_fields)
def test_every_key_of_policy_is_heeded(tmp_path: Path, key: str) -> None:
    (example,) = (PolicyEntry.model_fields[key].examples or [])[:1]
    head = "version: 1\nenvironments:\n  prod: {host: platform.kore.ai, stream_id: st-1, account_id: a1, policy: {}}\n"
    (tmp_path / "lists.yaml").write_text(head.replace("{}", json.dumps({key: example})))
    assert load(tmp_path / "lists.yaml").environments["prod"].desired.policy != Policy()


def test_an_environment_has_freezes_of_its_own(tmp_path: Path) -> None:
    common = '[{reason: R, zone: Europe/Berlin, days: "fri-sun, tue", hours: 18:00-08:00, until: "2026-12-31"}]'
    text = HEAD.replace("a1}}", "a1}, dev: {host: h.example, stream_id: st-2, account_id: a2, policy: {freeze: []}}}")
    prod, dev = load(written(tmp_path, f"{text}policy: {{freeze: {common}}}\n")).environments.values()
    (freeze,) = prod.desired.policy.freeze
    assert (str(freeze.zone), sorted(freeze.days)) == ("Europe/Berlin", [1, 4, 5, 6])
    assert (freeze.begin, freeze.end) == (timedelta(hours=18), timedelta(hours=32))
    assert (freeze.since, freeze.until) == (None, datetime(2027, 1, 1))  # noqa: DTZ001  (its zone is beside it)
    assert dev.desired.policy.freeze == ()


def test_without_data_of_time_zones_it_says_where_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tzdata", None)
    zoneinfo.reset_tzpath(to=[])
    try:
        assert str(zone_fault("Europe/Vaduz")) == (
            "this machine has no data of time zones: install them (pip install tzdata, or the system's tzdata)"
        )
    finally:
        zoneinfo.reset_tzpath()


def test_the_example_loads_with_every_key_meant() -> None:
    manifest = load(EXAMPLE)
    prod, dev = manifest.environments["prod"], manifest.environments["dev"]
    assert (manifest.state, list(manifest.files)) == (".reconciler", ["lists.yaml.example"])
    assert (prod.credentials, dev.credentials, prod.requests_per_minute) == ("KORE_PROD", "KORE", 30)
    assert prod.desired.target == Target(
        "https://platform.kore.ai", "st-0603182c-7ffb-53c3-b307-47ca14b00000", "67777ce93e25326494e00000"
    )
    assert prod.desired.policy == Policy(ignore_undeclared=("Sandbox *",))
    assert dev.desired.policy.max_changes == MaxChanges(100, percent=True)
    assert dev.desired.policy.rename_in_use == "warn"
    renewal = prod.desired.lists["renewal-due"]
    assert renewal.texts == {
        "name": "Renewal Due - May/June 2025",
        "description": "Customers whose service expires in July.",
    }
    assert renewal.previously == "Renewal Due - May 2025"
    assert dev.desired.lists["renewal-due"].texts == {"name": "Renewal Due (test)", "description": ""}
    assert list(dev.desired.lists) == ["renewal-due"]
    assert prod.desired.lists["do-not-call"].protect
    assert list(prod.desired.lists["do-not-call"].texts) == ["description"]


def test_an_included_file_has_a_schema_of_its_own() -> None:
    validator = jsonschema.Draft202012Validator(included_schema())
    lists = {"lists": {"a": {"id": "cl-1", "name": "A"}}, "x-own": [1]}
    assert validator.is_valid(lists)
    assert not validator.is_valid({**lists, "version": 1})
    assert not validator.is_valid({"lists": {"a": {"name": "A"}}})


def test_the_example_fits_the_schema_and_broken_ones_do_not() -> None:
    validator = jsonschema.Draft202012Validator(manifest_schema())
    jsonschema.Draft202012Validator.check_schema(manifest_schema())
    example = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    assert list(validator.iter_errors(example)) == []
    for path, wrong in [
        (("version",), 2),
        (("environments", "prod", "stream_id"), "x"),
        (("environments", "prod", "requests_per_minute"), 4),
        (("policy", "on_drift"), "ignore"),
        (("policy", "rename_while_running"), "warn"),
        (("policy", "required"), ["id"]),
        (("policy", "freeze"), [{"reason": "R", "zone": "UTC", "days": "mo"}]),
        (("lists", "renewal-due", "name"), ""),
        (("lists", "renewal-due", "nam"), "x"),
        (("lists", "renewal-due", "id", "x-prod"), "cl-1"),
        (("lists", "x-list"), {"id": "cl-1", "name": "a"}),
    ]:
        broken = json.loads(json.dumps(example))
        at = broken
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = wrong
        assert list(validator.iter_errors(broken)), path
        text = json.dumps(broken)
        with tempfile.TemporaryDirectory() as folder, pytest.raises(ManifestError):
            load(written(Path(folder), text))


@pytest.mark.parametrize(
    ("styled", "meant"),
    [
        ("Plain text", "Plain text"),
        ("'yes'", "yes"),
        ('"2025"', "2025"),
        ("'~'", "~"),
        ('"- a: b # c"', "- a: b # c"),
        ("it's 5 o'clock", "it's 5 o'clock"),
        ("'it''s'", "it's"),
        ('"\\u00e9\\n"', None),
        ("Grüße, Ćao, Здравствуй", "Grüße, Ćao, Здравствуй"),
        ("שלום עולם", "שלום עולם"),
        ("更新のお知らせ", "更新のお知らせ"),
        ('"👩‍👩‍👧 family"', "👩‍👩‍👧 family"),
        ("!x", None),
        (">-\n      two\n      lines", "two lines"),
        ("|-\n      one", "one"),
        ("two\n      lines", "two lines"),
        ('"a\\\n      b"', "ab"),
    ],
)
def test_texts_in_every_style_and_language(tmp_path: Path, styled: str, meant: str | None) -> None:
    path = written(tmp_path, f"{HEAD}lists:\n  a:\n    id: cl-1\n    name: {styled}\n")
    if meant is None:
        with pytest.raises(ManifestError):
            load(path)
    else:
        assert load(path).environments["prod"].desired.lists["a"].texts == {"name": meant}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks_change_nothing(tmp_path: Path, end: str, mark: bytes) -> None:
    text = f"{HEAD}lists:\n  a: {{id: cl-1, name: a}}\n  b:\n    id: cl-2\n    name: b\n".replace("\n", end)
    (tmp_path / "lists.yaml").write_bytes(mark + text.encode())
    lists = load(tmp_path / "lists.yaml").environments["prod"].desired.lists
    assert {key: wanted.source.line for key, wanted in lists.items()} == {"a": 4, "b": 5}


def test_texts_hold_no_other_field_of_a_list(tmp_path: Path) -> None:
    written_lists = "".join(
        f"  {key}:\n    id: cl-{key}\n    name: Name {key}\n    description: Text.\n{more}"
        for key, more in {"a": "", "b": "    protect: true\n", "c": "    previously: Old\n"}.items()
    )
    desired = load(written(tmp_path, f"{HEAD}lists:\n{written_lists}")).environments["prod"].desired
    texts = {key: wanted.texts for key, wanted in desired.lists.items()}
    assert texts == {key: {"name": f"Name {key}", "description": "Text."} for key in "abc"}
    assert [wanted[1] for wanted in desired.lists.values()] == ["cl-a", "cl-b", "cl-c"]
    assert [(wanted.previously, wanted.protect) for wanted in desired.lists.values()] == [
        (None, False),
        (None, True),
        ("Old", False),
    ]


def test_environments_share_what_is_alike_in_them_and_nothing_else(tmp_path: Path) -> None:
    head = "version: 1\nenvironments:\n"
    for name, more in (("one", ""), ("two", ""), ("three", ', name_format: "[3] {name}"'), ("four", "")):
        head += f"  {name}: {{host: h.example, stream_id: st-1, account_id: a{name}{more}}}\n"
    ids = "{one: cl-1, two: cl-2, three: cl-3, four: cl-4}"
    lists = f"lists:\n  a: {{id: {ids}, name: A, description: D, overrides: {{four: {{name: Four}}}}}}\n"
    found = load(written(tmp_path, head + lists)).environments
    one, two, three, four = (each.desired.lists["a"].texts for each in found.values())
    assert one is two
    assert [one["name"], three["name"], four["name"]] == ["A", "[3] A", "Four"]
    assert {each["description"] for each in (one, three, four)} == {"D"}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("form", ["  a:\n    {}\n    {}\n    {}\n", "  a: {{{}, {}, {}}}\n"], ids=["block", "flow"])
def test_texts_come_in_one_order_however_they_are_written(tmp_path: Path, form: str, end: str) -> None:
    for fields in permutations(("id: cl-1", "name: A", "description: D")):
        path = written(tmp_path, f"{HEAD}lists:\n{form.format(*fields)}".replace("\n", end))
        assert list(load(path).environments["prod"].desired.lists["a"].texts.items()) == [
            ("name", "A"),
            ("description", "D"),
        ]


def test_a_comment_after_what_is_no_text_may_begin_as_it_will(tmp_path: Path) -> None:
    head = "version: 1 #one\nenvironments:\n  name: {host: h.example, stream_id: st-1, account_id: a1}\n"
    path = written(
        tmp_path, f"{head}lists:\n  a:\n    id:\n      name: cl-1 #ours\n    name: A\n    protect: true #so\n"
    )
    assert load(path).environments["name"].desired.lists["a"].protect


def test_included_files_are_lists_too(tmp_path: Path) -> None:
    written(tmp_path, "lists:\n  b: {id: cl-2, name: b}\n", "more/b.yaml")
    written(tmp_path, "x-note: ours\nlists:\n  c: {id: cl-3, name: c}\n", "more/c.yaml")
    written(tmp_path, "lists:\n  d: {id: cl-4, name: d}\n", "d.yaml")
    path = written(tmp_path, f"{HEAD}include: ['more/*.yaml', d.yaml, '*.yaml']\nlists:\n  a: {{id: cl-1, name: a}}\n")
    manifest = load(path)
    assert list(manifest.files) == ["lists.yaml", "more/b.yaml", "more/c.yaml", "d.yaml"]
    sources = {key: wanted.source for key, wanted in manifest.environments["prod"].desired.lists.items()}
    assert sources == {
        "a": Source(str(path), 5),
        "b": Source(str(tmp_path / "more/b.yaml"), 2),
        "c": Source(str(tmp_path / "more/c.yaml"), 3),
        "d": Source(str(tmp_path / "d.yaml"), 2),
    }


def test_problems_of_included_files_name_those_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "lists:\n  a: {id: cl-2, name: b}\nversion: 1\n", "b.yaml")
    written(tmp_path, "lists: [a]\n", "c.yaml")
    Path("out.yaml").symlink_to(EXAMPLE)
    path = written(tmp_path, f"{HEAD}include: [b.yaml, c.yaml, out.yaml]\nlists:\n  a: {{id: cl-1, name: a}}\n")
    with pytest.raises(ManifestError) as refused:
        load(Path(path.name))
    assert str(refused.value).split("\n") == [
        (
            "lists.yaml:3:27: include.2: 'out.yaml' is a link out of the manifest's folder: put the file itself there "
            "[M009]"
        ),
        "b.yaml:2:3: lists.a: is also in lists.yaml:5: remove or rename one [M054]",
        "b.yaml:3:1: version: an included file holds only lists: move version to lists.yaml [M035]",
        "c.yaml:1:8: lists: must be a mapping of keys to lists, or {} if there is none; got a sequence [M033]",
    ]


def test_environments_of_one_account_share_the_smallest_limit(tmp_path: Path) -> None:
    entry = "{host: h.example, stream_id: st-%d, account_id: a%d, requests_per_minute: %d}"
    text = "version: 1\nenvironments:\n" + "".join(
        f"  e{number}: {entry % (number, account, rate)}\n"
        for number, (account, rate) in enumerate([(1, 20), (1, 10), (2, 40)])
    )
    rates = [each.requests_per_minute for each in load(written(tmp_path, text)).environments.values()]
    assert rates == [10, 10, 40]


@pytest.mark.parametrize(
    ("host", "meant"),
    [
        ("platform.kore.ai", "https://platform.kore.ai"),
        ("HTTPS://Platform.Kore.AI/", "https://platform.kore.ai"),
        ("https://kore.example:8443", "https://kore.example:8443"),
        ("https://kore.example:443", "https://kore.example"),
        ("http://localhost:4010", "http://localhost:4010"),
        ("http://127.1.2.3", "http://127.1.2.3"),
        ("http://[::1]:80", "http://[::1]"),
        ("https://user@kore.example", None),
        ("ftp://kore.example", None),
        ("https://kore.example?x", None),
        ("https://kore.example:99999", None),
        ("https://[zz]", None),
        ("https://[1::2::3]", None),
        ("http://10.0.0.1", None),
        ("", None),
    ],
)
def test_hosts(tmp_path: Path, host: str, meant: str | None) -> None:
    environment = json.dumps({"host": host, "stream_id": "st-1", "account_id": "a1"})
    path = written(tmp_path, f"version: 1\nenvironments: {{prod: {environment}}}\n")
    if meant is None:
        with pytest.raises(ManifestError):
            load(path)
    else:
        assert load(path).environments["prod"].desired.target.host == meant


def test_files_that_cannot_be_read_are_problems_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path, said in [
        (
            "nope.yaml",
            f"nope.yaml:1:1: there is no such file in {tmp_path}: go to the folder of your manifest, name it with -f",
        ),
        (".", ".:1:1: cannot be read (it is a folder, not a file): see what it is, and its rights"),
    ]:
        with pytest.raises(ManifestError, match=re.escape(said)):
            load(Path(path))


def test_globs_name_files_only(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    path = written(tmp_path, f"{HEAD}include: ['*.yaml', nope.yaml]\nstate: ''\n")
    with pytest.raises(ManifestError) as refused:
        load(path)
    assert [(problem.path, problem.message) for problem in refused.value.problems] == [
        ("state", "is empty: write a folder or a URL, or leave the key out for .reconciler")
    ]
    path = written(tmp_path, f"{HEAD}include: ['f*.yaml', nope.yaml]\n")
    with pytest.raises(ManifestError) as refused:
        load(path)
    assert [problem.path for problem in refused.value.problems] == ["include.0", "include.1"]


def test_places_of_values_in_sequences_and_of_missing_ones() -> None:
    reading = read("f", b"a: [1, {b: 2}]\nc: x\n")
    assert [reading.position(place) for place in [("a", 1, "b"), ("a", 1), ("a", 5), ("c",)]] == [
        (1, 12),
        (1, 8),
        (1, 4),
        (2, 4),
    ]
    assert reading.position(("c",), at_key=True) == (2, 1)
    assert reading.position(("c", "d")) == (2, 4)


@pytest.mark.parametrize(
    "raw",
    [
        b'a: "\\ud800"\n',
        b'a: "\\U00110000"\n',
        b"a: b\n...\n%YAML 1." + b"1" * 5000 + b"\n---\na: b\n",
        b"a: b\n...\n%YAML 1.1\n---\na: b\n",
    ],
)
def test_both_parsers_refuse_what_only_one_would_choke_on(raw: bytes) -> None:
    for parser in (FASTEST, PurePythonParser):
        reading = read("f", raw, parser)
        assert reading.broken
        assert len(reading.problems) == 1


def test_the_fallback_parser_reads_the_example_alike() -> None:
    raw = b"---\n" + EXAMPLE.read_bytes()
    fast, slow = read("f", raw, FASTEST), read("f", raw, PurePythonParser)
    assert fast.root == slow.root
    places = [(), ("lists",), *(("lists", key) for key in fast.lists), ("environments", "prod", "host")]
    for place in places:
        assert fast.position(place) == slow.position(place)
        assert fast.position(place, at_key=True) == slow.position(place, at_key=True)


def test_an_error_without_a_row_still_has_words() -> None:
    error = MarkedYAMLError("while doing", None, "something odd", None)
    said = "this is not YAML (while doing: something odd): look at quotes, colons and indentation"
    assert explain(error, "") == (0, Flaw(Kind.NOT_YAML, said))


names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=20)


@given(st.dictionaries(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,8}", fullmatch=True), names, max_size=8))
def test_what_is_written_is_what_is_read(texts: dict[str, str]) -> None:
    trimmed = {key: text for key, text in texts.items() if not text_fault(NAME, text) and not key.startswith("x-")}
    unique = {
        key: text
        for key, text in trimmed.items()
        if [as_seen(other) for other in trimmed.values()].count(as_seen(text)) == 1
    }
    lists = {key: {"id": f"cl-{number}", "name": text} for number, (key, text) in enumerate(unique.items())}
    text = HEAD + "lists: " + json.dumps(lists, ensure_ascii=False) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        read_back = load(written(Path(folder), text)).environments["prod"].desired.lists
    assert {key: wanted.texts["name"] for key, wanted in read_back.items()} == unique


FRAGMENTS = st.sampled_from(
    [
        HEAD,
        "version: 1\n",
        *["lists:", "  a:", "id: cl-1", "name: x", "- ", "? ", "<<", "!!x", "&a", "*a", "---", "x-"],
        *"\n\t {}[]'\"|>#%:,~1😀",
    ]
)


@given(st.binary(max_size=60) | st.lists(FRAGMENTS, max_size=30).map(lambda parts: "".join(parts).encode()))
def test_garbage_is_refused_in_words_by_both_parsers(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lists.yaml"
        path.write_bytes(raw)
        with suppress(ManifestError):
            load(path)
    fast, slow = read("f", raw, FASTEST), read("f", raw, PurePythonParser)
    assert fast.broken or slow.broken or fast.root == slow.root
