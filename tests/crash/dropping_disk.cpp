// SPDX-License-Identifier: Apache-2.0
#include "crash/dropping_disk.hpp"

#include "crash/disk_session.hpp"
#include "crash/sync_listener.hpp"
#include "kernel/file_descriptor.hpp"
#include "support/apart.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;
using kernel::FileDescriptor;

constexpr const char* kBootId = "/proc/sys/kernel/random/boot_id";
constexpr const char* kListener = "listener ";

void require(bool done, const char* what) {
  if (!done) throw std::system_error{errno, std::generic_category(), what};
}

std::string boot_id_of(unsigned boot) {
  std::array<char, 64> text{};
  (void)std::snprintf(text.data(), text.size(), "%08x-0000-4000-8000-000000000000\n", boot);
  return text.data();
}

}  // namespace

Told Recording::told_before(std::size_t count) const {
  Told told;
  for (const auto& [at, line] : lines) {
    if (at <= count) told.before += line + "\n";
  }
  told.all = told.before;
  return told;
}

std::size_t Recording::when(const std::string& line) const {
  for (const auto& [at, told] : lines) {
    if (told == line) return at;
  }
  throw std::runtime_error{"nobody has told: " + line};
}

DiskTree Recording::end() const {
  DiskTree tree = before;
  for (const DiskChange& change : changes) tree.apply(change);
  return tree;
}

/// A thread of this process answers what others ask of the disk; this process must not ask while it holds what that
/// thread needs.
class DroppingDisk::Served::Server {
 public:
  Server(const fs::path& around, DiskTree tree, unsigned boot) : top_{around / "mounted"}, boot_{around / "boot_id"} {
    recording_.before = tree;
    device_.reset(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
    require(static_cast<bool>(device_), "open /dev/fuse");
    const std::string options =
        "fd=" + std::to_string(device_.get()) + ",rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions";
    require(::mount("dropping", top_.c_str(), "fuse", 0, options.c_str()) == 0, "mount a file system of FUSE");
    if (boot != 0) show_boot(boot);
    int ends[2];
    require(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0, "pipe2");
    reading_.reset(ends[0]);
    writing_.reset(ends[1]);
    require(::fcntl(writing_.get(), F_SETFL, 0) == 0, "fcntl");
    stop_.reset(::eventfd(0, EFD_CLOEXEC));
    session_.emplace(device_.get(), std::move(tree));
    thread_ = std::thread{[this] { serve(); }};
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() { stop(); }

  [[nodiscard]] const fs::path& top() const noexcept { return top_; }
  [[nodiscard]] int report() const noexcept { return writing_.get(); }

  Recording end() {
    stop();
    recording_.changes = session_->changes();
    return std::move(recording_);
  }

 private:
  void show_boot(unsigned boot) {
    std::ofstream{boot_} << boot_id_of(boot);
    require(::mount(boot_.c_str(), kBootId, nullptr, MS_BIND, nullptr) == 0, "mount another boot_id");
    shows_boot_ = true;
  }

  void stop() {
    if (!thread_.joinable()) return;
    if (shows_boot_) (void)::umount2(kBootId, MNT_DETACH);
    (void)::umount2(top_.c_str(), MNT_DETACH);
    (void)::eventfd_write(stop_.get(), 1);
    thread_.join();
    device_.reset();
  }

  void serve() {
    for (;;) {
      std::array<pollfd, 4> all{{{stop_.get(), POLLIN, 0},
                                 {reading_.get(), POLLIN, 0},
                                 {device_.get(), POLLIN, 0},
                                 {listener_ ? listener_->fd() : -1, POLLIN, 0}}};
      if (::poll(all.data(), all.size(), -1) < 0) continue;
      take_lines();
      if ((all[2].revents & POLLIN) != 0) answer_one();
      if ((all[3].revents & POLLIN) != 0) listener_->hear_one([this] { hear_sync(); });
      if ((all[3].revents & POLLHUP) != 0) listener_.reset();
      if ((all[0].revents & POLLIN) != 0 || (all[2].revents & POLLERR) != 0) return take_lines();
    }
  }

  void hear_sync() {
    take_lines();
    session_->sync_all();
  }

  /// What was told before a change was asked for is read before that is made.
  void answer_one() {
    const ssize_t size = ::read(device_.get(), request_.data(), request_.size());
    if (size < static_cast<ssize_t>(sizeof(fuse_in_header))) return;
    fuse_in_header header;
    std::memcpy(&header, request_.data(), sizeof header);
    take_lines();
    session_->answer(header, std::string_view{request_}.substr(sizeof header, header.len - sizeof header));
  }

  void take_lines() {
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::read(reading_.get(), buffer.data(), buffer.size())) > 0;) {
      told_.append(buffer.data(), static_cast<std::size_t>(got));
    }
    for (std::size_t end = 0; (end = told_.find('\n')) != told_.npos; told_.erase(0, end + 1)) {
      take(told_.substr(0, end));
    }
  }

  void take(const std::string& line) {
    if (!line.starts_with(kListener)) return (void)recording_.lines.emplace_back(session_->changes().size(), line);
    std::istringstream words{line.substr(std::strlen(kListener))};
    pid_t process = 0;
    int number = -1;
    words >> process >> number;
    listener_.emplace(process, number);
  }

  fs::path top_;
  fs::path boot_;
  bool shows_boot_ = false;
  FileDescriptor device_, reading_, writing_, stop_;
  std::string request_ = std::string(FUSE_MIN_READ_BUFFER + (1U << 17U), '\0');
  std::string told_;
  std::optional<DiskSession> session_;
  std::optional<SyncListener> listener_;
  Recording recording_;
  std::thread thread_;
};

DroppingDisk::Served::Served(const fs::path& around, DiskTree tree, unsigned boot)
    : server_{std::make_unique<Server>(around, std::move(tree), boot)} {}
DroppingDisk::Served::~Served() = default;

const fs::path& DroppingDisk::Served::top() const noexcept { return server_->top(); }
Recording DroppingDisk::Served::end() { return server_->end(); }

void DroppingDisk::Served::work(const CutDisk::Work& work) const {
  const DoneApart done = do_apart([&]() -> std::string {
    try {
      (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const Report report{server_->report()};
      report.tell(kListener + std::to_string(::getpid()) + " " + std::to_string(announce_syncs()));
      (void)::syncfs(-1);  // comes back when it is heard
      work(top(), report);
      return {};
    } catch (const std::exception& error) {
      return error.what();
    }
  });
  if (done.status != 0 || !done.words.empty()) {
    throw std::runtime_error{done.words + " (" + std::to_string(done.status) + ")"};
  }
}

DroppingDisk::DroppingDisk() {
  have_own_mounts();
  fs::create_directory(around_.path() / "mounted");
}

DroppingDisk::Served DroppingDisk::serve(DiskTree tree) { return {around_.path(), std::move(tree), ++boots_}; }

Recording DroppingDisk::record(DiskTree before, const CutDisk::Work& work) const {
  Served served{around_.path(), std::move(before), 0};
  served.work(work);
  return served.end();
}

}  // namespace dunnage::test
