"""The command `reconciler`, also as `python -m reconciler`."""

from __future__ import annotations

import os
import sys

from reconciler import __version__


def main() -> int:
    """Run the command that the arguments name and return its exit code; `--version` imports nothing else."""
    if sys.argv[1:] == ["--version"]:
        try:
            os.write(1, f"reconciler {__version__}\n".encode())
        except OSError:  # reported below, as for every command
            pass
        else:
            return 0
    from reconciler.cli import signals  # noqa: PLC0415  start-up is a feature

    signals.take_over(signals.leave)
    from reconciler.cli import output  # noqa: PLC0415  from here on, signals are taken care of

    output.take_over()
    os.environ.update(PYDANTIC_DISABLE_PLUGINS="__all__")  # no other package takes part in checks, or is looked for
    from reconciler.cli.app import run  # noqa: PLC0415  start-up is a feature

    return run(sys.argv[1:], whole_process=True)


if __name__ == "__main__":
    sys.exit(main())
