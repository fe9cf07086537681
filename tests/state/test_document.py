"""What a state document looks like, what is read from one, and what is refused."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given

from reconciler.errors import StateDamagedError, StateError
from reconciler.model.lists import Applied, AppliedList, DoubtfulList
from reconciler.state.document import parse, render
from tests.state.samples import (
    DOCUMENTS,
    HOSTILE,
    LINEAGE,
    TARGET,
    applied_list,
    doubtful_list,
    state,
    states,
)

EVERYTHING = state(
    AppliedList("hostile", "cl-3", {"name": HOSTILE}, "2026-11-22T10:00:00Z"),
    AppliedList(
        "stored", "cl-4", {"name": "Ñandú ", "description": ""}, "2026-11-22T10:00:00Z", stored={"name": "Ñandú"}
    ),
    AppliedList("unmanaged", "cl-5", {}, "2026-11-22T10:00:00Z"),
    DoubtfulList(
        "doubtful",
        "cl-6",
        {"description": "Old"},
        "2026-11-22T10:00:00Z",
        intended={"description": "New", "name": "N"},
        stored={"description": "old"},
    ),
)
# Documents of every format and age that were ever written; they stay for ever.
GOLDEN: dict[str, Applied] = {
    "state-1.json": EVERYTHING,
    "state-1-empty.json": state(serial=1),
    "state-1-without-checksum.json": Applied(
        "prod",
        TARGET,
        LINEAGE,
        7,
        {
            "renewal-due": AppliedList(
                "renewal-due",
                "cl-718e888-3aca-4008-973e-6d7994000000",
                {"name": "Renewal Due - May/June 2025", "description": "Customers whose service expires in July."},
                "2026-11-22T10:00:00Z",
            ),
            "winback": DoubtfulList(
                "winback",
                "cl-718e888-3aca-4008-973e-6d7994000001",
                {"name": "Old"},
                "2026-11-22T10:00:00Z",
                intended={"name": "New"},
            ),
        },
    ),
}
SMALL = render(state(applied_list("vip"), doubtful_list("winback")))


@pytest.mark.parametrize("name", GOLDEN)
def test_reads_every_document_ever_written(name: str) -> None:
    assert parse((DOCUMENTS / name).read_bytes(), where=name) == GOLDEN[name]


def test_every_golden_document_is_tried() -> None:
    assert {path.name for path in DOCUMENTS.glob("state-*")} == GOLDEN.keys()


@pytest.mark.parametrize("name", ["state-1.json", "state-1-empty.json"])
def test_writes_what_it_wrote(name: str) -> None:
    assert render(GOLDEN[name]).encode() == (DOCUMENTS / name).read_bytes()


def test_written_without_checksum_it_differs_by_that_line_only() -> None:
    bare = (DOCUMENTS / "state-1-without-checksum.json").read_text()
    lines = render(parse(bare, where="bare")).splitlines(keepends=True)
    assert [line for line in lines if '"checksum"' not in line] == bare.splitlines(keepends=True)


@given(states)
def test_what_is_written_is_read_back(applied: Applied) -> None:
    text = render(applied)
    assert parse(text.encode(), where="x") == applied
    assert list(json.loads(text)["lists"]) == sorted(applied.lists)


LARGE = state(
    *(applied_list(f"list-{number:05}", description="é" * (number % 200)) for number in range(4000)),
    *(doubtful_list(f"other-{number}") for number in range(10)),
)


def test_a_large_document_is_read() -> None:
    raw = render(LARGE).encode()
    assert len(raw) > 1_000_000
    assert parse(raw, where="it") == LARGE


def test_a_letter_changed_anywhere_in_a_large_document_is_found() -> None:
    raw, letter, other = render(LARGE).encode(), "é".encode(), "è".encode()
    for begin in range(0, 1_000_000, 100_000):
        at = raw.index(letter, begin)
        with pytest.raises(StateDamagedError, match="does not match its checksum"):
            parse(raw[:at] + other + raw[at + len(other) :], where="it")


@pytest.mark.parametrize("known", [state(applied_list("vip")), LARGE], ids=["small", "large"])
def test_a_comma_too_many_is_found_also_under_a_checksum_that_fits(known: Applied) -> None:
    text = re.sub(r' "checksum": .*\n', "", render(known)).replace("\n }\n}", ",\n }\n}")
    checksum = hashlib.sha256(text.encode()).hexdigest()
    with pytest.raises(StateDamagedError, match="not readable as JSON"):
        parse(text.replace(' "lists"', f' "checksum": "sha256:{checksum}",\n "lists"', 1), where="it")


@given(states)
def test_every_list_is_one_line_in_every_tool(applied: Applied) -> None:
    assert len(render(applied).splitlines()) == len(applied.lists) + 8


@given(states)
def test_equal_states_give_equal_documents(applied: Applied) -> None:
    turned = {key: applied.lists[key] for key in reversed(list(applied.lists))}
    assert render(applied) == render(
        Applied(applied.environment, applied.target, applied.lineage, applied.serial, turned)
    )


@pytest.mark.parametrize(
    "relayout",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: json.dumps(json.loads(text), indent=4, sort_keys=True),
        lambda text: json.dumps(json.loads(text), separators=(",", ":")),
        lambda text: text + "\n\n",
    ],
    ids=["CRLF", "indented and sorted", "minified", "newlines at the end"],
)
def test_another_layout_loads_equal(relayout: Callable[[str], str]) -> None:
    text = render(EVERYTHING)
    assert relayout(text) != text
    assert parse(relayout(text), where="x") == EVERYTHING


def test_whoever_writes_another_layout_may_count_the_checksum_of_that() -> None:
    content = json.loads(render(EVERYTHING))
    del content["checksum"]
    before, after = json.dumps(dict(reversed(content.items())), indent=1).split("\n", 1)
    checksum = hashlib.sha256(f"{before}\n{after}".encode()).hexdigest()
    text = f'{before}\n "checksum": "sha256:{checksum}",\n{after}'
    assert parse(text, where="it") == EVERYTHING
    with pytest.raises(StateDamagedError, match="does not match its checksum"):
        parse(text.replace("cl-5", "cl-7"), where="it")


def test_an_edit_under_a_checksum_is_refused_and_one_without_is_taken() -> None:
    edited = SMALL.replace("Best customers.", "Best customers!")
    with pytest.raises(StateDamagedError) as refused:
        parse(edited, where="prod.state.json")
    assert str(refused.value) == (
        "prod.state.json: damaged: its content does not match its checksum. Nothing was changed. Bring back a whole "
        "copy of this file, from git or a backup; or move it away, to start again from what the API answers or to "
        '`reconciler state push` a backup. If it was edited or merged on purpose, take its "checksum" line out: what '
        "it says then counts as meant"
    )
    by_hand = "".join(line for line in edited.splitlines(keepends=True) if '"checksum"' not in line)
    assert parse(by_hand, where="x").lists["vip"].texts["description"] == "Best customers!"


REFUSED: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "not readable as JSON: Expecting value"),
    "cut off": (SMALL[:300], "not readable as JSON: Unterminated string"),
    "not UTF-8": (SMALL.encode() + b"\xff", f"byte {len(SMALL)} is not UTF-8"),
    "byte order mark": ("\ufeff" + SMALL, "not readable as JSON: Unexpected UTF-8 BOM"),
    "nested": ("[" * 100_000, "nested deeper than a state can be"),
    "no object": ("[]", 'its format is not "reconciler/state/1"'),
    "no format": ("{}", 'its format is not "reconciler/state/1"'),
    "another format": ('{"format": "reconciler/plan/1"}', 'its format is not "reconciler/state/1"'),
    "format that is no text": ('{"format": 1}', 'its format is not "reconciler/state/1"'),
    "key twice": (
        '{"format": "reconciler/state/1", "serial": 1, "serial": 2}',
        'not readable as JSON: the key "serial" stands twice in one object',
    ),
    "huge number": (
        SMALL.replace('"serial": 7', f'"serial": {"9" * 5000}'),
        "not readable as JSON: a number has too many",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_document_is_refused(case: str) -> None:
    text, why = REFUSED[case]
    with pytest.raises(StateDamagedError) as refused:
        parse(text, where="prod.state.json")
    assert str(refused.value).startswith(f"prod.state.json: damaged: {why}")
    assert "Bring back a whole copy of this file" in str(refused.value)


def changed(path: str, value: object) -> str:
    """Return the small document with what stands at `path` replaced, or dropped (None), and without checksum."""
    content = json.loads(SMALL)
    del content["checksum"]
    *above, last = path.split(".")
    inner = content
    for step in above:
        inner = inner[step]
    inner[last] = value
    if value is None:
        del inner[last]
    return json.dumps(content)


MISSHAPEN: list[tuple[str, object, str]] = [
    ("lineage", None, "lineage: Field required"),
    ("serial", True, "serial: Input should be a valid integer"),
    ("serial", 7.0, "serial: Input should be a valid integer"),
    ("serial", "7", "serial: Input should be a valid integer"),
    ("serial", -1, "serial: Input should be greater than or equal to 0"),
    ("checksum", 1, "checksum: Input should be an instance of str"),
    ("extra\x1b", 1, "extra\\u001b: Extra inputs are not permitted"),
    ("target.host", None, "target.host: Field required"),
    ("target.port", 1, "target.port: Extra inputs are not permitted"),
    ("lists", [], "lists: Input should be a valid dictionary"),
    ("lists.vip", [], "lists.vip: Input should be a valid dictionary"),
    ("lists.vip.status", None, "lists.vip: Unable to extract tag using discriminator 'status'"),
    ("lists.vip.status", "\x1b", "lists.vip: Input tag '\\u001b' found using 'status'"),
    ("lists.vip.id", None, "lists.vip.applied.id: Field required"),
    ("lists.vip.name", 2025, "lists.vip.applied.name: Input should be an instance of str"),
    ("lists.vip.intended", {"name": "x"}, "lists.vip.applied.intended: Extra inputs are not permitted"),
    ("lists.vip.stored", {}, "lists.vip.applied.stored: "),
    ("lists.vip.stored", {"id": ""}, "lists.vip.applied.stored.id: Extra inputs are not permitted"),
    ("lists.winback.intended", None, "lists.winback.in_doubt.intended: Field required"),
    ("lists.winback.intended", {}, "lists.winback.in_doubt.intended: "),
    ("lists.winback.applied_at", None, "lists.winback.in_doubt.applied_at: Field required"),
]


@pytest.mark.parametrize(("path", "value", "why"), MISSHAPEN)
def test_another_shape_is_refused(path: str, value: object, why: str) -> None:
    with pytest.raises(StateDamagedError) as refused:
        parse(changed(path, value), where="x")
    assert str(refused.value).startswith(f"x: damaged: {why}")


def test_counts_what_else_is_wrong() -> None:
    with pytest.raises(StateDamagedError, match=r"lineage: Field required \(and 4 more\)\. Nothing was changed"):
        parse('{"format": "reconciler/state/1"}', where="x")


@pytest.mark.parametrize("number", ["2", "10", "9" * 50])
def test_a_newer_format_asks_for_an_upgrade(number: str) -> None:
    with pytest.raises(StateError) as refused:
        parse(json.dumps({"format": f"reconciler/state/{number}"}), where="x")
    assert not isinstance(refused.value, StateDamagedError)
    assert str(refused.value) == (
        f"x: made by a newer version of reconciler: its format is reconciler/state/{number}, this one reads "
        "reconciler/state/1. Nothing was changed. Upgrade reconciler"
    )


def test_a_list_in_doubt_about_nothing_is_not_written() -> None:
    with pytest.raises(ValueError, match="vip: in doubt without the PUT"):
        render(state(DoubtfulList("vip", "cl-1", {}, "", intended={})))


def assert_refused_or_equal(raw: bytes) -> None:
    try:
        read = parse(raw, where="x")
    except StateError:
        return
    assert read == EVERYTHING, raw


def each_changed_byte(raw: bytes, values: Callable[[int], Iterator[int]]) -> Iterator[bytes]:
    for at, byte in enumerate(raw):
        for value in values(byte):
            yield raw[:at] + bytes([value]) + raw[at + 1 :]


def one_bit_off(byte: int) -> Iterator[int]:
    return (byte ^ 1 << bit for bit in range(8))


def test_a_document_with_any_bit_flipped_is_refused_or_equal() -> None:
    for damaged in each_changed_byte(render(EVERYTHING).encode(), one_bit_off):
        assert_refused_or_equal(damaged)


@pytest.mark.slow
def test_a_document_with_any_byte_changed_is_refused_or_equal() -> None:
    for damaged in each_changed_byte(render(EVERYTHING).encode(), lambda _: iter(range(256))):
        assert_refused_or_equal(damaged)


def test_a_document_cut_anywhere_or_with_a_byte_lost_or_doubled_is_refused_or_equal() -> None:
    raw = render(EVERYTHING).encode()
    for at in range(len(raw)):
        assert_refused_or_equal(raw[:at])
        assert_refused_or_equal(raw[at + 1 :])
        assert_refused_or_equal(raw[:at] + raw[at + 1 :])
        assert_refused_or_equal(raw[:at] + raw[at : at + 1] + raw[at:])


def test_a_document_with_a_line_lost_doubled_or_moved_is_refused_or_equal() -> None:
    lines = render(EVERYTHING).encode().splitlines(keepends=True)
    for at, line in enumerate(lines):
        others = lines[:at] + lines[at + 1 :]
        for to in range(len(lines)):
            assert_refused_or_equal(b"".join([*others[:to], line, *others[to:]]))
        # The checksum line alone may go: that is how a hand says that an edit is meant.
        assert_refused_or_equal(b"".join(others))
        assert_refused_or_equal(b"".join([*lines[:at], line, *lines[at:]]))


def test_no_object_of_a_document_has_many_keys() -> None:
    raw = json.loads(render(EVERYTHING))
    raw["target"] = {f"k{number}": 1 for number in range(21)}
    with pytest.raises(StateDamagedError, match="target has 21 keys, more than anything in a state has"):
        parse(json.dumps(raw).encode(), where="it")
