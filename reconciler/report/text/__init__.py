"""What people read in a terminal or a log: plans, results and progress, as plain text or with colour.

A document ends with a line break, a line does not. No line ends in white space.
"""

from reconciler.report.text.checkups import checkups
from reconciler.report.text.drifts import drift
from reconciler.report.text.plans import plan
from reconciler.report.text.results import outcome_line, result

__all__ = ["checkups", "drift", "outcome_line", "plan", "result"]
