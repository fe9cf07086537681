"""Credentials and pins: which variables do, which do not, and that no message holds a value."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import PinError, UsageError
from reconciler.model.lists import Target
from reconciler.remote.credentials import AppCredentials, Credentials, ReadyToken, check_pins, from_variables

TARGET = Target("https://platform.kore.ai", "st-1", "acc1")
ID, SECRET, TOKEN = "cs-1", "s3cr3t", "eyJh.eyJi.sig"

ACCEPTED: list[tuple[str, dict[str, str], Credentials]] = [
    ("KORE", {"KORE_CLIENT_ID": ID, "KORE_CLIENT_SECRET": SECRET}, AppCredentials(ID, SECRET)),
    ("KORE_PROD", {"KORE_PROD_CLIENT_ID": ID, "KORE_PROD_CLIENT_SECRET": SECRET}, AppCredentials(ID, SECRET)),
    ("KORE", {"KORE_TOKEN": TOKEN}, ReadyToken(TOKEN)),
    ("KORE", {"KORE_TOKEN": TOKEN, "KORE_CLIENT_ID": "", "KORE_CLIENT_SECRET_FILE": ""}, ReadyToken(TOKEN)),
    ("KORE", {"KORE_TOKEN": "", "KORE_CLIENT_ID": ID, "KORE_CLIENT_SECRET": SECRET}, AppCredentials(ID, SECRET)),
    (
        "KORE",
        {
            "KORE_CLIENT_ID": ID,
            "KORE_CLIENT_SECRET": SECRET,
            "KORE_JWT_ALGORITHM": "HS512",
            "KORE_JWT_SUBJECT": "me",
        },
        AppCredentials(ID, SECRET, "HS512", "me"),
    ),
]


@pytest.mark.parametrize(("prefix", "variables", "credentials"), ACCEPTED)
def test_accepted(prefix: str, variables: dict[str, str], credentials: Credentials) -> None:
    assert from_variables(prefix, variables) == credentials


REFUSED: list[tuple[dict[str, str], list[str]]] = [
    ({}, ["KORE_CLIENT_ID is not set", "KORE_CLIENT_SECRET is not set"]),
    ({"KORE_CLIENT_ID": ID}, ["KORE_CLIENT_SECRET is not set"]),
    ({"KORE_CLIENT_SECRET": SECRET}, ["KORE_CLIENT_ID is not set"]),
    ({"KORE_CLIENT_ID": ID, "KORE_CLIENT_SECRET": ""}, ["KORE_CLIENT_SECRET is not set"]),
    ({"KORE_PROD_CLIENT_ID": ID}, ["KORE_CLIENT_ID is not set", "KORE_CLIENT_SECRET is not set"]),
    (
        {"KORE_CLIENT_ID": ID, "KORE_CLIENT_ID_FILE": "x"},
        ["KORE_CLIENT_ID and KORE_CLIENT_ID_FILE are both set", "KORE_CLIENT_SECRET is not set"],
    ),
    ({"KORE_TOKEN": TOKEN, "KORE_CLIENT_ID": ID}, ["KORE_TOKEN and KORE_CLIENT_ID are set"]),
    (
        {"KORE_TOKEN": TOKEN, "KORE_CLIENT_ID": ID, "KORE_CLIENT_SECRET_FILE": "x"},
        ["KORE_TOKEN and KORE_CLIENT_ID and KORE_CLIENT_SECRET are set"],
    ),
    ({"KORE_TOKEN": f"Bearer {TOKEN}"}, ["KORE_TOKEN holds what no JWT has"]),
    ({"KORE_TOKEN": f"{TOKEN}\r\nX-Evil: 1"}, ["KORE_TOKEN holds what no JWT has"]),
    ({"KORE_TOKEN_FILE": "/nowhere/s3cr3t"}, ["KORE_TOKEN_FILE names a file that cannot be read: No such file"]),
    (
        {"KORE_CLIENT_ID": ID, "KORE_CLIENT_SECRET": SECRET, "KORE_JWT_ALGORITHM": "RS256"},
        ["KORE_JWT_ALGORITHM is neither HS256 nor HS512"],
    ),
    ({"KORE_CLIENT_ID": ID, "KORE_CLIENT_SECRET": "s3cr3t\udc80"}, ["KORE_CLIENT_SECRET is not UTF-8 text"]),
]


@pytest.mark.parametrize(("variables", "problems"), REFUSED)
def test_refused_with_every_problem_and_no_value(variables: dict[str, str], problems: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        from_variables("KORE", variables)
    message = str(caught.value)
    assert [problem for problem in problems if problem not in message] == []
    assert message.count(";") == len(problems)  # one between any two, and one of the way out
    assert not any(value in message for value in (SECRET, TOKEN, ID, "RS256"))


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_file_holds_the_value_with_or_without_a_newline(tmp_path: Path, ending: str) -> None:
    (tmp_path / "secret").write_bytes(f"{SECRET} ü{ending}".encode())
    variables = {"KORE_CLIENT_ID": ID, "KORE_CLIENT_SECRET_FILE": str(tmp_path / "secret")}
    assert from_variables("KORE", variables) == AppCredentials(ID, f"{SECRET} ü")


def test_only_the_last_newline_goes(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"one\ntwo\n\n")
    variables = {"KORE_CLIENT_ID": ID, "KORE_CLIENT_SECRET_FILE": str(tmp_path / "secret")}
    assert from_variables("KORE", variables) == AppCredentials(ID, "one\ntwo\n")


@pytest.mark.parametrize(
    ("content", "problem"), [(b"\n", "an empty file"), (b"\xff\xfes3cr3t", "a file that is not UTF-8 text")]
)
def test_an_unusable_file(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "secret").write_bytes(content)
    variables = {"KORE_CLIENT_ID": ID, "KORE_CLIENT_SECRET_FILE": str(tmp_path / "secret")}
    with pytest.raises(UsageError, match=f"KORE_CLIENT_SECRET_FILE names {problem}"):
        from_variables("KORE", variables)


def test_secrets_are_not_in_any_repr() -> None:
    assert repr(AppCredentials(ID, SECRET)).find(SECRET) == -1
    assert repr(ReadyToken(TOKEN)).find(TOKEN) == -1


MET: list[tuple[Target, dict[str, str]]] = [
    (TARGET, {}),
    (TARGET, {"KORE_HOST": "https://platform.kore.ai", "KORE_ACCOUNT_ID": "acc1", "KORE_STREAM_ID": "st-1"}),
    (TARGET, {"KORE_HOST": "platform.kore.ai"}),
    (TARGET, {"KORE_HOST": "HTTPS://Platform.Kore.AI:443/"}),
    (TARGET, {"KORE_PROD_HOST": "https://elsewhere.example"}),
    (Target("http://127.0.0.1:8080", "st-1", "acc1"), {"KORE_HOST": "127.0.0.1:8080"}),
    (Target("http://localhost:80", "st-1", "acc1"), {"KORE_HOST": "http://localhost"}),
    (Target("https://gate.example/Kore", "st-1", "acc1"), {"KORE_HOST": "gate.example/Kore/"}),
]


@pytest.mark.parametrize(("target", "variables"), MET)
def test_pins_that_are_met(target: Target, variables: dict[str, str]) -> None:
    check_pins("KORE", variables, target)


BROKEN: list[tuple[dict[str, str], list[str]]] = [
    ({"KORE_HOST": "de-platform.kore.ai"}, ["KORE_HOST pins 'de-platform.kore.ai'", "says 'https://platform.kore.ai'"]),
    ({"KORE_HOST": "http://platform.kore.ai"}, ["KORE_HOST pins"]),
    ({"KORE_HOST": "platform.kore.ai:8443"}, ["KORE_HOST pins"]),
    ({"KORE_HOST": "platform.kore.ai.evil.example"}, ["KORE_HOST pins"]),
    ({"KORE_HOST": "https://platform.kore.ai/other"}, ["KORE_HOST pins"]),
    ({"KORE_ACCOUNT_ID": "ACC1"}, ["KORE_ACCOUNT_ID pins 'ACC1', the manifest says 'acc1'"]),
    ({"KORE_STREAM_ID": ""}, ["KORE_STREAM_ID pins ''"]),
    (
        {"KORE_HOST": "a", "KORE_ACCOUNT_ID": "b", "KORE_STREAM_ID": "c"},
        ["KORE_HOST pins 'a'", "KORE_ACCOUNT_ID pins 'b'", "KORE_STREAM_ID pins 'c'"],
    ),
]


@pytest.mark.parametrize(("variables", "said"), BROKEN)
def test_pins_that_are_not_met(variables: dict[str, str], said: list[str]) -> None:
    with pytest.raises(PinError) as caught:
        check_pins("KORE", variables, TARGET)
    assert [words for words in said if words not in str(caught.value)] == []
    assert caught.value.exit_code == 4


def test_a_pin_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "host").write_text("platform.kore.ai\n")
    check_pins("KORE", {"KORE_HOST_FILE": str(tmp_path / "host")}, TARGET)
    (tmp_path / "host").write_text("elsewhere.example\n")
    with pytest.raises(PinError, match=r"KORE_HOST pins 'elsewhere\.example'"):
        check_pins("KORE", {"KORE_HOST_FILE": str(tmp_path / "host")}, TARGET)


@pytest.mark.parametrize("variables", [{"KORE_HOST_FILE": "/nowhere"}, {"KORE_HOST": "a", "KORE_HOST_FILE": "b"}])
def test_a_pin_that_cannot_be_read_is_no_pin_met(variables: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="unusable pins in the environment: KORE_HOST"):
        check_pins("KORE", variables, TARGET)
