"""Lists kept in a file (`--data`), so that a sandbox goes on where the last one ended."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from reconciler.errors import UsageError
from reconciler.sandbox.accounts import Account, AccountDocument
from reconciler.sandbox.complaints import complaints


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal["reconciler/sandbox/1"] = "reconciler/sandbox/1"
    accounts: dict[str, AccountDocument]


def load(path: Path) -> tuple[Account, ...]:
    """Return the accounts kept in `path`, none if it does not exist; raises UsageError if it cannot be used."""
    try:
        document = _Document.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise UsageError(f"--data {path}: cannot be read: {error.strerror}; give another file") from error
    except ValidationError as error:
        problem = complaints(error)[0]
        message = f"--data {path}: not what a sandbox writes: {problem}; move it away or give another file"
        raise UsageError(message) from error
    return tuple(each.account(account_id) for account_id, each in document.accounts.items())


def keep(path: Path, accounts: Mapping[str, Account]) -> None:
    """Replace `path` as a whole by `accounts`; raises UsageError if it cannot be written."""
    documents = {account_id: AccountDocument.of(account) for account_id, account in accounts.items()}
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        aside.write_text(_Document(accounts=documents).model_dump_json(indent=1) + "\n", encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise UsageError(f"--data {path}: cannot be written: {error.strerror}; give another file") from error
