"""Arguments in, an exit code out: the only place that wires the seams, prints, and reads the environment.

    app        the verbs, and what every failure comes to
    options    what several verbs take
    wiring     manifest → sites, stores, API clients
    runtime    the real clock, signals, who is running this
    exits      which exit code counts where several environments have one
    process    memory and open files, for as long as this runs
    output     stdout for people or machines, stderr for the rest

One verb a file, each with `arguments(parser)` and `run(options)`; heavy imports stay inside `run`.
"""
