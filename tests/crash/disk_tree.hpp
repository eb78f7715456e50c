// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a disk in memory holds, and the changes by which it came to hold it: the same changes, with some left out, make
/// the disk that a power cut leaves (unsynced.hpp).

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dunnage::test {

using Node = std::uint64_t;
inline constexpr Node kTopNode = 1;  // as FUSE has it

/// One step of what has happened to a disk.
struct DiskChange {
  enum class Kind {
    Make,       ///< a file without a name, with its first owner and mode; where a link leads is `data`
    Names,      ///< all of `places` at once: a creation, a removal, a link, a rename, an exchange
    Write,      ///< `data` from `position` on
    Resize,     ///< to `position`
    Status,     ///< mode, owner and times, as far as they are there
    Attribute,  ///< `name` is `value`, or goes
    Sync,       ///< all of `node` is on the disk: of a directory its names, of a file its content
    SyncData,   ///< only its content, and how long it is
    SyncAll,    ///< everything is
  };
  struct Place {
    Node directory = 0;
    std::string name{};
    Node node = 0;  ///< 0: nothing is there any more
  };

  Kind kind{};
  Node node = 0;
  std::vector<Place> places{};
  std::uint64_t position = 0;
  std::string data{};
  std::string name{};
  std::optional<std::string> value{};
  std::optional<mode_t> mode{};  ///< with its type, where a file is made
  std::optional<uid_t> owner{};
  std::optional<gid_t> group{};
  std::optional<timespec> read_at{};
  std::optional<timespec> written_at{};
  dev_t device = 0;
  timespec when{};

  [[nodiscard]] bool is_of_content() const noexcept { return kind == Kind::Write || kind == Kind::Resize; }
};

class DiskTree {
 public:
  struct Entry {
    Node node = 0;
    std::uint64_t cookie = 0;  ///< where a listing goes on; later ones are higher
  };
  struct File {
    struct stat status {};
    std::string data{};  ///< its content, or where it leads
    std::map<std::string, Entry> names{};
    std::map<std::string, std::string> attributes{};
  };

  /// An empty one.
  DiskTree();

  void apply(const DiskChange& change);
  [[nodiscard]] Node next_node() const noexcept { return next_node_; }
  /// \pre it is there
  [[nodiscard]] const File& at(Node node) const { return files_.at(node); }
  /// Nothing if there is none.
  [[nodiscard]] std::optional<Node> find(Node directory, const std::string& name) const;

 private:
  void make(const DiskChange& change);
  void put(const DiskChange::Place& place, timespec when);

  std::map<Node, File> files_;
  Node next_node_ = kTopNode + 1;
  std::uint64_t next_cookie_ = 3;  // after . and ..
};

}  // namespace dunnage::test
