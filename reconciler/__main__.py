"""The command `reconciler`, also as `python -m reconciler`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command that the arguments name and return its exit code; `--version` imports nothing else."""
    if sys.argv[1:] == ["--version"]:
        from reconciler import __version__  # noqa: PLC0415  start-up is a feature

        sys.stdout.write(f"reconciler {__version__}\n")
        return 0
    import gc  # noqa: PLC0415

    from reconciler.cli.app import run  # noqa: PLC0415

    gc.disable()  # what is read is kept, and searching it for garbage takes long; see `cli.process`
    try:
        return run(sys.argv[1:])
    finally:
        gc.freeze()  # the process ends, and all goes with it: likewise


if __name__ == "__main__":
    sys.exit(main())
