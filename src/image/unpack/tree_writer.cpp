// SPDX-License-Identifier: Apache-2.0
#include "image/unpack/tree_writer.hpp"

#include "image/failure.hpp"
#include "image/unpack/entry_name.hpp"
#include "kernel/call_error.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/remove_tree.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

namespace dunnage::image {
namespace {

constexpr mode_t kImpliedMode = 0755;

struct stat status_at(const char* call, int directory, const char* leaf) {
  struct stat status {};
  if (::fstatat(directory, leaf, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    throw kernel::CallError{call, errno};
  }
  return status;
}

}  // namespace

std::string TreeWriter::Spot::name() const { return join_name(place->name, leaf); }

TreeWriter::TreeWriter(int tree, const launcher::Identity& identity, const ImageLimits& limits, Mask mask)
    : tree_{tree},
      identity_{identity},
      limits_{limits},
      mask_{mask},
      own_{identity.rootless() ? Owner{} : Owner{::geteuid(), ::getegid()}},
      paths_{tree, limits.depth,
             [this](int directory, const std::string& parent, const std::string& leaf, bool over_whiteout) {
               make_missing(directory, parent, leaf, over_whiteout);
             }} {
  directories_.add({.name = {}, .mode = kImpliedMode, .implied = true});
}

void TreeWriter::add(const Entry& entry, TarReader& content) {
  if (++entries_ > limits_.entries) {
    throw Fault{errc::limit_exceeded, fmt::format("it has more than {} entries", limits_.entries),
                "raise ImageLimits::entries if it can be trusted"};
  }
  const std::string name = checked_name(entry.name, limits_);
  const NameRole role = whiteouts_ == WhiteoutNames::Plain ? NameRole::Plain : role_of(name);
  if (role == NameRole::Forgotten) {
    return;
  }
  if (role == NameRole::Plain) {
    name.empty() ? add_root(entry) : add_plain(spot_of(name), entry, content);
    return;
  }
  if (entry.kind != Entry::Kind::File && entry.kind != Entry::Kind::HardLink) {  // of aufs, they are links
    throw malformed(fmt::format("\"{}\" is a whiteout that is not a file", shown(entry.name)));
  }
  const SplitName split = split_name(name);
  const auto place = paths_.find(split.directory, {.make = true, .follow = false});
  if (whiteouts_ == WhiteoutNames::Deletion) {
    if (role == NameRole::Opaque) {
      throw malformed(fmt::format("\"{}\" has a meaning in a layer of an image only", shown(entry.name)));
    }
    vacate({place, std::string{split.leaf.substr(kWhiteout.size())}});
  } else if (role == NameRole::Opaque) {
    make_opaque(place->directory.get(), ".");
  } else {
    add_whiteout({place, std::string{split.leaf.substr(kWhiteout.size())}});
  }
}

void TreeWriter::settle(std::span<const int> lowers, const Watch& watch) {
  losses_.attributes += directories_.settle(tree_, lowers, identity_, owners_);
  owners_.apply(identity_, tree_, watch);
}

TreeWriter::Spot TreeWriter::spot_of(std::string_view name, PathRules rules) {
  const SplitName split = split_name(name);
  return {paths_.find(split.directory, rules), std::string{split.leaf}};
}

void TreeWriter::add_root(const Entry& entry) {
  if (entry.kind != Entry::Kind::Directory) {
    throw malformed(fmt::format("its root, \"{}\", is not a directory", shown(entry.name)));
  }
  describe({}, entry);
}

void TreeWriter::add_plain(const Spot& spot, const Entry& entry, TarReader& content) {
  switch (entry.kind) {
    case Entry::Kind::Directory:
      return add_directory(spot, entry);
    case Entry::Kind::File:
      return add_file(spot, entry, content);
    case Entry::Kind::SymbolicLink:
      return add_symbolic_link(spot, entry);
    case Entry::Kind::HardLink:
      return add_hard_link(spot, entry);
    case Entry::Kind::CharacterDevice:
    case Entry::Kind::BlockDevice:
    case Entry::Kind::Fifo:
      return add_node(spot, entry);
  }
}

void TreeWriter::vacate(const Spot& spot) {
  if (const std::error_code error = kernel::remove_tree(spot.directory(), spot.leaf)) {
    throw kernel::CallError{"unlink", error.value()};
  }
  paths_.forget();
  owners_.doubt();
}

void TreeWriter::describe(std::string name, const Entry& entry) {
  const Owner owner = owner_of(entry, identity_);
  losses_.owners += identity_.privilege == launcher::Privilege::Single && owner != Owner{} ? 1 : 0;
  directories_.add({.name = std::move(name),
                    .mode = entry.mode,
                    .owner = owner,
                    .modified = entry.modified,
                    .attributes = usable_attributes(entry)});
}

void TreeWriter::add_directory(const Spot& spot, const Entry& entry) {
  const char* leaf = spot.leaf.c_str();
  const auto make = [&] { return make_directory(spot.directory(), leaf); };
  if (!make()) {
    if (errno != EEXIST) {
      throw kernel::CallError{"mkdir", errno};
    }
    const struct stat status = status_at("stat", spot.directory(), leaf);
    if (!S_ISDIR(status.st_mode)) {
      make_in_place(spot, "mkdir", make);
      if (is_whiteout(status)) {
        make_opaque(spot.directory(), leaf);
      }
    }
  }
  describe(spot.name(), entry);
}

/// Its owner has to reach it until all is in it. \return false and errno on failure
bool TreeWriter::make_directory(int parent, const char* leaf) const {
  return ::mkdirat(parent, leaf, S_IRWXU) == 0 && (mask_ == Mask::Empty || ::fchmodat(parent, leaf, S_IRWXU, 0) == 0);
}

/// A directory that no entry has described so far.
void TreeWriter::make_missing(int directory, const std::string& parent, const std::string& leaf, bool over_whiteout) {
  if (over_whiteout && ::unlinkat(directory, leaf.c_str(), 0) != 0) {
    throw kernel::CallError{"unlink", errno};
  }
  if (!make_directory(directory, leaf.c_str())) {
    throw kernel::CallError{"mkdir", errno};
  }
  if (over_whiteout) {
    make_opaque(directory, leaf.c_str());
  }
  directories_.add({.name = join_name(parent, leaf), .mode = kImpliedMode, .implied = true});
}

void TreeWriter::make_opaque(int parent, const char* leaf) {
  const auto directory = kernel::open_beneath(parent, leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!directory) {
    throw kernel::CallError{"open directory", errno};
  }
  if (::fsetxattr(directory.get(), opaque_attribute(identity_), "y", 1, 0) != 0) {
    throw kernel::CallError{"setxattr", errno};
  }
}

/// Only what the layers below have is hidden: what this layer has of that name stays.
void TreeWriter::add_whiteout(const Spot& spot) {
  const char* leaf = spot.leaf.c_str();
  if (::mknodat(spot.directory(), leaf, S_IFCHR, 0) == 0) {
    return;
  }
  if (errno != EEXIST) {
    throw kernel::CallError{"mknod", errno};
  }
  if (S_ISDIR(status_at("stat", spot.directory(), leaf).st_mode)) {
    make_opaque(spot.directory(), leaf);
  }
}

void TreeWriter::add_symbolic_link(const Spot& spot, const Entry& entry) {
  if (entry.target.empty()) {
    throw malformed(fmt::format("the link \"{}\" leads nowhere", shown(entry.name)));
  }
  if (entry.target.size() >= PATH_MAX) {
    throw Fault{errc::limit_exceeded,
                fmt::format("what the link \"{}\" leads to has too long a name", shown(entry.name)),
                "make the image with shorter names"};
  }
  make_in_place(spot, "symlink",
                [&] { return ::symlinkat(entry.target.c_str(), spot.directory(), spot.leaf.c_str()) == 0; });
  losses_.attributes += entry.attributes.size();
  finish_node(spot, entry);
}

void TreeWriter::add_hard_link(const Spot& spot, const Entry& entry) {
  if (entry.size > 0) {
    throw malformed(fmt::format("the hard link \"{}\" has content", shown(entry.name)));
  }
  const Spot from = spot_of(checked_name(entry.target, limits_), {.make = false, .follow = true});
  struct stat source {};
  const auto missing = [&] {
    return malformed(fmt::format("\"{}\" is a hard link to \"{}\", which is not a file of this layer",
                                 shown(entry.name), shown(entry.target)));
  };
  const bool there =
      !from.leaf.empty() && ::fstatat(from.directory(), from.leaf.c_str(), &source, AT_SYMLINK_NOFOLLOW) == 0;
  if (!there && !from.leaf.empty() && errno != ENOENT) {
    throw kernel::CallError{"stat", errno};
  }
  if (!there || (!S_ISREG(source.st_mode) && !S_ISLNK(source.st_mode))) {
    throw missing();
  }
  struct stat now {};
  if (::fstatat(spot.directory(), spot.leaf.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_ino == source.st_ino) {
    return;  // it is that file already
  }
  make_in_place(spot, "link", [&] {
    const bool made = ::linkat(from.directory(), from.leaf.c_str(), spot.directory(), spot.leaf.c_str(), 0) == 0;
    if (!made && errno == ENOENT) {  // it was in the directory that had to give way
      throw missing();
    }
    return made;
  });
  if (identity_.privilege == launcher::Privilege::Range) {
    owners_.add_link(spot.name(), source.st_ino);
  }
}

}  // namespace dunnage::image
