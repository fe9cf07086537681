"""Manifests as people write them: every style of YAML, comments and line ends anywhere; each knows its places."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import strategies as st

from reconciler.manifest.edit.quoting import double_quoted
from reconciler.manifest.scalars import plain

ENVIRONMENTS = ("prod", "dev")
PLAIN = "abcdefgh KLM-_/()&.'é你"
ANYTHING = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")


def _is_text(text: str) -> bool:
    return text == text.strip() != "" and plain(text) == text and text[0].isalpha()


names = st.one_of(
    st.builds(lambda first, rest: (first + rest).strip(), st.sampled_from("abcKLMé你"), st.text(PLAIN, max_size=20)),
    st.sampled_from(["yes", "2025", "null", "- a: b", "a # b", "a: b", "'q'", '"q"', "{x}", "😀 \u200f", "~", "x,y]"]),
)
descriptions = st.one_of(names, st.just(""), st.sampled_from(["two\nlines", "tab\there", "# no comment", "> no fold"]))
live_names = st.one_of(names, st.text(ANYTHING, max_size=50))
live_descriptions = st.one_of(descriptions, st.text(ANYTHING, max_size=40))


@dataclass
class Written:
    """A manifest as text, in pieces; `places` says which piece holds a text: of (key, field) or (key, env, field)."""

    pieces: list[str] = field(default_factory=list)
    places: dict[tuple[str, ...], int] = field(default_factory=dict)
    newline: str = "\n"
    bom: bool = False

    def put(self, text: str) -> None:
        self.pieces.append(text)

    def place(self, place: tuple[str, ...], text: str) -> None:
        self.places[place] = len(self.pieces)
        self.pieces.append(text)

    def raw(self, pieces: list[str] | None = None) -> bytes:
        text = "".join(self.pieces if pieces is None else pieces).replace("\n", self.newline)
        return (b"\xef\xbb\xbf" if self.bom else b"") + text.encode()

    def save(self, folder: Path) -> Path:
        path = folder / "lists.yaml"
        path.write_bytes(self.raw())
        return path


def _scalar(draw: st.DrawFn, text: str, *, block: str | None) -> str:
    """Write a text in one of the styles that can hold it; `block` is the indentation where block styles are allowed."""
    styles = ["double"]
    if text.isprintable():
        styles.append("single")
    if _is_text(text) and all(char in PLAIN for char in text):
        styles.append("plain")
    if (
        block is not None
        and text
        and all(line.isprintable() and line == line.strip() != "" for line in text.split("\n"))
    ):
        styles.append("literal")
        if "\n" not in text:
            styles.append("folded")
    match draw(st.sampled_from(styles)):
        case "double":
            return double_quoted(text) if draw(st.booleans()) else json.dumps(text, ensure_ascii=False)
        case "single":
            return "'" + text.replace("'", "''") + "'"
        case "plain":
            return text
        case style:
            comment = draw(st.sampled_from(["", " # why so", "  #"]))
            header = "|-" if style == "literal" else ">-"
            return header + comment + "".join(f"\n{block}  {line}" for line in text.split("\n"))


def _comment(draw: st.DrawFn) -> str:
    return draw(st.sampled_from(["", "", "  # about this", " # !"]))


@st.composite
def manifests(draw: st.DrawFn, *, environments: tuple[str, ...] = ENVIRONMENTS) -> Written:
    """Draw a manifest with up to four lists; those of several environments may have overrides."""
    written = Written(newline=draw(st.sampled_from(["\n", "\r\n"])), bom=draw(st.booleans()))
    formats = {"prod": "{name}", "dev": draw(st.sampled_from(["{name}", "[dev] {name}"]))}
    written.put("# a manifest\nversion: 1\nenvironments:\n")
    for name in environments:
        written.put(
            f"  {name}: {{host: h.example, stream_id: st-1, account_id: a{name}, name_format: '{formats[name]}'}}\n"
        )
    written.put("lists:\n")
    taken: set[str] = set()
    for number in range(draw(st.integers(1, 4))):
        key = f"k{number}"
        name = draw(names.filter(lambda text: text.casefold() not in taken))
        taken.add(name.casefold())
        if draw(st.booleans()):
            _block(draw, written, key, name, environments)
        else:
            _flow(draw, written, key, name, environments)
        written.put(draw(st.sampled_from(["", "\n", "    # of the list above\n", "  # between\n", "\n\n# far\n"])))
    written.put(draw(st.sampled_from(["", "# the end\n", "\n"])))
    return written


def _ids(draw: st.DrawFn, key: str, environments: tuple[str, ...]) -> dict[str, str]:
    if len(environments) == 1:
        return {environments[0]: f"cl-{key}"}
    count = draw(st.integers(1, len(environments)))
    return {name: f"cl-{key}-{name}" for name in environments[:count]}


def _block(draw: st.DrawFn, written: Written, key: str, name: str, environments: tuple[str, ...]) -> None:
    ids = _ids(draw, key, environments)
    written.put(f"  {key}:{_comment(draw)}\n")
    if len(environments) == 1:
        written.put(f"    id: {ids[environments[0]]}{_comment(draw)}\n")
    elif draw(st.booleans()):
        written.put("    id: {" + ", ".join(f"{env}: {one}" for env, one in ids.items()) + "}" + _comment(draw) + "\n")
    else:
        written.put("    id:\n" + "".join(f"      {env}: {one}{_comment(draw)}\n" for env, one in ids.items()))
    _line(draw, written, (key, "name"), name, "    ")
    if draw(st.booleans()):
        written.put("    # a comment\n" if draw(st.booleans()) else "\n")
    if draw(st.booleans()):
        _line(draw, written, (key, "description"), draw(descriptions), "    ")
    if draw(st.booleans()):
        env = draw(st.sampled_from(sorted(ids)))
        if draw(st.booleans()):
            written.put(f"    overrides:\n      {env}:\n")
            _line(draw, written, (key, env, "description"), draw(descriptions), "        ")
        else:
            written.put(f"    overrides: {{{env}: {{description: ")
            written.place((key, env, "description"), _scalar(draw, draw(descriptions), block=None))
            written.put("}}\n")
    if draw(st.booleans()):
        written.put("    x-owner: someone  # theirs\n")


def _line(draw: st.DrawFn, written: Written, place: tuple[str, ...], text: str, indent: str) -> None:
    written.put(f"{indent}{place[-1]}: ")
    scalar = _scalar(draw, text, block=indent)
    written.place(place, scalar)
    written.put((_comment(draw) if "\n" not in scalar else "") + "\n")


def _flow(draw: st.DrawFn, written: Written, key: str, name: str, environments: tuple[str, ...]) -> None:
    ids = _ids(draw, key, environments)
    each = ids[environments[0]] if len(environments) == 1 else json.dumps(ids)
    written.put(f"  {key}: {{id: {each}, name: ")
    written.place((key, "name"), _scalar(draw, name, block=None))
    if draw(st.booleans()):
        written.put(draw(st.sampled_from([", description: ", ",\n    description: "])))
        written.place((key, "description"), _scalar(draw, draw(descriptions), block=None))
    written.put(draw(st.sampled_from(["}\n", " }  # so\n", ",}\n"])))
