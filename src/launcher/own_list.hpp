// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the entries of a tree shall have: owners, modes, times, capabilities. Written down while a tree is made by a
/// user who cannot give files away, and given by the launcher, who can.
///
///     OwnList list;
///     list.add("etc/shadow", {.uid = 0, .gid = 42, .mode = 0640, .modified = time});   // ids of the container
///     WorkOutcome outcome = list.apply(*Connection::get(identity), tree, watch);
///
/// Entries are given their due in the order they were added: a directory after what is in it keeps its time.

#include "launcher/record_list.hpp"
#include "launcher/work.hpp"

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage::launcher {

/// What is absent stays as it is.
struct Owning {
  std::optional<std::uint32_t> uid{};  ///< with a gid only
  std::optional<std::uint32_t> gid{};
  std::optional<std::uint32_t> mode{};  ///< passed over for a symbolic link, which has none
  std::optional<std::timespec> modified{};
  std::string_view capability{};  ///< the value of security.capability; regular files only
};

/// Not for several threads at once. Making one throws kernel::CallError.
class OwnList {
 public:
  /// \param path below the tree; "." is the tree itself. Throws: kernel::CallError.
  void add(std::string_view path, const Owning& owning);

  [[nodiscard]] std::uint64_t size() const noexcept { return records_.count(); }

  /// No link is followed and no mount is entered. Throws: as run_work().
  [[nodiscard]] WorkOutcome apply(const Connection& connection, int tree, const Watch& watch);

 private:
  RecordList records_{"dunnage-owners"};
};

}  // namespace dunnage::launcher
