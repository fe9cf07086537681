"""What happens under way that people should know, such as a wait: a line on stderr each, as text that does nothing."""

from __future__ import annotations

import logging

from reconciler.cli.output import note
from reconciler.report.escape import terminal


class _Notes(logging.Handler):
    """Writes to stderr as it is at that moment: a progress bar may stand in for it."""

    def emit(self, record: logging.LogRecord) -> None:
        note(terminal(self.format(record)))


def show() -> None:
    """Show from now on what this program logs, and nothing of the libraries below it."""
    logger = logging.getLogger("reconciler")
    if not logger.handlers:
        logger.addHandler(_Notes())
    logger.setLevel(logging.INFO)
    logger.propagate = False
