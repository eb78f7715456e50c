// SPDX-License-Identifier: Apache-2.0
#include "transfer/new_file.hpp"

#include "image/failure.hpp"
#include "kernel/call_error.hpp"
#include "kernel/descriptor_path.hpp"
#include "kernel/files.hpp"
#include "kernel/random_hex.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace dunnage::transfer {
namespace {

constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;  // there may be secrets in a volume
constexpr std::size_t kBesideDigits = 16;

bool has_no_unnamed_files(int number) noexcept {
  return number == EOPNOTSUPP || number == EISDIR || number == ENOENT || number == EINVAL;
}

}  // namespace

NewFile::NewFile(const std::filesystem::path& path)
    : leaf_{path.filename().string()}, beside_{".dunnage-" + kernel::random_hex(kBesideDigits)} {
  const std::filesystem::path parent = path.parent_path();
  directory_.reset(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory_) {
    throw kernel::CallError{"open the directory of the file", errno};
  }
  check_place();
  file_.reset(::openat(directory_.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, kOwnerOnly));
  if (!file_) {
    if (!has_no_unnamed_files(errno)) {
      throw kernel::CallError{"create file", errno};
    }
    file_ = kernel::create_file(directory_.get(), beside_, kOwnerOnly);
    named_ = true;
  }
}

void NewFile::check_place() const {
  struct stat status {};
  if (leaf_.empty() || leaf_ == "." || leaf_ == "..") {
    throw kernel::CallError{"name the file", EISDIR};
  }
  if (::fstatat(directory_.get(), leaf_.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT) {
      throw kernel::CallError{"stat", errno};
    }
  } else if (!S_ISREG(status.st_mode)) {  // a device would be replaced, not written to
    throw image::Fault{errc::invalid_argument, fmt::format("\"{}\" is there, and is not a regular file", leaf_),
                       "name a file, or pass what you have opened as a descriptor"};
  }
}

NewFile::~NewFile() {
  if (named_) {
    (void)::unlinkat(directory_.get(), beside_.c_str(), 0);
  }
}

/// Throws: CallError; EEXIST if something is called that.
void NewFile::give_name(const std::string& name) const {
  const kernel::DescriptorPath path{file_.get()};
  if (::linkat(AT_FDCWD, path.text, directory_.get(), name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
    throw kernel::CallError{"link", errno};
  }
}

void NewFile::publish() {
  kernel::sync(file_.get());
  if (!named_) {
    give_name(beside_);
    named_ = true;
  }
  const bool exchanged = take_name();
  try {
    kernel::sync(directory_.get());
  } catch (...) {  // not acknowledged, so it must not stay
    (void)(exchanged ? kernel::exchange(directory_.get(), beside_, directory_.get(), leaf_)
                     : kernel::rename_exclusively(directory_.get(), leaf_, directory_.get(), beside_));
    throw;
  }
  named_ = false;
  if (exchanged) {
    (void)::unlinkat(directory_.get(), beside_.c_str(), 0);
  }
}

/// \return whether another file had it, which is beside now
bool NewFile::take_name() const {
  const int number = kernel::exchange(directory_.get(), beside_, directory_.get(), leaf_);
  if (number == 0) {
    return true;
  }
  if (number != ENOENT && number != EINVAL) {  // EINVAL: the file system cannot exchange
    throw kernel::CallError{"rename", number};
  }
  if (::renameat(directory_.get(), beside_.c_str(), directory_.get(), leaf_.c_str()) != 0) {
    throw kernel::CallError{"rename", errno};
  }
  return false;
}

}  // namespace dunnage::transfer
