"""What `init` asks and takes; what it writes for pipelines is in `tests/pipelines`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from reconciler.cli.app import run
from reconciler.manifest import load
from reconciler.model.lists import Target

STREAM, ACCOUNT = "st-5a4db0c5-0000-4000-8000-000000000001", "5a4db0c50000000000000001"


def target_of(folder: Path, name: str = "prod") -> Target:
    return load(folder / "lists.yaml").environments[name].desired.target


def test_init_takes_the_target_as_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--host", "DE-platform.kore.ai", "--stream", STREAM, "--account", ACCOUNT, "--env", "dev"]
    assert run(["init", str(tmp_path), *options]) == 0
    assert target_of(tmp_path, "dev") == Target("https://de-platform.kore.ai", STREAM, ACCOUNT)
    assert capsys.readouterr().out.endswith(
        "\nNext: set KORE_CLIENT_ID and KORE_CLIENT_SECRET, then: reconciler doctor, and reconciler import\n"
    )
    first = (tmp_path / "lists.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=lists.schema.json"
    assert (tmp_path / "lists.schema.json").exists()


def test_init_asks_at_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    leader, follower = os.openpty()
    os.write(leader, f"\ncl-5a4d\n{STREAM[:-1]}\n{STREAM}\n{ACCOUNT[1:]}\n'{ACCOUNT[1:]}'\n".encode())
    with os.fdopen(follower) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        assert run(["init", str(tmp_path)]) == 0
    os.close(leader)
    assert target_of(tmp_path) == Target("https://platform.kore.ai", STREAM, ACCOUNT[1:])
    said = capsys.readouterr().out
    assert f"stream_id '{STREAM[:-1]}' is not of the usual form" in said
    assert "has 23 characters; those of the platform are 24 digits and letters" in said
    assert said.count("; to keep it, give it again") == 2
    assert "Stream id: st-…; the app's general settings page" in said
    assert 'must be a stream id: st- followed by letters, digits, . _ ~ or -; got "cl-5a4d"' in said


def test_an_environment_that_is_added_is_asked_for_as_the_first_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["init", str(tmp_path), "--host", "de-platform.kore.ai"]) == 0
    leader, follower = os.openpty()
    os.write(leader, f"\n{STREAM}\n".encode())
    file = str(tmp_path / "lists.yaml")
    with os.fdopen(follower) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        assert run(["environments", "-f", file, "add", "dev", "--account", ACCOUNT]) == 0
    os.close(leader)
    assert target_of(tmp_path, "dev") == Target("https://de-platform.kore.ai", STREAM, ACCOUNT)
    assert "Host [https://de-platform.kore.ai]: " in capsys.readouterr().out
    assert run(["environments", "-f", file]) == 0
    assert capsys.readouterr().out == "prod\ndev\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--stream", "x"], "error: --stream 'x': must be a stream id: st- followed by"),
        (["--host", "http://kore.example"], "error: --host 'http://kore.example': plain http is for loopback only"),
        (
            ["--host", "https://kore.example/botbuilder/app/#x"],
            "error: --host 'https://kore.example/botbuilder/app/#x': must be a host name without what follows it",
        ),
        (["--host", "http://kore.example/x"], "error: --host 'http://kore.example/x': plain http is for loopback only"),
        (["--host", "a b"], "error: --host 'a b': must be a host name, with a port if it needs one"),
        (["--account", "a: b"], "error: --account 'a: b': must be an account id"),
        (["--env", "Prod: x"], "error: --env 'Prod: x': \"Prod: x\" is not a valid name"),
    ],
)
def test_init_refuses_what_the_manifest_would(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert run(["init", str(tmp_path), *options]) == 1
    assert capsys.readouterr().err.startswith(said)
    assert not list(tmp_path.iterdir())


def test_ids_that_were_left_out_are_asked_for_and_nothing_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KORE_TOKEN", "a.b.c")
    file = ["-f", str(tmp_path / "lists.yaml")]
    assert run(["init", str(tmp_path), "--host", "http://127.0.0.1:9", "--account", ACCOUNT]) == 0
    left = "stream_id is still the placeholder of init: fill in what the console shows"
    assert run(["validate", *file]) == 0
    assert f"prod: {left}\n" in capsys.readouterr().err
    assert run(["import", *file]) == 1
    assert f"prod: {left}. Nothing was sent" in capsys.readouterr().err
    assert run(["doctor", *file]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert f"fails target: {left}" in said
    assert "note sign-in: not tried" in said


def test_init_in_a_folder_that_has_a_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", str(tmp_path), "--stream", "st-5a4d", "--account", ACCOUNT]) == 0
    assert "stream_id 'st-5a4d' is not of the usual form" in capsys.readouterr().err
    assert run(["init", str(tmp_path)]) == 0
    assert "\nNext: correct host and ids in lists.yaml if they are wrong, set KORE_CLIENT_ID" in capsys.readouterr().out
    assert run(["doctor", "-f", str(tmp_path / "lists.yaml")]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "note stream id: stream_id 'st-5a4d' is not of the usual form" in said


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("5a4db0c5-0000-4000", "warning: 5a4db0c5-0000-4000 is no address as a browser shows it\n"),
        ("127.0.0.1:4010", "is called over https; if it is the sandbox, write http://127.0.0.1:4010\n"),
        ("http://127.0.0.1:4010", ""),
        ("de-platform.kore.ai", ""),
    ],
)
def test_a_host_that_is_probably_not_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], host: str, said: str
) -> None:
    assert run(["init", str(tmp_path), "--host", host, "--stream", STREAM, "--account", ACCOUNT]) == 0
    err = capsys.readouterr().err
    assert err.endswith(said) if said else err == ""


def test_init_does_not_change_the_target_of_a_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", str(tmp_path)]) == 0
    before = (tmp_path / "lists.yaml").read_bytes()
    assert run(["init", str(tmp_path), "--account", ACCOUNT]) == 1
    assert "is there already: change its environments there, and leave out --account" in capsys.readouterr().err
    assert (tmp_path / "lists.yaml").read_bytes() == before


@pytest.mark.parametrize("command", ["import", "plan", "doctor", "validate"])
def test_commands_without_a_manifest_say_how_to_begin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run([command]) == 1
    assert capsys.readouterr().err == (
        f"lists.yaml:1:1: there is no such file in {tmp_path}: go to the folder of your manifest, "
        "name it with -f FILE, or begin one with `reconciler init` [M001]\n"
    )


def test_init_for_a_pipeline_says_how_a_state_moves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", str(tmp_path)]) == 0
    (tmp_path / ".reconciler").mkdir()
    (tmp_path / ".reconciler" / "prod.state.json").write_text("")
    assert run(["init", str(tmp_path), "--github", "--from", f"git+https://h/o/r@{'5a4d' * 10}"]) == 0
    assert "run `reconciler state migrate --to git+branch://reconciler-state`, then write" in capsys.readouterr().out


def test_a_folder_that_can_be_none_is_an_error_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "x" * 5000]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: cannot write ")
    assert said.endswith("File name too long [USAGE]\n")
