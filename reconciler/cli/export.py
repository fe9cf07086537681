"""`reconciler export --csv FILE`: the declared lists as a sheet, with the declared texts or the live ones."""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from reconciler.cli import options as shared
from reconciler.cli.output import note, say
from reconciler.cli.outputs import Outputs, is_stdout
from reconciler.cli.sheet import COLUMNS
from reconciler.errors import UsageError
from reconciler.model.fields import FIELDS
from reconciler.report.escape import cell, log, terminal
from reconciler.report.phrases import count

if TYPE_CHECKING:
    from reconciler.manifest import Environment
    from reconciler.model.lists import Campaign

_BYTE_ORDER_MARK = "\ufeff"  # without it, Excel takes UTF-8 for something else


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--csv", dest="out", required=True, metavar="FILE", help="the sheet to write; - is stdout")
    parser.add_argument(
        "--live", action="store_true", help="the live texts and campaigns instead of the declared texts (one request)"
    )
    parser.add_argument(
        "--semicolon", action="store_true", help="semicolons between the cells, as Excel wants them in much of Europe"
    )
    shared.manifest(parser)
    shared.environments(parser)
    shared.network(parser)
    parser.set_defaults(json=False)


def run(options: argparse.Namespace) -> int:
    """Write the sheet; exit 3 if a declared list could not be read."""
    from reconciler.cli import wiring
    from reconciler.manifest import load

    outputs = Outputs(options)
    manifest = load(options.file)
    names = shared.choose_environments(options.env, options.all_envs, list(manifest.environments))
    environments = tuple(manifest.environments[name] for name in names)
    outputs.settle(wiring.Chosen(manifest, environments, ()))
    rows, unread = _read_rows(environments, options) if options.live else (list(_declared_rows(environments)), [])
    columns = (*COLUMNS, "campaigns") if options.live else COLUMNS
    document = _document((columns, *rows), ";" if options.semicolon else ",")
    if is_stdout(options.out) and not _is_inert(document):
        raise UsageError(
            "some texts hold what hides or acts on a terminal or in a log: name a file, such as --csv lists.csv"
        )
    outputs.write(options.out, _BYTE_ORDER_MARK + document)
    if not is_stdout(options.out):
        say(f"written to {terminal(options.out)}: {count(len(rows), 'list')}")
    for why in unread:
        note(terminal(f"not in the sheet: {why}"))
    return 3 if unread else 0


def _declared_rows(environments: Iterable[Environment]) -> Iterator[tuple[str, ...]]:
    for environment in environments:
        for wanted in environment.desired.lists.values():
            texts = (wanted.texts.get(field, "") for field in FIELDS)
            yield environment.name, wanted.key, wanted.id, *texts


def _read_rows(
    environments: tuple[Environment, ...], options: argparse.Namespace
) -> tuple[list[tuple[str, ...]], list[str]]:
    """Return the rows of the declared lists as they are live, and in words those that could not be read."""
    from reconciler.cli import wiring
    from reconciler.cli.runtime import Runtime
    from reconciler.execute.snapshot import read_live

    rows: list[tuple[str, ...]] = []
    unread: list[str] = []
    with wiring.clients(environments, options, Runtime()) as readers:
        for environment in environments:
            name, declared = environment.name, environment.desired.lists
            live = read_live(readers[name], [wanted.id for wanted in declared.values()])
            for key, wanted in declared.items():
                if found := live.lists.get(wanted.id):
                    texts = (found.texts[field] for field in FIELDS)
                    rows.append((name, key, wanted.id, *texts, _join(found.campaigns)))
                else:
                    why = live.odd.get(wanted.id) or live.absent[wanted.id]
                    unread.append(f"{key} in {name}: {why.reason}")
    return rows, unread


def _join(campaigns: Iterable[Campaign]) -> str:
    return "\n".join(f"{each.name} ({each.id})" if each.id else each.name for each in campaigns)


def _document(rows: Iterable[Iterable[str]], delimiter: str) -> str:
    document = io.StringIO(newline="")
    writer = csv.writer(document, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows(map(cell, row) for row in rows)
    return document.getvalue()


def _is_inert(document: str) -> bool:
    return log(document) == document and all(terminal(line) == line for line in document.split("\n"))
