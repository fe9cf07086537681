"""Arguments in, an exit code out: the only place that wires the seams, prints, and reads the environment.

    app        the verbs, and what every failure comes to
    options    what several verbs take
    wiring     manifest → workspaces, stores, API clients
    runtime    the real clock, signals, who is running this
    exits      which exit code counts where several environments have one
    output     stdout for people or machines, stderr for the rest; and what becomes of it if nothing reads it
    forge      the repository on GitLab or GitHub, for `doctor --ci`; `gitlab_checks`, `github_checks`: what it lacks
    signals    what SIGHUP, SIGINT and SIGTERM do before a run stops, and after

One verb a file, each with `arguments(parser)` and `run(options)`; heavy imports stay inside `run`.
"""
