"""Each kind of problem of a manifest has an entry, whose example is what the loader says of the file that is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.codes.catalogue import entries
from reconciler.errors import ManifestError
from reconciler.manifest import load
from reconciler.manifest.flaws import Kind
from reconciler.manifest.loader import MOST_VALUES
from tests.codes.examples import assert_example, codes

HEAD = """\
version: 1
environments:
  prod: {host: platform.kore.ai, stream_id: st-0603182c, account_id: 67777ce9}
"""
"""What stands before an example that begins with its lists."""
FILES: dict[str, dict[str, bytes]] = {
    Kind.NOT_READ: {},
    Kind.NOT_UTF8: {"lists.yaml": f"{HEAD}lists:\n  vip: {{id: cl-1, name: Café}}\n".encode("latin-1")},
    Kind.INVISIBLE_CHARACTER: {"lists.yaml": f'{HEAD}lists:\n  vip: {{id: cl-1, name: "Gold\u2028Class"}}\n'.encode()},
    Kind.TOO_MUCH: {"lists.yaml": f"{HEAD}lists:\n  vip: {{id: [{'cl-1, ' * MOST_VALUES}]}}\n".encode()},
    Kind.ONLY_LISTS: {
        "lists.yaml": f"{HEAD}include: [team.yaml]\nlists: {{}}\n".encode(),
        "team.yaml": b"policy: {max_changes: 5}\nlists: {}\n",
    },
    Kind.LIST_TWICE: {
        "lists.yaml": f"{HEAD}include: [team.yaml]\nlists:\n  vip: {{id: cl-1, name: VIP}}\n".encode(),
        "team.yaml": b"lists:\n  vip: {id: cl-2, name: Gold}\n",
    },
}
"""What no page can show, and what is more than one file."""


def test_every_kind_of_problem_has_an_entry() -> None:
    assert codes("manifest") == [kind.value for kind in Kind]


@pytest.mark.parametrize(
    "code", [pytest.param(kind.value, marks=[pytest.mark.slow] if kind is Kind.TOO_MUCH else []) for kind in Kind]
)
def test_the_example_is_what_the_loader_says(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in FILES.get(code, {"lists.yaml": given(code)}).items():
        Path(name).write_bytes(content)
    with pytest.raises(ManifestError) as refused:
        load(Path("lists.yaml"))
    assert [problem.code for problem in refused.value.problems] == [code]
    assert_example(code, str(refused.value).replace(str(tmp_path), "/home/me/lists"))


def given(code: str) -> bytes:
    """Return the file of an entry, with the lines that every manifest has."""
    text = entries()[code].given
    end = "" if code == Kind.OPEN_BLOCK else "\n"
    return f"{HEAD if text.startswith('lists:') else ''}{text}{end}".encode()
