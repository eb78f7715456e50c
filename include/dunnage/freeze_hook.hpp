// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Holding still whoever writes to a volume, while it is copied or exported.
///
///     store.export_to("db", "/backup/db.tar", {.freeze = {.before = [&] { db.pause(); }, .after = [&] { db.resume();
///     }}});

#include <functional>

namespace dunnage {

/// What is called around the reading of a volume that is in use, in the thread of the caller: `CHECKPOINT` and a backup
/// label of a database, Container::pause() and resume(). Not called when nobody uses the volume.
struct FreezeHook {
  std::function<void()> before{};  ///< what it throws comes out, and nothing has been done
  /// Called however the reading has ended. What it throws comes out, and nothing was made. What was copied is brought
  /// to the disk afterwards, so that nobody waits for that.
  std::function<void()> after{};
};

}  // namespace dunnage
