"""One manifest has one state: two of them in one place, one that is renamed, one that only looks like another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.program import Workplace
from tests.state.cas_files import git


def document(place: Workplace) -> Path:
    return place.folder / ".reconciler" / "prod.state.json"


def owner(place: Workplace) -> str:
    return str(json.loads(document(place).read_text())["manifest"])


def second(place: Workplace, name: str = "other.yaml") -> Path:
    """Write another manifest of the same environment, that knows none of the lists."""
    text = (place.folder / "lists.yaml").read_text()
    path = place.folder / name
    path.write_text(text[: text.index("lists:")] + "lists: {}\n")
    return path


COMMANDS = [
    ["plan"],
    ["apply", "--yes"],
    ["drift"],
    ["state", "list"],
    ["state", "rm", "a"],
    ["state", "migrate", "--to", "x"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_another_manifests_state_is_refused(place: Workplace, command: list[str]) -> None:
    second(place)
    before = document(place).read_bytes()
    ran = place.run(*command, "-f", "other.yaml")
    assert ran.code == 4
    assert "it is the state of the manifest '../lists.yaml', which is still there" in ran.err
    assert "this one is '../other.yaml'" in ran.err
    assert document(place).read_bytes() == before
    assert place.run("plan").code == 0


def test_one_that_was_renamed_goes_on_with_its_state(place: Workplace) -> None:
    assert owner(place) == "../lists.yaml"
    (place.folder / "lists.yaml").rename(place.folder / "sales.yaml")
    ran = place.run("plan", "-f", "sales.yaml")
    assert (ran.code, ran.err.count("which is gone: taken as renamed to '../sales.yaml'")) == (0, 1)
    assert place.run("state", "mv", "a", "z", "-f", "sales.yaml").code == 0
    assert owner(place) == "../sales.yaml"
    assert place.run("plan", "-f", "sales.yaml").err == ""


def test_a_state_of_its_own_is_a_way_out(place: Workplace) -> None:
    path = second(place)
    path.write_text(path.read_text().replace("version: 1", "version: 1\nstate: .other"))
    assert place.run("plan", "-f", "other.yaml").code == 0
    (place.folder / "lists.yaml").rename(place.folder / "sales.yaml")
    path.rename(place.folder / "lists.yaml")
    assert place.run("plan", "-f", "sales.yaml").code == 0


def test_another_environment_is_in_nobodys_way(place: Workplace) -> None:
    path = second(place)
    path.write_text(path.read_text().replace("  prod:", "  dev:"))
    assert place.run("plan", "-f", "other.yaml").code == 0


def test_another_name_of_one_file_is_that_file(place: Workplace) -> None:
    (place.folder / "alias.yaml").symlink_to("lists.yaml")
    ran = place.run("plan", "-f", "alias.yaml")
    assert (ran.code, ran.err) == (0, "")


def test_one_that_cannot_be_read_still_claims_its_state(place: Workplace) -> None:
    second(place)
    (place.folder / "lists.yaml").write_text("nonsense")
    assert place.run("plan", "-f", "other.yaml").code == 4


def test_a_manifest_above_that_names_the_same_folder_is_another(place: Workplace, tmp_path: Path) -> None:
    folder = place.folder
    (folder / "below").mkdir()
    path = second(place, "below/lists.yaml")
    path.write_text(path.read_text().replace("version: 1", "version: 1\nstate: shared"))
    assert place.run("state", "migrate", "--to", "below/shared").code == 0
    text = (folder / "lists.yaml").read_text()
    (folder / "lists.yaml").write_text(text.replace("version: 1", "version: 1\nstate: below/shared"))
    assert place.run("plan").code == 0
    ran = place.run("plan", "-f", "below/lists.yaml")
    assert (ran.code, "'../../lists.yaml', which is still there" in ran.err) == (4, True)


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../../../../etc/passwd", "../.reconciler/x.yaml", "\x1b[31m", "a\n::error::b"]
)
def test_what_a_document_names_is_not_trusted(place: Workplace, name: str) -> None:
    content = json.loads(document(place).read_text())
    del content["checksum"]
    document(place).write_text(json.dumps({**content, "manifest": name}))
    ran = place.run("plan")
    assert ran.code == 0
    assert "which is gone" in ran.err
    assert "\x1b" not in ran.err
    assert not any(line.startswith("::") for line in ran.err.splitlines())


def test_on_a_branch_it_is_told_by_its_path_in_the_repository(place: Workplace) -> None:
    git(place.folder, "init", "--quiet", ".")
    text = (place.folder / "lists.yaml").read_text().replace("version: 1", "version: 1\nstate: git+branch://states")
    (place.folder / "lists.yaml").write_text(text)
    assert place.run("apply", "--yes").code == 0
    assert json.loads(place.run("state", "pull").out)["manifest"] == "lists.yaml"
    (place.folder / "below").mkdir()
    (place.folder / "below" / "lists.yaml").write_text(text)
    ran = place.run("apply", "--yes", "-f", "below/lists.yaml")
    assert (ran.code, "this one is 'below/lists.yaml'" in ran.err) == (4, True)


def test_a_document_of_another_serial_is_pushed_only_if_that_is_meant(place: Workplace) -> None:
    (place.folder / "backup.json").write_text(place.run("state", "pull").out)
    assert place.run("state", "push", "backup.json").code == 0
    before = document(place).read_bytes()
    ran = place.run("state", "push", "backup.json")
    assert (ran.code, "add --older" in ran.err) == (1, True)
    assert "is serial 1, the state is at serial 2 by now" in ran.err
    assert document(place).read_bytes() == before
    assert place.run("state", "push", "backup.json", "--older").code == 0
    assert json.loads(document(place).read_text())["serial"] == 3
