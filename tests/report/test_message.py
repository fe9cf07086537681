"""The message of `--notify`: what it says, how long it may be, and that no text of others acts in a chat."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reconciler.model.drift_report import EnvironmentDrift
from reconciler.report import escape
from reconciler.report.formats import Subject, view_of
from reconciler.report.message import Message, When, is_wanted, render
from tests.report import samples
from tests.report.golden_files import assert_golden
from tests.report.test_formats import SUBJECTS
from tests.report.test_inert import ACTING
from tests.report.test_inert import SUBJECTS as OF_TEXT
from tests.report.text.test_drifts import FOUND, IDLE, report

LINK = "https://ci.example/job/lists_prod/17/"
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
UNDECLARED = report(replace(FOUND, lists=(), missing=()))


def message_of(subject: Subject, link: str = "") -> Message:
    return render(view_of(subject), link)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_whole(subject: str) -> None:
    made = message_of(SUBJECTS[subject], LINK)
    assert_golden(f"message-{subject}.txt", f"{made.title}\n\n{made.body}\n\ntrouble: {made.trouble}\n")


@pytest.mark.parametrize(
    ("subject", "when"),
    [
        (samples.planned(samples.environment("prod", unchanged=3)), "always"),
        (UNDECLARED, "always"),
        (report(IDLE), "always"),
        (samples.planned(samples.environment("prod", samples.RENAME)), "change"),
        (samples.planned(samples.environment("prod", drift=samples.DRIFT)), "change"),
        (samples.ran(samples.CLEAN), "change"),
        (SUBJECTS["plan"], "trouble"),
        (SUBJECTS["plan-failed"], "trouble"),
        (SUBJECTS["refused"], "trouble"),
        (SUBJECTS["result"], "trouble"),
        (SUBJECTS["drift"], "trouble"),
        (SUBJECTS["drift-failed"], "trouble"),
    ],
)
def test_who_asks_for_less_hears_less(subject: Subject, when: When) -> None:
    asked: list[When] = ["always", "change", "trouble"]
    assert [each for each in asked if is_wanted(view_of(subject), each)] == asked[: asked.index(when) + 1]


@pytest.mark.parametrize("subject", OF_TEXT)
@pytest.mark.parametrize("text", [*ACTING.values(), "<!channel> <@U1> @everyone :smile: http://x.example", "é.com"])
def test_no_text_acts_in_a_chat(subject: str, text: str) -> None:
    made = message_of(OF_TEXT[subject](text))
    said = f"{made.title}\n{made.body}".replace("reconciler", "").replace(": ", " ").replace("…", "")
    assert not set("@<>`*_[]|&:\\") & set(said)
    blocks = MARKDOWN.parse(made.body)
    assert {child.type for block in blocks for child in block.children or ()} <= {"text", "softbreak"}
    assert not any(domain in said.lower() for domain in ("example.com", "x.example", "é.com"))


@given(st.text())
def test_a_text_stays_on_its_line_and_does_nothing(text: str) -> None:
    shown = escape.message(text)
    assert len(shown.splitlines()) <= 1
    assert not set("@<>`*_[]|&:#~$\\{}^") & set(shown)


def test_it_is_short_and_ends_with_the_link() -> None:
    many = [replace(samples.RENAME, key="k" * 500 + str(n), before={"name": "x" * 9_000}) for n in range(2_000)]
    of = [samples.environment(f"env-{n}" + "e" * 300, *many[:10]) for n in range(30)]
    plan = replace(samples.planned(*of), failed={f"bad-{n}": "y" * 5_000 for n in range(40)})
    made = message_of(plan, LINK)
    assert len(made.title) < 300
    assert len(made.body) < 2_000
    assert made.body.endswith(f"\n{LINK}")


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://x.example/ b", "https://x.example/<b>", "/job/1", ""])
def test_only_a_plain_link_is_sent(link: str) -> None:
    body = message_of(report(EnvironmentDrift("prod", samples.TARGET, "x", 7, declared=1)), link).body
    assert "\n" not in body
