// SPDX-License-Identifier: Apache-2.0
#include "launch/streams.hpp"

#include <dunnage/error.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace dunnage::launch {
namespace {

constexpr std::array<const char*, 3> kStreamNames{"stdin", "stdout", "stderr"};

LaunchError stream_error(int number, const std::string& cause, std::error_code code, const std::string& remedy) {
  return LaunchError{{.stage = Stage::Launch,
                      .operation = "connect stream",
                      .subject = kStreamNames.at(static_cast<std::size_t>(number)),
                      .detail = {},
                      .cause = cause,
                      .code = code,
                      .remedy = remedy}};
}

LaunchError open_error(int number, const std::string& cause) {
  const int error = errno;
  return stream_error(number, cause, {error, std::system_category()},
                      error == EMFILE || error == ENFILE ? "close descriptors or raise the limit (ulimit -n)"
                                                         : "choose another file, or Stdio::null()");
}

/// A program gets from a directory to all that lies beside it on the host.
[[noreturn]] void refuse_directory(int number) {
  throw stream_error(number, "it is a directory, through which the program could reach the host's files",
                     errc::invalid_argument, "give a file, a pipe, a socket or Stdio::null(), and mount directories");
}

void check_kind(int number, int fd) {
  struct stat status {};
  if (::fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
    refuse_directory(number);
  }
}

/// The stream of this process; /dev/null when that is closed.
int duplicate_own(int number) {
  const int fd = ::fcntl(number, F_DUPFD_CLOEXEC, 3);
  return fd >= 0 || errno != EBADF ? fd : ::open("/dev/null", O_RDWR | O_CLOEXEC);
}

}  // namespace

OpenStreams::OpenStreams(const StreamRequest& request) : terminal_{request.terminal} {
  if (terminal_) {
    return;
  }
  const std::array<const Stdio*, 3> wanted{&request.in, &request.out, &request.err};
  for (int number = 0; number < 3; ++number) {
    const Stdio& stdio = *wanted.at(static_cast<std::size_t>(number));
    if (number == 0 && (stdio.kind() == Stdio::Kind::Callback || stdio.kind() == Stdio::Kind::Log)) {
      throw stream_error(number, "this kind is for output", errc::invalid_argument, "use Stdio::pipe()");
    }
    if (stdio.kind() == Stdio::Kind::Log && !request.has_record) {
      throw stream_error(number, "a log is kept in the container's record", errc::invalid_argument,
                         "give the container a name, or set record");
    }
    open(streams_[number], stdio, number);
  }
}

void OpenStreams::open_pipe(Stream& stream, int number) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw open_error(number, "pipe");
  }
  const bool input = number == 0;
  stream.theirs.reset(ends.at(input ? 0 : 1));
  stream.ours.reset(ends.at(input ? 1 : 0));
  stream.own = true;
}

void OpenStreams::open(Stream& stream, const Stdio& stdio, int number) {
  constexpr mode_t kMode = 0644;
  switch (stdio.kind()) {
    case Stdio::Kind::Inherit:
      stream.theirs.reset(duplicate_own(number));
      break;
    case Stdio::Kind::Null:
      stream.theirs.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
      break;
    case Stdio::Kind::File:
      stream.theirs.reset(
          number == 0 ? ::open(stdio.path().c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)
                      : ::open(stdio.path().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, kMode));
      break;
    case Stdio::Kind::Descriptor:
      stream.theirs.reset(::fcntl(stdio.fd(), F_DUPFD_CLOEXEC, 3));
      break;
    case Stdio::Kind::Pipe:
      open_pipe(stream, number);
      break;
    case Stdio::Kind::Callback:
      open_pipe(stream, number);
      stream.callback = stdio.function();
      break;
    case Stdio::Kind::Log:
      stream.log = true;
      return;
  }
  if (!stream.theirs && stdio.kind() == Stdio::Kind::File && errno == EISDIR) {
    refuse_directory(number);
  }
  if (!stream.theirs) {
    throw open_error(number, stdio.kind() == Stdio::Kind::File ? "open " + stdio.path().string() : "open");
  }
  if (stdio.kind() == Stdio::Kind::Inherit || stdio.kind() == Stdio::Kind::File ||
      stdio.kind() == Stdio::Kind::Descriptor) {
    check_kind(number, stream.theirs.get());
  }
}

void OpenStreams::describe(Payload& payload) const {
  launcher::LaunchPayload& fixed = payload.fixed;
  if (terminal_) {
    fixed.flags |= launcher::kTerminal;
    winsize window{};
    if (::ioctl(STDIN_FILENO, TIOCGWINSZ, &window) == 0) {
      fixed.window_rows = window.ws_row;
      fixed.window_columns = window.ws_col;
    }
    return;
  }
  fixed.in = payload.descriptor(streams_[0].theirs.get());
  fixed.out = payload.descriptor(streams_[1].theirs.get());
  fixed.err = payload.descriptor(streams_[2].theirs.get());
  fixed.flags |= streams_[1].log ? launcher::kLogOut : 0U;
  fixed.flags |= streams_[2].log ? launcher::kLogErr : 0U;
  for (unsigned number = 0; number < 3; ++number) {
    fixed.own_streams |= streams_[number].own ? 1U << number : 0U;
  }
}

container::Streams OpenStreams::take() {
  container::Streams streams;
  std::array<kernel::FileDescriptor*, 3> places{&streams.in, &streams.out, &streams.err};
  for (unsigned number = 0; number < 3; ++number) {
    Stream& stream = streams_[number];
    stream.theirs.reset();
    if (stream.callback) {
      streams.readers.push_back(
          std::make_unique<container::Reader>(std::move(stream.ours), std::move(stream.callback)));
    } else {
      *places.at(number) = std::move(stream.ours);
    }
  }
  return streams;
}

}  // namespace dunnage::launch
