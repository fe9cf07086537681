"""A plan in, outcomes out: one PUT after the other, each intent on disk before it is sent, all verified at the end.

    run       the order of things, and what stops a run
    sending   one change: attempts, doubt, when live must be read again
    sight     the live values and their age
    verify    what a read shows of a PUT
    entries   what the state says of a list before and after

Knows the API, the state and time only by their seams (`protocols`); how a plan is judged again is handed in.
"""
