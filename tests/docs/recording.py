"""The recording of the demo: `python -m tests.docs.recording` writes docs/pictures/demo.svg.

docs/demo.sh runs in a terminal of its own, and what it prints there is drawn. Each of its steps is a scene; the scenes
take turns, or only one is shown where somebody has asked for no motion. Whatever the theme of the page, it is dark.
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tests.program import REPOSITORY, SECONDS

PICTURE = REPOSITORY / "docs" / "pictures" / "demo.svg"
COLUMNS = 100
SHOWN = 4  # the last steps; the first ones make ready
STILL = 1  # the scene that is shown alone
PACE = 9  # seconds a scene

_ERASED = re.compile(r"\x1b\[\?25l.*?\x1b\[1A\x1b\[2K", re.DOTALL)  # the bar of an apply, which goes when it is done
_TOOK = re.compile(r"(\d requests?) in [0-9.]+ s")
_THEME = TerminalTheme(
    background=(22, 27, 34),
    foreground=(220, 226, 232),
    normal=[
        (72, 79, 88),
        (255, 123, 114),
        (86, 211, 100),
        (227, 179, 65),
        (121, 192, 255),
        (210, 168, 255),
        (86, 212, 221),
        (220, 226, 232),
    ],
)
_SCENE = """<g class="scene{still}"><style>
{styles}
</style><text class="title" x="50%" y="27">{title}</text><g class="rows">
{matrix}
</g></g>"""
_PICTURE = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>A recording of the demo</title>
<style>
.scene {{ visibility: hidden }}
.still {{ visibility: visible }}
.rows {{ font: 20px "Liberation Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace }}
.title {{ font: 18px "Liberation Sans", Arial, sans-serif; fill: #9aa4af; text-anchor: middle }}
@media (prefers-reduced-motion: no-preference) {{
.scene {{ animation: turn {turn}s step-end infinite }}
{delays}
@keyframes turn {{ 0% {{ visibility: visible }} {share:g}% {{ visibility: hidden }} 100% {{ visibility: hidden }} }}
}}
</style>
<rect x="1" y="1" width="{inner_width}" height="{inner_height}" rx="10" fill="#161b22" stroke="#3d444d"/>
<circle cx="24" cy="22" r="7" fill="#ff5f57"/><circle cx="46" cy="22" r="7" fill="#febc2e"/>
<circle cx="68" cy="22" r="7" fill="#28c840"/>
{scenes}
</svg>
"""


def recorded() -> str:
    """Run the demo in a terminal; return what stands there in the end, colours included."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    variables = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
    }
    demo = subprocess.Popen(["sh", "docs/demo.sh"], cwd=REPOSITORY, env=variables, stdin=its, stdout=its, stderr=its)
    os.close(its)
    with io.FileIO(ours) as terminal:
        said = b"".join(iter(lambda: _read(terminal), b"")).decode()
    assert demo.wait(SECONDS) == 0, said
    return _TOOK.sub(r"\1 in 0.2 s", _ERASED.sub("", said).replace("\r\n", "\n"))


def _read(terminal: io.FileIO) -> bytes:
    try:
        return terminal.read(65536) or b""
    except OSError:  # so Linux says that nobody has the terminal open any more
        return b""


def scenes(said: str) -> list[str]:
    """Return the last steps of the demo, each from its comment on."""
    return [step.strip("\n") for step in re.split(r"\n(?=\n# )", said)][-SHOWN:]


def drawn(steps: list[str]) -> str:
    """Return the picture of the steps."""
    rows = [list(_rows(step)) for step in steps]
    width, height = round(COLUMNS * 12.2 + 26), round(max(map(len, rows)) * 24.4 + 60)
    return _PICTURE.format(
        width=width,
        height=height,
        inner_width=width - 2,
        inner_height=height - 2,
        turn=PACE * len(steps),
        share=100 / len(steps),
        delays="\n".join(_delay(number, len(steps)) for number in range(len(steps))),
        scenes="\n".join(_scene(number, lines, len(steps)) for number, lines in enumerate(rows)),
    )


def _delay(number: int, of: int) -> str:
    """Start each scene's turn as if the first had just begun: a delay below zero is one that has passed."""
    return f".scene:nth-of-type({number + 1}) {{ animation-delay: {(number - of) * PACE if number else 0}s }}"


def _rows(step: str) -> list[Text]:
    """Return the lines of a step as a terminal wraps them; what is typed and said stands out."""
    measure = Console(width=COLUMNS)
    rows: list[Text] = []
    for line in Text.from_ansi(step).split("\n"):
        if line.plain.startswith("# "):
            line.stylize("cyan")
        elif line.plain.startswith("$ "):
            line.stylize("bold")
        rows += line.wrap(measure, COLUMNS)
    return rows


def _scene(number: int, lines: list[Text], of: int) -> str:
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in lines:
        console.print(line)
    template = _SCENE.replace("{still}", " still" if number == STILL else "")
    template = template.replace("{title}", f"reconciler: {number + 1} of {of}")
    drawing = console.export_svg(theme=_THEME, code_format=template, unique_id=f"s{number}")
    drawing = re.sub(r"<text [^>]*>\n</text>", "", drawing)  # the end of a line
    drawing = re.sub(r' clip-path="[^"]*"', "", drawing).replace("&#160;", "\N{NO-BREAK SPACE}")
    drawing = drawing.replace("</text><text", "</text>\n<text")
    return drawing.replace('<g class="rows">', '<g class="rows" transform="translate(13, 44)">')


def main() -> None:
    """Record the demo, and write the picture."""
    PICTURE.write_text(drawn(scenes(recorded())), encoding="utf-8")


if __name__ == "__main__":
    main()
