// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Entries of a tree, as the launcher tells them, to a tar archive: owners as the container sees them.

#include "image/tar_writer.hpp"
#include "image/watching.hpp"
#include "launcher/pack_tree.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::transfer {

/// To be used by the thread that made it. All of it throws what image::TarWriter throws.
class TreePacking {
 public:
  using Write = std::function<void(std::string_view)>;

  /// \param watching  outlives this
  TreePacking(image::Watching& watching, Write write, image::TarStyle style = {});
  TreePacking(const TreePacking&) = delete;
  TreePacking& operator=(const TreePacking&) = delete;

  /// \param name  what it is called in the archive
  void add(const std::string& name, const launcher::PackedEntry& entry);
  /// A file without content, owner or time.
  void add_empty(const std::string& name);
  /// The first name of a file that has been seen under another one; else empty.
  [[nodiscard]] std::string first_name(const launcher::PackedEntry& entry) const;
  /// It is left out, and further names of it may lead to it all the same.
  void leave_out(const std::string& name, const launcher::PackedEntry& entry);
  void finish() { writer_.finish(); }

  /// Of content, holes included; that of a file with several names once.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint64_t size() const noexcept { return writer_.size(); }
  [[nodiscard]] std::uint64_t changed() const noexcept { return writer_.changed(); }

 private:
  using Links = std::map<std::pair<std::uint64_t, std::uint64_t>, std::string>;

  Write write_;
  image::TarWriter writer_;
  std::uint64_t bytes_ = 0;
  Links links_;
};

}  // namespace dunnage::transfer
