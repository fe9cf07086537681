"""Credentials and pins: which variables do, which do not, and that no message holds a value."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from threading import Thread

import pytest

from reconciler.api.credentials import AppCredentials, Credentials, ReadyToken, check_pins, from_variables
from reconciler.errors import PinError, UsageError
from reconciler.model.lists import Target

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
    ({"KORE_TOKEN": f"{TOKEN}\r\nX-Evil: 1"}, ["KORE_TOKEN holds a line break"]),
    ({"KORE_TOKEN": f"'{TOKEN}'"}, ["KORE_TOKEN holds the value in quotes"]),
    ({"KORE_CLIENT_ID": ID, "KORE_CLIENT_SECRET": "\n"}, ["KORE_CLIENT_SECRET holds nothing but a line break"]),
    (
        {"KORE_CLIENT_ID": f" {ID}", "KORE_CLIENT_SECRET": f'"{SECRET}"', "KORE_JWT_SUBJECT": "\ufeffme"},
        [
            "KORE_CLIENT_ID begins or ends",
            "KORE_CLIENT_SECRET holds the value in quotes",
            "KORE_JWT_SUBJECT holds a line",
        ],
    ),
    ({"KORE_TOKEN_FILE": "/nowhere/s3cr3t"}, ["KORE_TOKEN_FILE names a file that cannot be read: No such file"]),
    (
        {"KORE_CLIENT_ID": ID, "KORE_CLIENT_SECRET": SECRET, "KORE_JWT_ALGORITHM": "RS256"},
        ["KORE_JWT_ALGORITHM is neither HS256 nor HS512"],
    ),
    ({"KORE_CLIENT_ID": SECRET, "KORE_CLIENT_SECRET": "cs-s3cr3t"}, ["KORE_CLIENT_SECRET are swapped: the client id"]),
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


def given(way: str, folder: Path, content: str) -> dict[str, str]:
    """Give the client secret `content` in a variable or in a file."""
    if way == "variable":
        return {"KORE_CLIENT_ID": ID, "KORE_CLIENT_SECRET": content}
    (folder / "secret").write_bytes(content.encode())
    return {"KORE_CLIENT_ID": ID, "KORE_CLIENT_SECRET_FILE": str(folder / "secret")}


TAKEN = [("", ""), ("\n", ""), ("\r\n", ""), ("\r", ""), (" ü", " ü"), ("'", "'"), ('=="\n', '=="')]
WAYS = ["variable", "file"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("rest", "kept"), TAKEN)
def test_one_line_break_at_the_end_goes(tmp_path: Path, way: str, rest: str, kept: str) -> None:
    assert from_variables("KORE", given(way, tmp_path, SECRET + rest)) == AppCredentials(ID, SECRET + kept)


PASTED = [
    ("{}\n\n", "begins or ends with a blank or a line break"),
    ("{}\r\r\n", "begins or ends with a blank or a line break"),
    ("\n{}", "begins or ends with a blank or a line break"),
    ("{} ", "begins or ends with a blank or a line break"),
    ("\t{}", "begins or ends with a blank or a line break"),
    ("{}\u00a0", "begins or ends with a blank or a line break"),
    ("one\n{}", "holds a line break, a byte order mark or another character that cannot be seen"),
    ("\ufeff{}\r\n", "holds a line break, a byte order mark or another character that cannot be seen"),
    ("{}\u200b", "holds a line break, a byte order mark or another character that cannot be seen"),
    ("{}\x1b[0m", "holds a line break, a byte order mark or another character that cannot be seen"),
    ('"{}"\n', "holds the value in quotes"),
    ("'{}'", "holds the value in quotes"),
    ("`{}`", "holds the value in quotes"),
    ("\u201c{}\u201d", "holds the value in quotes"),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("pasted", "said"), PASTED)
def test_what_comes_of_pasting_is_told(tmp_path: Path, way: str, pasted: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        from_variables("KORE", given(way, tmp_path, pasted.format(SECRET)))
    named = "KORE_CLIENT_SECRET_FILE names a file that" if way == "file" else "KORE_CLIENT_SECRET"
    assert f"{named} {said}" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("name", ["HOST", "ACCOUNT_ID", "STREAM_ID"])
@pytest.mark.parametrize(("pasted", "said"), PASTED)
def test_and_in_a_pin(name: str, pasted: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"KORE_{name} {said}"):
        check_pins("KORE", {f"KORE_{name}": pasted.format("acc1")}, TARGET)


def test_a_pipe_is_read_once_for_all_that_ask(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "secret")
    writer = Thread(target=(tmp_path / "secret").write_bytes, args=(f"{SECRET}\n".encode(),), daemon=True)
    writer.start()
    variables = {"KORE_CLIENT_ID": ID, "KORE_CLIENT_SECRET_FILE": str(tmp_path / "secret")}
    for _ in range(3):
        assert from_variables("KORE", variables) == AppCredentials(ID, SECRET)
    writer.join(5)
    assert not writer.is_alive()


def test_a_pipe_with_too_much_is_refused_once_for_all_that_ask(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "secret")
    held = os.open(tmp_path / "secret", os.O_RDWR)
    fcntl.fcntl(held, fcntl.F_SETPIPE_SZ, 128 * 1024)
    os.write(held, b"s" * (64 * 1024 + 1))
    variables = {"KORE_CLIENT_ID": ID, "KORE_CLIENT_SECRET_FILE": str(tmp_path / "secret")}
    for _ in range(3):
        with pytest.raises(
            UsageError, match="KORE_CLIENT_SECRET_FILE names a file that cannot be read: it is larger than 64 KiB"
        ):
            from_variables("KORE", variables)
    os.close(held)


@pytest.mark.slow
def test_a_pipe_that_does_not_end_is_refused_once_for_all_that_ask(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "secret")
    held = os.open(tmp_path / "secret", os.O_RDWR)
    os.write(held, b"s3c")
    variables = {"KORE_CLIENT_ID": ID, "KORE_CLIENT_SECRET_FILE": str(tmp_path / "secret")}
    began = time.monotonic()
    for _ in range(3):
        with pytest.raises(
            UsageError, match="KORE_CLIENT_SECRET_FILE names a file that cannot be read: its pipe did not"
        ):
            from_variables("KORE", variables)
    assert time.monotonic() - began < 9
    os.close(held)


ODD_FILES = [("/dev/zero", "it is a device"), ("/dev", "it is a folder"), ("large", "it is larger than 64 KiB")]


@pytest.mark.parametrize(("path", "said"), ODD_FILES)
def test_a_file_that_is_none(tmp_path: Path, path: str, said: str) -> None:
    (tmp_path / "large").write_bytes(b"s" * (64 * 1024 + 1))
    for name in ("CLIENT_SECRET", "TOKEN"):
        with pytest.raises(UsageError, match=f"KORE_{name}_FILE names a file that cannot be read: {said}"):
            from_variables("KORE", {f"KORE_{name}_FILE": str(tmp_path / path)})
    with pytest.raises(UsageError, match=f"KORE_HOST_FILE names a file that cannot be read: {said}"):
        check_pins("KORE", {"KORE_HOST_FILE": str(tmp_path / path)}, TARGET)


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
    (TARGET, {"KORE_HOST": "platform.kore.ai\n", "KORE_HOST_FILE": ""}),
    (TARGET, {"KORE_HOST": "HTTPS://Platform.Kore.AI:443/"}),
    (TARGET, {"KORE_PROD_HOST": "https://elsewhere.example"}),
    (Target("http://127.0.0.1:8080", "st-1", "acc1"), {"KORE_HOST": "127.0.0.1:8080"}),
    (Target("http://localhost:80", "st-1", "acc1"), {"KORE_HOST": "http://localhost"}),
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
    ({"KORE_ACCOUNT_ID": "ACC1"}, ["KORE_ACCOUNT_ID pins 'ACC1', the manifest says 'acc1': [ACC]1 and [acc]1"]),
    ({"KORE_STREAM_ID": ""}, ["KORE_STREAM_ID pins ''"]),
    ({"KORE_STREAM_ID_FILE": ""}, ["KORE_STREAM_ID pins ''"]),
    ({"KORE_STREAM_ID": "", "KORE_STREAM_ID_FILE": ""}, ["KORE_STREAM_ID pins ''"]),
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
