"""No text that others wrote is a command to a CI system, in any report of anything; and Markdown shows it as text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reconciler.documents.plan_document import plan_document
from reconciler.model.changes import Adopt, Block, Blocked, Drift, Forget, Plan, Update
from reconciler.model.drift_report import DriftReport, EnvironmentDrift, FieldDrift, ListDrift, Missing
from reconciler.model.lists import Campaign, LastSave, LiveList, Source
from reconciler.model.outcomes import EnvironmentResult, Outcome, Result
from reconciler.report import escape
from reconciler.report.formats import FORMATS, Subject, render
from tests.report import samples
from tests.report.ci_systems import TEXTS, commands
from tests.report.text.test_comparisons import compared_texts
from tests.report.text.test_drifts import report

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
OF_A_DIFFERENCE = re.compile(r"html_inline </?(ins|del)>|text")
ACTING = {
    "addresses": "see www.example.com, http://example.com and mail@example.com",
    "calls": "@somebody @group/team #1 GH-1 o/r#1 !1 $1 %milestone ~label &1 0123456789abcdef",
    "marks": "*a* _b_ ~~c~~ **d** [e](http://x) ![f](x) <b>g</b> &amp; \\h | i :x: [^1] $x$ {+j+} [-k-]",
    "blocks": "# a",
    "backticks": "`a` ``b`` ```c",
    "backticks at the edges": "`a`",
    "only backticks": "```",
    "more backticks than renderers count": "`" * 100 + "a" + "`" * 81,
    "blanks at the edges": "  a  ",
    "only blanks": "   ",
    "a comment": "<!-- a --> </details></code>",
    "lines": "a\n\n# b\n```\nc",
}


def plan_of(text: str) -> Plan:
    after = {"name": text, "description": text * 2 + "!"}
    said = {
        "cause": "edit",
        "before": {"name": "x", "description": text * 2},
        "after": after,
        "source": Source(text, 1),
    }
    changes = (
        Update(key=text, id=text, fields=("name", "description"), warnings=(text,), waits_for=(text, text), **said),  # type: ignore[arg-type]
        Blocked(key=text, id=text, fields=("name",), block=Block("conflict", text, text), **said),  # type: ignore[arg-type]
        Adopt(key=text, id=text, **said),  # type: ignore[arg-type]
        Forget(key=text, id=text, cause="removed", before={"name": text}, after={}, source=None),
    )
    drift = (Drift(text, text, ("name",), {"name": "x"}, {"name": text}, Source(text, 2)),)
    of = samples.environment(text, *changes, drift=drift, warnings=(text,))
    return replace(samples.planned(of, replace(of, name="dev")), failed={text: text})


def result_of(text: str) -> Result:
    outcomes = tuple(
        Outcome(key=text, id=text, action="update", outcome=kind, error=text)
        for kind in ("failed", "in_doubt", "not_sent")
    )
    made = Outcome(key=text, id=text, action="update", outcome="updated")
    of = EnvironmentResult(text, (*outcomes, made), unchanged=0, requests=1, seconds=0.0, stopped=text)
    return Result("sha256:00", (of,), plan_of(text))


def drift_of(text: str) -> DriftReport:
    fields = tuple(FieldDrift("name", text, f"{text[::-1]}.", text, moved) for moved in ("live", "file", "both"))
    lists = tuple(
        ListDrift(text, text, (field,), (Campaign(text, text),), Source(text, 1), last_save=LastSave(text, text))
        for field in fields
    )
    undeclared = (LiveList(text, {"name": text, "description": text}, (Campaign(text, text),)),)
    missing = (Missing(text, text, text, Source(text, 3)),)
    of = EnvironmentDrift(text, samples.TARGET, "x", 7, declared=4, lists=lists, missing=missing, undeclared=undeclared)
    return replace(report(of), failed={text: text})


SUBJECTS: dict[str, Callable[[str], Subject]] = {
    "plan": plan_of,
    "refused": lambda text: replace(plan_of(text), refused=text),
    "result": result_of,
    "drift": drift_of,
    "compare": compared_texts,
}


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
def test_no_line_of_a_report_is_a_command_but_the_annotations(subject: str, text: str) -> None:
    shown = SUBJECTS[subject](text)
    reports = {name: render(name, shown) for name in FORMATS}
    lines = reports.pop("github").split("\n")[:-1]
    assert all(re.match(r"::(error|warning|notice) (file|title)=", line) for line in lines)
    assert [line for line in lines if commands(line[2:])] == []
    assert {name: commands(report) for name, report in reports.items() if commands(report)} == {}


@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
def test_a_document_means_the_same(text: str) -> None:
    plan = plan_of(text)
    assert json.loads(render("json", plan)) == json.loads(json.dumps(plan_document(plan)))


@pytest.mark.parametrize("text", [*TEXTS.values(), *ACTING.values()], ids=[*TEXTS, *ACTING])
def test_markdown_shows_texts_as_code(text: str) -> None:
    """Of all that stands outside of code spans, nothing is made of the text: the words are the same for any."""
    for subject in SUBJECTS.values():
        assert words(render("markdown", subject(text))) == words(render("markdown", subject("x" * len(text))))


def words(document: str) -> tuple[list[str], set[str]]:
    """Return the blocks that a renderer makes of Markdown, and what stands in them but for code spans and digests."""
    blocks = MARKDOWN.parse(re.sub("sha256:[0-9a-f]{64}", "sha256:0", document))
    inline = [token for block in blocks for token in block.children or () if token.type != "code_inline"]
    found = {f"{token.type} {token.content}".rstrip(" …→") for token in inline}
    return [block.type for block in blocks], {each for each in found if not OF_A_DIFFERENCE.fullmatch(each)}


@given(st.text(st.sampled_from("`a \\<|#*_\n[")) | st.text())
def test_a_code_span_holds_its_text_and_nothing_else(text: str) -> None:
    (paragraph,) = [token for token in MARKDOWN.parse(f"- x {escape.code(text)}") if token.type == "inline"]
    spans = [token.content for token in paragraph.children or () if token.type == "code_inline"]
    assert spans == ([escape.terminal(text)] if text else [])


def test_the_source_of_markdown_is_readable() -> None:
    update = replace(samples.RENAME, source=Source("lists/north.yaml", 12))
    shown = render("markdown", samples.planned(samples.environment("prod", update)))
    assert (
        "- **`renewal-due`** update: edited in the manifest (`lists/north.yaml:12`)\n"
        "  - name: `Renewal Due - May 2025` → `Renewal Due - May/June 2025`\n"
    ) in shown
