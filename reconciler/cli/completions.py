"""`reconciler completions SHELL`: what a shell needs to complete commands, options and names of files."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from reconciler.cli import options as shared
from reconciler.cli.output import say_as_it_is
from reconciler.cli.reports import FORMATS, parse_request
from reconciler.errors import UsageError

SHELLS = ("bash", "zsh", "fish")
_REPORTS = " ".join(f"{name}=" for name in FORMATS)
_REPORT = {
    "bash": "",  # see _BASH
    "zsh": "_reconciler_report",
    "fish": "(_reconciler_report)",
    "preamble": {
        "zsh": f"""\
_reconciler_report() {{
  if compset -P '*='; then _files; else compadd -S '' -- {_REPORTS}; fi
}}""",
        "fish": f"""\
function _reconciler_report
  set -l word (string split -m 1 = -- (commandline -ct))
  if set -q word[2]
    for path in (__fish_complete_path $word[2]); echo $word[1]=$path; end
  else
    string split ' ' '{_REPORTS}'
  end
end""",
    },
}
"""`FORMAT=FILE`: first the formats, then files."""

_BASH = f"""
_reconciler() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} at=$((COMP_CWORD - 1)) path
  # bash takes html=FILE for three words
  [[ $word == = ]] && word= || {{ [[ ${{COMP_WORDS[at]}} == = ]] && ((at--)); }}
  if [[ ${{COMP_WORDS[COMP_CWORD - 1]}} == --report ]]; then
    compopt -o nospace
    COMPREPLY=($(compgen -W '{_REPORTS}' -- "$word"))
  elif [[ ${{COMP_WORDS[at - 1]}} == --report ]]; then
    compopt -o filenames
    COMPREPLY=()
    while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen -f -- "$word")
  else
    _shtab_reconciler "$@"
  fi
}}
complete -o bashdefault -F _reconciler reconciler
"""
"""shtab calls a function of its own for what an option takes, in a subshell, where nothing can keep a blank away."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("shell", choices=SHELLS, help="which shell")


def run(options: argparse.Namespace) -> int:
    """Print the completions of every command."""
    try:
        import shtab
    except ModuleNotFoundError as error:
        raise UsageError(
            "reconciler completions needs shtab: install again with the extra completions (docs/install.md)"
        ) from error
    from reconciler.cli.app import whole

    parser = whole()
    for action in _actions(parser):
        if action.type is shared.path:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.type is parse_request:
            action.complete = _REPORT  # type: ignore[attr-defined]
    say_as_it_is(shtab.complete(parser, shell=options.shell) + (_BASH if options.shell == "bash" else ""))
    return 0


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield what the parser and those of its commands take."""
    for action in parser._actions:  # noqa: SLF001  argparse shows them nowhere else, and shtab reads them there, too
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            yield from (each for command in action.choices.values() for each in _actions(command))
