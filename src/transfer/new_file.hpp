// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A file of the host that appears whole, in the place of one that is there or of none.

#include "kernel/file_descriptor.hpp"

#include <filesystem>
#include <string>

namespace dunnage::transfer {

/// It has no name before publish(), where the file system can do so; else a name of its own beside the place, which is
/// deleted if it is not published. Throws: kernel::CallError, image::Fault.
class NewFile {
 public:
  /// \param path  the caller's; what is there has to be a regular file
  explicit NewFile(const std::filesystem::path& path);
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile();

  [[nodiscard]] int descriptor() const noexcept { return file_.get(); }
  /// It is on the disk, under its name, on return. What it throws has left there what was there.
  void publish();

 private:
  void check_place() const;
  void give_name(const std::string& name) const;
  [[nodiscard]] bool take_name() const;

  std::string leaf_;
  std::string beside_;  ///< a name it has meanwhile, or takes for an instant
  bool named_ = false;  ///< it has that
  kernel::FileDescriptor directory_;
  kernel::FileDescriptor file_;
};

}  // namespace dunnage::transfer
