"""The nouns of the program, as frozen values: lists as desired, applied and live; changes; outcomes.

No I/O, no clock, no randomness, and no rules: what follows from comparing these values is decided in `planning`.
"""
