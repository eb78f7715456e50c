// SPDX-License-Identifier: Apache-2.0
#include "support/fuse_server.hpp"

#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

namespace dunnage::test {
namespace {

constexpr std::uint64_t kFile = 2;

volatile std::sig_atomic_t swallows = 0;        // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
volatile std::sig_atomic_t swallows_reads = 0;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

/// In a copy of a process with threads: nothing is allocated here.
class Session {
 public:
  Session(int device, std::string_view text) : device_{device}, text_{text} {}

  [[noreturn]] void serve() {
    alignas(8) static char request[FUSE_MIN_READ_BUFFER + (1U << 17U)];
    for (;;) {
      const ssize_t size = ::read(device_, request, sizeof request);
      if (size < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN)) continue;
      if (size < static_cast<ssize_t>(sizeof(fuse_in_header))) ::_exit(0);
      fuse_in_header header;
      std::memcpy(&header, request, sizeof header);
      if (swallows == 0) answer(header, request + sizeof header);
    }
  }

 private:
  void reply(const fuse_in_header& header, int error, const void* body = nullptr, std::size_t size = 0) const {
    static char frame[1U << 13U];
    const fuse_out_header out{static_cast<std::uint32_t>(sizeof out + size), -error, header.unique};
    std::memcpy(frame, &out, sizeof out);
    if (size > 0) std::memcpy(frame + sizeof out, body, size);
    (void)!::write(device_, frame, sizeof out + size);
  }

  [[nodiscard]] fuse_attr attributes(std::uint64_t node) const {
    fuse_attr attr{};
    attr.ino = node;
    attr.mode = node == kFile ? S_IFREG | 0644U : S_IFDIR | 0755U;
    attr.nlink = 1;
    attr.size = node == kFile ? text_.size() : 0;
    attr.blksize = 4096;
    return attr;
  }

  void look_up(const fuse_in_header& header, const char* name) const {
    if (header.nodeid != FUSE_ROOT_ID || std::strcmp(name, "file") != 0) return reply(header, ENOENT);
    fuse_entry_out out{};
    out.nodeid = kFile;
    out.attr = attributes(kFile);
    reply(header, 0, &out, sizeof out);
  }

  void read_file(const fuse_in_header& header, const char* body) const {
    if (swallows_reads != 0) return;
    fuse_read_in in;
    std::memcpy(&in, body, sizeof in);
    const std::size_t from = std::min<std::size_t>(in.offset, text_.size());
    const std::size_t size = std::min<std::size_t>(in.size, text_.size() - from);
    reply(header, 0, text_.data() + from, size);
  }

  void answer(const fuse_in_header& header, const char* body) const {
    switch (header.opcode) {
      case FUSE_INIT: {
        fuse_init_out out{};
        out.major = FUSE_KERNEL_VERSION;
        out.minor = 31;
        out.max_write = 4096;
        return reply(header, 0, &out, sizeof out);
      }
      case FUSE_GETATTR: {
        fuse_attr_out out{};
        out.attr = attributes(header.nodeid);
        return reply(header, 0, &out, sizeof out);
      }
      case FUSE_STATFS: {
        fuse_statfs_out out{};
        out.st.namelen = 255;
        return reply(header, 0, &out, sizeof out);
      }
      case FUSE_LOOKUP:
        return look_up(header, body);
      case FUSE_OPEN:
      case FUSE_OPENDIR: {
        fuse_open_out out{};
        out.open_flags = FOPEN_DIRECT_IO;
        return reply(header, 0, &out, sizeof out);
      }
      case FUSE_READ:
        return read_file(header, body);
      case FUSE_READDIR:
      case FUSE_RELEASE:
      case FUSE_RELEASEDIR:
      case FUSE_FLUSH:
        return reply(header, 0);
      case FUSE_FORGET:
      case FUSE_BATCH_FORGET:
      case FUSE_INTERRUPT:
        return;
      default:
        return reply(header, ENOSYS);
    }
  }

  int device_;
  std::string_view text_;
};

void set_flag(int signal) { (signal == SIGUSR1 ? swallows : swallows_reads) = 1; }

[[noreturn]] void run_server(int device, const std::string& text) {
  struct sigaction action {};
  action.sa_handler = set_flag;
  (void)::sigaction(SIGUSR1, &action, nullptr);
  (void)::sigaction(SIGUSR2, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
  Session{device, text}.serve();
}

}  // namespace

bool has_fuse() { return ::geteuid() == 0 && ::access("/dev/fuse", R_OK | W_OK) == 0; }

FuseServer::FuseServer(std::filesystem::path place, const std::string& text) : place_{std::move(place)} {
  const int device = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
  const std::string options = "fd=" + std::to_string(device) + ",rootmode=40000,user_id=0,group_id=0,allow_other";
  if (device < 0 || ::mount("served", place_.c_str(), "fuse", MS_NOSUID | MS_NODEV, options.c_str()) != 0) {
    const int number = errno;
    ::close(device);
    throw std::system_error{number, std::generic_category(), "mount a file system of FUSE"};
  }
  mounted_ = true;
  process_ = ::fork();
  if (process_ == 0) run_server(device, text);
  ::close(device);
  struct stat status {};
  (void)::stat(place_.c_str(), &status);  // it answers from here on
}

FuseServer::~FuseServer() {
  kill();
  unmount();
}

void FuseServer::kill() noexcept {
  if (process_ > 0) {
    (void)::kill(process_, SIGKILL);
    (void)::waitpid(process_, nullptr, 0);
    process_ = -1;
  }
}

void FuseServer::halt() const {
  (void)::kill(process_, SIGSTOP);
  int status = 0;
  (void)::waitpid(process_, &status, WUNTRACED);
}

void FuseServer::go_on() const { (void)::kill(process_, SIGCONT); }
void FuseServer::swallow() const { (void)::kill(process_, SIGUSR1); }
void FuseServer::swallow_reads() const { (void)::kill(process_, SIGUSR2); }

void FuseServer::unmount() noexcept {
  if (mounted_) {
    mounted_ = false;
    (void)::umount2(place_.c_str(), MNT_DETACH);
  }
}

}  // namespace dunnage::test
