"""A view as a page: what stands where."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.report.html import facts
from reconciler.report.html.articles import article_of
from reconciler.report.html.matrix import matrix
from reconciler.report.html.page import Bar, Group, Notice, Page, Standing
from reconciler.report.phrases import shorten
from reconciler.report.steps import Step
from reconciler.report.view.headlines import headline
from reconciler.report.view.kinds import Tone
from reconciler.report.view.view import View, counts_in_words

_WITHOUT_ENTRIES = ("unchanged", "as declared", "ignored", "alike")


def page_of(view: View) -> Page:
    """Return the whole page."""
    names = tuple(environment.name for environment in view.environments)
    groups = tuple(Group(kind, tuple(map(article_of, entries))) for kind, entries in view.groups.items())
    return Page(
        subject=view.subject,
        kind_is={"plan": "Action", "apply": "Outcome", "drift": "Finding", "compare": "Difference"}[view.subject],
        environments=names,
        made_at=view.made_at,
        tone=_tone(view, groups),
        headline=headline(view),
        lede=tuple(_lede(view)),
        bars=tuple(_bars(view, groups)),
        notices=tuple(_notices(view)),
        steps=tuple(_steps(view)),
        standings=tuple(_standings(view)) if len(names) > 1 else (),
        cost_verb=view.cost_verb,
        matrix=matrix(
            names,
            [each for group in groups for each in group.articles if each.entry.cause != "undeclared"],
            idle="no drift" if view.subject == "drift" else "nothing to do",
        ),
        groups=groups,
        facts=tuple(facts.of_view(view)),
    )


def _tone(view: View, groups: tuple[Group, ...]) -> Tone:
    """Return how urgent the page is: something is stopped, or else as its first group."""
    if view.subject == "apply":
        return "good" if view.in_order else "stop"
    if view.failed or view.refused or any(group.kind.tone == "stop" for group in groups):
        return "stop"
    in_order = not groups or (view.subject == "drift" and view.in_order)
    return "good" if in_order else groups[0].kind.tone


def _lede(view: View) -> Iterator[str]:
    if view.ended and not view.in_order:
        yield f"{counts_in_words(view.counts).capitalize()}."
    yield from view.lede


def _bars(view: View, groups: tuple[Group, ...]) -> Iterator[Bar]:
    for group in groups:
        is_one = len(group.articles) == 1
        yield Bar(
            len(group.articles),
            group.kind.tag if is_one else group.kind.title.lower(),
            group.kind.tone,
            group.kind.name,
        )
    for words in _WITHOUT_ENTRIES:
        if number := view.counts.get(words):
            yield Bar(number, words, "quiet")


def _notices(view: View) -> Iterator[Notice]:
    for name, words in view.halts:
        yield Notice(name, shorten(words), "stop")
    for of in view.environments:
        if of.stopped:
            yield Notice(of.name, shorten(f"stopped: {of.stopped}"), "stop")
        yield from (Notice(of.name, shorten(warning), "caution") for warning in of.warnings)


def _steps(view: View) -> Iterator[Step]:
    for step in view.steps:
        yield step._replace(words=f"{step.kind.title}: {step.words}") if step.kind else step
    for environment in view.environments:
        yield from environment.steps


def _standings(view: View) -> Iterator[Standing]:
    for environment in view.environments:
        yield Standing(environment.name, counts_in_words(environment.counts), environment.cost)
