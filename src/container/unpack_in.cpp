// SPDX-License-Identifier: Apache-2.0
#include "container/copy_archive.hpp"
#include "container/copying.hpp"
#include "image/failure.hpp"
#include "image/input.hpp"
#include "image/unpack/entry.hpp"
#include "image/unpack/entry_name.hpp"
#include "image/watching.hpp"
#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "transfer/tree_unpacking.hpp"
#include "volume/stage.hpp"

#include <dunnage/error.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <exception>
#include <string>

namespace dunnage::container {
namespace {

constexpr const char* kTree = "tree";

/// Content is bounded by what may be copied, or else as that of images is; headers are no content.
ImageLimits limits_of(const CopyOptions& options) {
  constexpr std::uint64_t kHeaders = std::uint64_t{1} << 30U;
  ImageLimits limits;
  if (options.most_bytes < CopyOptions{}.most_bytes) {
    limits.file_bytes = options.most_bytes;
    limits.bytes = std::max(options.most_bytes + kHeaders, options.most_bytes);  // without an overflow
  }
  limits.entries = std::min(limits.entries, options.most_entries);
  return limits;
}

/// Nothing in an archive may be more than a file: a device is a way to the machine, and what hides things in layers of
/// images means nothing here. Throws: Fault.
void check(const image::Entry& entry, const ImageLimits& limits) {
  if (image::role_of(image::checked_name(entry.name, limits)) != image::NameRole::Plain) {
    throw image::malformed(fmt::format("\"{}\" has a meaning in a layer of an image only", image::shown(entry.name)));
  }
  if (entry.kind == image::Entry::Kind::CharacterDevice || entry.kind == image::Entry::Kind::BlockDevice) {
    throw image::Fault{errc::not_supported, fmt::format("\"{}\" is a device", image::shown(entry.name)),
                       "leave devices out of the archive"};
  }
}

class Unpacking {
 public:
  Unpacking(const Copying& copying, const volume::Layout& layout)
      : copying_{copying},
        limits_{limits_of(copying.options())},
        watching_{copying.options().watch, "unpack"},
        stage_{layout.open_staging()} {}
  Unpacking(const Unpacking&) = delete;
  Unpacking& operator=(const Unpacking&) = delete;
  /// What an ordinary user made for others he cannot remove himself.
  ~Unpacking() {
    constexpr auto kPatience = std::chrono::seconds{60};
    try {
      if (connection().identity().rootless()) {
        (void)connection().remove_tree(stage_.directory(), kTree, std::chrono::steady_clock::now() + kPatience);
      }
    } catch (const std::exception&) {  // what stays is swept by a later call
    }
  }

  void run(int archive) {
    const image::Spooled input{archive, stage_.directory(), limits_.bytes, watching_, "the archive"};
    if (!kernel::make_directory(stage_.directory(), kTree, S_IRWXU)) {
      throw kernel::CallError{"mkdir", EEXIST};
    }
    tree_ = kernel::open_beneath(stage_.directory(), kTree, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!tree_) {
      throw kernel::CallError{"open directory", errno};
    }
    unpack(input.get());
  }

  void copy_to(const std::string& target) const {
    launcher::TreeCopy copy;
    copy.from = tree_.get();
    copy.to = copying_.place().root;
    copy.into = target;
    copy.keep = true;
    copy.subject = target;
    copying_.run(copy);
  }

 private:
  [[nodiscard]] const launcher::Connection& connection() const { return copying_.place().connection; }

  void unpack(int file) {
    const bool archive = copying_.options().archive;
    transfer::TreeUnpacking unpacking{tree_.get(), connection().identity(), limits_, watching_};
    (void)unpacking.add({.file = file, .check = [&](image::Entry& entry) {
                           check(entry, limits_);
                           if (!archive) {
                             entry.uid = entry.gid = 0;  // theirs count for nothing, and need not exist here
                           }
                         }});
    const transfer::UnpackedTree unpacked = unpacking.settle();
    if (archive && unpacked.losses.owners > 0) {
      throw kernel::CallError{"give its files to other users", EPERM};
    }
  }

  const Copying& copying_;
  ImageLimits limits_;
  image::Watching watching_;
  volume::Stage stage_;
  kernel::FileDescriptor tree_;
};

std::string remedy_of_unpacking(const image::Fault& fault) {
  switch (fault.code()) {
    case errc::limit_exceeded:
      return "if the archive can be trusted, raise the limit of the copy, or copy it in parts";
    case errc::image_invalid:
      return "make the archive again";
    default:
      return fault.remedy();
  }
}

void require_directory(const Copying& copying, const std::string& target) {
  launcher::Look found;
  const CopyKind kind = copying.look(target, launcher::Follow::Yes, found);
  if (kind != CopyKind::Directory) {
    copying.fail(fmt::format("open \"{}\"", target), kind == CopyKind::Absent ? ENOENT : ENOTDIR,
                 "name a directory that is there; an archive is unpacked into one");
  }
}

/// \param number  errno of what failed where the archive is unpacked, beside the volumes of the store
const char* remedy_of_call(int number) {
  switch (number) {
    case EPERM:
      return "leave their owners out (CopyOptions::archive), or give this user ids in /etc/subuid";
    case ENOSPC:
    case EDQUOT:
      return "free space or inodes on the disk of the store, and where the copy goes";
    default:
      return "look at the archive, and at the disk of the store";
  }
}

}  // namespace

void unpack_in(const CopyPlace& place, const volume::Layout& layout, int archive, const std::string& target,
               const CopyOptions& options) {
  const Copying copying{place, options, fmt::format("an archive -> \"{}\"", target)};
  const CopyPath to{target.empty() ? "/" : target};
  require_directory(copying, to.path);
  try {
    Unpacking unpacking{copying, layout};
    unpacking.run(archive);
    unpacking.copy_to(to.path);
  } catch (const image::Fault& fault) {
    copying.fail(fault.cause(), make_error_code(fault.code()), remedy_of_unpacking(fault));
  } catch (const kernel::CallError& error) {
    copying.fail(error.call(), error.code(), remedy_of_call(error.code().value()));
  }
}

}  // namespace dunnage::container
