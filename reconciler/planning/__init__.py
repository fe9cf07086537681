"""Three sides in, a plan out: pure functions from values to values.

    build          desired, applied, live → changes and drift, by the table drawn there
    guard          the same plan with what a guard stops blocked
    names          guards that compare the names of several lists, and an order of renames that works
    blocks         why a list is not written, and what lifts that, in words
    revalidation   what is left of a plan once live was read again
    limits         how many PUTs one apply may send, and what they cost
    drifting       which lists were changed elsewhere
    stepback       what to say if git moved the state back

No I/O, no clock, no randomness; nothing here knows of files, HTTP or terminals.
"""
