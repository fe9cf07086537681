"""A manifest of any shape is read or refused with work and words in proportion to its size."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from reconciler.errors import EditError, ManifestError
from reconciler.manifest import load
from reconciler.manifest.edit.draft import Draft
from reconciler.manifest.reading import Problems
from tests.manifest.effort import processor_seconds

ENVIRONMENT = "{host: h.example, stream_id: st-1, account_id: a1}"
HEAD = f"version: 1\nenvironments: {{prod: {ENVIRONMENT}}}\n"
MOST_CHARACTERS = 600_000


def many(piece: str, size: int, separator: str = "") -> str:
    """Return a piece, numbered in the place of %d, as often as fills a size."""
    return separator.join(piece.replace("%d", str(number)) for number in range(size // (len(piece) + 4)))


def environments(size: int) -> str:
    count = min(1000, size // 200)
    each = "".join(f"  e{number}: {ENVIRONMENT}\n" for number in range(count))
    ids = ", ".join(f"e{number}: cl-%d-{number}" for number in range(count))
    lists = "".join(
        f"  k{key}: {{id: {{{ids.replace('%d', str(key))}}}, name: a}}\n" for key in range(size // len(ids))
    )
    return f"version: 1\nenvironments:\n{each}lists:\n{lists}"


SHAPES: dict[str, Callable[[int], str]] = {
    "lists in order": lambda size: HEAD + "lists:\n" + many("  k%d: {id: cl-%d, name: Name %d}\n", size),
    "lists between braces": lambda size: HEAD + "lists: {" + many("k%d: {id: cl-%d, name: Name %d}", size, ", ") + "}",
    "lists as JSON": lambda size: HEAD + "lists: {" + many('"k%d":{"id":"cl-%d","name":"N %d"}', size, ",") + "}",
    "emoji as JSON": lambda size: (
        HEAD + "lists: {" + many('"k%d":{"id":"cl-%d","name":"%d\\ud83d\\ude00"}', size // 3, ",") + "}"
    ),
    "a wrong value each": lambda size: HEAD + "lists: {" + many("k%d: 1", size, ", ") + "}",
    "unknown keys each": lambda size: HEAD + "lists: {" + many("k%d: {nam: 1, ide: 2}", size, ", ") + "}",
    "unknown keys of one list": lambda size: HEAD + "lists: {a: {" + many("k%d: 1", size, ", ") + "}}",
    "one name for all": lambda size: HEAD + "lists:\n" + many("  k%d: {id: cl-%d, name: A}\n", size),
    "one id for all": lambda size: HEAD + "lists:\n" + many("  k%d: {id: cl-1, name: Name %d}\n", size),
    "a key again and again": lambda size: HEAD + "lists:\n" + many("  k: {id: cl-%d}\n", size),
    "a key again and again in a list": lambda size: HEAD + "lists:\n  a: {" + many("id: cl-%d", size, ", ") + "}\n",
    "globs without a file": lambda size: HEAD + "include: [" + many("no%d.yaml", size, ", ") + "]\n",
    "globs of the wrong type": lambda size: HEAD + "include: [" + many("%d", size, ", ") + "]\n",
    "ids of environments that are not": lambda size: (
        HEAD + "lists: {a: {id: {" + many("e%d: cl-%d", size, ", ") + "}}}"
    ),
    "a thousand environments": environments,
    "one id, and a thousand environments": lambda size: (
        environments(size // 2) + many("  o%d: {id: cl-%d}\n", size // 2)
    ),
    "spaces before a comment": lambda size: HEAD + f"lists:\n  a: {{id: cl-1, name: A{' ' * size}#x\n}}",
    "spaces in a name": lambda size: HEAD + f"lists:\n  a:\n    id: cl-1\n    name: A{' ' * size}B\n",
    "spaces in many lines": lambda size: (
        HEAD + "lists:\n" + many(f"  k%d: {{id: cl-%d, name: N%d{' ' * 200}}}\n", size)
    ),
    "empty lines": lambda size: HEAD + "\n" * size + "lists: {}\n",
    "comments": lambda size: HEAD + many("# x %d\n", size),
    "one long name": lambda size: HEAD + f"lists: {{a: {{id: cl-1, name: {'x' * size}}}}}",
    "one long key": lambda size: HEAD + f"lists:\n  ? {'x' * size}\n  : {{id: cl-1, nam: 1, x: 2, y: 3}}\n",
    "one long unknown key": lambda size: HEAD + f"? {'x' * size}\n: 1\n",
    "one long id": lambda size: HEAD + f"lists: {{a: {{id: '{'x' * size}', name: A}}}}",
    "one long anchor": lambda size: HEAD + f"lists: &{'x' * size} {{}}",
    "one long host": lambda size: (
        f"version: 1\nenvironments: {{prod: {{host: {'x' * size}, stream_id: st-1, account_id: a}}}}"
    ),
    "one long format": lambda size: HEAD.replace("a1}", f"a1, name_format: '{'{' * size}'}}"),
    "one long state": lambda size: HEAD + f"state: ../{'x' * size}\n",
    "one long glob": lambda size: HEAD + f"include: ['{'x' * size}', '../{'x' * size}']\n",
    "a glob of many steps": lambda size: HEAD + f"include: ['{'x/' * (size // 2)}']\n",
    "a glob of many stars": lambda size: HEAD + f"include: ['{'*a' * (size // 200)}b']\n",
    "a number of many digits": lambda size: HEAD + f"lists: {{a: {{id: cl-1, name: {'1' * size}}}}}",
    "open brackets": lambda size: HEAD + "lists: " + "[" * size,
    "open indents": lambda size: HEAD + "".join(" " * depth + "a:\n" for depth in range(int((2 * size) ** 0.5))),
    "aliases": lambda size: HEAD + "x-a: [" + many("*a", size, ", ") + "]",
    "the user's own": lambda size: HEAD + "x-a: {" + many("k%d: 1", min(size, 8000), ", ") + "}",
    "tags": lambda size: HEAD + "lists: {" + many("k%d: !!map {}", size, ", ") + "}",
    "backslashes": lambda size: HEAD + 'lists: {a: {id: cl-1, name: "' + "\\\\" * (size // 2) + '"}}',
}


def outcome(path: Path) -> str:
    try:
        load(path)
    except ManifestError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
def test_words_are_bounded(tmp_path: Path, shape: Callable[[int], str]) -> None:
    path = tmp_path / "lists.yaml"
    path.write_text(shape(60_000))
    said = outcome(path)
    assert len(said) < MOST_CHARACTERS
    assert len(said.splitlines()) <= Problems.MOST + 1
    assert max(map(len, said.splitlines()), default=0) < 1_200


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
def test_work_grows_with_the_size(tmp_path: Path, shape: Callable[[int], str]) -> None:
    small, large = tmp_path / "small.yaml", tmp_path / "large.yaml"
    small.write_text(shape(400_000))
    large.write_text(shape(1_600_000))
    least, most = processor_seconds(small, large)
    assert most < 10 * max(least, 0.3)  # quadratic work would be 16 times as much


def test_a_manifest_may_be_a_pipe_that_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "pipe.yaml"
    os.mkfifo(path)
    text = HEAD + "lists: {a: {id: cl-1, name: A}}\n"
    writer = Thread(target=path.write_text, args=(text,))
    writer.start()
    manifest = load(path)
    writer.join()
    assert list(manifest.environments["prod"].desired.lists) == ["a"]
    with pytest.raises(EditError, match="is a pipe, which cannot be changed"):
        Draft(manifest)
