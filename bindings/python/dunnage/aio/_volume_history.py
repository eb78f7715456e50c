# SPDX-License-Identifier: Apache-2.0
"""The history of a volume, awaited."""

from __future__ import annotations

from .. import _dunnage
from ._awaited import threaded_verb, watched_verb


class VolumeHistory:
    """dunnage.VolumeHistory for asyncio. Cancelling a snapshot, a rollback or a comparison ends it, and it has changed
    nothing. `freeze` is entered and left in a thread of the loop's executor."""

    def __init__(self, history: _dunnage.VolumeHistory) -> None:
        self._handle = history

    @property
    def volume(self) -> str:
        return self._handle.volume

    plan = watched_verb(_dunnage.VolumeHistory.plan)
    snapshot = watched_verb(_dunnage.VolumeHistory.snapshot)
    rollback = watched_verb(_dunnage.VolumeHistory.rollback)
    diff = watched_verb(_dunnage.VolumeHistory.diff)
    snapshots = threaded_verb(_dunnage.VolumeHistory.snapshots)
    find = threaded_verb(_dunnage.VolumeHistory.find)
    get = threaded_verb(_dunnage.VolumeHistory.get)
    set_labels = threaded_verb(_dunnage.VolumeHistory.set_labels)
    remove = threaded_verb(_dunnage.VolumeHistory.remove)
    at = threaded_verb(_dunnage.VolumeHistory.at)

    def __repr__(self) -> str:
        return f"<dunnage.aio.VolumeHistory of {self.volume!r}>"
