"""The bar of an apply: what it says, and that it stays away from what is asked at a terminal."""

from __future__ import annotations

import argparse
import io
import os
import pty
import select
import sys
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
from rich.console import Console
from rich.progress import Progress

from reconciler.cli import approval, state_admin
from reconciler.cli.progress import Live, progress
from reconciler.cli.runtime import Notes, Runtime
from reconciler.model.changes import Change
from tests.report import samples

PLAN = samples.planned(samples.environment("prod", samples.RENAME, samples.DESCRIBED, seconds=63))
OPTIONS = argparse.Namespace(no_color=False, json=False)
CURSOR_HIDDEN = "\x1b[?25l"


class SetClock(Runtime):
    """A runtime whose time passes as the test says."""

    time = 100.0

    def monotonic(self) -> float:
        return self.time


def test_the_bar_says_how_long_it_takes_and_how_long_a_wait_lasts() -> None:
    runtime = SetClock()
    with Progress(console=Console(file=io.StringIO())) as bar:
        shown = Live(bar, runtime)

        def said() -> tuple[str, str]:
            return shown.doing, shown.time_left

        shown.begin(PLAN)
        assert runtime.countdown is shown
        assert said() == ("applying", "about 1 min 3 s left")
        runtime.time += 3
        shown.count_down(57.0)
        assert said() == ("waiting 57 s", "about 1 min left")
        runtime.time += 50
        assert said() == ("waiting 7 s", "about 10 s left")
        shown.count_down(40.0)  # longer than was forecast
        assert said() == ("waiting 40 s", "about 40 s left")
        shown.over()
        runtime.time += 5
        for _ in range(2):
            shown.outcome("prod", samples.UPDATED)
        assert said() == ("applying", "about 5 s left")
        assert bar.tasks[0].completed == 1
        shown.outcome("prod", replace(samples.UPDATED, key="letters"))
        assert said() == ("verifying", "about 5 s left")
        runtime.time += 5
        assert said() == ("verifying", "")


def test_after_a_signal_the_bar_counts_only_what_was_done() -> None:
    runtime = SetClock()
    with Progress(console=Console(file=io.StringIO())) as bar:
        shown = Live(bar, runtime)
        shown.begin(PLAN)
        runtime.signal = 2
        shown.outcome("prod", samples.UPDATED)
        shown.outcome("prod", replace(samples.UPDATED, key="letters", outcome="not_sent"))
        assert (shown.doing, shown.time_left, bar.tasks[0].completed) == ("stopping", "", 1)


@pytest.mark.parametrize(("is_terminal", "every"), [(True, 10.0), (False, 30.0)])
def test_who_looks_on_sees_more_of_a_wait(is_terminal: bool, every: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    assert Notes().every == every


class Screen:
    """A pseudo-terminal in the place of this process's streams."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shown = ""
        self._decode = getincrementaldecoder("utf-8")().decode  # what is read may end within a character
        self._leader, follower = pty.openpty()
        self._streams = [os.fdopen(os.dup(follower), mode) for mode in "rww"]
        os.close(follower)
        for name, stream in zip(("stdin", "stdout", "stderr"), self._streams, strict=True):
            monkeypatch.setattr(sys, name, stream)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("NO_COLOR", raising=False)

    def read_for(self, seconds: float) -> None:
        """Read what is shown for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self._leader], [], [], left)[0]:
                self.shown += self._decode(os.read(self._leader, 65536))

    def read_until(self, text: str) -> None:
        """Read until that is shown; not for ever."""
        for _ in range(300):
            if text in self.shown:
                return
            self.read_for(0.1)
        raise AssertionError(f"{text!r} is not shown: {self.shown!r}")

    def type(self, text: str) -> None:
        """Type a text."""
        os.write(self._leader, text.encode())

    def close(self) -> None:
        """Close all that was opened."""
        for stream in self._streams:
            stream.close()
        os.close(self._leader)


@contextmanager
def screen_of_its_own() -> Iterator[Screen]:
    """Put one in the place of the streams of this process for as long as the context lasts."""
    with pytest.MonkeyPatch.context() as patch:
        made = Screen(patch)
        yield made
    made.close()


PROMPTS: dict[str, tuple[Callable[[Runtime], None], str]] = {
    "apply": (lambda runtime: approval.ask(PLAN, runtime, OPTIONS), "Apply these 2 changes to prod?"),
    "unlock": (state_admin._ask, "Break this lock?"),
}


def test_the_question_says_what_is_sent_and_what_is_only_recorded() -> None:
    def asked(*changes: Change) -> str:
        return approval._question(samples.planned(samples.environment("prod", *changes)))

    update, adopt, block = samples.RENAME, samples.ADOPTED, samples.RENAME_IN_USE
    assert asked(update).startswith("Apply this change to prod? ")
    assert asked(update, adopt, adopt, block).startswith(
        "Apply this change to prod (2 more only recorded, 1 blocked)? "
    )
    assert asked(adopt, adopt).startswith(
        "Apply these 2 changes to prod (nothing is sent, only the state is written)? "
    )
    assert asked(block) == ""


@pytest.mark.parametrize("name", PROMPTS)
def test_at_a_prompt_only_what_is_typed_is_shown(name: str) -> None:
    ask, question = PROMPTS[name]
    runtime = Runtime()
    with ThreadPoolExecutor(1) as person, screen_of_its_own() as screen, progress(OPTIONS, runtime) as shown:
        asking = person.submit(ask, runtime)
        screen.read_until(question)
        screen.read_for(0.3)
        screen.shown = ""
        screen.type("yes")
        screen.read_until("yes")
        screen.read_for(0.3)
        assert screen.shown == "yes"
        screen.type("\n")
        asking.result(60)
        assert CURSOR_HIDDEN not in screen.shown
        shown.begin(PLAN)
        screen.read_until("about 1 min 2 s left")
        assert CURSOR_HIDDEN in screen.shown
        assert "0/2" in screen.shown
