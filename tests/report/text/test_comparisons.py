"""Two environments side by side, as text and as a document, whole, against golden files."""

from __future__ import annotations

from dataclasses import replace

from reconciler.documents.compare_document import compare_document
from reconciler.model.changes import Asked
from reconciler.model.comparison import Comparison, FieldComparison, ListComparison
from reconciler.model.lists import Source
from reconciler.report.json import render
from reconciler.report.text import lines
from reconciler.report.view.of_comparison import view_of_comparison
from tests.report import samples
from tests.report.golden_files import assert_golden

PENDING = FieldComparison("description", samples.LONG_EDITED, samples.LONG, not_declared_in=("prod",))
RENAMED = FieldComparison("name", "[dev] Win Back", "Winback", not_declared_in=("dev", "prod"))
OVERRIDDEN = FieldComparison("name", "VIP (test)", "VIP", overridden_in=("dev", "prod"))
UNMANAGED = FieldComparison("description", None, "Managed here", overridden_in=("prod",))
COMPARED = Comparison(
    tool="0.1.0",
    created_at="2026-11-22T10:00:00Z",
    files={"lists.yaml": "00"},
    basis="live",
    before="dev",
    after="prod",
    lists=(
        ListComparison("gone", (FieldComparison("name", "Gone", None),), samples.at(12), "dev", "the account has …"),
        ListComparison("left", (FieldComparison("name", None, "Left"),), None, "prod", "it has no id in dev", False),
        ListComparison("renewal-due", (PENDING,), samples.at(31)),
        ListComparison("vip", (OVERRIDDEN, UNMANAGED), samples.at(40)),
        ListComparison("winback", (RENAMED, UNMANAGED), samples.at(52)),
    ),
    alike=995,
    requests=3,
    warnings=("in doubt in prod, compared as before the last write: vip",),
    asked=Asked(only=("*e*",)),
)
ALIKE = replace(COMPARED, basis="manifest", lists=(), requests=0, warnings=())


def compared_texts(text: str) -> Comparison:
    """Return a comparison in which everything is this text but the environments, whose names the manifest checks."""
    differing = FieldComparison("name", text, f"{text[::-1]}.", not_declared_in=("prod",))
    made = (
        ListComparison(text, (differing,), Source(text, 1)),
        ListComparison(text, (FieldComparison("name", text, None),), None, "dev", text),
    )
    return replace(COMPARED, lists=made, warnings=(text,))


def test_whole() -> None:
    assert_golden("compare.txt", lines.render(view_of_comparison(COMPARED), colour=False, width=100))
    assert_golden("compare-alike.txt", lines.render(view_of_comparison(ALIKE), colour=False, width=100))


def test_document() -> None:
    assert_golden("compare.json", render(compare_document(COMPARED)))
