"""Lists that are written as usual: whatever a file holds, they are read as the parser reads them, places included."""

from __future__ import annotations

from unittest import mock

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.manifest import reader
from reconciler.manifest.events import FASTEST
from reconciler.manifest.reader import read
from reconciler.manifest.reading import Place, Reading, Value

HEADS = (
    "",
    "# only a comment\n\n",
    "version: 1\n",
    "version: 1\nenvironments:\n  prod: {host: h, stream_id: s, account_id: 'a'}\n",
    "version: 1\n\nstate: a\n  b\n# x\n",
    'version: 1\nstate: "over\n  two"\n',
    "x-note: |\n  lists:\n    a\n\n",
    "x-note: |+\n  lists:\n\n\n",
    "include:\n- a\n- b\n",
    "---\nversion: 1\n",
    "%YAML 1.1\n---\nversion: 1\n",
    "environments:\n",
)
ODD_HEADS = (
    "{version: 1}\n",
    " version: 1\n",
    "- version\n",
    "version\n",
    "version: 1\n...\n",
    "version: 1\n---\n",
    'state: "\n',
    "state: [a,\n",
    "state: 'a\nlists:\n  b'\n",
    "lists: {}\n",
    "lists:\n  b:\n    id: cl-9\n",
    '"lists": {}\n',
    "state: &a b\n",
    "state: *a\n",
    "x: !t y\n",
    "? version\n",
    "version: 1\r\n",
    "# \x07\n",
    "\t\n",
    "version: 1 # lists:\rlists:\n",
)
TAILS = ("", "\n", "# end\n", "include: [a]\n", "\n# x\npolicy:\n  on_drift: keep\n", "x-note: |\n  a\n\n")
ODD_TAILS = ("  x", "...\n", "---\n", "{", "}\n", "lists: {}\n", " a: b\n", "'a\n", "include: &a b\n", "a: {b:\n c}\n")
TEXTS = (
    "Renewal Due",
    "a:b",
    "a#b",
    "(x) #1",
    '"quoted: yes # so"',
    '""',
    "Ünï 😀",
    "yes",
    "No",
    "2025",
    "1e5",
    "0x1F",
    "2026-11-25",
    "null",
    "Total",
    "12:30:45",
    "true",
    "a, b [c] {d}",
    "it's",
    'say "x"',
    "a \\ b",
    "'a: \"b\" # c'",
    "''",
    "over\n      two lines",
    "over\n      - three\n      ? lines",
)
ODD_TEXTS = (
    "a: b",
    "a:",
    "a #b",
    "# x",
    "a ",
    '"a\\n"',
    "'it''s'",
    "a\n     b",
    "a\n       b",
    "a\n\n      b",
    "a \n      b",
    "a:\n      b",
    "a\n      b #c",
    "a\n      b: c",
    "a\n      # c",
    "a\n  b",
    "'a\n      b'",
    '"a\n  b:\n    id: cl-3\n    name: c"',
    "'a",
    '"a',
    "|+\n      a\n\n",
    ">-\n      a\n  # b\n",
    "|\n      a",
    "*a",
    "&a b",
    "!x y",
    "- a",
    "[a]",
    "",
    '"a" b',
    "a\tb",
    "a\u00a0b",
    "\ufeffa",
    "%a",
    "@a",
    "a\x85b",
)
ID = (
    "cl-1",
    "cl-2",
    "0123",
    "1e5",
    "yes",
    "{dev: cl-1, prod: 5e3}",
    "{dev: cl-1}",
    "\n      dev: cl-1\n      prod: no",
)
ODD_ID = (
    "{dev: a, dev: b}",
    "{dev: cl-1, }",
    "{}",
    "{ dev: a }",
    "\n      dev: a\n      dev: b",
    "\n     dev: a",
    "[a]",
    '"cl-1"',
)


ODD_FIELDS = (
    "    overrides: {prod: {name: x}}\n",
    "    overrides:\n      prod:\n        name: x\n",
    "    previously: {dev: a, prod: b}\n",
    "    x-note: [a, {b: c}]\n",
    "    # a comment\n",
    "\n",
    "    id: cl-3\n",
    "    name: again\n",
    "    previously: again\n",
    "    colour: red\n",
    "   name: a\n",
    "     name: a\n",
    "  b:\n",
)


def seldom(usual_ones: tuple[str, ...], odd_ones: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.integers(0, 11).flatmap(lambda roll: st.sampled_from(odd_ones if roll == 0 else usual_ones))


def field(name: str, value: str) -> str:
    return f"    {name}:{'' if value[:1] == chr(10) else ' '}{value}\n"


@st.composite
def entries(draw: st.DrawFn) -> str:
    fields = [field("id", draw(seldom(ID, ODD_ID)))]
    fields += [field(name, draw(seldom(TEXTS, ODD_TEXTS))) for name in ("name", "description") if draw(st.booleans())]
    if draw(st.booleans()):
        fields.append(field("protect", draw(seldom(("true", "false"), ("True", "x")))))
    if draw(st.integers(0, 5)) == 0:
        fields.append(field("previously", draw(seldom(TEXTS, ODD_TEXTS))))
    if draw(st.integers(0, 11)) == 0:
        fields.append(draw(st.sampled_from(ODD_FIELDS)))
    if draw(st.integers(0, 3)) == 0:
        draw(st.randoms(use_true_random=False)).shuffle(fields)
    before = draw(seldom(("", "", "\n", "  # a: b\n", "# é\n   \n"), ("x-a: b\n", "    # deep\n", "#\x00\n", "\t\n")))
    numbered = st.integers(0, 99).map("list-{}".format)
    key = draw(st.one_of(numbered, seldom(("a", "null", "1", "id", "x"), ("x-a", "a b", "A:", "-", "'q'", '"r"'))))
    return f"{before}  {key}:\n{''.join(fields)}"


@st.composite
def files(draw: st.DrawFn) -> str:
    """Draw a file; in most of them only lists are odd."""
    body = "".join(draw(st.lists(entries(), min_size=1, max_size=6)))
    if draw(st.integers(0, 2)):
        return f"{draw(st.sampled_from(HEADS))}lists:\n{body}{draw(st.sampled_from(TAILS))}"
    heading = draw(
        seldom(("lists:\n",), ("lists: \n", "lists: # x\n", "lists:\r\n", "lists:\n\n", " lists:\n", "lists: {}\n"))
    )
    return draw(seldom(HEADS, ODD_HEADS)) + heading + body + draw(seldom(TAILS, ODD_TAILS))


def by_parser(raw: bytes) -> Reading:
    with mock.patch.object(reader, "usual", return_value=None):
        return read("f", raw)


def places(reading: Reading) -> dict[Place, tuple[Value, tuple[int, int], tuple[int, int]]]:
    """Return each value with where it and its key stand; the order of the fields of a list means nothing."""
    found: dict[Place, tuple[Value, tuple[int, int], tuple[int, int]]] = {}

    def walk(value: Value, place: Place) -> None:
        members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        shown = type(value).__name__ if isinstance(value, dict | list) else repr(value)  # true is not 1
        found[place] = shown, reading.position(place), reading.position(place, at_key=True)
        for step, member in members:
            walk(member, (*place, step))

    if not reading.broken:
        walk(reading.root, ())
    return found


def assert_alike(text: str) -> None:
    raw = text.encode("utf-8", "surrogatepass")
    mine, parsed = read("f", raw), by_parser(raw)
    assert mine.problems == parsed.problems
    assert list(mine.root) == list(parsed.root)
    assert list(mine.lists) == list(parsed.lists)
    assert places(mine) == places(parsed)
    assert mine.list_lines == parsed.list_lines


@settings(max_examples=400, deadline=None)
@given(files())
@example("lists:\n  a:\n    id: cl-1\n")
@example("lists:\n  a:\n    id:{dev: cl-1}\n")
@example("lists:\n  a:\n    id:cl-1\n")
@example(f"lists:\n  {'a' * 1024}:\n    id: cl-1\n")
@example(f"lists:\n  {'a' * 1025}:\n    id: cl-1\n")
@example(f"lists:\n  a:\n    id: {{{'d' * 1025}: cl-1}}\n")
@example(f"lists:\n  a:\n    id:\n      {'d' * 1025}: cl-1\n")
@example("state: 'a\nlists:\n  b:\n    id: c\n    name: d'\n")
@example("x: {a: 1,\nlists:\n  b:\n    id: c\n}\n")
@example("x: '\nlists:\n  b:\n    id: c\n'\nlists: 0\n")
@example("lists:\n   a:\n     id: c\n  b:\n    id: d\n")
@example("lists:\n  a:\n    id: c\n  'b':\n    description: |+\n      x\n\n  c:\n    id: d\n\n  'd':\n    id: e\n")
def test_it_reads_what_the_parser_reads(text: str) -> None:
    assert_alike(text)


@pytest.mark.parametrize("head", ODD_HEADS)
def test_what_stands_before_them_may_be_odd(head: str) -> None:
    assert_alike(f"{head}lists:\n  a:\n    id: cl-1\n")


@settings(max_examples=400, deadline=None)
@given(files(), st.data())
def test_so_it_does_after_a_slip_of_the_pen(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    until = data.draw(st.integers(at, min(len(text), at + 2)))
    put = data.draw(
        st.text(st.sampled_from(" \n:#-{}[],\"'\\&*!|>%@`?~=.xl9\t\r\x00\u00a0\u2028é😀\ufeff"), max_size=2)
    )
    assert_alike(text[:at] + put + text[until:])


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_so_it_does_ten_thousand_times_over() -> None:
    settings(max_examples=10_000, deadline=None)(given(files())(assert_alike))()


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("written", ID)
def test_the_parser_gets_only_what_stands_around_the_lists(head: str, written: str) -> None:
    lists = f"  # x\n  a:\n{field('id', written)}    name: A b\n\n  b:\n    id: cl-2\n    protect: true\n"
    parsed: list[str] = []

    def parser(text: str) -> yaml.SafeLoader:
        parsed.append(text)
        return FASTEST(text)

    reading = read("f", f"{head}lists:\n{lists}".encode(), parser)
    assert list(reading.lists) == ["a", "b"]
    assert parsed == [f"{head}lists: 0\n"]
    assert_alike(f"{head}lists:\n{lists}")
