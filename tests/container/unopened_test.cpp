// SPDX-License-Identifier: Apache-2.0
// I-2: what a container leaves in a volume may be a device, whose opening does something by itself, or a pipe, at which
// whoever opens it waits. It is looked at, and never opened: the kernel tells of each inode that is.

#include "container/support.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

/// Hears of each opening of what it watches; an O_PATH descriptor opens nothing (open(2)).
class Openings {
 public:
  Openings() : events_{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)} { REQUIRE(events_ >= 0); }
  Openings(const Openings&) = delete;
  Openings& operator=(const Openings&) = delete;
  ~Openings() { ::close(events_); }

  void watch(const fs::path& path) { REQUIRE(::inotify_add_watch(events_, path.c_str(), IN_OPEN) >= 0); }

  /// How many there have been since it was asked last.
  [[nodiscard]] int count() const {
    alignas(inotify_event) std::array<char, 4096> buffer{};
    int found = 0;
    for (ssize_t size = 0; (size = ::read(events_, buffer.data(), buffer.size())) > 0;) {
      for (ssize_t at = 0; at < size; at += static_cast<ssize_t>(sizeof(inotify_event))) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
        found += (event->mask & IN_OPEN) != 0U ? 1 : 0;
        at += event->len;
      }
    }
    return found;
  }

 private:
  int events_;
};

/// Special files in a volume, as a container leaves them.
class Left {
 public:
  Left() {
    store_.create("left");
    const Container container = Container::launch(ground_.shell(
        "mkdir /data/sub; mkfifo /data/pipe /data/sub/pipe; echo file > /data/file; chmod 666 /data/pipe; "
        "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"/data/socket\")'",
        {store_.get("left").at("/data")}));
    REQUIRE(container.wait().success());
    if (::geteuid() == 0) {  // a node of a disk nobody has; only root makes one
      REQUIRE(::mknod((data() / "disk").c_str(), S_IFBLK | 0666, makedev(240, 1)) == 0);
    }
    watch(data());
  }

  void watch(const fs::path& top) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator{top}) {
      if (!entry.is_directory() && !entry.is_regular_file() && !entry.is_symlink()) openings_.watch(entry.path());
    }
  }

  [[nodiscard]] fs::path data() const { return store_.get("left").mountpoint(); }
  [[nodiscard]] const Ground& ground() const noexcept { return ground_; }
  [[nodiscard]] VolumeStore& store() noexcept { return store_; }
  [[nodiscard]] int opened() const { return openings_.count(); }

 private:
  Ground ground_;
  VolumeStore store_ = ground_.volumes();
  Openings openings_;
};

}  // namespace

TEST_CASE("I-2: what is no file is never opened, whatever is done with the volume it lies in", "[container][volume]") {
  Left left;
  {
    const int pipe = ::open((left.data() / "pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(pipe >= 0);
    ::close(pipe);
    REQUIRE(left.opened() == 1);  // so it would be noticed
  }
  VolumeStore& store = left.store();
  VolumeHistory history = store.history("left");
  const auto untouched = [&](const char* deed) {
    INFO(deed);
    CHECK(left.opened() == 0);
  };
  (void)store.usage("left");
  untouched("asked for its size");
  const VolumeSnapshot first = history.snapshot();
  untouched("snapshot");
  (void)left.ground().directory().write("store-side", "x");
  copy_in(store, "left", left.ground().path("store-side"), "/file");
  CHECK(history.diff(first.name).size() == 1);
  untouched("compared with a snapshot");
  (void)store.clone("left", "clone");
  (void)store.copy("left", "copy");
  untouched("cloned and copied");
  (void)store.export_to("left", left.ground().path("left.tar"));
  untouched("exported");
  copy_out(store, "left", "/", left.ground().path("out"));
  untouched("copied out");
  (void)outcome_of(left.ground().program({"true"}, {store.get("left").at("/data", {.chown = true})}));
  untouched("given to the user of a container");
  TransactionStore transactions = TransactionStore::open(left.ground().store_path());
  Transaction trial = transactions.begin(left.data(), "trial");
  (void)outcome_of(left.ground().shell("rm /data/pipe; mkfifo /data/pipe /data/other", {trial.at("/data")}));
  (void)trial.changes();
  (void)trial.apply();
  left.watch(left.data());
  untouched("changed by a transaction");
  (void)history.rollback(first.name);
  left.watch(left.data());
  untouched("gone back to a snapshot");
  copy_in(store, "left", left.ground().path("store-side"), "/pipe");
  CHECK(left.ground().directory().read("store-side") == "x");
  untouched("written over");
  (void)store.check();
  store.remove("left");
  untouched("removed");
}
