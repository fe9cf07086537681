"""What CI systems take for commands in the output of a job, by their own rules, as strictly as any of them."""

from __future__ import annotations

import re
import unicodedata

ANYWHERE = re.compile(r"##[a-z]*\[", re.IGNORECASE)  # GitHub's runner ##[, Azure's agent ##vso[, TeamCity ##teamcity[
TEXTS = {
    "legacy command of GitHub": "Spring ##[add-mask]2",
    "command of GitHub": "::stop-commands::token",
    "behind white space": "\t \u3000::add-mask::2",
    "behind a line break": "x\n::error file=a::b",
    "behind another line break": "x\r::error::b \u2028::warning::c \x85::warning::d",
    "Azure": "##vso[task.setvariable variable=PATH]/tmp ##VSO[task.complete result=Succeeded;]",
    "Azure, a group": "###[group]more",
    "TeamCity": "##teamcity[buildStatus status='SUCCESS']",
    "ignorable between": "#\u200d#\u00ad[add-mask]2 #\u0378#\ue000[add-mask]2 #\ufe0f#\u034f[add-mask]2",
    "where a line is broken": "word " * 17 + "::error::x " + "word " * 17 + "##[error]x ::error::x",
    "GitLab": "\x1b[0Ksection_start:1560896352:x[collapsed=true]\r\x1b[0Kx",
    "in a long text that changes": "Customers ## whose service [add-mask] expires in July and have not answered ##[x]",
}


def commands(output: str) -> list[str]:
    """Return the lines that one of them takes for a command.

    .NET compares by culture: what collation ignores, such as control and format characters, is not there for it.
    """
    seen = "".join(char for char in output if char in "\r\n" or not _ignored(char))
    return [
        line
        for line in re.split(r"\r\n|\r|\n", seen)
        if (line.lstrip().startswith("::") and "::" in line.lstrip()[2:])
        or ANYWHERE.search(line)
        or "section_start:" in line.split(" ")[:1]
    ]


def _ignored(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf", "Cn", "Co", "Cs"} or char in "\u034f\ufe0f"
