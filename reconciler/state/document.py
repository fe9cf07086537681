"""The state document: `<environment>.state.json`, one list a line, so that it can live in git.

Its `checksum` covers all the rest: a document of which a byte was changed is refused, or loads equal where only the
layout was (line ends, indentation). One without a checksum is taken as it stands, so a person who edits or merges a
document by hand takes that line out, and the next write puts it back.

Four keys are there only if they are needed: `fence`, `follows` and `written` in an object store, where they make each
content unlike any before it, and say on which serial it was built and whose it is; `moved_to` in a state that was given
up for another place. `manifest` names the manifest whose state it is, so that no other takes it for its own.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from itertools import starmap

from reconciler.model.lists import Applied, Target
from reconciler.state.entries import read_entry, write_entry
from reconciler.state.jsontext import WAY_OUT, as_text, damage_error, decode, encode, refuse_markers, refuse_newer
from reconciler.state.shapes import check_document, document_shape

_FAMILY = "reconciler/state"
_CHECKSUM_LINE = re.compile(r'^ "checksum": "sha256:([0-9a-f]{64})",\n', re.MULTILINE)
_EDITED = 'If it was edited or merged on purpose, take its "checksum" line out: what it says then counts as meant'

_MERGE = (
    "Nothing was changed. To keep both sides, in an editor: delete the lines of the markers, what stands between "
    '||||||| and =======, and each "checksum" line; keep the "lineage" line with the higher serial, one line for each '
    "list, and one of any other that stands twice; a comma ends each list but the last. Then reconciler plan --refresh "
    "shows where live is not as it says"
)


@dataclass(frozen=True, slots=True)
class Written:
    """When a document was written (RFC 3339 in UTC), by whom and by which command; `job` is a CI job's URL or ""."""

    at: str
    user: str
    host: str
    command: str
    job: str = ""

    def __str__(self) -> str:
        """Return who that was, in words."""
        return f"{self.user} on {self.host}: {self.command}" + (f", CI job {self.job}" if self.job else "")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an object store keeps in the document beside the state: the fence of its last writer, and who that was.

    `follows` is the serial that this writer began with, of which there is a copy; None if it is not known.
    """

    fence: int
    written: Written
    follows: int | None = None


def render(applied: Applied, stamp: Stamp | None = None) -> str:
    """Return the document of `applied`; equal states, equally stamped, give equal bytes."""
    head, lists = _head(applied, stamp), _lists(applied)
    return head + _checksum_line(_checksum(head + lists)) + lists


def parse(source: str | bytes, *, where: str) -> Applied:
    """Return the state that a document holds; `where` names it in errors.

    Raises StateDamagedError for what this program does not write, StateError for what a newer version wrote.
    """
    return parse_stamped(source, where=where)[0]


def parse_stamped(source: str | bytes, *, where: str) -> tuple[Applied, Stamp | None]:
    """Return the state that a document holds, and its stamp if it has one; raises as `parse`."""
    text = source if isinstance(source, str) else as_text(source, where=where)
    document = check_document(_content(text, where), where=where)
    applied = Applied(
        environment=document["environment"],
        target=Target(**document["target"]),
        lineage=document["lineage"],
        serial=document["serial"],
        lists={known.key: known for known in starmap(read_entry, document["lists"].items())},
        moved_to=document.get("moved_to", ""),
        manifest=document.get("manifest", ""),
    )
    by = document.get("written")
    stamp = Stamp(document.get("fence", 0), Written(**by), document.get("follows")) if by else None
    if "checksum" in document and not _is_checksum_of(document["checksum"], text, applied, stamp):
        raise damage_error(where, "its content does not match its checksum", f"{WAY_OUT}. {_EDITED}")
    return applied, stamp


def _is_checksum_of(checksum: str, text: str, applied: Applied, stamp: Stamp | None) -> bool:
    """Tell whether a document has this checksum as it stands, or would have it as this program writes it."""
    as_it_stands = _CHECKSUM_LINE.sub("", text, count=1)
    return checksum == _checksum(as_it_stands) or checksum == _checksum(_head(applied, stamp) + _lists(applied))


def state_schema() -> dict[str, object]:
    """Return the JSON Schema of a state document; `parse` checks more than it can say."""
    return document_shape().json_schema()


def _content(text: str, where: str) -> dict[str, object]:
    """Return what is in a document of this format; its shape is not looked at."""
    refuse_markers(text, where=where, way_out=_MERGE)
    content = decode(text, where=where)
    found = content.get("format") if isinstance(content, dict) else None
    refuse_newer(found, family=_FAMILY, where=where)
    if not isinstance(content, dict) or found != f"{_FAMILY}/1":
        raise damage_error(where, f'its format is not "{_FAMILY}/1"')
    return content


def _head(applied: Applied, stamp: Stamp | None) -> str:
    origin = {"lineage": applied.lineage, "serial": applied.serial, "environment": applied.environment}
    lines = [f'"format": "{_FAMILY}/1"', encode(origin)[1:-1], f'"target": {encode(asdict(applied.target))}']
    if applied.manifest:
        lines.append(f'"manifest": {encode(applied.manifest)}')
    if stamp:
        lines.append(f'"fence": {stamp.fence}')
        if stamp.follows is not None:
            lines.append(f'"follows": {stamp.follows}')
        lines.append(f'"written": {encode(asdict(stamp.written))}')
    if applied.moved_to:
        lines.append(f'"moved_to": {encode(applied.moved_to)}')
    return "{" + "".join(f"\n {line}," for line in lines) + "\n"


def _checksum_line(checksum: str) -> str:
    return f' "checksum": {encode(checksum)},\n'


def _lists(applied: Applied) -> str:
    lines = ("\n  " + encode({key: write_entry(applied.lists[key])})[1:-1] for key in sorted(applied.lists))
    return f' "lists": {{{",".join(lines)}\n }}\n}}\n'


def _checksum(document: str) -> str:
    return "sha256:" + hashlib.sha256(document.encode(errors="surrogatepass")).hexdigest()
