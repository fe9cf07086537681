"""A file that somebody else made: read whole, or refused in words, at once."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler import files

MOST = 4096


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a folder": (Path.mkdir, "it is a folder, not a file"),
    "a pipe": (os.mkfifo, "it is a pipe, not a regular file"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "it is a device, not a regular file"),
    "a socket": (_socket, "it is a socket, not a regular file"),
    "a terabyte": (_sparse, "it is larger than 4 KiB"),
    "a byte too much": (lambda path: path.write_bytes(b"x" * (MOST + 1)), "it is larger than 4 KiB"),
    "a link to itself": (_loop, "Too many levels of symbolic links"),
    "nothing": (lambda path: None, "No such file or directory"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_file_is_refused_in_words_at_once(kind: str, tmp_path: Path) -> None:
    make, reason = REFUSED[kind]
    path = tmp_path / "odd"
    make(path)
    began = time.monotonic()
    with pytest.raises(OSError) as refused:  # noqa: PT011 - the reason is compared below
        files.read(path, most=MOST)
    assert refused.value.strerror == reason
    assert time.monotonic() - began < 30


def test_a_name_that_no_file_can_have_is_refused_in_words() -> None:
    with pytest.raises(OSError, match="no file can have that name"):
        files.read(Path("a\0b"), most=MOST)


@pytest.mark.skipif(not Path("/proc/kallsyms").exists(), reason="Linux only")
def test_a_file_that_says_it_is_empty_is_bounded_all_the_same() -> None:
    assert Path("/proc/kallsyms").stat().st_size == 0
    with pytest.raises(OSError, match="larger than 10 bytes"):
        files.read(Path("/proc/kallsyms"), most=10)


@pytest.mark.parametrize("content", [b"", b"x", b"x" * MOST])
def test_a_regular_file_is_read_whole(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert files.read(path, most=MOST) == content
    assert not files.is_pipe(path)


@pytest.mark.parametrize("pieces", [[], [b"a"], [b"a", b"b" * 1000, b"c"]])
def test_a_pipe_is_read_to_its_end(pieces: list[bytes], tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def feed() -> None:
        with path.open("wb", buffering=0) as end:
            for piece in pieces:
                end.write(piece)
                time.sleep(0.05)

    feeder = threading.Thread(target=feed)
    feeder.start()
    assert files.is_pipe(path)
    assert files.read(path, most=MOST, pipe=True) == b"".join(pieces)
    feeder.join()


def test_a_pipe_of_the_shell_is_read_to_its_end() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"secret\n")
    os.close(writing)
    assert files.read(Path(f"/dev/fd/{reading}"), most=MOST, pipe=True) == b"secret\n"
    os.close(reading)


@pytest.mark.parametrize("writer", ["nobody", "an idle one", "one that trickles"])
def test_a_pipe_without_an_end_is_given_up(writer: str, tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    ended = threading.Event()

    def feed() -> None:
        with path.open("wb", buffering=0) as end:
            while not ended.wait(0.2 if writer == "one that trickles" else 60):
                end.write(b".")

    feeder = threading.Thread(target=feed)
    if writer != "nobody":
        feeder.start()
    with pytest.raises(TimeoutError, match="its pipe did not come to an end in time"):
        files.read(path, most=MOST, pipe=True, seconds=0.5)
    if writer != "nobody":
        ended.set()
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        feeder.join()
        os.close(descriptor)


def test_an_endless_pipe_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def feed() -> None:
        with path.open("wb", buffering=0) as end:
            try:
                while True:
                    end.write(b"y\n" * 1000)
            except BrokenPipeError:
                pass

    feeder = threading.Thread(target=feed)
    feeder.start()
    with pytest.raises(OSError, match="it is larger than 4 KiB"):
        files.read(path, most=MOST, pipe=True)
    feeder.join()


def test_nothing_is_no_pipe(tmp_path: Path) -> None:
    assert not files.is_pipe(tmp_path / "nothing")


@pytest.mark.parametrize(("number", "words"), [(1 << 28, "256 MiB"), (4096, "4 KiB"), (1000, "1000 bytes")])
def test_sizes_are_words(number: int, words: str) -> None:
    assert files.size(number) == words
