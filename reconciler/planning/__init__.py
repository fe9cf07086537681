"""Three sides in, a plan out: pure functions from values to values.

    build.build      desired, applied, live → changes and drift, by the table drawn there
    guard.guarded    the same plan with what a guard stops blocked, and renames in an order that works
    limits           how many PUTs one apply may send, and what they cost

No I/O, no clock, no randomness; nothing here knows of files, HTTP or terminals.
"""
