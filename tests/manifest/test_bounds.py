"""Work in proportion: large and hostile manifests are read or refused in bounded time, words and number of problems."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.errors import ManifestError
from reconciler.manifest import load
from reconciler.manifest.reading import Problems
from tests.manifest.effort import processor_seconds

HEAD = """\
version: 1
environments:
  prod: {host: https://platform.kore.ai, stream_id: st-1, account_id: "1"}
"""


def environments(number: int) -> str:
    entries = (f"  e{n}: {{host: h.example, stream_id: st-{n}, account_id: a{n}}}\n" for n in range(number))
    return "version: 1\nenvironments:\n" + "".join(entries)


SHAPES: dict[str, Callable[[int], str]] = {
    "one key, many times": lambda n: HEAD + "lists:\n" + "  a: {id: cl-1, name: a}\n" * n,
    "a flow mapping of unknown keys": lambda n: HEAD + "lists: {" + ", ".join(f"k{m}: 1" for m in range(n)) + "}\n",
    "one list with many unknown keys": lambda n: (
        HEAD + "lists:\n  a: {id: cl-1, name: a, " + ", ".join(f"k{m}: 1" for m in range(n)) + "}\n"
    ),
    "many wrong globs": lambda n: HEAD + "include: [" + "1, " * n + "]\nlists: {}\n",
    "many includes": lambda n: HEAD + "include: [" + ", ".join(f"f{m}.yaml" for m in range(n)) + "]\nlists: {}\n",
    "many environments, plain ids": lambda n: (
        environments(n // 10) + "lists:\n" + "".join(f"  a{m}: {{id: cl-{m}, name: n{m}}}\n" for m in range(n // 10))
    ),
    "many anchors": lambda n: HEAD + "lists:\n" + "".join(f"  a{m}: &x {{id: cl-{m}, name: n{m}}}\n" for m in range(n)),
    "a long key": lambda n: HEAD + "lists:\n  " + "a" * n + ": {idd: 1, nam: 2, x: 3}\n",
    "a long text": lambda n: HEAD + 'lists:\n  a: {id: cl-1, name: "' + "x" * n * 20 + '"}\n',
    "a run of spaces": lambda n: HEAD + "lists:\n  a: {id: cl-1, name: a" + " " * n * 10 + "#b}\n",
    "spaces before hashes": lambda n: HEAD + "lists:\n" + f"  # {'  #' * n}\n  a: {{id: cl-1, name: a}}\n",
    "wrong types": lambda n: HEAD + "lists:\n" + "".join(f"  a{m}: {{id: {m}, name: [x]}}\n" for m in range(n)),
    "equal names": lambda n: HEAD + "lists:\n" + "".join(f"  a{m}: {{id: cl-{m}, name: same}}\n" for m in range(n)),
}


def problems_of(folder: Path, text: str) -> ManifestError | None:
    """Return what is wrong with a manifest."""
    path = folder / "lists.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        load(path)
    except ManifestError as error:
        return error
    return None


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
def test_four_times_as_much_takes_no_sixteen_times_as_long(tmp_path: Path, shape: Callable[[int], str]) -> None:
    small, large = tmp_path / "small.yaml", tmp_path / "large.yaml"
    small.write_text(shape(2_000))
    large.write_text(shape(8_000))
    least, most = processor_seconds(small, large)
    assert most < 8 * max(least, 0.05)
    error = problems_of(tmp_path, shape(8_000))
    assert error is None or len(error.problems) <= Problems.MOST + 1
    assert len(str(error)) < 500_000


def test_after_many_problems_no_more_are_looked_for(tmp_path: Path) -> None:
    (tmp_path / "lists.yaml").write_text(SHAPES["one key, many times"](3_000))
    with pytest.raises(ManifestError) as refused:
        load(tmp_path / "lists.yaml")
    assert len(refused.value.problems) == Problems.MOST + 1
    assert str(refused.value).endswith("there are more problems: correct these first")


CROWDED = {
    "one list with many unknown keys": "lists.a",
    "many wrong globs": "",
}


@pytest.mark.parametrize("shape", CROWDED)
def test_what_holds_far_too_many_values_is_not_looked_at_one_by_one(tmp_path: Path, shape: str) -> None:
    error = problems_of(tmp_path, SHAPES[shape](60_000))
    assert error
    assert [problem.path for problem in error.problems] == [CROWDED[shape]]
    assert "holds over 50,000 values, where a few belong" in str(error)


INCLUDES = {
    "**x": "** stands for any folders, alone between slashes",
    "lists/**": "** stands for any folders, alone between slashes",
    "x" * 256: "matches no file",
    "/".join("d" * 1000): "matches no file",
    "*/" * 300 + "*.yaml": "matches no file",
    "[": "matches no file",
}


@pytest.mark.parametrize("glob", INCLUDES)
def test_an_include_that_cannot_be_meant_is_refused_in_words(tmp_path: Path, glob: str) -> None:
    (tmp_path / "lists.yaml").write_text(f'{HEAD}include: ["{glob}"]\nlists: {{}}\n')
    with pytest.raises(ManifestError) as refused:
        load(tmp_path / "lists.yaml")
    assert INCLUDES[glob] in str(refused.value)
    assert len(str(refused.value)) < 1_000


def test_globs_skip_dotfiles_and_walk_no_links(tmp_path: Path) -> None:
    entry = "lists:\n  {}: {{id: cl-{}, name: {}}}\n"
    for name in ("a.yaml", ".b.yaml", "deep/c.yaml", ".hidden/d.yaml"):
        path = tmp_path / "more" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        key = path.stem.strip(".")
        path.write_text(entry.format(key, key, key))
    for number in range(8):
        (tmp_path / "more" / f"loop{number}").symlink_to(tmp_path / "more", target_is_directory=True)
    (tmp_path / "lists.yaml").write_text(f'{HEAD}include: ["more/**/*.yaml"]\nlists: {{}}\n')
    assert list(load(tmp_path / "lists.yaml").files) == ["lists.yaml", "more/a.yaml", "more/deep/c.yaml"]
    (tmp_path / "lists.yaml").write_text(f'{HEAD}include: ["{"*/" * 12}*.yaml"]\nlists: {{}}\n')
    with pytest.raises(ManifestError, match="matches no file"):
        load(tmp_path / "lists.yaml")


def test_a_glob_through_too_many_folders(tmp_path: Path) -> None:
    for number in range(110):
        for below in range(100):
            (tmp_path / f"d{number}" / str(below)).mkdir(parents=True)
    (tmp_path / "lists.yaml").write_text(f'{HEAD}include: ["**/*.yml"]\nlists: {{}}\n')
    with pytest.raises(ManifestError, match="searches more than 10,000 folders"):
        load(tmp_path / "lists.yaml")


def test_an_included_file_of_comments_only_is_fine(tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text("# nothing yet\n")
    (tmp_path / "lists.yaml").write_text(f"{HEAD}include: [more.yaml]\nlists: {{}}\n")
    assert list(load(tmp_path / "lists.yaml").files) == ["lists.yaml", "more.yaml"]


def test_odd_files_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", 65 * 1024 * 1024)
    (tmp_path / "folder").mkdir()
    said = {"large": "it is larger than 64 MiB", "folder": "it is a folder", "/dev/zero": "it is a device"}
    for name, words in said.items():
        with pytest.raises(ManifestError, match=words):
            load(tmp_path / name)


def test_a_link_that_leads_to_itself_names_nothing(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    globs = ["loop/*.yaml", "loop", "*/x.yaml", "**/x.yaml", "l*"]
    (tmp_path / "lists.yaml").write_text(f"{HEAD}include: {globs!r}\nlists: {{}}\n")
    with pytest.raises(ManifestError) as refused:
        load(tmp_path / "lists.yaml")
    assert [problem.path for problem in refused.value.problems] == [f"include.{number}" for number in range(4)]
