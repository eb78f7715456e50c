// SPDX-License-Identifier: Apache-2.0
#include <dunnage/error.hpp>
#include <dunnage/seccomp.hpp>

#include "kernel/file_descriptor.hpp"
#include "kernel/files.hpp"
#include "seccomp/filter.hpp"
#include "seccomp/profile.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage {
namespace {

[[noreturn]] void refuse_profile(const std::string& subject, std::string cause, std::error_code code,
                                 std::string remedy) {
  throw LaunchError{{.stage = Stage::Launch,
                     .operation = "use the seccomp profile",
                     .subject = subject,
                     .detail = {},
                     .cause = std::move(cause),
                     .code = code,
                     .remedy = std::move(remedy)}};
}

/// It may be of another file system, or grow while it is read: no more than the limit is taken.
std::string read_profile(const std::filesystem::path& path) {
  const std::string name = path.string();
  const kernel::FileDescriptor file{::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) {
    refuse_profile(name, "open it", {errno, std::system_category()},
                   "give the path of a profile, or Seccomp::standard()");
  }
  if (!S_ISREG(status.st_mode)) {
    refuse_profile(name, "it is no file", errc::invalid_argument, "give the path of a profile, or Seccomp::standard()");
  }
  std::string text(seccomp::kMostProfileBytes + 1, '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t size = ::read(file.get(), text.data() + done, text.size() - done);
    if (size < 0 && errno == EINTR) {
      continue;
    }
    if (size < 0) {
      refuse_profile(name, "read it", {errno, std::system_category()},
                     "give the path of a profile, or Seccomp::standard()");
    }
    if (size == 0) {
      break;
    }
    done += static_cast<std::size_t>(size);
  }
  text.resize(done);
  return text;
}

}  // namespace

Seccomp Seccomp::standard() { return {}; }

Seccomp Seccomp::unconfined() {
  Seccomp seccomp;
  seccomp.kind_ = Kind::Unconfined;
  return seccomp;
}

Seccomp Seccomp::file(std::filesystem::path path) {
  Seccomp seccomp;
  seccomp.kind_ = Kind::File;
  seccomp.path_ = std::move(path);
  return seccomp;
}

Seccomp Seccomp::json(std::string text) {
  Seccomp seccomp;
  seccomp.kind_ = Kind::Text;
  seccomp.text_ = std::move(text);
  return seccomp;
}

Seccomp Seccomp::parse(std::string_view text) {
  if (text.empty() || text.find('\0') != std::string_view::npos) {
    refuse_profile(std::string{text.substr(0, text.find('\0'))}, "it names no profile", errc::invalid_argument,
                   "write unconfined, builtin, or the path of a profile");
  }
  if (text == "unconfined") {
    return unconfined();
  }
  return text == "builtin" || text == "default" ? standard() : file(std::string{text});
}

Seccomp Seccomp::load() const {
  Seccomp loaded = *this;
  if (kind_ == Kind::File && text_.empty()) {
    loaded.text_ = read_profile(path_);
  }
  if (kind_ == Kind::File || kind_ == Kind::Text) {
    if (loaded.text_.empty()) {
      refuse_profile(to_string(), "it is empty", errc::invalid_argument, "write a profile, or use Seccomp::standard()");
    }
    (void)seccomp::filter_of(loaded, 0);
  }
  return loaded;
}

Seccomp Seccomp::with_text(std::string text) const {
  Seccomp other = *this;
  other.text_ = std::move(text);
  return other;
}

std::string Seccomp::to_string() const {
  switch (kind_) {
    case Kind::Standard:
      return "default";
    case Kind::Unconfined:
      return "unconfined";
    case Kind::File:
      return path_.string();
    case Kind::Text:
      return "json";
  }
  return "unknown";
}

}  // namespace dunnage
