// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A disk that writes down every change and every sync it is asked for, so that its power can be cut between any two of
/// them afterwards, and what was not synced is lost in any way (unsynced.hpp says in which).
///
///     DroppingDisk disk;
///     const Recording recording = disk.record({}, work);          // once
///     for (std::size_t at = 0; at <= recording.size(); ++at) {    // as often as is wanted
///       const auto left = disk.serve(recording.cut(at, Left::Nothing, random));
///       inspect_apart(left.top(), recording.told_before(at), inspect);
///     }
///
/// It is a file system of FUSE in memory. All processes see all changes at once, as on any disk; a syncfs of any of
/// them is one of this disk.

#include "crash/cut_disk.hpp"
#include "crash/disk_tree.hpp"
#include "crash/places.hpp"
#include "crash/unsynced.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::test {

/// All that has happened to a disk while something was done on it.
struct Recording {
  DiskTree before{};
  std::vector<DiskChange> changes{};
  /// What was told, and how many changes there had been by then.
  std::vector<std::pair<std::size_t, std::string>> lines{};

  [[nodiscard]] std::size_t size() const noexcept { return changes.size(); }
  [[nodiscard]] Told told_before(std::size_t count) const;
  /// How many changes there were when that was told. Throws: std::runtime_error.
  [[nodiscard]] std::size_t when(const std::string& line) const;
  [[nodiscard]] DiskTree cut(std::size_t count, Left left, std::minstd_rand& random) const {
    return after_cut(before, changes, count, left, random);
  }
  /// All of it, as if it had been synced.
  [[nodiscard]] DiskTree end() const;
};

class DroppingDisk {
 public:
  /// Throws: std::system_error.
  DroppingDisk();

  /// Mounted as long as this is there.
  class Served {
   public:
    /// \param boot  which run of the machine the processes find themselves in; 0: this one
    Served(const std::filesystem::path& around, DiskTree tree, unsigned boot);
    Served(const Served&) = delete;
    Served& operator=(const Served&) = delete;
    ~Served();

    [[nodiscard]] const std::filesystem::path& top() const noexcept;
    /// Does it in a process of its own. Throws: std::runtime_error, if that throws or does not end well.
    void work(const CutDisk::Work& work) const;
    /// Takes it off, and says what has happened to it.
    [[nodiscard]] Recording end();

   private:
    class Server;
    std::unique_ptr<Server> server_;
  };
  /// As another run of the machine finds it. One at a time.
  [[nodiscard]] Served serve(DiskTree tree);
  /// Does it on a disk that holds this.
  [[nodiscard]] Recording record(DiskTree before, const CutDisk::Work& work) const;

 private:
  TemporaryDirectory around_;
  unsigned boots_ = 0;
};

}  // namespace dunnage::test
