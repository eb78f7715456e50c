// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Work on a container that has a record, running or ended, whichever it is at that moment.

#include <dunnage/container.hpp>

#include "container/failure.hpp"
#include "container/lookup.hpp"

#include <filesystem>
#include <functional>
#include <string>

namespace dunnage::launch {

struct Recorded {
  std::filesystem::path store;
  std::string name;
  std::string id{};  ///< empty: whichever has the name
};

/// Each says whether the container was still like that; if not, it is looked for again.
struct RecordedWork {
  std::function<bool(const Container& handle)> running;
  std::function<bool(int containers, const container::Found& record)> ended;
};

/// Throws: LaunchError(container_missing), with EBUSY if it ends and starts again and again, and what the work throws.
void find_recorded(const Recorded& which, const container::Deed& deed, const RecordedWork& work);

}  // namespace dunnage::launch
