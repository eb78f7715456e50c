// SPDX-License-Identifier: Apache-2.0
// What differs between two states of a volume: all of it, as a comparison by hand finds it, and nothing else.

#include "container/history_support.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace dunnage::test {
namespace {

using Kind = SnapshotChange::Kind;

/// "modified deep/file: content, time"
std::vector<std::string> lines_of(const std::vector<SnapshotChange>& changes) {
  std::vector<std::string> lines;
  for (const SnapshotChange& change : changes) {
    std::string line = std::string{to_string(change.kind)} + ' ' + change.path;
    std::set<std::string> what{change.what.begin(), change.what.end()};
    for (const std::string& word : what) line += (word == *what.begin() ? ": " : ", ") + word;
    lines.push_back(line);
  }
  return lines;
}

struct Looked {
  struct stat status {};
  std::string content;
  std::string attributes;
};

std::string attributes_at(const std::filesystem::path& path) {
  char names[4096];
  const ssize_t size = ::llistxattr(path.c_str(), names, sizeof names);
  std::set<std::string> all;
  for (ssize_t at = 0; at < size;) {
    const std::string name = names + at;
    at += static_cast<ssize_t>(name.size()) + 1;
    char value[4096];
    const ssize_t bytes = ::lgetxattr(path.c_str(), name.c_str(), value, sizeof value);
    if (name.starts_with("user.")) all.insert(name + "=" + std::string(value, bytes < 0 ? 0 : bytes));
  }
  std::string text;
  for (const std::string& one : all) text += one + ";";
  return text;
}

std::map<std::string, Looked> look_below(const std::filesystem::path& top) {
  std::map<std::string, Looked> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{top}) {
    Looked& looked = found[entry.path().lexically_relative(top).string()];
    REQUIRE(::lstat(entry.path().c_str(), &looked.status) == 0);
    if (entry.is_symlink()) looked.content = std::filesystem::read_symlink(entry.path());
    if (S_ISREG(looked.status.st_mode)) looked.content = read_text(entry.path());
    if (!entry.is_symlink()) looked.attributes = attributes_at(entry.path());
  }
  return found;
}

std::set<std::string> names_with(const std::map<std::string, Looked>& all, const struct stat& status) {
  std::set<std::string> names;
  for (const auto& [path, looked] : all) {
    if (!S_ISDIR(status.st_mode) && looked.status.st_ino == status.st_ino) names.insert(path);
  }
  return names.size() > 1 ? names : std::set<std::string>{};
}

/// The same question, asked file by file.
std::vector<std::string> compared_by_hand(const std::filesystem::path& from, const std::filesystem::path& to) {
  const auto before = look_below(from);
  const auto after = look_below(to);
  std::vector<SnapshotChange> changes;
  for (const auto& [path, old] : before) {
    const auto found = after.find(path);
    if (found == after.end()) {
      changes.push_back({Kind::Deleted, path});
      continue;
    }
    const Looked& now = found->second;
    if ((old.status.st_mode & S_IFMT) != (now.status.st_mode & S_IFMT)) {
      changes.push_back({Kind::Replaced, path});
      continue;
    }
    SnapshotChange change{Kind::Metadata, path};
    const bool directory = S_ISDIR(old.status.st_mode);
    if (old.content != now.content) change.what.push_back(S_ISLNK(old.status.st_mode) ? "target" : "content");
    if (!change.what.empty()) change.kind = Kind::Modified;
    if (old.status.st_mode != now.status.st_mode) change.what.push_back("mode");
    if (old.status.st_uid != now.status.st_uid || old.status.st_gid != now.status.st_gid)
      change.what.push_back("owner");
    if (old.attributes != now.attributes) change.what.push_back("attributes");
    if (!directory && (old.status.st_mtim.tv_sec != now.status.st_mtim.tv_sec ||
                       old.status.st_mtim.tv_nsec != now.status.st_mtim.tv_nsec)) {
      change.what.push_back("time");
    }
    if (names_with(before, old.status) != names_with(after, now.status)) change.what.push_back("links");
    if (!change.what.empty()) changes.push_back(change);
  }
  for (const auto& [path, now] : after) {
    if (before.count(path) == 0) changes.push_back({Kind::Added, path});
  }
  std::sort(changes.begin(), changes.end(), [](const auto& one, const auto& other) { return one.path < other.path; });
  return lines_of(changes);
}

void keep_time(const std::filesystem::path& file, const std::function<void()>& work) {
  struct stat status {};
  REQUIRE(::lstat(file.c_str(), &status) == 0);
  work();
  const timespec times[2] = {status.st_atim, status.st_mtim};
  REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
}

/// One change of a tree, whatever is there.
void change_something(const std::filesystem::path& top, std::minstd_rand& random) {
  const auto pick = [&] { return top / ("d" + std::to_string(random() % 3)) / ("e" + std::to_string(random() % 5)); };
  const auto path = pick();
  std::filesystem::create_directories(path.parent_path());
  const bool file = std::filesystem::is_regular_file(std::filesystem::symlink_status(path));
  const std::string text(random() % 2 == 0 ? 40 : 400'000, static_cast<char>('a' + random() % 26));
  switch (random() % 9) {
    case 0:
      std::filesystem::remove_all(path);
      std::filesystem::create_symlink("target" + std::to_string(random() % 3), path);
      break;
    case 1:
      std::filesystem::remove_all(path);
      std::filesystem::create_directories(path / "below");
      break;
    case 2:
      if (file) ::chmod(path.c_str(), random() % 2 == 0 ? 0600 : 0644);
      break;
    case 3:
      if (file) (void)::setxattr(path.c_str(), "user.x", text.data(), random() % 8, 0);
      break;
    case 4: {
      const auto other = pick();
      if (!file || other == path) break;
      std::filesystem::create_directories(other.parent_path());
      std::filesystem::remove_all(other);
      std::filesystem::create_hard_link(path, other);
      break;
    }
    case 5:  // the same size and the same time
      if (file && std::filesystem::file_size(path) > 0) {
        keep_time(path, [&] {
          std::fstream stream{path, std::ios::in | std::ios::out | std::ios::binary};
          stream.seekp(static_cast<std::streamoff>(random() % std::filesystem::file_size(path)));
          stream << static_cast<char>('A' + random() % 26);
        });
      }
      break;
    case 6:
      std::filesystem::remove_all(path);
      break;
    default:
      std::filesystem::remove_all(path);
      write_text(path, text);
  }
}

}  // namespace

TEST_CASE("every kind of difference between two states of a volume is told") {
  const Ground ground;
  VolumeStore store = ground.volumes();
  const auto data = store.create("db").mountpoint();
  make_tree(data);
  write_text(data / "same-size", "one");
  VolumeHistory history = store.history("db");
  (void)history.snapshot({.name = "then"});
  CHECK(history.diff("then").empty());

  keep_time(data / "same-size", [&] { write_text(data / "same-size", "two"); });
  keep_time(data / "private", [&] { ::chmod((data / "private").c_str(), 0640); });
  std::filesystem::remove(data / "link");
  std::filesystem::create_symlink("elsewhere", data / "link");
  std::filesystem::remove(data / "deep/second-name");
  std::filesystem::remove(data / "fifo");
  std::filesystem::create_directory(data / "fifo");
  write_text(data / "fifo/inside", "x");
  std::filesystem::remove(data / "empty");
  const auto changes = lines_of(history.diff("then"));
  CHECK(changes == std::vector<std::string>{"deleted deep/second-name", "deleted empty", "replaced fifo",
                                            "added fifo/inside", "modified link: target, time", "metadata plain: links",
                                            "metadata private: mode", "modified same-size: content"});
  CHECK(lines_of(history.diff("then", {}, {.trust_times = true})).size() == changes.size() - 1);
  (void)history.snapshot({.name = "now"});
  CHECK(history.diff("now").empty());
  CHECK(lines_of(history.diff("then", "now")) == changes);
  CHECK(history.diff("now", "then").size() == changes.size());
  CHECK(code_of([&] { (void)history.diff("then", "absent"); }) == errc::snapshot_missing);
}

TEST_CASE("what differs after changes made up at random is what a comparison file by file finds") {
  const Ground ground;
  VolumeStore store = ground.volumes();
  const auto data = store.create("db").mountpoint();
  VolumeHistory history = store.history("db");
  std::minstd_rand random{20'261'127};
  for (int number = 0; number < 40; ++number) change_something(data, random);
  for (int round = 0; round < 12; ++round) {
    CAPTURE(round);
    const VolumeSnapshot then = history.snapshot();
    for (unsigned number = random() % 12; number > 0; --number) change_something(data, random);
    REQUIRE(lines_of(history.diff(then.name)) == compared_by_hand(then.mountpoint, data));
  }
  const auto all = history.snapshots();
  REQUIRE(lines_of(history.diff(all.front().name, all.back().name)) ==
          compared_by_hand(all.front().mountpoint, all.back().mountpoint));
}

}  // namespace dunnage::test
