"""A plan in, outcomes out: one PUT after the other, each intent on disk before it is sent, all verified at the end.

    run        the order of things, and what stops a run; reads from top to bottom
    attempt    one change: how it stands after each answer and each look at live (two tables), and its outcome
    snapshot   the live values and their age
    finding    what a read shows of a PUT
    verify     reading back until it shows, and what that makes of the state
    records    what the state says of a list before its PUT, and after it
    calls      one PUT or read as a call to the API

Knows the API, the state and time only by their seams (`protocols`); how a plan is judged again is handed in.
"""
