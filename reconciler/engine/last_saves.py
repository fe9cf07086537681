"""Who saved the lists that were changed elsewhere, and when: only reading a list alone tells."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from reconciler.errors import RemoteError
from reconciler.model.lists import Applied, AppliedList, LastSave, Live, LiveList
from reconciler.planning.limits import SECONDS_A_REQUEST
from reconciler.protocols import Reader, StateStore

_CLOCKS_DIFFER = timedelta(seconds=5)

_log = logging.getLogger(__name__)


def read_last_saves(
    reader: Reader, store: StateStore, moved: Iterable[str], applied: Applied, live: Live, *, most: int
) -> tuple[Mapping[str, LastSave], tuple[str, ...]]:
    """Return by id who saved the `moved` lists last, and warnings of those that could not be asked about.

    Each takes a request, and no more than `most` are sent, but for those that were read alone already. A save that is
    no later than the last apply names who ran that, if no run followed.
    """
    ids = list(dict.fromkeys(moved))
    read_alone = live.alone & live.lists.keys()
    found = {list_id: live.lists[list_id] for list_id in ids if list_id in read_alone}
    left = [list_id for list_id in ids if list_id not in found]
    asked, warnings = left[:most], []
    if asked:
        requests = "1 request" if len(asked) == 1 else f"{len(asked)} requests"
        seconds = math.ceil(len(asked) * SECONDS_A_REQUEST)
        _log.info("reading alone what was changed elsewhere, to see who saved it: %s, about %d s", requests, seconds)
    if len(left) > most:
        warnings.append(f"who saved {len(left) - most:,} more lists was not asked: --who {len(left)} asks for all")
    try:
        for list_id in asked:
            if isinstance(read := reader.read(list_id), LiveList):
                found[list_id] = read
    except RemoteError as error:
        warnings.append(f"who saved the lists could not be read: {error}")
    applied_at = {known.id: known.applied_at for known in applied.lists.values() if isinstance(known, AppliedList)}
    saves = {
        list_id: _judge(each.last_save, applied_at.get(list_id, ""))
        for list_id, each in found.items()
        if each.last_save
    }
    if found and not saves:
        warnings.append("who saved the lists is not known: the API names no user when a list is read alone")
    return _name_applies(saves, store, applied), tuple(warnings)


def _name_applies(saves: Mapping[str, LastSave], store: StateStore, applied: Applied) -> Mapping[str, LastSave]:
    older = {list_id for list_id, save in saves.items() if not save.since_apply}
    runs = store.last_runs(applied, 1) if older else ()
    if not runs:
        return saves
    recorded = older & {known.id for key, known in applied.lists.items() if key in runs[0].recorded}
    return {**saves, **{list_id: saves[list_id]._replace(applied_by=runs[0].by) for list_id in recorded}}


def _judge(save: LastSave, applied_at: str) -> LastSave:
    """Return a save that knows whether it was after the apply; if a time cannot be read, it counts as that."""
    try:
        earlier = datetime.fromisoformat(save.at) <= datetime.fromisoformat(applied_at) + _CLOCKS_DIFFER
    except (ValueError, TypeError):  # no time, or one without a zone
        return save
    return save._replace(since_apply=not earlier)
