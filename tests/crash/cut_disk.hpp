// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A disk whose power is cut: an image in a file. What it holds at one instant is a clone of that file, which the file
/// system around it makes of one instant.

#include "crash/places.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace dunnage::test {

/// Where a process says what it does. What is told has happened, whatever becomes of the disk.
class Report {
 public:
  explicit Report(int fd) noexcept : fd_{fd} {}
  /// One line. It ends the process if nobody reads it.
  void tell(const std::string& line) const;

 private:
  int fd_;
};

/// The lines that were told.
struct Told {
  std::string before;  ///< the cut
  std::string all;     ///< until the processes were killed, a moment after the cut
};

class CutDisk {
 public:
  /// Of a kind of make_place(). Throws: std::runtime_error.
  CutDisk(const std::string& kind, std::size_t mebibytes);
  CutDisk(const CutDisk&) = delete;
  CutDisk& operator=(const CutDisk&) = delete;
  ~CutDisk() = default;

  /// A file system that is mounted as long as this is there, and until those who were killed have let go of it.
  class Mounted {
   public:
    Mounted(std::filesystem::path image, std::filesystem::path top);
    Mounted(const Mounted&) = delete;
    Mounted& operator=(const Mounted&) = delete;
    ~Mounted();
    [[nodiscard]] const std::filesystem::path& top() const noexcept { return top_; }

   private:
    std::filesystem::path image_;
    std::filesystem::path top_;
  };
  /// The disk itself.
  [[nodiscard]] Mounted mount() const { return {image_, top_}; }
  /// What the cut has left. One of the two at a time: they have the same id.
  [[nodiscard]] Mounted mount_copy() const { return {copy_, top_}; }
  /// Deletes all that is on it.
  void clear() const;
  /// A directory of the test beside it, whose power stays.
  [[nodiscard]] const std::filesystem::path& beside() const noexcept { return around_->path(); }

  /// Works on the disk until it is killed; given its top.
  using Work = std::function<void(const std::filesystem::path&, const Report&)>;
  /// Starts a process for each, and cuts the power when so many lines have been told, or a moment later. Every other
  /// time one more syncs a file of its own again and again: that brings to the disk what others have begun, and without
  /// it nothing is there that they have not synced themselves.
  [[nodiscard]] Told cut_while(const std::vector<Work>& works, std::size_t lines);

 private:
  void clone() const;

  std::unique_ptr<CrashPlace> around_;
  std::filesystem::path image_;
  std::filesystem::path copy_;
  std::filesystem::path top_;
  std::minstd_rand random_{20240229};
};

/// "ext4", or those of DUNNAGE_CRASH_FILE_SYSTEMS that can be in an image.
[[nodiscard]] std::vector<std::string> kinds_of_disks();

}  // namespace dunnage::test
