"""States that the tests of the store write, and how hypothesis draws them."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from reconciler.model.fields import FIELDS
from reconciler.model.lists import Applied, AppliedList, DoubtfulList, KnownList, Target
from reconciler.model.texts import Texts
from reconciler.protocols import LockInfo
from reconciler.state.backends.folder import FileStore

DOCUMENTS = Path(__file__).parent / "documents"
TARGET = Target("https://platform.kore.ai", "st-0603182c-7ffb-53c3-b307-47ca14b00000", "67777ce93e25326494e00000")
LINEAGE = "5b0c7f8e-4a53-4a86-9c1c-6f1a2b3c4d5e"
HOLDER = LockInfo(4711, "ci-7", "anna", "reconciler apply --yes", "2026-11-22T10:00:00Z")
HOSTILE = '\x00\x1b[31m\x7f\x85\u2028\u2029\u202e\ufeff\ud83d 😀 ñ \u0627\u0644 \u200f"\\</script>`|\r\n\t'


def applied_list(key: str, name: str = "Vip", description: str = "Best customers.") -> AppliedList:
    """Return an applied list."""
    return AppliedList(key, f"cl-718e888-{key}", {"name": name, "description": description}, "2026-11-22T10:00:00Z")


def doubtful_list(key: str, intended: str = "VIP") -> DoubtfulList:
    """Return a list whose PUT of a new name has no answer yet."""
    known = applied_list(key)
    return DoubtfulList(key, known.id, known.texts, known.applied_at, {"name": intended})


def state(*lists: KnownList, serial: int = 7, lineage: str = LINEAGE) -> Applied:
    """Return the state of environment prod with these lists."""
    return Applied("prod", TARGET, lineage, serial, {known.key: known for known in lists})


def store_in(folder: Path) -> FileStore:
    """Return the store of environment prod in `folder`."""
    return FileStore(folder, "prod", TARGET)


def names_in(folder: Path) -> list[str]:
    """Return the names of the files in `folder`, sorted."""
    return sorted(path.name for path in folder.iterdir())


_any_text = st.text(st.characters(exclude_categories=[]), max_size=20) | st.just(HOSTILE)
_texts: st.SearchStrategy[Texts] = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, _any_text))
_intended = _texts.filter(bool)


def known_lists(key: str) -> st.SearchStrategy[KnownList]:
    """Draw the entry of `key`."""
    same = {"key": st.just(key), "id": _any_text, "texts": _texts, "applied_at": _any_text, "stored": _texts}
    return st.builds(AppliedList, **same) | st.builds(DoubtfulList, intended=_intended, **same)


targets = st.builds(Target, _any_text, _any_text, _any_text)
keyed_lists = st.lists(_any_text, unique=True, max_size=4).flatmap(
    lambda keys: st.fixed_dictionaries({key: known_lists(key) for key in keys})
)
states = st.builds(
    Applied,
    environment=_any_text,
    target=targets,
    lineage=_any_text,
    serial=st.integers(min_value=0, max_value=2**53 - 1),
    lists=keyed_lists,
)
