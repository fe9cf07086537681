"""The splices that change a list of a manifest, or add one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import yaml

from reconciler.errors import EditError
from reconciler.manifest.edit import splice
from reconciler.manifest.edit.quoting import double_quoted, json_quoted, quote_key, rewrite_scalar
from reconciler.manifest.edit.splice import Splice
from reconciler.model.texts import Texts


@dataclass(frozen=True, slots=True)
class Revision:
    """Changes of one declared list: its own texts, those of its overrides by environment, and new ids."""

    texts: Texts = field(default_factory=dict)
    overrides: Mapping[str, Texts] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Style:
    """How a file writes keys, ids and texts, and how far it indents."""

    is_json: bool
    width: int = 2

    @classmethod
    def of(cls, text: str, *trees: yaml.Node | None) -> Style:
        return cls(_is_json(text), next(filter(None, map(splice.width_of, trees)), 2))

    def text(self, text: str) -> str:
        return json_quoted(text) if self.is_json else double_quoted(text)

    def pair(self, key: str, value: str) -> str:
        return f"{json_quoted(key) if self.is_json else quote_key(key)}: {value}"

    def id(self, list_id: str) -> str:
        return json_quoted(list_id) if self.is_json else list_id

    def texts(self, texts: Texts) -> str:
        return "{" + ", ".join(self.pair(name, self.text(text)) for name, text in texts.items()) + "}"


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith("{"):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class NewList:
    """A list to add; `ids` by environment, or one id if there is one environment.

    `own` holds texts of keys of the user's own (`x-`); `notes` become comments.
    """

    key: str
    ids: Mapping[str, str] | str
    texts: Texts
    overrides: Mapping[str, Texts] = field(default_factory=dict)
    own: Texts = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def revise_list(text: str, key: str, entry: yaml.MappingNode, revision: Revision) -> list[Splice]:
    """Return the splices of one list; at the same offset, the innermost comes first."""
    style = Style.of(text)
    splices: list[Splice] = []
    pairs: list[str] = []
    if revision.ids:
        ids = splice.child(entry, "id")
        if not isinstance(ids, yaml.MappingNode):
            raise EditError(f"list {key!r} has one id for one environment: write {{environment: id}} there first")
        splices.append(
            splice.pairs_added(text, ids, [style.pair(name, style.id(each)) for name, each in revision.ids.items()])
        )
    overrides = splice.child(entry, "overrides")
    if revision.overrides and isinstance(overrides, yaml.MappingNode):
        splices += _revise_overrides(text, overrides, revision.overrides, style)
    elif revision.overrides:
        each = [style.pair(name, style.texts(texts)) for name, texts in revision.overrides.items()]
        pairs.append(style.pair("overrides", f"{{{', '.join(each)}}}"))
    return splices + _revise_texts(text, entry, revision.texts, pairs, style)


def _revise_overrides(
    text: str, overrides: yaml.MappingNode, wanted: Mapping[str, Texts], style: Style
) -> list[Splice]:
    splices: list[Splice] = []
    missing: list[str] = []
    for name, texts in wanted.items():
        override = splice.child(overrides, name)
        if isinstance(override, yaml.MappingNode):
            splices += _revise_texts(text, override, texts, [], style)
        else:
            missing.append(style.pair(name, style.texts(texts)))
    return splices + ([splice.pairs_added(text, overrides, missing)] if missing else [])


def _revise_texts(text: str, mapping: yaml.MappingNode, texts: Texts, pairs: list[str], style: Style) -> list[Splice]:
    """Rewrite the texts that are in `mapping`; add those that are not, and `pairs`."""
    splices: list[Splice] = []
    missing: list[str] = []
    for name, new in texts.items():
        node = splice.child(mapping, name)
        if isinstance(node, yaml.ScalarNode):
            start, end = splice.start_of(node), splice.end_of(text, node)
            written = style.text(new) if style.is_json else rewrite_scalar(text[start:end], node.style or "", new)
            splices.append(Splice(start, end, written))
        else:
            missing.append(style.pair(name, style.text(new)))
    return splices + ([splice.pairs_added(text, mapping, missing + pairs)] if missing or pairs else [])


def add_lists(text: str, tree: yaml.MappingNode | None, lists: Sequence[NewList], notes: Sequence[str]) -> list[Splice]:
    """Return the splices that add to the mapping under `lists`, in its style; it is begun if there is none."""
    under = splice.child(tree, "lists")
    style = Style.of(text, under, tree)
    lines = [line for new in lists for line in _block(new, style)] + [f"# {note}" for note in notes]
    if tree is None:
        separated = text if not text or text.endswith("\n") else text + "\n"
        indented = ["lists:" if lists else "lists: {}", *(f"  {line}" for line in lines)]
        return [Splice(0, len(text), separated + "\n".join(indented) + "\n")]
    if splice.is_flow(tree) or (isinstance(under, yaml.MappingNode) and _stays_flow(text, under)):
        return _add_between_braces(text, tree, under, lists, notes, style=style)
    filled = under if isinstance(under, yaml.MappingNode) and under.value else None
    if filled or not lists:
        return [splice.lines_added(text, filled or tree, lines)]
    if isinstance(under, yaml.MappingNode):
        return _fill_empty(text, tree, under, lines, style)
    return [splice.lines_added(text, tree, ["lists:", *(f"{' ' * style.width}{line}" for line in lines)])]


def _stays_flow(text: str, lists: yaml.MappingNode) -> bool:
    """Tell whether there are lists or a comment between the braces, which must stay there."""
    between = text[splice.start_of(lists) : splice.end_of(text, lists)]
    return splice.is_flow(lists) and (bool(lists.value) or "#" in between)


def _fill_empty(
    text: str, tree: yaml.MappingNode, empty: yaml.MappingNode, lines: Sequence[str], style: Style
) -> list[Splice]:
    """Replace `{}` with lines below the key."""
    start, end = splice.start_of(empty), splice.end_of(text, empty)
    before = len(text[:start].rstrip(" "))
    at = splice.end_of_line(text, end)
    newline, indent = splice.newline_at(text, at), " " * (splice.column_of(tree) + style.width)
    return [Splice(before, end, ""), Splice(at, at, "".join(f"{newline}{indent}{line}" for line in lines))]


def _add_between_braces(
    text: str,
    tree: yaml.MappingNode,
    under: yaml.Node | None,
    lists: Sequence[NewList],
    notes: Sequence[str],
    *,
    style: Style,
) -> list[Splice]:
    newline = splice.newline_at(text, len(text))
    pairs = [style.pair(new.key, f"{{{', '.join(_pairs(new, style))}}}") for new in lists]
    comments = [] if style.is_json else [note for new in lists for note in new.notes] + list(notes)
    start = "" if text.endswith(("\n", "\r")) else newline
    below = start + "".join(f"# {note}{newline}" for note in comments)
    splices = [Splice(len(text), len(text), below)] if comments else []
    if not pairs:
        return splices
    if isinstance(under, yaml.MappingNode):
        return [splice.pairs_added(text, under, pairs), *splices]
    return [splice.pairs_added(text, tree, [style.pair("lists", f"{{{', '.join(pairs)}}}")]), *splices]


def _block(new: NewList, style: Style) -> list[str]:
    """Return the lines of a list, to go below `lists:`."""
    indent = " " * style.width
    pairs = [f"{indent}{pair}" for pair in _pairs(new, style)]
    return [f"{quote_key(new.key)}:", *pairs, *(f"{indent}# {note}" for note in new.notes)]


def _pairs(new: NewList, style: Style) -> list[str]:
    ids = new.ids if isinstance(new.ids, str) else {name: style.id(each) for name, each in new.ids.items()}
    written = (
        style.id(ids)
        if isinstance(ids, str)
        else f"{{{', '.join(style.pair(name, each) for name, each in ids.items())}}}"
    )
    pairs = [style.pair("id", written), *(style.pair(name, style.text(text)) for name, text in new.texts.items())]
    if new.overrides:
        each = ", ".join(style.pair(name, style.texts(texts)) for name, texts in new.overrides.items())
        pairs.append(style.pair("overrides", f"{{{each}}}"))
    return pairs + [style.pair(name, style.text(text)) for name, text in new.own.items()]
