"""The HTML report without a browser: whole against golden files, closed to all that is not its own, and true."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from reconciler.model.changes import Asked, Plan, Update
from reconciler.model.drift_report import DriftReport
from reconciler.model.lists import Campaign
from reconciler.model.outcomes import EnvironmentResult, Outcome, Result
from reconciler.report import html
from reconciler.report.formats import Subject, render, view_of
from reconciler.report.html import rendering
from reconciler.report.html.articles import beside, compare_sides
from reconciler.report.html.contents import page_of
from reconciler.report.html.facts import date_in_words, join_names
from reconciler.report.html.matrix import MOST_ROWS
from reconciler.report.html.page import Bar, Matrix, Page
from reconciler.report.view.headlines import headline
from tests.report import morning, samples
from tests.report.golden_files import assert_golden
from tests.report.test_formats import HOSTILE, SUBJECTS
from tests.report.text.test_drifts import report

EVERY: dict[str, Subject] = {
    **SUBJECTS,
    **{f"hostile {name}": subject for name, subject in HOSTILE.items()},
    "morning plan": morning.PLAN,
    "morning result": morning.RESULT,
    "morning drift": morning.DRIFT,
    "empty plan": samples.planned(samples.environment("prod")),
    "empty drift": report(),
}
every_subject = pytest.mark.parametrize("subject", EVERY.values(), ids=list(EVERY))
BEFORE_DATA = 30_000  # a tenth of what was asked for
ASKED = "-f 'my lists.yaml' --only 'win*' --only vip"
VOID = {"meta", "link", "br", "input", "img", "hr"}
NOTHING: Plan = samples.planned(samples.environment("prod"))


def rendered(subject: Subject) -> str:
    return render("html", subject)


def page(subject: Subject) -> Page:
    return page_of(view_of(subject))


def bare(document: str) -> str:
    """Return a page without what is the same on every page: style, script, and their hashes."""
    document = re.sub(r"<(style|script)>.*?</\1>", r"<\1>…</\1>", document, flags=re.DOTALL)
    return re.sub(r"'sha256-[^']+'|&#39;sha256-.*?&#39;", "'sha256-…'", document)


class Reader(HTMLParser):
    """What a page holds: ids, where links lead, texts outside of style and script; each element must be closed."""

    def __init__(self, document: str) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.tags: Counter[str] = Counter()
        self.texts: list[str] = []
        self.raw: dict[str, str] = {}
        self.open: list[str] = []
        self.policy = ""
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags[tag] += 1
        self.attributes |= set(given)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.links += [given["href"] or ""] if "href" in given else []
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"] or ""
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("style", "script"):
            self.raw[self.open[-1]] = self.raw.get(self.open[-1], "") + data
        else:
            self.texts.append(data)


@pytest.mark.parametrize("name", SUBJECTS)
def test_whole(name: str) -> None:
    assert_golden(f"page-{name}.html", bare(rendered(SUBJECTS[name])))


@every_subject
def test_a_page_is_closed_links_lead_within_it_and_hostile_names_are_text(subject: Subject) -> None:
    page = Reader(rendered(subject))
    assert page.open == []
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert page.tags["script"] == page.tags["style"] == 1
    assert not page.tags.keys() & {"img", "iframe", "object", "embed", "link", "base", "a:href"}
    assert not {name for name in page.attributes if name.startswith("on") or name in ("src", "style", "srcdoc")}


@pytest.mark.parametrize("subject", [*SUBJECTS.values(), morning.PLAN, morning.RESULT, morning.DRIFT])
def test_no_id_stands_twice(subject: Subject) -> None:
    ids = Reader(rendered(subject)).ids
    assert [name for name, number in Counter(ids).items() if number > 1] == []


@every_subject
def test_the_policy_lets_in_the_style_and_the_script_and_nothing_else(subject: Subject) -> None:
    page = Reader(rendered(subject))
    digests = {tag: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for tag, text in page.raw.items()}
    assert page.policy == (
        f"default-src 'none'; style-src 'sha256-{digests['style']}'; script-src 'sha256-{digests['script']}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_before_data_it_is_small() -> None:
    assert len(rendered(NOTHING).encode()) < BEFORE_DATA


def test_style_and_script_name_no_address() -> None:
    page = Reader(rendered(NOTHING))
    assert "url(" not in page.raw["style"]
    assert "@import" not in page.raw["style"]
    assert not re.search(r"https?:|//\w|eval|innerHTML|insertAdjacentHTML|fetch\(", page.raw["script"])


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "{{ 7*7 }}", "<img src=x onerror=alert(1)>"])
def test_markup_in_a_name_is_text(text: str) -> None:
    change = replace(samples.RENAME, key=text, before={"name": text}, after={"name": text + "!"}, warnings=(text,))
    of = samples.environment(text, change, warnings=(text,), campaigns={change.id: (Campaign(text, text),)})
    page = Reader(rendered(samples.planned(of)))
    assert "".join(page.texts).count(text) >= 6
    assert page.tags["script"] == 1
    assert page.tags["img"] == 0


def updates(**names: bool) -> tuple[Update, ...]:
    """Return renames (True) and new descriptions (False) by key; the ids are the keys."""
    return tuple(
        replace(samples.RENAME if rename else samples.DESCRIBED, key=key, id=key) for key, rename in names.items()
    )


USED = {"a": (Campaign("Spring"),), "b": (Campaign("Spring"), Campaign("Summer"))}
THREE = updates(a=True, b=True, c=True, d=False)
HEADLINES: dict[str, tuple[Plan, tuple[str, ...]]] = {
    "some in use": (
        samples.planned(samples.environment("prod", *THREE, campaigns=USED)),
        ("3 renames, 2 of them of lists that campaigns use", "1 new description"),
    ),
    "all in use": (
        samples.planned(samples.environment("prod", *THREE[:2], campaigns=USED)),
        ("2 renames, all of lists that campaigns use",),
    ),
    "one in use": (
        samples.planned(samples.environment("prod", THREE[0], campaigns=USED)),
        ("1 rename, of lists that campaigns use",),
    ),
    "none in use": (samples.planned(samples.environment("prod", *THREE)), ("3 renames", "1 new description")),
    "blocked and drift": (
        samples.planned(samples.environment("prod", samples.RENAME_IN_USE, samples.ADOPTED, drift=samples.DRIFT)),
        ("1 change blocked", "2 lists changed elsewhere"),
    ),
    "blocked, in use": (
        samples.planned(samples.environment("prod", samples.RENAME_IN_USE, campaigns=samples.USED)),
        ("1 change blocked, of lists that campaigns use",),
    ),
    "only recorded": (
        samples.planned(samples.environment("prod", samples.ADOPTED), samples.environment("dev", samples.ADOPTED)),
        ("2 lists to adopt",),
    ),
    "nothing": (NOTHING, ("Nothing to change",)),
}


@pytest.mark.parametrize(("plan", "said"), HEADLINES.values(), ids=list(HEADLINES))
def test_the_headline_of_a_plan(plan: Plan, said: tuple[str, ...]) -> None:
    assert headline(view_of(plan)) == said


def ran(*outcomes: Outcome, stopped: str | None = None) -> Result:
    environment = EnvironmentResult("prod", outcomes, unchanged=1, requests=3, seconds=1.0, stopped=stopped)
    of = samples.environment("prod", samples.RENAME, samples.ADOPTED, campaigns=samples.USED)
    return Result("sha256:00", (environment,), samples.planned(of))


ADOPTED = Outcome(key="vip", id=samples.list_id(4), action="adopt", outcome="adopted")
ALREADY = Outcome(key="renewal-due", id=samples.list_id(1), action="adopt", outcome="adopted")
RESULTS: dict[str, tuple[Result, tuple[str, ...]]] = {
    "done": (ran(samples.UPDATED, ADOPTED), ("Done: 1 rename, of lists that campaigns use", "1 list adopted")),
    "made by somebody else meanwhile": (ran(ALREADY, ADOPTED), ("Done: 2 lists adopted",)),
    "nothing": (ran(), ("Done: nothing had to change",)),
    "stopped": (ran(samples.UPDATED, stopped="SIGINT"), ("Incomplete: 1 of 1 change made",)),
    "not all": (
        morning.RESULT,
        ("Incomplete: 2 of 5 changes made and recorded; 2 more in the state only, with nothing sent",),
    ),
}


@pytest.mark.parametrize(("result", "said"), RESULTS.values(), ids=list(RESULTS))
def test_the_headline_of_a_result(result: Result, said: tuple[str, ...]) -> None:
    assert headline(view_of(result)) == said
    assert Reader(rendered(result)).texts


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            morning.DRIFT,
            (
                "1 list missing",
                "3 lists changed elsewhere, 2 of them used by campaigns",
                "1 list edited and not applied yet",
            ),
        ),
        (report(), ("Everything is as declared",)),
    ],
)  # fmt: skip
def test_the_headline_of_drift(found: DriftReport, said: tuple[str, ...]) -> None:
    assert headline(view_of(found)) == said


def test_drift_beside_a_change_of_the_same_list_has_an_anchor_of_its_own() -> None:
    drift = replace(samples.DRIFT[0], key="renewal-due")
    shown = page(samples.planned(samples.environment("prod", samples.RENAME, drift=(drift, samples.DRIFT[1]))))
    anchors = [article.anchor for article in shown.articles]
    assert anchors == ["prod/renewal-due", "prod/renewal-due/drift", "prod/kept-too/drift"]


def matrix_of(plan: Plan) -> Matrix:
    found = page(plan).matrix
    assert found
    return found


def test_the_matrix_shows_where_environments_differ() -> None:
    shown = matrix_of(morning.PLAN)
    cells = {row.key: [cell.kind.tag if cell.kind else "-" for cell in row.cells] for row in shown.rows}
    assert cells == {
        "welcome-call": ["blocked", "rename"],
        "renewal-due": ["risky rename", "rename"],
        "winback": ["risky rename", "rename"],
        "vip": ["rename", "-"],
        "appointments": ["changed elsewhere", "-"],
        "feedback": ["to adopt", "-"],
        "fair-2025": ["to forget", "-"],
    }
    assert (shown.alike, shown.more) == (1, 0)
    assert shown.rows[0].cells[1].text == "[dev] Renewal Due - May/June 2026"
    assert page(morning.SINGLE).matrix is None


def test_a_prefix_of_an_environment_is_no_difference_but_other_words_are() -> None:
    def named(prefix: str, word: str) -> Update:
        texts = ({"name": f"{prefix}Spring calls {each}"} for each in ("May", word))
        before, after = texts
        return replace(samples.RENAME, before=before, after=after)

    def between(*changes: Update) -> Matrix:
        environments = [samples.environment(name, change) for name, change in zip(("a", "b"), changes, strict=True)]
        return matrix_of(samples.planned(*environments))

    assert between(named("", "June"), named("[dev] ", "June")).alike == 1
    differing = between(named("", "June"), named("[dev] ", "July"))
    assert (differing.alike, [cell.text for cell in differing.rows[0].cells]) == (
        0,
        ["Spring calls June", "[dev] Spring calls July"],
    )


def test_a_large_matrix_says_what_it_leaves_out() -> None:
    many = [replace(samples.RENAME, key=f"list-{number}") for number in range(MOST_ROWS + 5)]
    plan = samples.planned(samples.environment("prod", *many), samples.environment("dev"))
    assert (len(matrix_of(plan).rows), matrix_of(plan).more) == (MOST_ROWS, 5)
    assert "And 5 more that differ" in rendered(plan)


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("A 1", "A 2", [("A [1]", ""), ("A [2]", "")]),
        (None, "A", [("", "unknown"), ("[A]", "")]),
        ("A", "", [("[A]", ""), ("", "empty")]),
        ("", "A", [("", "empty"), ("[A]", "")]),
        ("A", None, [("[A]", ""), ("", "no longer managed")]),
        ("A", "A", [("A", "")]),
        ("", "", [("", "empty")]),
        (samples.LONG, samples.REWRITTEN, [(f"[{samples.LONG}]", ""), (f"[{samples.REWRITTEN}]", "")]),
    ],
)
def test_texts_side_by_side(old: str | None, new: str | None, shown: list[tuple[str, str]]) -> None:
    text = compare_sides("name", old, new, ("before", "after"))
    assert [(marked(side.pieces), side.remark) for side in text.sides] == shown


def marked(pieces: tuple[object, ...]) -> str:
    return "".join(p.text if p.kind == "kept" else f"[{p.text}]" for p in pieces)  # type: ignore[attr-defined]


def test_three_sides_of_a_conflict() -> None:
    text = beside(compare_sides("name", "A 1", "A 2", ("applied", "live")), "A 1", "A 3", "in the manifest")
    assert [(side.label, marked(side.pieces)) for side in text.sides] == [
        ("applied", "A [1]"),
        ("live", "A [2]"),
        ("in the manifest", "A [3]"),
    ]


def test_the_chart_is_as_wide_as_it_is_and_shows_even_one_of_thousands() -> None:
    bars = (Bar(1, "a", "stop", "a"), Bar(9_999, "b", "change", "b"), Bar(5, "rest", "quiet"))
    first, second = rendering.chart(bars)
    assert (first.x, first.width) > (0.0, 9.0)
    assert second.x + second.width == pytest.approx(1000, abs=0.2)
    assert rendering.chart(()) == rendering.chart(bars[2:]) == ()


def test_like_entries_start_folded_where_there_are_many() -> None:
    adopted = [replace(samples.ADOPTED, key=f"list-{number}") for number in range(21)]
    plan = samples.planned(samples.environment("prod", *adopted, samples.RENAME))
    assert [(group.kind.name, group.folded) for group in page(plan).groups] == [
        ("renames", False),
        ("adopt", True),
    ]
    assert '<details class="group good" id="adopt">' in rendered(plan)


def test_undeclared_lists_are_called_by_their_name() -> None:
    (found,) = [article for article in page(morning.DRIFT).articles if article.entry.cause == "undeclared"]
    assert (found.entry.key, found.anchor) == ("Test of Monday", f"prod/{morning.list_id(90)}")


@pytest.mark.parametrize(
    ("names", "shown"), [((), ""), (("a",), "a"), (("a", "b"), "a and b"), (("a", "b", "c"), "a, b and c")]
)
def test_names_in_a_sentence(names: tuple[str, ...], shown: str) -> None:
    assert join_names(names) == shown


def test_times_as_people_write_them() -> None:
    assert date_in_words("2026-11-02T06:30:00Z") == "2 November 2026, 06:30 UTC"


@pytest.mark.parametrize(
    ("plan", "steps"),
    [
        (
            samples.planned(samples.environment("prod", samples.RENAME), refreshed=False),
            [
                "To compare with the live account first: reconciler plan --refresh --env prod",
                "To make these changes, after a last look: reconciler apply --env prod",
            ],
        ),
        (
            samples.planned(samples.environment("prod", samples.RENAME_IN_USE)),
            ["Look at what is blocked: each says what to do about it"],
        ),
        (
            samples.planned(samples.environment("a", samples.RENAME_IN_USE), samples.environment("b", samples.RENAME)),
            [
                "Look at what is blocked: each says what to do about it",
                "To make the changes that are not blocked, after a last look: reconciler apply --env a --env b",
            ],
        ),
        (
            replace(
                samples.planned(samples.environment("prod", samples.RENAME, drift=samples.DRIFT), refreshed=False),
                asked=Asked("my lists.yaml", ("win*", "vip"), True),
            ),
            [
                f"To compare with the live account first: reconciler plan --refresh --env prod {ASKED} --revert-drift",
                f"To make these changes, after a last look: reconciler apply --env prod {ASKED} --revert-drift",
                f"To take the live values into the manifest: reconciler accept --env prod {ASKED[:18]} kept kept-too",
                f"To set the lists back to the manifest: reconciler apply --env prod {ASKED} --revert-drift",
            ],
        ),
        (NOTHING, []),
    ],
)
def test_what_to_do_next_fits_the_plan(plan: Plan, steps: list[str]) -> None:
    assert [str(step) for step in page(plan).steps] == steps


def test_a_card_of_a_description_shows_the_name_of_its_list() -> None:
    of = samples.environment("prod", samples.DESCRIBED, names={samples.DESCRIBED.id: "Fiber Upgrade Köln"})
    assert '">letters</a> <span>Fiber Upgrade Köln</span></h4>' in rendered(samples.planned(of))


def test_about_this_run_names_the_build_and_links_to_https_only() -> None:
    build = {"Build": "https://ci.example/7", "Commit": "5f0c", "Branch": "<b>", "Pull request": "javascript:alert(1)"}
    build |= {"Started by": 'https://ci.example/"onclick=x'}
    shown = Reader(html.render(replace(view_of(NOTHING), build=build)))
    assert [link for link in shown.links if not link.startswith("#")] == ["https://ci.example/7"]
    assert {*build, *build.values()} <= {text.strip() for text in shown.texts}
