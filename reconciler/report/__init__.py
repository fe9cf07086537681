"""Values in, text out: plans, results and problems for people and for machines.

Nothing here reads a file, the clock or the environment, or decides what happens to a list. What all sinks share
stands beside them: `escape` (what a hostile name may look like), `phrases` (what things are called), `order` (what
is read first) and `words` (how two texts differ); a sink adds its own form, and nothing else.
"""
