"""What people read in a terminal or a log: plans, results and progress, as plain text or with colour.

    plans      a plan                 results    a result, and one outcome in a line
    drifts     a drift report         checkups   what `doctor` found

A document ends with a line break, a line does not. No line ends in white space.
"""
