// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A store that holds many volumes, which were not synced one by one, and the fewest system calls that could do what a
/// store does.

#include <dunnage/volume_store.hpp>

#include "kernel/file_descriptor.hpp"
#include "support/temporary_directory.hpp"

#include <cstddef>
#include <string>

namespace dunnage::bench {

class FilledStore {
 public:
  /// Every hundredth volume is labelled tier=front, the others tier=back.
  explicit FilledStore(int count);

  [[nodiscard]] int count() const noexcept { return count_; }
  /// One of them, another one for every number.
  [[nodiscard]] std::string name(int number) const;

 private:
  int count_;
  test::TemporaryDirectory directory_;

 public:
  VolumeStore store = VolumeStore::open(directory_.path() / "store");
};

/// The same by system calls alone. All throw std::runtime_error.
class Floor {
 public:
  explicit Floor(const FilledStore& filled);

  /// The root and the volumes, opened and looked at, and the version read.
  void open() const;
  void get(const std::string& name);
  [[nodiscard]] bool is_there(const std::string& name) const;
  /// Reads the directory, and one file of each volume.
  void list(int expected);
  /// A directory for the data and one record, durable with its name.
  void create(const std::string& name) const;
  /// The same, so that at no time, a power cut included, anybody finds half of it: made elsewhere, then renamed.
  void create_staged(const std::string& name) const;
  void remove(const std::string& name) const;

 private:
  static void make_in(int place, const std::string& name);

  std::string root_;
  kernel::FileDescriptor volumes_;
  kernel::FileDescriptor staging_;
  kernel::FileDescriptor trash_;
  std::string path_;
};

}  // namespace dunnage::bench
