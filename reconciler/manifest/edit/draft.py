"""Changes of a manifest's files, in memory: text is spliced in, everything else stays.

Before changes are returned they are read back as a manifest, which must declare exactly what is expected. Nothing is
written to disk here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import yaml

from reconciler import files as bounded
from reconciler.errors import EditError, ManifestError
from reconciler.manifest import loader
from reconciler.manifest.edit import splice
from reconciler.manifest.edit.environment_text import entry_added, ids_mapped
from reconciler.manifest.edit.list_text import NewList, Revision, Style, add_lists, revise_list
from reconciler.manifest.edit.splice import Splice
from reconciler.manifest.source import decode
from reconciler.manifest.values import Manifest
from reconciler.model.fields import FIELDS, NAME, Field
from reconciler.model.texts import Texts

_BOM = b"\xef\xbb\xbf"
_NOT_IMPORTED = re.compile(r"^ *# not imported from [^:\n]+: (?P<id>\S+), .*\n?", re.MULTILINE)
_NULL = "tag:yaml.org,2002:null"

Declared: TypeAlias = Mapping[str, Mapping[str, tuple[str, Texts]]]
"""The id and the texts that a manifest declares, by environment and key."""


@dataclass
class _File:
    """One file: its content and the splices to make."""

    raw: bytes
    splices: list[Splice] = field(default_factory=list)

    @cached_property
    def text(self) -> str:
        return decode(self.raw)

    @cached_property
    def tree(self) -> yaml.MappingNode | None:
        return splice.parse_tree(self.text)

    @property
    def lists(self) -> yaml.Node | None:
        return splice.child(self.tree, "lists")

    @cached_property
    def entries(self) -> Mapping[str, yaml.Node]:
        """The lists by key."""
        return {key.value: entry for key, entry in self.lists.value} if isinstance(self.lists, yaml.MappingNode) else {}

    def new_content(self) -> bytes:
        bom = _BOM if self.raw.startswith(_BOM) else b""
        return bom + splice.apply_splices(self.text, self.splices).encode()


class Draft:
    """The collected changes of one manifest."""

    def __init__(self, manifest: Manifest, new: str | None = None) -> None:
        """Read the files. `new` names a file that does not exist yet, with which the manifest was loaded."""
        self.manifest = manifest
        self._planned = {} if new is None else {new: b"lists: {}\n"}
        self._files = {name: _File(_read(manifest, name, new=name == new)) for name in manifest.files}

    def own_texts(self, key: str) -> Texts:
        """Return the texts of the list itself, without its overrides."""
        return _texts(self._entry(key)[1])

    def override_texts(self, key: str, environment: str) -> Texts:
        """Return the texts of the list's override for one environment."""
        return _texts(splice.child(splice.child(self._entry(key)[1], "overrides"), environment))

    def own_keys(self, key: str) -> set[str]:
        """Return the keys of the list itself that begin with x- and hold anything."""
        return {
            known.value
            for known, node in self._entry(key)[1].value
            if known.value.startswith("x-") and node.value and node.tag != _NULL
        }

    def own_names(self) -> Mapping[str, str]:
        """Return the keys of lists by the name that is written in the list itself."""
        return {
            texts[NAME]: key
            for file in self._files.values()
            for key, entry in file.entries.items()
            if NAME in (texts := _texts(entry))
        }

    def keys(self) -> Iterable[str]:
        """Return every key of every file."""
        return [key for file in self._files.values() for key in file.entries]

    def mentions(self, text: str) -> bool:
        """Tell whether the files contain a text as a whole word, comments included."""
        word = re.compile(rf"(?<![\w.~-]){re.escape(text)}(?![\w.~-])")
        return any(word.search(file.text) for file in self._files.values())

    def revise(self, key: str, revision: Revision) -> None:
        """Change a declared list."""
        file, entry = self._entry(key)
        file.splices += revise_list(file.text, key, entry, revision)

    def add(self, lists: Sequence[NewList], notes: Sequence[str], into: str) -> None:
        """Declare lists, and leave `notes` as comments, at the end of the lists of the file `into`."""
        file = self._files[into]
        if lists or notes:
            file.splices += add_lists(file.text, file.tree, lists, notes)

    def remove_notes(self, ids: Collection[str]) -> None:
        """Remove the comments that say why lists were not imported, of those that now are."""
        for file in self._files.values():
            file.splices += [
                Splice(*note.span(), "") for note in _NOT_IMPORTED.finditer(file.text) if note["id"] in ids
            ]

    def add_previously(self, key: str, environment: str, name: str) -> None:
        """Write the live name that a declared list may take over, before its id."""
        file, entry = self._entry(key)
        (place,) = (splice.start_of(known) for known, _ in entry.value if known.value == "id")
        style = Style.of(file.text)
        text = style.text(name)
        if isinstance(splice.child(entry, "id"), yaml.MappingNode):
            text = f"{{{style.pair(environment, text)}}}"
        end = ", " if splice.is_flow(entry) else "\n" + " " * splice.column_of(entry)
        if splice.child(entry, "previously") is None:
            file.splices.append(Splice(place, place, f"{style.pair('previously', text)}{end}"))

    def add_environment(self, name: str, entry: Mapping[str, str]) -> Declared:
        """Add an environment without lists, and make plain ids those of the present one; return all declared then."""
        main = self._files[self.manifest.path.name]
        main.splices.append(entry_added(main.text, main.tree, name, entry))
        for file in self._files.values():
            file.splices += ids_mapped(file.text, file.lists, next(iter(self.manifest.environments)))
        return {**declarations(self.manifest), name: {}}

    def changes(self, expected: Declared) -> Mapping[str, tuple[bytes, bytes]]:
        """Return the old and the new content of each changed file, by name.

        Raises EditError if the changed manifest, read back, does not declare exactly what is `expected`.
        """
        changed = {name: (file.raw, file.new_content()) for name, file in self._files.items() if file.splices}
        try:
            drafts = {**self._planned, **{name: new for name, (_, new) in changed.items()}}
            after = loader.load(self.manifest.path, drafts)
        except ManifestError as error:
            refused = EditError("the manifest cannot be changed so, nothing was written. As it would have been:")
            for problem in error.problems:
                refused.add_note(str(problem))
            raise refused from error
        if declarations(after) != expected:
            raise EditError(
                "the manifest is written in a way that this program does not know how to change; nothing was written. "
                "Change it by hand, or write the lists concerned anew, a key a line"
            )
        return changed

    def _entry(self, key: str) -> tuple[_File, yaml.MappingNode]:
        for file in self._files.values():
            if isinstance(entry := file.entries.get(key), yaml.MappingNode):
                return file, entry
        raise EditError(f"the manifest has no list {key!r}")


def declarations(manifest: Manifest) -> Declared:
    """Return all that a manifest declares."""
    return {
        name: {key: (wanted.id, dict(wanted.texts)) for key, wanted in environment.desired.lists.items()}
        for name, environment in manifest.environments.items()
    }


def _read(manifest: Manifest, name: str, *, new: bool) -> bytes:
    path = Path(manifest.path.parent, name)
    if new and not path.exists():
        return b""
    if bounded.is_pipe(path):
        raise EditError(f"{path}: is a pipe, which cannot be changed: name a file")
    try:
        raw = bounded.read(path, most=loader.LARGEST_FILE)
    except OSError as error:
        raise EditError(f"{path}: cannot be read ({error.strerror}). Nothing was changed") from error
    if hashlib.sha256(raw).hexdigest() != manifest.files[name]:
        raise EditError(f"{path}: it was changed meanwhile. Nothing was changed: run again")
    return raw


def _texts(entry: yaml.Node | None) -> dict[Field, str]:
    found = {field: splice.child(entry, field) for field in FIELDS}
    return {field: node.value for field, node in found.items() if isinstance(node, yaml.ScalarNode)}
