"""Loaded by workers of the tests: leases that end after seconds, and whatever else their variables ask for."""

from __future__ import annotations

import os

from reconciler.cli.fleet import account_order, account_task
from reconciler.state import lease

lease.RENEWED, lease.TRUSTED, lease.LEASE = 1.0, 3.0, 6.0
account_task.LEASE_POLL = 0.5
vars(account_task)["VERSION"] = os.environ.get("VERSION_OF_TEST", account_order.VERSION)
