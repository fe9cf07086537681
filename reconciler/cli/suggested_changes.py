"""`plan --suggest FILE`: changes of the manifest for a review on GitHub, which a person may take with a click.

Each line is one comment of a review: the path in the repository, the first and the last line that it replaces, and the
comment as the API of GitHub takes it, separated by tabs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from reconciler.cli.outputs import path_in_repository
from reconciler.report.escape import code
from reconciler.report.phrases import shorten

if TYPE_CHECKING:
    from reconciler.manifest.edit.suggestions import Suggestion

_MOST = 30


def write(suggestions: Iterable[Suggestion], options: argparse.Namespace) -> None:
    """Write the first of them. Raises UsageError if the file cannot be written."""
    options.outputs.write(options.suggest, "".join(islice(_lines(suggestions), _MOST)))


def _lines(suggestions: Iterable[Suggestion]) -> Iterator[str]:
    for each in suggestions:
        path = path_in_repository(each.file)
        block = "\n".join(each.lines)
        if "```" in block or not path.isprintable():
            continue
        comment = {"path": path, "side": "RIGHT", "line": each.last}
        if each.first < each.last:
            comment |= {"start_side": "RIGHT", "start_line": each.first}
        comment["body"] = f"{code(shorten(each.why))}\n\n```suggestion\n{block}\n```\n"
        yield f"{path}\t{each.first}\t{each.last}\t{json.dumps(comment)}\n"
