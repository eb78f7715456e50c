// SPDX-License-Identifier: Apache-2.0
#include "compose/files.hpp"

#include "error/printable.hpp"
#include "error/reason.hpp"
#include "kernel/open_beneath.hpp"
#include "spec/text.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::compose {
namespace {

/// All of it, or one byte more than a file may have.
int read_all(int fd, std::string& text) {
  constexpr std::size_t kPiece = 65536;
  std::size_t used = 0;
  while (used <= Limits::kFileBytes) {
    text.resize(used + kPiece);
    const ssize_t got = ::read(fd, text.data() + used, kPiece);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      text.resize(used);
      return got < 0 ? errno : 0;
    }
    used += static_cast<std::size_t>(got);
  }
  return EFBIG;
}

/// A FIFO that somebody put there must not block; one that the caller himself named may.
int check_kind(int fd, bool trusted) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    return errno;
  }
  if (S_ISDIR(status.st_mode)) {
    return EISDIR;
  }
  if (!S_ISREG(status.st_mode) && !trusted) {
    return EINVAL;
  }
  return ::fcntl(fd, F_SETFL, 0) < 0 ? errno : 0;
}

constexpr int kReading = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

}  // namespace

Files::Files(Texts& texts, std::string directory, bool host_paths)
    : texts_{texts},
      directory_{std::move(directory)},
      host_paths_{host_paths},
      handle_{::open(directory_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)} {}

std::string Files::name_of(const std::string& path) const {
  const auto rest = below(path);
  return rest && *rest != "." ? *rest : path;
}

std::optional<std::string> Files::below(const std::string& path) const {
  const std::string clean = spec::clean(path);
  if (clean == directory_) {
    return ".";
  }
  const std::string prefix = directory_ == "/" ? "/" : directory_ + "/";
  if (!clean.starts_with(prefix)) {
    return std::nullopt;
  }
  // As it was written, where it was: a link followed by ".." is not what it looks like.
  return path.starts_with(prefix) ? path.substr(prefix.size()) : clean.substr(prefix.size());
}

void Files::refuse_leaving(const std::string& path, const Asker& asker, std::string_view what) const {
  texts_.refuse(asker.mark, to_string(asker.path),
                fmt::format("{} \"{}\" is outside of the project's directory", what, error::printable(path)),
                "move it there, or have the caller grant host_paths", errc::not_granted);
}

void Files::check(const std::string& path, const Asker& asker, std::string_view what) const {
  if (host_paths_ || asker.trusted) {
    return;
  }
  const auto rest = below(path);
  if (!rest) {
    refuse_leaving(path, asker, what);
  }
  if (!handle_) {
    return;  // without a directory there is no link in it
  }
  const auto found = kernel::open_inside(handle_.get(), rest->empty() ? "." : rest->c_str(), O_PATH | O_CLOEXEC);
  if (!found && (errno == EXDEV || errno == ELOOP)) {
    refuse_leaving(path, asker, what);
  }
}

std::optional<std::uint32_t> Files::find(const std::string& path, const Asker& asker) {
  const bool free = host_paths_ || asker.trusted;
  const auto rest = below(path);
  if (!free && !rest) {
    refuse_leaving(path, asker, "the file");
  }
  if (!free && !handle_) {
    return std::nullopt;  // there is no directory, and nothing in it
  }
  const kernel::FileDescriptor file = free ? kernel::FileDescriptor{::open(path.c_str(), kReading)}
                                           : kernel::open_inside(handle_.get(), rest->c_str(), kReading);
  int number = file ? 0 : errno;
  if (number == ENOENT || number == ENOTDIR) {
    return std::nullopt;
  }
  if (!free && (number == EXDEV || number == ELOOP)) {
    refuse_leaving(path, asker, "the file");
  }
  if (++count_ > Limits::kFiles) {
    texts_.refuse(asker.mark, to_string(asker.path), "the project has more than 100 files", "make them fewer",
                  errc::limit_exceeded);
  }
  std::string text;
  number = number == 0 ? check_kind(file.get(), asker.trusted) : number;
  number = number == 0 ? read_all(file.get(), text) : number;
  if (number == EFBIG) {
    texts_.refuse(asker.mark, to_string(asker.path),
                  fmt::format("the file \"{}\" is larger than 1 MiB", error::printable(path)), "make it smaller",
                  errc::limit_exceeded);
  }
  if (number != 0) {
    texts_.refuse(asker.mark, to_string(asker.path),
                  fmt::format("the file \"{}\" cannot be read: {} [{}]", error::printable(path),
                              error::errno_reason(number), error::errno_name(number)),
                  "name a plain file that this user may read", errc::source_missing);
  }
  texts_.spend_bytes(text.size(), asker.mark);
  return texts_.add(name_of(path), std::move(text));
}

std::uint32_t Files::read(const std::string& path, const Asker& asker, std::string_view what) {
  if (const auto file = find(path, asker)) {
    return *file;
  }
  texts_.refuse(asker.mark, to_string(asker.path), fmt::format("{} \"{}\" is not there", what, error::printable(path)),
                "create it, or correct its name", errc::source_missing);
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string absolute_path(std::string_view path, std::string_view base, std::string_view home) {
  if (path.starts_with('~') && !home.empty()) {
    return spec::clean(fmt::format("{}/{}", home, path.substr(1)));
  }
  return path.starts_with('/') ? std::string{path} : spec::clean(fmt::format("{}/{}", base, path));
}

}  // namespace dunnage::compose
