"""What to do next: a sentence, and the command that does it, the same in every sink.

The commands hold names of others, made harmless for a terminal; a sink escapes them for itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from reconciler.model.changes import Asked
from reconciler.model.fields import NAME
from reconciler.report.escape import terminal

if TYPE_CHECKING:
    from reconciler.model.changes import EnvironmentPlan
    from reconciler.model.drift_report import EnvironmentDrift, ListDrift
    from reconciler.model.lists import Standing
    from reconciler.report.view.kinds import Kind


class Step(NamedTuple):
    """What to do, the command for it ("" if none does it), and the kind of entries that it is about, if only of one."""

    words: str
    command: str = ""
    kind: Kind | None = None

    def __str__(self) -> str:
        """Return both on one line."""
        return f"{self.words}: {self.command}" if self.command else self.words


def command(verb: str, environments: Iterable[str], asked: Asked, *more: str) -> str:
    """Return a verb as it is typed, for these environments and with all else that the run before was `asked`."""
    from shlex import quote  # noqa: PLC0415 - most plans do without, and start the sooner

    saved = asked.out if verb == "apply" else ""
    words = [saved] if saved else []
    words += [word for name in environments for word in ("--env", name)]
    words += ["-f", asked.file] if asked.file else []
    if not saved:  # else the plan has it in itself
        words += [word for glob in asked.only for word in ("--only", glob)]
        words += ["--revert-drift"] if asked.revert_drift else []
    return " ".join(["reconciler", verb, *(terminal(quote(word)) for word in [*words, *more])])


def of_drift_left_alone(of: EnvironmentPlan, asked: Asked) -> Iterator[Step]:
    """Yield what can be done about the drift that a plan shows and leaves alone."""
    yield _accept(of.name, asked, *(drift.key for drift in of.drift if asked.only))
    in_use = any(NAME in each.fields and each.id in of.campaigns for each in of.drift)
    yield _set_back(of.name, asked, _guarded(of.standing, in_use))


def of_drift(found: EnvironmentDrift, asked: Asked, *, named: bool) -> Iterator[Step]:
    """Yield what can be done about what a drift report found in an environment; undeclared lists are `named` in it."""
    if found.drifted:
        yield _accept(found.name, asked, *(drift.key for drift in found.drifted if asked.only))
        yield _set_back(found.name, asked, _guarded(found.standing, _rename_used(found.drifted)))
    if edited := [each for each in found.pending if not each.never_applied]:
        guarded = _guarded(found.standing, _rename_used(edited))
        yield Step(f"To send what the manifest says{guarded}", command("apply", [found.name], asked))
    elif found.pending:
        words = "To see what an apply does with the lists that were never applied"
        yield Step(words, command("plan --refresh", [found.name], asked))
    if found.undeclared and not named:
        yield Step("To see which lists are undeclared", command("drift --undeclared", [found.name], asked))
    if found.undeclared:
        yield Step("To declare the undeclared lists", command("import", [found.name], asked))


def accept(environment: str, asked: Asked, *keys: str) -> str:
    """Return the command that takes over these lists, or all that only changed elsewhere; it knows no `--only`."""
    return command("accept", [environment], Asked(asked.file), *keys)


def _accept(environment: str, asked: Asked, *keys: str) -> Step:
    return Step("To take the live values into the manifest", accept(environment, asked, *keys))


def _set_back(environment: str, asked: Asked, guarded: str) -> Step:
    back = replace(asked, revert_drift=True, out="")
    return Step(f"To set the lists back to the manifest{guarded}", command("apply", [environment], back))


def _rename_used(found: Iterable[ListDrift]) -> bool:
    """Tell whether the name of a list that campaigns use is among what differs."""
    return any(each.campaigns and any(field.field == NAME for field in each.fields) for each in found)


def _guarded(standing: Standing, renamed: bool) -> str:
    blocked = renamed and standing.rename_in_use == "block"
    return " (names of lists that campaigns use only with policy.rename_in_use: warn)" if blocked else ""
