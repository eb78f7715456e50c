// SPDX-License-Identifier: Apache-2.0
#include "container/copy.hpp"

#include <dunnage/error.hpp>

#include "container/copying.hpp"
#include "kernel/file_descriptor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace dunnage::container {
namespace {

using launcher::TreeCopy;

/// What becomes of the source, once both sides are known.
struct Decision {
  bool content = false;  ///< of the source, into the target
  bool into = false;     ///< the source, into the target, under its own name
};

/// A target that is a link stands for what it leads to, which may be absent yet.
CopyPath follow_target(const Copying& copying, CopyPath target, CopyKind& kind) {
  constexpr int kMostLinks = 40;  // as in path_resolution(7)
  for (int links = 0; links <= kMostLinks; ++links) {
    launcher::Look found;
    kind = copying.look(target.path, launcher::Follow::No, found);
    if (kind == CopyKind::Absent || !S_ISLNK(found.report.mode)) {
      return target;
    }
    const bool slash = target.slash;
    target = CopyPath{found.target.starts_with("/") ? found.target : target.parent + "/" + found.target};
    target.slash = target.slash || slash;
  }
  copying.fail(fmt::format("open \"{}\"", target.path), ELOOP, "name the target without so many links");
}

Decision decide(const Copying& copying, CopyKind source, const CopyPath& source_words, CopyKind target,
                const CopyPath& target_words) {
  if (source_words.content && source != CopyKind::Directory) {
    copying.fail(fmt::format("open \"{}\"", source_words.path), ENOTDIR,
                 "leave out \"/.\" for anything but a directory");
  }
  if (target == CopyKind::Directory) {
    const bool content = source_words.content || (source == CopyKind::Directory && !source_words.named());
    return {.content = content, .into = !content};
  }
  if (target == CopyKind::Other && source == CopyKind::Directory) {
    copying.fail("a directory cannot take the place of a file", ENOTDIR,
                 "remove the file first, or name another target");
  }
  if (target == CopyKind::Other && target_words.slash) {
    copying.fail(fmt::format("open \"{}\"", target_words.path), ENOTDIR, "leave out the slash, or name a directory");
  }
  if (target == CopyKind::Absent && source == CopyKind::Other && target_words.slash) {
    copying.fail(fmt::format("there is no directory \"{}\"", target_words.path), ENOENT,
                 "make it first, or leave out the slash to copy under this name");
  }
  if (!target_words.named()) {
    copying.fail(fmt::format("open \"{}\"", target_words.path), ENOENT, "name a target that can be made");
  }
  return {};
}

std::string arrow(const std::string& from, const std::string& to) { return fmt::format("\"{}\" -> \"{}\"", from, to); }

/// "..", "/" and the like have a name too, elsewhere.
std::string name_of(const CopyPath& words) {
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

CopyKind host_target(const Copying& copying, CopyPath& words) {
  std::error_code code;
  const auto status = std::filesystem::status(words.path, code);
  if (status.type() == std::filesystem::file_type::not_found) {
    return CopyKind::Absent;
  }
  if (code) {
    copying.fail(fmt::format("open \"{}\"", words.path), code, "name a target that this user may reach");
  }
  if (status.type() == std::filesystem::file_type::directory) {
    return CopyKind::Directory;
  }
  const bool slash = words.slash;
  words = CopyPath{std::filesystem::canonical(words.path, code).string()};
  words.slash = slash;
  return CopyKind::Other;
}

}  // namespace

void copy_in(const CopyPlace& place, const std::filesystem::path& source, const std::string& target,
             const CopyOptions& options) {
  const Copying copying{place, options, arrow(source.string(), target)};
  const CopyPath from{source.string()};
  const bool follow = options.follow_links || from.slash;
  const kernel::FileDescriptor entry = open_host(copying, from.path, O_PATH | (follow ? 0 : O_NOFOLLOW));
  struct stat status {};
  if (::fstat(entry.get(), &status) != 0) {
    copying.fail(fmt::format("open \"{}\"", from.path), errno, "try again");
  }
  if (from.slash && !S_ISDIR(status.st_mode)) {
    copying.fail(fmt::format("open \"{}\"", from.path), ENOTDIR, "leave out the slash");
  }
  CopyKind kind = CopyKind::Absent;
  const CopyPath to = follow_target(copying, CopyPath{target.empty() ? "/" : target}, kind);
  const Decision decision = decide(copying, kind_of(status.st_mode), from, kind, to);
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
  const auto [from, follow, kind] = copying.source(source);
  CopyPath to{target.string()};
  const CopyKind there = host_target(copying, to);
  const Decision decision = decide(copying, kind, from, there, to);
  const kernel::FileDescriptor directory =
      open_host(copying, decision.content || decision.into ? to.path : to.parent, O_RDONLY | O_DIRECTORY);
  TreeCopy copy;
  copy.from = place.root;
  copy.below = from.path;
  copy.follow = follow == launcher::Follow::Yes;
  copy.to = directory.get();
  copy.name = decision.content ? std::string{} : decision.into ? from.leaf : to.leaf;
  copy.subject = source;
  copying.run(copy);
}

}  // namespace dunnage::container
