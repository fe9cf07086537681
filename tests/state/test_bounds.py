"""Documents and journals of 4 MB that are all wrong: refused in words, with the memory and time of their size."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from zlib import crc32

from tests.program import UNMEASURED

BYTES = 4_000_000
MEMORY = 400_000_000
SECONDS = 60
HEAD = '"format":"reconciler/state/1","lineage":"l","serial":1,"environment":"prod",'
TARGET = '"target":{"host":"h","stream_id":"s","account_id":"a"},'


def many(piece: str) -> str:
    """Return the piece, numbered in the place of %d, as often as fills a file."""
    return ",".join(piece.replace("%d", str(number)) for number in range(BYTES // (len(piece) + 6)))


DOCUMENTS: dict[str, tuple[Callable[[], str], str]] = {
    "lists of wrong types": (
        lambda: '"lists":{' + many('"k%d":{"id":1,"status":"applied"}') + "}",
        "lists.k0.applied.id",
    ),
    "lists that are none": (
        lambda: '"lists":{' + many('"k%d":1') + "}",
        "lists.k0: Input should be a valid dictionary",
    ),
    "unknown keys": (lambda: '"lists":{},' + many('"k%d":1'), "it has [0-9]+ keys"),
    "unknown keys in the target": (lambda: '"lists":{},"written":{' + many('"k%d":1') + "}", "written has [0-9]+ keys"),
    "unknown keys in a list": (lambda: '"lists":{"x":{' + many('"k%d":1') + "}}", "lists.x has [0-9]+ keys"),
    "unknown keys deep in a list": (
        lambda: '"lists":{"x":{"stored":{' + many('"k%d":1') + "}}}",
        "lists.x.stored has [0-9]+ keys",
    ),
    "a key twice at the end": (lambda: '"lists":{' + many('"k%d":1') + ',"k0":1}', 'the key "k0" stands twice'),
    "a long key twice": (
        lambda: f'"{"k" * (BYTES // 2)}":1,"{"k" * (BYTES // 2)}":1',
        'the key "k{200}…" stands twice',
    ),
    "a long unknown key": (lambda: f'"{"k" * BYTES}":1,"lists":{{}}', "k{200}…"),
    "deep": (lambda: '"lists":' + "[" * (BYTES // 2) + "]" * (BYTES // 2), "nested deeper than a state can be"),
    "a deep object": (
        lambda: '"lists":' + '{"a":' * (BYTES // 6) + "1" + "}" * (BYTES // 6),
        "nested deeper than a state can be",
    ),
    "a huge number": (lambda: '"lists":{"a":' + "9" * BYTES + "}", "a number has too many digits"),
    "a number that is none": (lambda: '"lists":{"a":NaN}', "lists.a"),
    "an array": (lambda: '"lists":[' + many("%d") + "]", "lists: Input should be a valid dictionary"),
    "white space": (lambda: " " * BYTES + "!", "not readable as JSON"),
    "half an emoji as a status": (lambda: '"lists":{"a":{"status":"\\ud83d"}}', "lists.a"),
    "only line ends": (lambda: "\n" * BYTES, "not readable as JSON"),
}

READ = """
import os, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]), int(sys.argv[1])))
from reconciler.errors import StateDamagedError
from reconciler.state import document, journal
for path in map(Path, sys.argv[3:]):
    if os.fork() == 0:
        try:
            getattr(sys.modules["reconciler.state." + sys.argv[2]], "parse")(path.read_bytes(), where="it")
        except StateDamagedError as error:
            path.with_suffix(".said").write_text(str(error))
        sys.exit()
    assert os.wait()[1] == 0, path
"""


def refusals(kind: str, files: Mapping[str, str], folder: Path) -> Mapping[str, str]:
    """Return what is said of each file by a process of its own, which may not take much memory."""
    paths = {case: folder / f"{number}.json" for number, case in enumerate(files)}
    for case, path in paths.items():
        path.write_text(files[case])
    subprocess.run(
        [sys.executable, "-c", READ, str(MEMORY), kind, *map(str, paths.values())],
        timeout=SECONDS, check=True, env=UNMEASURED,
    )  # fmt: skip
    return {case: path.with_suffix(".said").read_text() for case, path in paths.items()}


def test_a_document_is_refused_in_proportion(tmp_path: Path) -> None:
    files = {case: "{" + HEAD + TARGET + inner() + "}" for case, (inner, _) in DOCUMENTS.items()}
    for case, said in refusals("document", files, tmp_path).items():
        assert len(said) < 2000, case
        assert re.search(DOCUMENTS[case][1], said), f"{case}: {said[:500]}"


LINES: dict[str, tuple[str, str]] = {
    "records of wrong types": ('{"key": 1, "entry": 1', "Input should be"),
    "records of many keys": (
        '{"key": "a", "entry": {' + ",".join(f'"k{n}": 1' for n in range(1000)) + "}",
        "has 1000 keys",
    ),
    "records that are no objects": ("[", "not readable as JSON"),
}


def test_a_journal_is_refused_in_proportion(tmp_path: Path) -> None:
    header = (
        '{"format": "reconciler/journal/1", "lineage": "l", "serial": 1, "environment": "prod", '
        '"target": {"host": "h", "stream_id": "s", "account_id": "a"}'
    )
    files = {}
    for case, (line, _) in LINES.items():
        total, lines = 0, []
        for body in [header, *[line] * (BYTES // (len(line) + 20))]:
            total = crc32(body.encode(), total)
            lines.append(f'{body}, "sum": "{total:08x}"}}\n')
        files[case] = "".join(lines)
    for case, said in refusals("journal", files, tmp_path).items():
        assert len(said) < 2000, case
        assert LINES[case][1] in said, case
