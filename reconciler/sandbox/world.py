"""All that a running sandbox knows; the server changes it, and tests look at it from their own thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeAlias

from reconciler.model.texts import Texts
from reconciler.sandbox.accounts import ACCOUNT_ID, SOMEONE, USER, Account, ContactList
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.limit import Limit
from reconciler.sandbox.replies import now
from reconciler.sandbox.request_log import RequestLog
from reconciler.sandbox.settings import Settings
from reconciler.sandbox.tokens import Doorkeeper

Keep: TypeAlias = Callable[[Mapping[str, Account]], None]


@dataclass(frozen=True, slots=True)
class Write:
    """One list written; `sent` is the PUT's body, None if someone else wrote it. `at` is monotonic.

    `before` is None for a list that was made, `after` for one that was deleted.
    """

    at: float
    account: str
    list_id: str
    sent: Texts | None
    before: ContactList | None
    after: ContactList | None


class World:
    """Accounts as stored (the truth, however late reads show it), switches, faults, and all that happened.

    `settings` may be replaced at any time. Whoever needs several steps to be one holds `lock`; single calls are safe
    from any thread. `keep` is called with the accounts before each change of them takes effect.
    """

    def __init__(self, accounts: Iterable[Account], settings: Settings, keep: Keep | None = None) -> None:
        self.accounts: Mapping[str, Account] = {account.id: account for account in accounts}
        self.settings = settings
        self.lock = threading.RLock()
        self.log = RequestLog()
        self.faults = Faults()
        self.limit = Limit()
        self.doorkeeper = Doorkeeper()
        self.writes: list[Write] = []
        self._keep = keep

    def lists(self, account_id: str = ACCOUNT_ID) -> Mapping[str, ContactList]:
        """Return the lists of an account as stored, by id."""
        return self.accounts[account_id].lists

    def visible_lists(self, account_id: str, late: bool) -> Mapping[str, ContactList]:
        """Return the lists as a read shows them; if it is `late`, without the PUTs of the last seconds."""
        with self.lock:
            lists = self.lists(account_id)
            return {**lists, **self._unshown(account_id)} if late else lists

    def put(self, account_id: str, contact_list: ContactList, sent: Texts) -> None:
        """Store a list that is there, as a PUT of `sent` leaves it."""
        self._store(account_id, contact_list.id, contact_list, sent)

    def set_list(self, contact_list: ContactList, account_id: str = ACCOUNT_ID) -> None:
        """Create or replace a list, as someone else would; reads show it at once."""
        self._store(account_id, contact_list.id, contact_list, None)

    def edit(self, list_id: str, texts: Texts, account_id: str = ACCOUNT_ID) -> None:
        """Change some texts of a list, as someone else would; raises KeyError if there is none."""
        with self.lock:
            self.set_list(self.lists(account_id)[list_id].with_texts(texts), account_id)

    def delete(self, list_id: str, account_id: str = ACCOUNT_ID) -> None:
        """Delete a list, as someone else would; raises KeyError if there is none."""
        self._store(account_id, list_id, None, None)

    def set_account(self, account: Account) -> None:
        """Create or replace an account, its lists included."""
        with self.lock:
            self._hold({**self.accounts, account.id: account})

    def delete_account(self, account_id: str) -> None:
        """Delete an account; raises KeyError if there is none."""
        with self.lock:
            accounts = dict(self.accounts)
            del accounts[account_id]
            self._hold(accounts)

    def _store(self, account_id: str, list_id: str, contact_list: ContactList | None, sent: Texts | None) -> None:
        with self.lock:
            lists = dict(self.lists(account_id))
            before = lists.get(list_id)
            user = SOMEONE if sent is None else USER
            after = replace(contact_list, updated_at=self._stamp(), updated_by=user) if contact_list else None
            if after:
                lists[list_id] = after
            else:
                del lists[list_id]
            self._hold({**self.accounts, account_id: replace(self.accounts[account_id], lists=lists)})
            self.writes.append(Write(time.monotonic(), account_id, list_id, sent, before, after))

    def _hold(self, accounts: Mapping[str, Account]) -> None:
        if self._keep:
            self._keep(accounts)
        self.accounts = accounts

    def _stamp(self) -> str:
        stamp = datetime.fromtimestamp(now(self.settings), UTC).isoformat(timespec="milliseconds")
        return stamp.replace("+00:00", "Z")

    def _unshown(self, account_id: str) -> dict[str, ContactList]:
        """Return what lists were before PUTs too fresh to show; what someone else wrote since does show."""
        shown: dict[str, ContactList] = {}
        written_elsewhere: set[str] = set()
        horizon = time.monotonic() - self.settings.late_writes
        for write in reversed(self.writes):
            if write.at <= horizon:
                break
            if write.account != account_id or write.list_id in written_elsewhere:
                continue
            if write.sent is None or write.before is None:
                written_elsewhere.add(write.list_id)
            else:
                shown[write.list_id] = write.before
        return shown
