// SPDX-License-Identifier: Apache-2.0
#include "container/copy.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"
#include "launcher/copy_tree.hpp"
#include "launcher/look.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace dunnage::container {
namespace {

using launcher::TreeCopy;
using launcher::WorkOutcome;

/// A path as it was written, and what its end says.
struct Words {
  explicit Words(std::string text) : path{std::move(text)} {
    content = path == "." || path.ends_with("/.");
    while (path.size() > 1 && (path.ends_with("/") || path.ends_with("/."))) {
      slash = true;
      path.pop_back();
    }
    const std::size_t end = path.rfind('/');
    leaf = end == std::string::npos ? path : path.substr(end + 1);
    parent = end == std::string::npos ? "." : end == 0 ? "/" : path.substr(0, end);
  }
  /// It has a name of its own; "/", "." and ".." have not.
  [[nodiscard]] bool named() const { return !leaf.empty() && leaf != "." && leaf != ".."; }

  std::string path;  ///< without slashes and dots at its end
  std::string parent;
  std::string leaf;
  bool content = false;  ///< it ends in "/."
  bool slash = false;    ///< it has to be a directory
};

enum class Kind { Absent, Directory, Other };

Kind kind_of(std::uint32_t mode) { return S_ISDIR(mode) ? Kind::Directory : Kind::Other; }

/// What becomes of the source, once both sides are known.
struct Decision {
  bool content = false;  ///< of the source, into the target
  bool into = false;     ///< the source, into the target, under its own name
};

class Copying {
 public:
  Copying(const CopyPlace& place, const CopyOptions& options, std::string detail)
      : place_{place}, options_{options}, detail_{std::move(detail)} {}

  [[noreturn]] void fail(std::string cause, std::error_code code, std::string remedy) const {
    place_.fail({detail_, std::move(cause), code, std::move(remedy)});
    throw std::logic_error{"a failure that throws nothing"};
  }
  [[noreturn]] void fail(std::string cause, int number, std::string remedy) const {
    fail(std::move(cause), std::error_code{number, std::system_category()}, std::move(remedy));
  }

  /// What is at a path of the place. Throws for anything but that nothing is there.
  Kind look(const std::string& path, launcher::Follow follow, launcher::Look& found) const {
    found = {};
    const WorkOutcome outcome = launcher::look_at(place_.connection, place_.root, path, follow, found, options_.watch);
    if (outcome.done()) {
      return kind_of(found.report.mode);
    }
    if (outcome.end == WorkOutcome::End::Failed && outcome.failure.error == ENOENT) {
      return Kind::Absent;
    }
    fail(outcome);
  }

  /// A target that is a link stands for what it leads to, which may be absent yet.
  Words follow_target(Words target, Kind& kind) const {
    constexpr int kMostLinks = 40;  // as in path_resolution(7)
    for (int links = 0; links <= kMostLinks; ++links) {
      launcher::Look found;
      kind = look(target.path, launcher::Follow::No, found);
      if (kind == Kind::Absent || !S_ISLNK(found.report.mode)) {
        return target;
      }
      const bool slash = target.slash;
      target = Words{found.target.starts_with("/") ? found.target : target.parent + "/" + found.target};
      target.slash = target.slash || slash;
    }
    fail(fmt::format("open \"{}\"", target.path), ELOOP, "name the target without so many links");
  }

  Decision decide(Kind source, const Words& source_words, Kind target, const Words& target_words) const {
    if (source_words.content && source != Kind::Directory) {
      fail(fmt::format("open \"{}\"", source_words.path), ENOTDIR, "leave out \"/.\" for anything but a directory");
    }
    if (target == Kind::Directory) {
      const bool content = source_words.content || (source == Kind::Directory && !source_words.named());
      return {.content = content, .into = !content};
    }
    if (target == Kind::Other && source == Kind::Directory) {
      fail("a directory cannot take the place of a file", ENOTDIR, "remove the file first, or name another target");
    }
    if (target == Kind::Other && target_words.slash) {
      fail(fmt::format("open \"{}\"", target_words.path), ENOTDIR, "leave out the slash, or name a directory");
    }
    if (target == Kind::Absent && source == Kind::Other && target_words.slash) {
      fail(fmt::format("there is no directory \"{}\"", target_words.path), ENOENT,
           "make it first, or leave out the slash to copy under this name");
    }
    if (!target_words.named()) {
      fail(fmt::format("open \"{}\"", target_words.path), ENOENT, "name a target that can be made");
    }
    return {};
  }

  void run(TreeCopy copy) const {
    copy.merge = true;
    copy.locks = place_.locks;
    copy.mounts = true;
    copy.most_bytes = options_.most_bytes;
    copy.most_entries = options_.most_entries;
    if (!options_.archive) {
      // whom this process is inside: root, or for a user with one id that one
      const launcher::Identity& identity = place_.connection.identity();
      const bool single = identity.privilege == launcher::Privilege::Single;
      copy.uid = single ? identity.users.front().inside : 0;
      copy.gid = single ? identity.groups.front().inside : 0;
    }
    const WorkOutcome outcome = launcher::copy_tree(place_.connection, copy, options_.watch);
    if (!outcome.done()) {
      fail(outcome);
    }
  }

 private:
  [[noreturn]] void fail(const WorkOutcome& outcome) const {
    const launcher::Step step = outcome.failure.step;
    const bool bound = step == launcher::Step::BoundBytes || step == launcher::Step::BoundEntries;
    const int number = outcome.failure.error;
    fail(outcome.cause(), bound ? make_error_code(errc::limit_exceeded) : outcome.code(),
         bound                                       ? std::string{"raise the limit of the copy, or copy less"}
         : outcome.end == WorkOutcome::End::TimedOut ? "give it more time"
         : number == ENOENT                          ? "make the directory first"
         : number == EROFS                           ? read_only_remedy()
         : number == ENOSPC || number == EDQUOT      ? "free space where the copy goes"
         : number == EACCES || number == EPERM       ? "look at owners and modes of both sides"
         : number == ENOTDIR || number == EISDIR     ? "a file and a directory never replace each other; remove one"
                                                     : "try again");
  }

  [[nodiscard]] std::string read_only_remedy() const {
    return place_.read_only_remedy.empty() ? "choose a target that is not mounted read-only" : place_.read_only_remedy;
  }

  const CopyPlace& place_;
  const CopyOptions& options_;
  std::string detail_;
};

std::string arrow(const std::string& from, const std::string& to) { return fmt::format("\"{}\" -> \"{}\"", from, to); }

/// "..", "/" and the like have a name too, elsewhere.
std::string name_of(const Words& words) {
  if (words.named()) {
    return words.leaf;
  }
  std::error_code code;
  const auto full = std::filesystem::canonical(words.path, code);
  return code ? std::string{} : full.filename().string();
}

kernel::FileDescriptor open_host(const Copying& copying, const std::string& path, int flags) {
  kernel::FileDescriptor fd{::open(path.c_str(), flags | O_CLOEXEC)};
  if (!fd) {
    copying.fail(fmt::format("open \"{}\"", path), errno,
                 "look whether it is there, and whether this user may read it");
  }
  return fd;
}

Kind host_target(const Copying& copying, Words& words) {
  std::error_code code;
  const auto status = std::filesystem::status(words.path, code);
  if (status.type() == std::filesystem::file_type::not_found) {
    return Kind::Absent;
  }
  if (code) {
    copying.fail(fmt::format("open \"{}\"", words.path), code, "name a target that this user may reach");
  }
  if (status.type() == std::filesystem::file_type::directory) {
    return Kind::Directory;
  }
  const bool slash = words.slash;
  words = Words{std::filesystem::canonical(words.path, code).string()};
  words.slash = slash;
  return Kind::Other;
}

}  // namespace

void copy_in(const CopyPlace& place, const std::filesystem::path& source, const std::string& target,
             const CopyOptions& options) {
  const Copying copying{place, options, arrow(source.string(), target)};
  const Words from{source.string()};
  const bool follow = options.follow_links || from.slash;
  const kernel::FileDescriptor entry = open_host(copying, from.path, O_PATH | (follow ? 0 : O_NOFOLLOW));
  struct stat status {};
  if (::fstat(entry.get(), &status) != 0) {
    copying.fail(fmt::format("open \"{}\"", from.path), errno, "try again");
  }
  if (from.slash && !S_ISDIR(status.st_mode)) {
    copying.fail(fmt::format("open \"{}\"", from.path), ENOTDIR, "leave out the slash");
  }
  Kind kind = Kind::Absent;
  const Words to = copying.follow_target(Words{target.empty() ? "/" : target}, kind);
  const Decision decision = copying.decide(kind_of(status.st_mode), from, kind, to);
  TreeCopy copy;
  copy.from = entry.get();
  copy.to = place.root;
  copy.into = decision.content || decision.into ? to.path : to.parent;
  copy.name = decision.content ? std::string{} : decision.into ? name_of(from) : to.leaf;
  copy.subject = target;
  copying.run(copy);
}

void copy_out(const CopyPlace& place, const std::string& source, const std::filesystem::path& target,
              const CopyOptions& options) {
  const Copying copying{place, options, arrow(source, target.string())};
  const Words from{source.empty() ? "/" : source};
  const bool follow = options.follow_links || from.slash;
  launcher::Look found;
  const Kind kind = copying.look(from.path, follow ? launcher::Follow::Yes : launcher::Follow::No, found);
  if (kind == Kind::Absent) {
    copying.fail(fmt::format("open \"{}\"", from.path), ENOENT, "name something that is there");
  }
  if (from.slash && kind != Kind::Directory) {
    copying.fail(fmt::format("open \"{}\"", from.path), ENOTDIR, "leave out the slash");
  }
  Words to{target.string()};
  const Kind there = host_target(copying, to);
  const Decision decision = copying.decide(kind, from, there, to);
  const kernel::FileDescriptor directory =
      open_host(copying, decision.content || decision.into ? to.path : to.parent, O_RDONLY | O_DIRECTORY);
  TreeCopy copy;
  copy.from = place.root;
  copy.below = from.path;
  copy.follow = follow;
  copy.to = directory.get();
  copy.name = decision.content ? std::string{} : decision.into ? from.leaf : to.leaf;
  copy.subject = source;
  copying.run(copy);
}

}  // namespace dunnage::container
