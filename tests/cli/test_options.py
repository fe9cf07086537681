"""What options take: paths, seconds, integers, and names of environments."""

from __future__ import annotations

import argparse

import pytest

from reconciler.cli.app import run
from reconciler.cli.options import choose_environments, integer, part, seconds, workers
from reconciler.cli.reports import parse_request
from reconciler.errors import UsageError

SECONDS = {"1": 1.0, "0.5": 0.5, ".5": 0.5, "30.": 30.0, "3600": 3600.0}
NO_SECONDS = ["", " ", "0", "-1", "+1", "3601", "1_0", "1e3", "inf", "nan", "١", "1٫5", "１", "x", "." * 9, "9" * 6_000]
NO_PORTS = ["", "-1", "65536", "1_0", "1.0", "٣", "9" * 6_000]

NO_SHARDS = ["", "1", "/", "0/5", "6/5", "1/0", "-1/5", "1/5/5", " 1/5", "1/10000", "१/५", "a/b"]

NO_WORKERS = ["", "local:", "local:0", "local:100", "local:8786", "local:1000", "local", "http://scheduler:8786"]

KNOWN = ["sandbox", "dev", "prod"]
NAMED = {
    "sandbox": ["sandbox"],
    " sandbox , ": ["sandbox"],
    "prod, dev": ["dev", "prod"],
    ",prod,,": ["prod"],
    "\tdev\n": ["dev"],
}

EMPTY_PATHS = [
    ["plan", "-f", ""],
    ["plan", "--out", ""],
    ["apply", ""],
    ["apply", "--undo-out", ""],
    ["import", "--into", ""],
    ["state", "push", ""],
    ["init", ""],
    ["sandbox", "--data", ""],
    ["sandbox", "--manifest", ""],
]


@pytest.mark.parametrize(("text", "value"), SECONDS.items())
def test_seconds(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", NO_SECONDS, ids=lambda text: text[:10])
def test_what_is_no_number_of_seconds(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="must be a number of seconds above 0, at most 3,600"):
        seconds(text)


@pytest.mark.parametrize("text", NO_PORTS, ids=lambda text: text[:10])
def test_what_is_no_integer(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="must be an integer from 0 to 65,535"):
        integer(0, 65_535)(text)


@pytest.mark.parametrize("text", NO_SHARDS)
def test_what_is_no_part_of_the_accounts(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="must be part I of N, such as 1/5 or 5/5"):
        part(text)


@pytest.mark.parametrize("text", NO_WORKERS)
def test_what_names_no_workers(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="or local:N with N from 1 to 99"):
        workers(text)


@pytest.mark.parametrize(
    "text", ["local:1", "local:99", "tls://scheduler:8786", "localhost:8786", "local.example:8786"]
)
def test_what_names_workers(text: str) -> None:
    assert workers(text) == text


@pytest.mark.parametrize(("name", "option"), [("RECONCILER_SHARD", "--shard"), ("RECONCILER_TIMEOUT", "--timeout")])
def test_a_mistake_in_a_variable_is_said_of_the_variable(
    name: str, option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, "x9")
    assert run(["plan"]) == 1
    assert f"got 'x9' in {name}" in capsys.readouterr().err
    assert run(["plan", option, "x8"]) == 1
    assert "got 'x8' [USAGE]" in capsys.readouterr().err


@pytest.mark.parametrize(("variable", "chosen"), NAMED.items())
def test_environments_by_the_variable(variable: str, chosen: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_ENV", variable)
    assert choose_environments([], False, KNOWN) == chosen


def test_a_variable_of_nothing_chooses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER_ENV", " , ")
    with pytest.raises(UsageError, match="--env NAME, or --all-envs; there are"):
        choose_environments([], False, KNOWN)
    with pytest.raises(UsageError, match="--env NAME; there are"):
        choose_environments([], False, KNOWN, one=True)


@pytest.mark.parametrize("arguments", EMPTY_PATHS, ids=" ".join)
def test_an_empty_path_is_told_as_one(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 1
    assert "must be a path; got ''" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("md=a.txt", "markdown=a.txt"),
        ("htm=x", "html=x"),
        ("XML=x", "junit=x"),
        ("prom=x", "prometheus=x"),
        ("markdwn=x", "markdown=x"),
        ("markdown", "markdown=FILE"),
        ("markdown=", "markdown=FILE"),
        ("out/plan.html", "html=out/plan.html"),
    ],
)
def test_the_format_that_is_probably_meant(written: str, meant: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=f"; did you mean {meant!r}"):
        parse_request(written)


def test_a_format_that_is_close_to_none() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"'pdf=x' is not FORMAT=FILE .* prometheus$"):
        parse_request("pdf=x")


ADDRESSES = [
    ["validate", "--notify=json://user:hidden@127.0.0.1:9/"],
    ["plan", "json://user:hidden@127.0.0.1:9/"],
    ["plan", "--notify-when", "json://user:hidden@127.0.0.1:9/"],
    ["plan", "--report", "json://user:hidden@127.0.0.1:9/"],
    ["apply", "--yes", "json://user:hidden@127.0.0.1:9/"],
    ["report", "merge", "json://user:hidden@127.0.0.1:9/"],
]


@pytest.mark.parametrize("arguments", ADDRESSES, ids=lambda arguments: " ".join(arguments[:2]))
def test_an_address_in_a_wrong_place_is_not_shown(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 1
    said = capsys.readouterr().err
    assert "json:/…" in said
    assert "hidden" not in said


def test_the_address_of_a_state_in_a_wrong_place_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "git+branch://state"]) == 1
    assert "git+branch://state" in capsys.readouterr().err
