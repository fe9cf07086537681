"""The tools: each takes its arguments, checked, and returns a document, as the command of its name prints it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from json import dumps
from pathlib import Path
from threading import Event, Lock
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reconciler.cli import exits, wiring
from reconciler.cli import options as shared
from reconciler.cli.assistant.attended_clock import AttendedClock
from reconciler.cli.explain import entry_of
from reconciler.cli.schema import DOCUMENTS, schema
from reconciler.codes.catalogue import entries
from reconciler.documents.drift_document import drift_document
from reconciler.documents.environments_document import accounts_document
from reconciler.documents.json_schema import document_schema
from reconciler.documents.plan_document import plan_document
from reconciler.documents.problems_document import problems_document
from reconciler.engine.looking import drift, plan
from reconciler.engine.per_account import Failures
from reconciler.errors import ManifestError, UsageError
from reconciler.manifest import Manifest, load
from reconciler.protocols import Clock, Reader
from reconciler.report import json
from reconciler.report.escape import terminal

_MOST = 200_000  # characters of a document; a model can take in little more

_Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class NoArguments(_Arguments):
    """The tool takes no arguments."""


class PlanArguments(_Arguments):
    """What is to be planned."""

    environment: _Name | None = Field(None, description="One environment; without it, all that are served.")
    refresh: bool = Field(False, description="Compare with the live account, too: one request an environment.")
    only: tuple[_Name, ...] = Field((), max_length=100, description="Only lists with these keys; * is any text.")


class DriftArguments(_Arguments):
    """Where to look for drift."""

    environment: _Name | None = Field(None, description="One environment; without it, all that are served.")
    only: tuple[_Name, ...] = Field((), max_length=100, description="Only lists with these keys; * is any text.")
    undeclared: bool = Field(False, description="Also name the live lists that the manifest does not declare.")


class ExplainArguments(_Arguments):
    """Which code."""

    code: _Name | None = Field(None, description="A code such as RENAME-IN-USE or EXIT-3; without it, all are listed.")


class SchemaArguments(_Arguments):
    """Of which document."""

    document: Literal[DOCUMENTS] = Field("manifest", description="The kind of document.")  # type: ignore[valid-type]


class Answer(NamedTuple):
    """A document, and notes beside it, such as which environment failed."""

    document: Mapping[str, object]
    notes: Sequence[str] = ()

    @property
    def shown(self) -> dict[str, object]:
        """The document with all that hides in its texts spelled out: a model reads what a person does not see."""
        return {key: _spelled(value) for key, value in self.document.items()}


class Tool(NamedTuple):
    """A tool: what it is for, the model of its arguments, what makes the answer, and the schema of that, if it has one.

    `asks_api`: it may send requests to the API.
    """

    description: str
    arguments: type[_Arguments]
    call: Callable[..., Answer]
    schema: Mapping[str, object] | None = None
    asks_api: bool = False


class Tools:
    """What is looked at: one manifest, its environments `served` (all if none is named), and the accounts' rate limits.

    The manifest is read anew by each call.
    """

    def __init__(self, file: Path, served: Sequence[str], timeout: float | None, clock: Clock) -> None:
        self._file = file
        self._served = list(served)
        self._timeout = timeout
        self._clock = AttendedClock(clock)
        self._limits: wiring.Limits = {}
        self._turn = Lock()
        self.by_name: Mapping[str, Tool] = {
            "plan": Tool(
                "What an apply would change in the account, against the last-applied state or, with refresh, the live "
                "account; what is blocked and why.",
                PlanArguments,
                self._plan,
                document_schema("plan"),
                asks_api=True,
            ),
            "drift": Tool(
                "What was changed elsewhere than in the manifest: live against last applied and declared. One request "
                "an environment.",
                DriftArguments,
                self._drift,
                document_schema("drift"),
                asks_api=True,
            ),
            "validate": Tool(
                "What is wrong with the manifest, each with its place and the way out; no problems if it is in order.",
                NoArguments,
                self._validate,
                document_schema("problems"),
            ),
            "environments": Tool(
                "The accounts of the manifest, each with its environments.", NoArguments, self._environments
            ),
            "explain": Tool(
                "What a code that stands in brackets after a message means, why it exists and what to do.",
                ExplainArguments,
                self._explain,
            ),
            "schema": Tool("The JSON Schema of the manifest or of a document.", SchemaArguments, self._schema),
        }

    @property
    def is_busy(self) -> bool:
        """Whether a call is under way."""
        return self._turn.locked()

    def call(self, name: str, arguments: Mapping[str, object], given_up: Event | None = None) -> Answer:
        """Return what a tool answers. Raises UsageError for wrong arguments, and whatever its command may raise.

        Once `given_up` is set, the call waits for nothing more and begins nothing: it raises GivenUpError.
        """
        tool = self.by_name.get(name)
        if tool is None:
            raise UsageError(f"no tool {name!r}; there are {', '.join(self.by_name)}")
        try:
            asked = tool.arguments.model_validate_json(dumps(arguments))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise UsageError(f"{name}: {where and where + ': '}{first['msg']}") from error
        with self._turn:  # a rate limit is for one call at a time; one that was cancelled may still be under way
            self._clock.begin(given_up or Event())
            answer = tool.call(asked)
        if (size := len(json.render(answer.shown))) > _MOST:
            less = "ask for one environment, or for some lists by `only`, or " * ("only" in tool.arguments.model_fields)
            raise UsageError(
                f"the answer has {size:,} characters, and at most {_MOST:,} are given: {less}read what "
                f"`reconciler {name}` prints{_counts(answer.document)}"
            )
        return answer

    def _plan(self, asked: PlanArguments) -> Answer:
        chosen, options = self._chosen(asked)
        metadata = wiring.plan_metadata(chosen.manifest, self._clock.now(), options)
        with ExitStack() as connections:
            readers: Mapping[str, Reader] = {}
            if asked.refresh:
                readers = connections.enter_context(
                    wiring.readers(chosen.environments, options, self._clock, self._limits)
                )
            planned, failures = plan(chosen.workspaces, readers, metadata, wiring.selection(options))
        _raise_if_all_failed(failures, planned.environments)
        notes = _notes(asked.only, chosen.manifest, failures)
        notes += [
            f"{each.name}: there is no state yet: the plan compares with nothing that was applied"
            for each in planned.environments
            if not each.serial
        ]
        return Answer(plan_document(planned), notes)

    def _drift(self, asked: DriftArguments) -> Answer:
        chosen, options = self._chosen(asked)
        metadata = wiring.plan_metadata(chosen.manifest, self._clock.now(), options)
        with wiring.readers(chosen.environments, options, self._clock, self._limits) as readers:
            ids = wiring.declared_ids(chosen.manifest)
            found, failures = drift(chosen.workspaces, readers, metadata, ids, wiring.selection(options))
        _raise_if_all_failed(failures, found.environments)
        document = drift_document(found, undeclared=asked.undeclared)
        return Answer(document, _notes(asked.only, chosen.manifest, failures))

    def _validate(self, _asked: NoArguments) -> Answer:
        try:
            load(self._file)
        except ManifestError as error:
            return Answer(problems_document(error.problems))
        return Answer(problems_document([]))

    def _environments(self, _asked: NoArguments) -> Answer:
        environments = load(self._file).environments
        served = {name: environments[name].target for name in self._names(environments, None)}
        return Answer({"accounts": accounts_document(served)})

    def _explain(self, asked: ExplainArguments) -> Answer:
        if asked.code is None:
            return Answer({"codes": {code: entry.summary for code, entry in entries().items()}})
        return Answer(asdict(entry_of(asked.code)))

    def _schema(self, asked: SchemaArguments) -> Answer:
        return Answer({"schema": schema(asked.document)})

    def _names(self, known: Iterable[str], environment: str | None) -> list[str]:
        """Return those `known` environments that are to be looked at. Raises UsageError for one that is not served."""
        served = shared.choose_environments(self._served, False, list(known), in_part=True)
        return shared.choose_environments([environment] if environment else served, False, served, of="this server")

    def _chosen(self, asked: PlanArguments | DriftArguments) -> tuple[wiring.Chosen, argparse.Namespace]:
        """Read the manifest, once, and choose of it what is asked for; return also that as options of a command."""
        manifest = load(self._file)
        names = self._names(manifest.environments, asked.environment)
        options = argparse.Namespace(file=self._file, env=names, all_envs=False, only=asked.only, timeout=self._timeout)
        return wiring.load_workspaces(options, manifest=manifest), options


def _counts(document: Mapping[str, object]) -> str:
    """Return what a plan or a drift report counts, for who cannot have it whole."""
    environments = document.get("environments")
    return "".join(
        f"; {each['name']} has {', '.join(f'{name} {count}' for name, count in each['summary'].items())}"
        for each in (environments if isinstance(environments, list) else [])
    )


def _spelled(node: object) -> object:
    if isinstance(node, str):
        return "\n".join(map(terminal, node.split("\n")))
    if isinstance(node, Mapping):
        return {key: _spelled(value) for key, value in node.items()}
    return [_spelled(each) for each in node] if isinstance(node, list | tuple) else node


def _raise_if_all_failed(failures: Failures, environments: Sequence[object]) -> None:
    if failures and not environments:
        raise exits.of_all(failures)


def _notes(only: Sequence[str], manifest: Manifest, failures: Failures) -> list[str]:
    notes = [f"error: {name}: {error.coded}" for name, error in failures.items()]
    unmatched = wiring.unmatched(only, manifest)
    return notes + [f"only {pattern}: no list has such a key{meant}" for pattern, meant in unmatched]
