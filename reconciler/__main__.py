"""The command `reconciler`, also as `python -m reconciler`."""

from __future__ import annotations

import sys

from reconciler.cli import signals


def main() -> int:
    """Run the command that the arguments name and return its exit code; `--version` imports little else."""
    signals.take_over(signals.leave)
    from reconciler.cli import output  # noqa: PLC0415  from here on, signals are taken care of

    output.take_over()
    if sys.argv[1:] == ["--version"]:
        from reconciler import __version__  # noqa: PLC0415  start-up is a feature

        output.say(f"reconciler {__version__}")
        return output.finish(0, product=True)
    from reconciler.cli.app import run  # noqa: PLC0415  start-up is a feature

    return run(sys.argv[1:], whole_process=True)


if __name__ == "__main__":
    sys.exit(main())
