"""Accounts side by side, so that one request is in flight per account, and none waits for another.

Environments of one account share its rate limit: they come one after the other, in their order. There are at most
`THREADS` at work at a time; further accounts begin as soon as others are done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Protocol, TypeAlias, TypeVar

from reconciler.errors import ReconcilerError
from reconciler.model.lists import Target


class _InAccount(Protocol):
    """An environment, in whatever form."""

    @property
    def target(self) -> Target: ...


_Item = TypeVar("_Item")
_Environment = TypeVar("_Environment", bound=_InAccount)
_Found = TypeVar("_Found")
Failures: TypeAlias = Mapping[str, ReconcilerError]
"""What went wrong, by environment."""


THREADS = 64


def side_by_side(
    environments: Sequence[_Environment], work: Callable[[_Environment], _Found]
) -> list[_Found | ReconcilerError]:
    """Do `work` for each environment; return what came of it in the same order, failures as values.

    The threads end with the process: an interrupt need not wait for them.
    """
    accounts: dict[tuple[str, str], dict[int, _Environment]] = {}
    for number, environment in enumerate(environments):
        accounts.setdefault(environment.target.account, {})[number] = environment
    found: dict[int, _Found | ReconcilerError] = {}
    broken: list[BaseException] = []

    def of_account(numbered: Mapping[int, _Environment]) -> None:
        try:
            for number, environment in numbered.items():
                found[number] = _attempt(work, environment)
        except BaseException as error:  # noqa: BLE001  # raised again below
            broken.append(error)

    _each_in_a_thread(of_account, list(accounts.values()))
    if broken:
        raise broken[0]
    return [found[number] for number in range(len(environments))]


def _each_in_a_thread(work: Callable[[_Item], None], items: Sequence[_Item]) -> None:
    """Do `work` for each item, in a bounded number of threads; a single one needs none."""
    if len(items) == 1:
        work(items[0])
        return
    left = SimpleQueue[_Item]()
    for item in items:
        left.put(item)

    def work_on() -> None:
        with suppress(Empty):
            while True:
                work(left.get_nowait())

    threads = [Thread(target=work_on, daemon=True) for _ in range(min(len(items), THREADS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def sorted_out(
    names: Iterable[str], found: Iterable[_Found | ReconcilerError]
) -> tuple[tuple[_Found, ...], dict[str, ReconcilerError]]:
    """Return what worked, and the failures by environment."""
    worked: list[_Found] = []
    failures: dict[str, ReconcilerError] = {}
    for name, each in zip(names, found, strict=True):
        if isinstance(each, ReconcilerError):
            failures[name] = each
        else:
            worked.append(each)
    return tuple(worked), failures


def all_of(names: Iterable[str], found: Iterable[_Found | ReconcilerError]) -> list[_Found]:
    """Return what worked. Raises the first failure if there is one."""
    worked, failures = sorted_out(names, found)
    if failures:
        raise first_of(failures, several=len(worked) + len(failures) > 1)
    return list(worked)


def first_of(failures: Failures, *, several: bool) -> ReconcilerError:
    """Return the first failure, noted on it where that was, if there are `several` environments, and the others."""
    (where, first), *others = failures.items()
    if several:
        first.add_note(f"this was in {where}")
    for name, error in others:
        first.add_note(f"also in {name}: {error.coded}")
    return first


def _attempt(work: Callable[[_Item], _Found], item: _Item) -> _Found | ReconcilerError:
    try:
        return work(item)
    except ReconcilerError as error:
        return error
