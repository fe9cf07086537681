"""Whatever this program takes for a text, every other reader of YAML takes for the same text, or refuses."""

from __future__ import annotations

import io
import itertools
import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError as RuamelError

from reconciler.manifest.yaml_events import FASTEST, PurePythonParser
from reconciler.manifest.yaml_reader import read

NODE_MODULES = Path(__file__).parents[1] / "node" / "node_modules"
REFUSED = object()
FORMS = {
    "a value": "lists:\n  a:\n    description: {}\n",
    "a value between braces": "lists: {{a: {{description: {}, id: cl-1}}}}\n",
    "a value that ends the file": "lists:\n  a:\n    description: {}",
}
KEY_FORMS = {"a key": "lists:\n  {}: {{id: cl-1}}\n", "a key between braces": "lists: {{{}: {{id: cl-1}}}}\n"}
WORDS = [
    "y",
    "N",
    "no",
    "On",
    "OFF",
    "yes",
    "true",
    "TRUE",
    "null",
    "Null",
    "~",
    "",
    "=",
    "<<",
    ".inf",
    "-.INF",
    ".NaN",
]
NUMBERS = [
    "0",
    "1",
    "-1",
    "+1",
    "010",
    "0o17",
    "0O17",
    "0x1F",
    "0XFF",
    "0b11",
    "1_000",
    "1,000",
    "1.5",
    "1.",
    ".5",
    "1e3",
]
NUMBERS += [
    "1:30",
    "190:20:30",
    "1:30.5",
    "0x_ff",
    "-0x1F",
    "1e+3",
    "1E3",
    "-.5",
    "1_000.5",
    "685_230.15",
    "12e03",
    "0.",
    "00",
]
DATES = ["2025-01-01", "2025-1-1", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.10 -5", "2001-12-15 2:59:43.10"]
SIGNS = [
    "-",
    "?",
    ":",
    "a:b",
    "a: b",
    "a :b",
    ":a",
    "a#b",
    "a #b",
    "-a",
    "?a",
    "a?",
    "a,b",
    "a]",
    "a}",
    "%a",
    "@a",
    "`a",
    "!a",
]
SPACES = [
    "a\tb",
    "a\t",
    "a b ",
    "a\u00a0b",
    "a\u0085b",
    "a\u2028b",
    "a\u2029b",
    "a\ufeffb",
    "a\rb",
    "a\r\n      b",
    "a\n\n      b",
]
QUOTED = [
    r'"\ud83d\ude00"',
    r'"\ud83d"',
    r'"\U0001f600"',
    r'"\/\e\_\N\L\P\x41"',
    r'"a\tb"',
    '"a\\\n      b"',
    "'a''b'",
    "'a\n      b'",
]
BLOCKS = [
    ">-\n      a\n      b",
    "|-\n      a\n       b",
    ">\n      a",
    "|+\n      a\n\n",
    ">-\n      a\n\n      b",
    ">2-\n      a",
    "|-2\n      a",
    ">2\n      a",
]
TABLE = [
    *WORDS,
    *NUMBERS,
    *DATES,
    *SIGNS,
    *SPACES,
    *QUOTED,
    *BLOCKS,
    "Renewal Due - May/June 2025",
    "Grüße",
    "{?b: c}",
    "24/7",
    "1.2.3",
]

ALPHABET = "aeyYnNoOxbtTfFZz0123456789+-.,:_ ~=<>#&*!|%@`'\"\\?/[]{}\t\n\r\u0085\u00a0\u2028\ufeff\u200b\U0001f600"
near_numbers = st.text("0123456789+-.,:_eExXobtTZ ", min_size=1, max_size=12)
anything = st.text(ALPHABET, max_size=12) | st.text(st.characters(codec="utf-8"), max_size=8)
scalars = st.one_of(
    near_numbers,
    anything,
    st.sampled_from(TABLE),
    anything.map(lambda text: f'"{text}"'),
    anything.map(lambda text: f"'{text}'"),
    anything.map(json.dumps),
    anything.map(lambda text: ">-\n      " + text.replace("\n", "\n      ")),
)


def read_here(text: str) -> object:
    reading = read("f", text.encode())
    return REFUSED if reading.problems else reading.root


def by_pyyaml(loader: type) -> Callable[[str], object]:
    def load(text: str) -> object:
        return yaml.load(text, loader)

    return load


def by_ruamel(text: str) -> object:
    return YAML(typ="safe", pure=True).load(io.StringIO(text))


READERS: Mapping[str, Callable[[str], object]] = {
    **{
        name: by_pyyaml(getattr(yaml, name))
        for name in ("SafeLoader", "FullLoader", "BaseLoader", "CSafeLoader", "CFullLoader")
    },
    "ruamel": by_ruamel,
}


def outcome(reader: Callable[[str], object], text: str) -> object:
    """Return what a reader makes of a text; REFUSED where it says that it cannot."""
    try:
        return reader(text)
    except (yaml.YAMLError, RuamelError, ValueError, TypeError, AttributeError, OverflowError):
        return REFUSED


def check(text: str) -> None:
    here = read_here(text)
    if here is REFUSED or not all_texts(here):
        return
    for name, reader in READERS.items():
        other = outcome(reader, text)
        assert other is REFUSED or joined(other) == here, name


def all_texts(value: object) -> bool:
    match value:
        case dict():
            return all(all_texts(each) for each in value.values())
        case _:
            return isinstance(value, str)


def joined(value: object) -> object:
    """Return what a reader that leaves the two halves of an emoji as two characters means."""
    match value:
        case dict():
            return {joined(key): joined(each) for key, each in value.items()}
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case _:
            return value


@pytest.mark.parametrize("scalar", TABLE)
def test_other_readers_take_a_text_for_the_same(scalar: str) -> None:
    for form in itertools.chain(FORMS.values(), KEY_FORMS.values()):
        check(form.format(scalar))


@pytest.mark.parametrize("scalar", [*WORDS[:-1], *NUMBERS, *DATES])
def test_what_some_reader_takes_for_no_text_is_no_text(scalar: str) -> None:
    for form in FORMS.values():
        here = read_here(form.format(scalar))
        assert here is REFUSED or not all_texts(here)
    for form in KEY_FORMS.values():
        assert read_here(form.format(scalar)) is REFUSED


@pytest.mark.parametrize(
    "scalar", ["Renewal Due - May/June 2025", "Grüße", "24/7", "1.2.3", '"no"', "'1,000'", "May 1"]
)
def test_a_plain_text_needs_no_quotes(scalar: str) -> None:
    assert read_here(FORMS["a value"].format(scalar)) == {"lists": {"a": {"description": scalar.strip("\"'")}}}


@given(scalars, st.sampled_from([*FORMS.values(), *KEY_FORMS.values()]))
@settings(max_examples=150)
def test_any_scalar(scalar: str, form: str) -> None:
    check(form.format(scalar))


@pytest.mark.slow
@given(scalars, st.sampled_from([*FORMS.values(), *KEY_FORMS.values()]))
@settings(max_examples=20_000)
def test_any_scalar_at_length(scalar: str, form: str) -> None:
    check(form.format(scalar))


@pytest.mark.slow
@pytest.mark.parametrize("library", ["js-yaml", "yaml"])
def test_readers_of_javascript(library: str) -> None:
    node = shutil.which("node")
    if node is None or not (NODE_MODULES / library).is_dir():
        pytest.skip("needs Node and tests/node/node_modules")
    forms = [*FORMS.values(), *KEY_FORMS.values()]
    texts = [
        text
        for form in forms
        for scalar in TABLE
        if (here := read_here(text := form.format(scalar))) is not REFUSED and all_texts(here)
    ]
    script = (
        f"const yaml = require({library!r}); const load = yaml.load ?? yaml.parse;"
        "const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        "console.log(JSON.stringify(texts.map(text => { try { return [load(text)]; } catch { return []; } })));"
    )
    ran = subprocess.run(
        [node, "-e", script],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
        cwd=NODE_MODULES.parent,
    )
    for text, other in zip(texts, json.loads(ran.stdout), strict=True):
        assert other in ([], [read_here(text)]), text


def test_both_parsers_join_the_halves_of_an_emoji() -> None:
    raw = FORMS["a value"].format(r'"\ud83d\ude00 \\ud83d \\\ud83d\ude00"').encode()
    for parser in (FASTEST, PurePythonParser):
        reading = read("f", raw, parser)
        assert reading.root == {"lists": {"a": {"description": "😀 \\ud83d \\😀"}}}
