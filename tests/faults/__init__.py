"""Break whatever a run stands on, at every step it takes, and look whether anything was lost or is said falsely.

    steps       the system calls by which the program acts on the world; die at the n-th
    power       what a disk holds when the power goes: only what was synced
    launcher    the program in processes of its own, killed where, or signalled when, an order says
    story       an apply with every kind of change, and what must be true of it after any fault
    kills       one kill after the other, each followed by runs that may be killed again
    tally       fault, times tried, lost, false, recovered

`python -m tests.faults` tries widely and prints the table.
"""
