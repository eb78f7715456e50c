# SPDX-License-Identifier: Apache-2.0
"""Transactions, awaited."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from .. import _dunnage
from ._awaited import threaded_verb, watched_verb
from ._threads import in_thread, watched

if TYPE_CHECKING:
    from pathlib import Path


class Transaction:
    """dunnage.Transaction for asyncio. Cancelling apply() ends it; the same call again does the rest."""

    def __init__(self, transaction: _dunnage.Transaction) -> None:
        self._handle = transaction

    @property
    def name(self) -> str:
        return self._handle.name

    info = threaded_verb(_dunnage.Transaction.info)
    changes = watched_verb(_dunnage.Transaction.changes)
    conflicts = watched_verb(_dunnage.Transaction.conflicts)
    apply = watched_verb(_dunnage.Transaction.apply)
    discard = threaded_verb(_dunnage.Transaction.discard)

    @functools.wraps(_dunnage.Transaction.at)
    async def at(self, target: str, **options: Any) -> _dunnage.BindMount:
        return await in_thread(self._handle.at, target, **options)

    def __repr__(self) -> str:
        return f"<dunnage.aio.Transaction {self.name!r}>"


class TransactionStore:
    """dunnage.TransactionStore for asyncio."""

    def __init__(self, store: _dunnage.TransactionStore) -> None:
        self._handle = store

    @classmethod
    async def open(cls, root: str | Path | None = None) -> TransactionStore:
        """Opens the store, creating it when it is absent."""
        return cls(await in_thread(_dunnage.TransactionStore.open, root))

    @property
    def root(self) -> Path:
        return self._handle.root

    async def begin(self, source: str | Path, name: str, **options: Any) -> Transaction:
        """A new transaction of a directory. Raises TransactionExists."""
        return Transaction(await watched(_dunnage.TransactionStore.begin, self._handle, source, name, **options))

    async def get(self, name: str) -> Transaction:
        """The transaction of that name; raises TransactionMissing."""
        return Transaction(await in_thread(self._handle.get, name))

    async def find(self, name: str) -> Transaction | None:
        """The transaction of that name, or None."""
        found = await in_thread(self._handle.find, name)
        return None if found is None else Transaction(found)

    async def list(self) -> list[_dunnage.TransactionInfo]:
        """What is known of each, sorted by name."""
        return await in_thread(self._handle.list)

    def __repr__(self) -> str:
        return f"<dunnage.aio.TransactionStore {self.root}>"
