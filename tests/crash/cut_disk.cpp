// SPDX-License-Identifier: Apache-2.0
#include "crash/cut_disk.hpp"

#include "kernel/file_descriptor.hpp"
#include "kernel/loop_device.hpp"
#include "support/catch.hpp"
#include "support/host.hpp"
#include "unit/volume_support.hpp"

#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;
using kernel::FileDescriptor;

constexpr auto kPatience = std::chrono::seconds{20};

void run(const std::string& command) {
  if (std::system((command + " >/dev/null 2>&1").c_str()) != 0) throw std::runtime_error{"failed: " + command};
}

std::string quoted(const fs::path& path) { return " '" + path.string() + "'"; }

/// The kernel knows disks of btrfs by their ids, and refuses one that is older than one it knows.
void forget_btrfs() {
  const FileDescriptor control{::open("/dev/btrfs-control", O_RDWR | O_CLOEXEC)};
  btrfs_ioctl_vol_args all{};
  if (control) (void)::ioctl(control.get(), BTRFS_IOC_FORGET_DEV, &all);
}

void wait_until_free(const fs::path& image) {
  const FileDescriptor file{::open(image.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!becomes_true([&] { return !kernel::has_block_device(file.get()); }, kPatience)) {
    FAIL_CHECK("somebody still has " << image);
  }
}

/// All there is to be read now, or until the end.
void read_on(int fd, std::string& text, bool to_the_end) {
  char buffer[4096];
  REQUIRE(::fcntl(fd, F_SETFL, to_the_end ? 0 : O_NONBLOCK) == 0);
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got == 0 || (got < 0 && errno == EAGAIN)) return;
    REQUIRE(got > 0);
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

void read_lines(int fd, std::string& text, std::size_t least) {
  char buffer[4096];
  while (static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) < least) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    REQUIRE(got > 0);  // else they have ended
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

/// They go with this, and with the process that started them.
class Processes {
 public:
  Processes() = default;
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;
  ~Processes() { (void)kill(); }

  void start(const std::function<void()>& work) {
    processes_.push_back(start_process([&] {
      (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
      work();
    }));
  }
  /// \return whether none had ended before
  bool kill() {
    bool all = true;
    for (const pid_t process : processes_) (void)::kill(process, SIGKILL);
    for (const pid_t process : processes_) all = WIFSIGNALED(wait_for(process)) && all;
    processes_.clear();
    return all;
  }

 private:
  std::vector<pid_t> processes_;
};

[[noreturn]] void keep_syncing(const fs::path& top) {
  const FileDescriptor file{::open((top / "synced").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
  for (int round = 0;; ++round) {
    if (::pwrite(file.get(), &round, sizeof round, 0) != sizeof round || ::fsync(file.get()) != 0) ::_exit(2);
    constexpr useconds_t kMoment = 300;
    ::usleep(kMoment);
  }
}

}  // namespace

void Report::tell(const std::string& line) const {
  const std::string text = line + "\n";  // so short that it is written whole
  if (::write(fd_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) ::_exit(2);
}

CutDisk::CutDisk(const std::string& kind, std::size_t mebibytes)
    : around_{make_place("xfs")},  // clones at one instant
      image_{beside() / "image"},
      copy_{beside() / "copy"},
      top_{beside() / "mounted"} {
  fs::create_directory(top_);
  run("truncate -s " + std::to_string(mebibytes) + "M" + quoted(image_));
  run("mkfs." + kind + (kind == "ext4" ? " -F" : " -f") + quoted(image_));
}

CutDisk::Mounted::Mounted(fs::path image, fs::path top) : image_{std::move(image)}, top_{std::move(top)} {
  run("mount -o loop" + quoted(image_) + quoted(top_));
}

CutDisk::Mounted::~Mounted() {
  const bool gone = becomes_true([&] { return ::umount2(top_.c_str(), 0) == 0; }, kPatience);
  if (!gone) FAIL_CHECK("somebody still works in " << top_);
  wait_until_free(image_);
  forget_btrfs();
}

void CutDisk::clear() const {
  const Mounted disk = mount();
  for (const auto& entry : fs::directory_iterator{disk.top()}) fs::remove_all(entry.path());
}

void CutDisk::clone() const {
  const FileDescriptor source{::open(image_.c_str(), O_RDONLY | O_CLOEXEC)};
  const FileDescriptor target{::open(copy_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  REQUIRE(source);
  REQUIRE(target);
  REQUIRE(::ioctl(target.get(), FICLONE, source.get()) == 0);
}

Told CutDisk::cut_while(const std::vector<Work>& works, std::size_t lines) {
  const Mounted disk = mount();
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const FileDescriptor reading{ends[0]};
  FileDescriptor writing{ends[1]};
  Processes processes;
  for (const Work& work : works) {
    processes.start([&] { work(disk.top(), Report{writing.get()}); });
  }
  writing.reset();
  if (random_() % 2 == 0) processes.start([&] { keep_syncing(disk.top()); });
  Told told;
  read_lines(reading.get(), told.before, lines);
  constexpr unsigned kMoment = 4'000;
  ::usleep(static_cast<useconds_t>(random_() % kMoment));
  read_on(reading.get(), told.before, false);
  clone();
  REQUIRE(processes.kill());
  told.before.resize(told.before.rfind('\n') + 1);
  told.all = told.before;
  read_on(reading.get(), told.all, true);
  return told;
}

std::vector<std::string> kinds_of_disks() {
  const char* asked = std::getenv("DUNNAGE_CRASH_FILE_SYSTEMS");
  std::istringstream words{asked == nullptr ? "ext4" : asked};
  std::vector<std::string> kinds;
  for (std::string kind; words >> kind;) {
    if (kind == "ext4" || kind == "xfs" || kind == "btrfs") kinds.push_back(kind);
  }
  return kinds;
}

}  // namespace dunnage::test
