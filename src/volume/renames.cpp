// SPDX-License-Identifier: Apache-2.0
#include "volume/renames.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"
#include "model/volume_name.hpp"
#include "volume/metadata.hpp"
#include "volume/private_directory.hpp"
#include "volume/users.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <exception>
#include <new>
#include <thread>

namespace dunnage::volume {
namespace {

constexpr std::size_t kMostRenameBytes = std::size_t{64} << 20U;
constexpr std::string_view kRename = "rename ";
constexpr std::string_view kDone = "done\n";
constexpr std::string_view kVoid = "void\n";

struct Renaming {
  enum class End { Open, Done, Void };
  std::string from;
  std::string to;
  std::uint64_t inode = 0;
  std::uint64_t begin = 0;  ///< where it is in the log
  End end = End::Open;
};

struct Renames {
  std::vector<Renaming> all;
  std::uint64_t size = 0;  ///< of whole lines
};

std::string_view take_word(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

/// A line that is none of ours is passed over.
void take_line(std::string_view line, std::uint64_t position, std::vector<Renaming>& all) {
  if (line.starts_with(kRename)) {
    line.remove_prefix(kRename.size());
    Renaming renaming;
    renaming.from = take_word(line);
    renaming.to = take_word(line);
    renaming.begin = position;
    const auto [end, code] = std::from_chars(line.data(), line.data() + line.size(), renaming.inode);
    if (code == std::errc{} && end == line.data() + line.size()) {
      all.push_back(std::move(renaming));
    }
  } else if (!all.empty() && all.back().end == Renaming::End::Open && (line == "done" || line == "void")) {
    all.back().end = line == "done" ? Renaming::End::Done : Renaming::End::Void;
  }
}

Renames parse_renames(std::string_view text) {
  Renames renames;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', renames.size)) {
    take_line(text.substr(renames.size, end - renames.size), renames.size, renames.all);
    renames.size = end + 1;
  }
  return renames;
}

Renames read_renames(const Layout& layout) {
  std::string buffer;
  const auto [text, number] = kernel::read_small_file(layout.root.get(), kRenamesName, buffer, kMostRenameBytes);
  if (number != 0 && number != ENOENT) {
    throw kernel::CallError{"read the log of renames", number};
  }
  return parse_renames(number == 0 ? text : std::string_view{});
}

/// The end of the same, for who wants to know how long it is and whether a rename is half done: it only grows, and is
/// asked by whoever takes a volume.
Renames read_last_renames(const Layout& layout) {
  constexpr std::size_t kSomeLines = 4096;
  const auto file =
      kernel::open_beneath(layout.root.get(), kRenamesName, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!file) {
    if (errno == ENOENT) {
      return {};
    }
    throw kernel::CallError{"read the log of renames", errno};
  }
  kernel::require_regular(file.get(), "read the log of renames");
  const struct stat status = kernel::status_of(file.get());
  const auto size = static_cast<std::uint64_t>(status.st_size);
  std::string text(kSomeLines, '\0');
  const std::uint64_t begin = size > text.size() ? size - text.size() : 0;
  const ssize_t got = ::pread(file.get(), text.data(), text.size(), static_cast<off_t>(begin));
  if (got < 0) {
    throw kernel::CallError{"read the log of renames", errno};
  }
  text.resize(static_cast<std::size_t>(got));
  const std::size_t first = begin == 0 ? 0 : text.find('\n') + 1;  // of a whole line; 0 again where there is none
  Renames last = parse_renames(std::string_view{text}.substr(first));
  if (begin > 0 && last.all.empty()) {
    return read_renames(layout);
  }
  last.size += begin + first;
  return last;
}

/// What the disk says of a rename that nobody wrote the end of.
bool has_happened(const Layout& layout, const Renaming& renaming) {
  struct stat status {};
  return ::fstatat(layout.volumes.get(), renaming.to.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         status.st_ino == renaming.inode;
}

bool counts(const Layout& layout, const Renaming& renaming) {
  return renaming.end == Renaming::End::Done || (renaming.end == Renaming::End::Open && has_happened(layout, renaming));
}

bool is_open(const Renames& renames) { return !renames.all.empty() && renames.all.back().end == Renaming::End::Open; }

kernel::FileDescriptor open_log(const Layout& layout, int more) {
  return kernel::open_beneath(layout.root.get(), kRenamesName, O_RDWR | O_APPEND | O_NOFOLLOW | O_NOCTTY | more,
                              kPrivateFile);
}

/// Whether somebody is in the middle of a rename.
bool is_being_renamed(const Layout& layout) {
  const auto file = open_log(layout, 0);
  return file && kernel::is_locked_by_another(file.get(), kernel::LockKind::Exclusive);
}

}  // namespace

std::uint64_t rename_position(const Layout& layout) {
  const auto deadline = std::chrono::steady_clock::now() + kPatienceWithOthers;
  for (;;) {
    const Renames renames = read_last_renames(layout);
    if (!is_open(renames) || !is_being_renamed(layout)) {
      return renames.size;
    }
    if (std::chrono::steady_clock::now() > deadline) {
      throw kernel::CallError{"wait for who renames a volume", EBUSY};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

KnownVolume current_name(const KnownVolume& volume) {
  KnownVolume now = volume;
  try {
    const std::filesystem::path log = volume.store / kRenamesName;
    if (!kernel::FileDescriptor{::open(log.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)}) {
      return now;  // as in nearly every store
    }
    const auto layout = open_existing_layout(volume.store);
    if (!layout) {
      return now;
    }
    const Renames renames = read_renames(*layout);
    now.position = renames.size;
    for (const Renaming& renaming : renames.all) {
      const bool happened = counts(*layout, renaming);
      if (renaming.begin >= volume.position && renaming.from == now.name && happened) {
        now.name = renaming.to;
      }
      if (renaming.end == Renaming::End::Open && !happened) {
        now.position = renaming.begin;  // it may happen yet
      }
    }
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {  // whoever uses the volume says what is wrong with the store
    return volume;
  }
  return now;
}

std::optional<std::string> decode_renamed_metadata(const Layout& layout, std::string_view text, const std::string& name,
                                                   VolumeInfo& volume) {
  auto damage = decode_metadata(text, name, volume);
  const std::string other = volume.name;
  if (!damage || other == name || !model::is_valid_volume_name(other) || decode_metadata(text, other, volume)) {
    return damage;
  }
  const Renames renames = read_renames(layout);
  const bool renamed = std::any_of(renames.all.begin(), renames.all.end(), [&](const Renaming& renaming) {
    return counts(layout, renaming) ? renaming.from == other && renaming.to == name
                                    : renaming.from == name && renaming.to == other;  // taken back half-way
  });
  if (!renamed) {
    return damage;
  }
  volume.name = name;
  return std::nullopt;
}

void settle_renames(const Layout& layout) noexcept {
  try {
    if (is_open(read_last_renames(layout)) && !is_being_renamed(layout)) {
      const RenameLog settled{layout};
    }
  } catch (const std::exception&) {  // the next one does it
  }
}

RenameLog::RenameLog(const Layout& layout) : file_{open_log(layout, O_CREAT)} {
  if (!file_) {
    throw kernel::CallError{"open the log of renames", errno};
  }
  kernel::require_regular(file_.get(), "open the log of renames");
  if (!kernel::lock_within(file_.get(), kernel::LockKind::Exclusive, kPatienceWithOthers)) {
    throw kernel::CallError{"wait for who renames a volume", EBUSY};
  }
  try {
    settle(layout);
  } catch (...) {
    kernel::unlock(file_.get());
    throw;
  }
}

RenameLog::~RenameLog() { kernel::unlock(file_.get()); }

void RenameLog::settle(const Layout& layout) {
  const Renames renames = read_renames(layout);
  if (renames.size == 0) {
    kernel::sync(layout.root.get());  // that the log is synced does not bring its name to every disk
  }
  if (::ftruncate(file_.get(), static_cast<off_t>(renames.size)) != 0) {  // what a killed process began to write
    throw kernel::CallError{"truncate", errno};
  }
  if (is_open(renames)) {
    kernel::write_all(file_.get(), has_happened(layout, renames.all.back()) ? kDone : kVoid);
  }
}

void RenameLog::begin(const std::string& from, const std::string& to, std::uint64_t inode) {
  try {
    kernel::write_all(file_.get(), fmt::format("{}{} {} {}\n", kRename, from, to, inode));
    kernel::sync(file_.get());
  } catch (...) {
    end(false);
    throw;
  }
}

void RenameLog::end(bool done) noexcept {
  try {
    kernel::write_all(file_.get(), done ? kDone : kVoid);
  } catch (const std::exception&) {  // the disk says the same
  }
}

}  // namespace dunnage::volume
