# SPDX-License-Identifier: Apache-2.0
"""A directory a container writes to, and that stays as it is until somebody says so."""

import asyncio

import pytest

import dunnage
from dunnage import TransactionChange, TransactionConflict, TransactionStore, aio


def place(tmp_path):
    source = tmp_path / "source"
    (source / "d").mkdir(parents=True)
    (source / "kept").write_text("old")
    (source / "gone").write_text("old")
    return source, TransactionStore.open()


def change(transaction, script):
    ended = dunnage.run(["sh", "-c", "cd /app && " + script], mounts=[transaction.at("/app", exec=False)])
    assert ended.returncode == 0


def test_changes_wait_until_they_are_applied(store, tmp_path):
    source, transactions = place(tmp_path)
    transaction = transactions.begin(source, "try")
    change(transaction, "echo new > kept && rm gone && echo x > d/made")
    assert (source / "kept").read_text() == "old" and transaction.name == "try"
    assert transaction.changes() == [
        TransactionChange(kind="added", path="d/made"), TransactionChange(kind="deleted", path="gone"),
        TransactionChange(kind="modified", path="kept", what=["content", "time"])]
    assert transaction.conflicts() == []
    applied = transaction.apply(accept=lambda one: one.kind is TransactionChange.Kind.Modified)
    assert [one.path for one in applied.changes] == ["kept"] and applied.came_along == []
    assert (source / "kept").read_text() == "new\n"
    (info,) = transactions.list()
    assert info == transaction.info() and info.source == source and not info.in_use
    (source / "gone").write_text("his")
    assert transaction.conflicts() == [TransactionConflict(path="gone", change="deleted", source="modified")]
    with pytest.raises(dunnage.TransactionConflicts):
        transaction.apply()
    transaction.apply(include=["gone"], overwrite=True)
    assert not (source / "gone").exists()
    transactions.get("try").discard()
    assert transactions.find("try") is None and not (source / "d" / "made").exists()
    with pytest.raises(KeyError):
        transactions.get("try")


def test_damage_is_told_by_name(store, tmp_path):
    source, transactions = place(tmp_path)
    lock = transactions.begin(source, "try").info().upper.parent / "lock"
    lock.unlink()
    (finding,) = dunnage.check_store().findings
    assert (finding.part, finding.name, finding.path) == (dunnage.StoreFinding.Part.Transaction, "try", lock)
    assert dunnage.repair_store().is_clean and dunnage.check_store().is_clean


def test_what_accept_raises_comes_out_and_nothing_is_touched(store, tmp_path):
    source, transactions = place(tmp_path)
    transaction = transactions.begin(source, "try")
    change(transaction, "echo new > kept")

    def refuse(_):
        raise LookupError("no")

    with pytest.raises(LookupError):
        transaction.apply(accept=refuse)
    assert (source / "kept").read_text() == "old"
    with pytest.raises(dunnage.TransactionExists):
        transactions.begin(source, "try")


def test_the_same_is_awaited(store, tmp_path):
    source, _ = place(tmp_path)

    async def work():
        transactions = await aio.TransactionStore.open()
        transaction = await transactions.begin(source, "awaited")
        mount = await transaction.at("/app")
        assert mount.source == source and mount.transaction.endswith("/awaited")
        assert await transaction.changes() == [] and await transaction.conflicts() == []
        assert (await transaction.apply()).changes == []
        assert [info.name for info in await transactions.list()] == ["awaited"]
        assert (await (await transactions.get("awaited")).info()).name == "awaited"
        for plain, awaited in ((dunnage.Transaction, transaction), (dunnage.TransactionStore, transactions)):
            assert {name for name in dir(plain) if not name.startswith("_")} <= set(dir(awaited))
        await transaction.discard()
        assert await transactions.find("awaited") is None

    asyncio.run(work())
