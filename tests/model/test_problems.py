"""Problems in words, and in the order of the files."""

from __future__ import annotations

from reconciler.model.problems import Problem

EARLY = Problem("lists.yaml", 2, 9, "lists.vip.name", "is empty")


def test_a_problem_says_where_it_is() -> None:
    assert str(EARLY) == "lists.yaml:2:9: lists.vip.name: is empty"
    assert str(Problem("lists.yaml", 1, 1, "", "is binary")) == "lists.yaml:1:1: is binary"


def test_problems_come_in_the_order_of_the_file() -> None:
    late = Problem("lists.yaml", 10, 1, "", "is late")
    other = Problem("more.yaml", 1, 1, "", "is elsewhere")
    assert sorted([other, late, EARLY]) == [EARLY, late, other]
