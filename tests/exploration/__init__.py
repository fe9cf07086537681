"""Every order of events, on the real code: small worlds behind the seams, and a search through all that may happen.

    choices     what happens at each call of a seam: good weather, or a deviation; recorded, so that it can be replayed
    world       an account, time, and the machines at work
    process     a run of the program that may die: what the seams show to it
    places      where the state is kept: a disk that may lose what was not synced
    leased      places under a lease: a bucket, and a branch of a git remote
    stories     the small worlds: what is declared, served and known, and what others may edit
    events      what happens, in a few words; `tests/faults/traces.py` tells real runs in the same ones
    evidence    what the events so far come to
    predicates  what must hold, in words and as functions over these
    search      all choices with at most so many deviations, equal states once
    planted     faults that the search must find

`widely` is `make explore`. Nothing here is shipped, and no part of the program knows of it.
"""
