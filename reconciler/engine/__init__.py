"""The whole pipeline, wired from seams.

    looking    plan     state (+ live)  →  build  →  guard  →  Plan
               drift    state + live  →  drifting  →  DriftReport
    applying   apply    locks → states → live → build or revalidation → guard → approve → execute → Result
    per_account    accounts side by side, each with one request in flight

Plan and drift are made from a `Reader`, which cannot write: that is a fact of types. Every environment is locked, read
and planned before the first PUT anywhere.
"""
