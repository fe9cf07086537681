"""`reconciler man`: the manual page, made of what each command says of itself."""

from __future__ import annotations

import argparse
import re

from reconciler import __version__
from reconciler.cli.output import say_as_it_is
from reconciler.errors import UsageError


def arguments(_parser: argparse.ArgumentParser) -> None:
    """Declare nothing: there are no options."""


def run(_options: argparse.Namespace) -> int:
    """Print the page in the format of man."""
    try:
        from argparse_manpage.manpage import Manpage  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise UsageError(
            "reconciler man needs argparse-manpage: install again with the extra completions (docs/install.md)"
        ) from error
    from reconciler.cli.app import whole
    from reconciler.cli.variables import VARIABLES

    page = Manpage(
        whole(),
        {
            "project_name": "reconciler",
            "version": __version__,
            "manual_title": "Contact lists as code",
            "description": "Kore.ai contact lists as code",
        },
        format="single-commands-section",
    )
    for names, says in VARIABLES:
        page.add_section("environment", ">", f".TP\n\\fB{', '.join(names)}\\fR\n{page.format_text(plain(says))}\n")
    say_as_it_is(str(page))
    return 0


def plain(text: str) -> str:
    """Return Markdown as text: the words of a link, and no marks."""
    return re.sub(r"\[(.+?)\]\(.+?\)", r"\1", text).replace("**", "").replace("`", "")
