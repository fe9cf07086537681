"""The architecture, drawn from the imports: `python -m tests.docs.architecture` writes docs/pictures/architecture.svg.

The layers are those of the contract in pyproject.toml, an arrow is an import that exists. One that a longer way of
arrows says already is left out. What passes a layer gets a place of its own there, so that no line runs below a box;
the places of a layer are put in the order in which the fewest lines cross.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, pairwise

import grimp

from tests.program import REPOSITORY

PICTURE = REPOSITORY / "docs" / "pictures" / "architecture.svg"
Arrow = tuple[str, str]
Place = tuple[str, ...]  # a package by its name alone; or where an arrow passes a layer: from, to, layer
Row = list[Place]

_ROUNDS = 24
_BOX, _PASSAGE, _GAP, _ROW, _HIGH, _EDGE = 116, 12, 18, 84, 34, 24
_PICTURE = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>The packages of reconciler in their layers, and what imports what</title>
<style>
.sheet {{ fill: #fff; stroke: #d0d7de }} .layer {{ fill: #f3f5f8 }}
.box {{ fill: #fff; stroke: #57606a }}
.line {{ fill: none; stroke: #7d8590; stroke-width: 1.4 }} .head {{ fill: #7d8590 }}
text {{ font: 15px "Liberation Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace }}
text {{ fill: #1f2328; text-anchor: middle }}
@media (prefers-color-scheme: dark) {{
.sheet {{ fill: #0d1117; stroke: #3d444d }} .layer {{ fill: #161b22 }}
.box {{ fill: #0d1117; stroke: #9198a1 }} text {{ fill: #e6edf3 }}
}}
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">
<path class="head" d="M0 0 8 4 0 8z"/></marker></defs>
<rect class="sheet" x="1" y="1" width="{inner_width}" height="{inner_height}" rx="8"/>
{shapes}
</svg>
"""


def layers() -> list[list[str]]:
    """Return the packages of each layer, from the top, as the contract has them."""
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (each for each in settings["tool"]["importlinter"]["contracts"] if each["type"] == "layers")
    rows = [row.split(" | ") for row in contract["layers"]]
    return [row for row in rows if row != ["__main__"]]


def imports(packages: Iterable[str]) -> set[Arrow]:
    """Return who imports whom, as the code is now."""
    names, graph = list(packages), grimp.build_graph("reconciler", cache_dir=None)
    return {
        (one, other)
        for one in names
        for other in names
        if one != other
        and graph.direct_import_exists(importer=f"reconciler.{one}", imported=f"reconciler.{other}", as_packages=True)
    }


def without_shortcuts(arrows: set[Arrow]) -> set[Arrow]:
    """Leave out each arrow for which there is a longer way."""

    def reached(start: str, *, but: Arrow) -> set[str]:
        found, todo = set[str](), [start]
        while todo:
            here = todo.pop()
            further = {to for of, to in arrows if of == here and (of, to) != but} - found
            found |= further
            todo += further
        return found

    return {arrow for arrow in arrows if arrow[1] not in reached(arrow[0], but=arrow)}


def drawn(packages: Sequence[Sequence[str]], arrows: set[Arrow]) -> str:
    """Return the picture of packages in their layers."""
    level = {name: number for number, names in enumerate(packages) for name in names}
    ways = [_way(arrow, level) for arrow in sorted(arrows)]
    rows: list[Row] = [[(name,) for name in names] for names in packages]
    for way in ways:
        for place in way[1:-1]:
            rows[int(place[2])].append(place)
    steps = [step for way in ways for step in pairwise(way)]
    return _picture(_placed(_ordered(rows, steps), steps), ways, len(rows))


def _way(arrow: Arrow, level: Mapping[str, int]) -> Row:
    """Return the places of an arrow, one in each layer from its start to its end."""
    start, end = arrow
    return [(start,), *((start, end, str(number)) for number in range(level[start] + 1, level[end])), (end,)]


def _ordered(rows: list[Row], steps: Sequence[tuple[Place, Place]]) -> list[Row]:
    """Put each layer in the order of what it is tied to, down and up again, and keep the best of all rounds."""
    best = rows
    for number in range(_ROUNDS):
        down = number % 2 == 0
        sweep = range(1, len(rows)) if down else range(len(rows) - 2, -1, -1)
        rows = list(rows)
        for here in sweep:
            beside = {place: float(at) for at, place in enumerate(rows[here - 1 if down else here + 1])}
            at = {place: number for number, place in enumerate(rows[here])}
            rows[here] = sorted(rows[here], key=lambda place: (_mean(place, steps, beside, at[place]), at[place]))
        best = min(best, rows, key=lambda each: _crossings(each, steps))
    return best


def _mean(place: Place, steps: Sequence[tuple[Place, Place]], beside: Mapping[Place, float], otherwise: float) -> float:
    """Return the mean of where the places are that one is tied to."""
    tied = [beside[other] for step in steps if place in step for other in step if other != place and other in beside]
    return sum(tied) / len(tied) if tied else otherwise


def _crossings(rows: list[Row], steps: Sequence[tuple[Place, Place]]) -> int:
    at = {place: (number, column) for number, row in enumerate(rows) for column, place in enumerate(row)}
    lines = [(at[above][0], at[above][1], at[below][1]) for above, below in steps]
    return sum(
        one[0] == other[0] and (one[1] - other[1]) * (one[2] - other[2]) < 0 for one, other in combinations(lines, 2)
    )


def _placed(rows: list[Row], steps: Sequence[tuple[Place, Place]]) -> dict[Place, tuple[float, int]]:
    """Return the middle of each place, and its layer: near what it is tied to, in the given order, without overlap."""
    across: dict[Place, float] = {}
    for row in rows:
        across |= _spread(row, dict.fromkeys(row, 0.0))
    for _ in range(_ROUNDS):
        for row in rows:
            across |= _spread(row, {place: _mean(place, steps, across, across[place]) for place in row})
    least = min(x - _wide(place) / 2 for place, x in across.items())
    return {place: (across[place] - least, number) for number, row in enumerate(rows) for place in row}


def _spread(row: Row, wished: Mapping[Place, float]) -> dict[Place, float]:
    """Return places as near to the wished ones as their widths allow, by pushing neighbours apart."""
    at = [wished[place] for place in row]
    apart = [(_wide(one) + _wide(other)) / 2 + _GAP for one, other in pairwise(row)]
    for _ in range(200):
        for number, least in enumerate(apart):
            lack = least - (at[number + 1] - at[number])
            if lack > 0:
                at[number] -= lack / 2
                at[number + 1] += lack / 2
    return dict(zip(row, at, strict=True))


def _wide(place: Place) -> int:
    return _BOX if len(place) == 1 else _PASSAGE


def _picture(at: Mapping[Place, tuple[float, int]], ways: Sequence[Row], count: int) -> str:
    width = round(max(x + _wide(place) / 2 for place, (x, _) in at.items())) + 2 * _EDGE
    height = count * _ROW - (_ROW - _HIGH) + 2 * _EDGE
    return _PICTURE.format(
        width=width,
        height=height,
        inner_width=width - 2,
        inner_height=height - 2,
        shapes="\n".join(
            [
                *(_layer(number, width) for number in range(count)),
                *(_line([at[place] for place in way]) for way in ways),
                *(_box(place[0], *middle) for place, middle in at.items() if len(place) == 1),
            ]
        ),
    )


def _layer(number: int, width: int) -> str:
    return (
        f'<rect class="layer" x="8" y="{_EDGE - 8 + number * _ROW}" width="{width - 16}" height="{_HIGH + 16}" rx="6"/>'
    )


def _line(points: Sequence[tuple[float, int]]) -> str:
    """Return an arrow that leaves a box below, passes each layer upright, and reaches a box above."""
    middles = [(x + _EDGE, _EDGE + row * _ROW) for x, row in points]
    path = [f"M{middles[0][0]:.0f} {middles[0][1] + _HIGH}"]
    for (before, _), (x, top) in pairwise(middles):
        bend = top - (_ROW - _HIGH) / 2
        path.append(f"C{before:.0f} {bend:.0f} {x:.0f} {bend:.0f} {x:.0f} {top}V{top + _HIGH}")
    path[-1] = path[-1].partition("V")[0]
    return f'<path class="line" d="{" ".join(path)}" marker-end="url(#head)"/>'


def _box(name: str, x: float, row: int) -> str:
    left, top = x + _EDGE - _BOX / 2, _EDGE + row * _ROW
    return (
        f'<rect class="box" x="{left:.0f}" y="{top}" width="{_BOX}" height="{_HIGH}" rx="5"/>'
        f'<text x="{x + _EDGE:.0f}" y="{top + 22}">{name}</text>'
    )


def main() -> None:
    """Draw the architecture as it is, and write the picture."""
    packages = layers()
    arrows = without_shortcuts(imports(name for row in packages for name in row))
    PICTURE.write_text(drawn(packages, arrows), encoding="utf-8")


if __name__ == "__main__":
    main()
