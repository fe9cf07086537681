"""The splices that add an environment to a manifest with one, whose lists have one id each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import yaml

from reconciler.manifest.edit import splice
from reconciler.manifest.edit.list_text import Style
from reconciler.manifest.edit.quoting import header_comment, quote_key
from reconciler.manifest.edit.splice import Splice


def entry_added(text: str, tree: yaml.MappingNode | None, name: str, entry: Mapping[str, str]) -> Splice:
    """Return the splice that adds an environment to a loaded manifest, as the last one, in the file's style."""
    environments = cast("yaml.MappingNode", splice.child(tree, "environments"))
    style = Style.of(text, environments, tree)
    if splice.is_flow(environments):
        return splice.pairs_added(text, environments, [style.pair(name, style.texts(entry))])
    pairs = (style.pair(key, style.text(value)) for key, value in entry.items())
    return splice.lines_added(
        text, environments, [f"{quote_key(name)}:", *(" " * style.width + each for each in pairs)]
    )


def ids_mapped(text: str, lists: yaml.Node | None, name: str) -> Iterator[Splice]:
    """Yield the splices that make each plain id the one of the environment `name`: `cl-1` becomes `{prod: cl-1}`."""
    style = Style.of(text)
    for _, entry in lists.value if isinstance(lists, yaml.MappingNode) else ():
        node = splice.child(entry, "id")
        if isinstance(node, yaml.ScalarNode):
            start, end = splice.start_of(node), splice.end_of(text, node)
            written, comment = text[start:end], ""
            if node.style in ("|", ">"):
                written, comment = node.value, header_comment(written)
            yield Splice(start, end, f"{{{style.pair(name, written)}}}{comment}")
