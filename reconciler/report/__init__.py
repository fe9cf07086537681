"""Values in, text out: plans, results and problems for people and for machines.

A plan, a result or a drift report becomes a `view`, which decides what is said and in which order; each renderer lays
it out in its own syntax, and decides nothing else. What they share stands beside them: `escape` (what a hostile name
may look like), `phrases` (what things are called), `steps` (what to do next) and `words` (how two texts differ).
Nothing here reads a file, the clock or the environment, or decides what happens to a list.
"""
