// SPDX-License-Identifier: Apache-2.0
// A volume with a limit is filled where it is, so a rollback must not change what that is meanwhile.

#include "container/history_support.hpp"
#include "container/image_support.hpp"
#include "crash/places.hpp"
#include "volume/fill_lock.hpp"
#include "volume/volume_store_access.hpp"

#include <dunnage/volume_history.hpp>

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <future>
#include <memory>
#include <optional>

namespace dunnage::test {
namespace {

/// When somebody opens a file of that name, he has come to where it is waited for.
class Opening {
 public:
  Opening(const std::filesystem::path& directory, std::string name)
      : events_{::inotify_init1(IN_CLOEXEC)}, name_{std::move(name)} {
    REQUIRE(::inotify_add_watch(events_.get(), directory.c_str(), IN_OPEN) >= 0);
  }
  [[nodiscard]] bool comes() const {
    constexpr int kMilliseconds = 20'000;
    alignas(inotify_event) std::array<char, 8192> buffer{};
    pollfd ready{.fd = events_.get(), .events = POLLIN, .revents = 0};
    while (::poll(&ready, 1, kMilliseconds) == 1) {
      const ssize_t size = ::read(events_.get(), buffer.data(), buffer.size());
      for (ssize_t at = 0; at < size;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
        if (event->len > 0 && name_ == event->name) return true;
        at += static_cast<ssize_t>(sizeof *event + event->len);
      }
    }
    return false;
  }

 private:
  kernel::FileDescriptor events_;
  std::string name_;
};

}  // namespace

// Red where the file system was mounted before the filling had its turn: what the image has went into the snapshot.
TEST_CASE("a rollback while a filling waits for its turn leaves the state before as it was, and fills the volume") {
  if (!requires_root() || !requires_program("mkfs.ext4") || !requires_program("mkfs.btrfs") || !requires_busybox()) {
    return;
  }
  for (const std::string kind : {"machine", "btrfs"}) {
    CAPTURE(kind);
    const auto place = make_place(kind);
    ::setenv("TMPDIR", place->path().c_str(), 1);
    const Ground ground;
    ::unsetenv("TMPDIR");
    TestImages images{ground};
    images.add("app", {base_layer(), {directory("d", 0751), {.path = "d/file", .content = "of the image\n"}}});
    const auto at_d = [] { return MountSet{VolumeMount{"db", "/d"}}; };
    const auto seen = [&] { return output_of(ground.shell("ls -A /d", at_d())); };
    VolumeStore store = ground.volumes();
    (void)store.create("db", {.limit = VolumeLimit{.size = std::uint64_t{16} << 20U}});
    VolumeHistory history = store.history("db");
    (void)history.snapshot({.name = "empty"});

    std::optional<volume::FillLock> turn{std::in_place, VolumeStoreAccess::layout(store), "db", Watch{}};
    const Opening filling{store.root() / "staging", "fill-db.lock"};
    auto container = std::async(std::launch::async,
                                [&] { return outcome_of(images.shell("app", "cat /d/file; ls -A /d", at_d())).out; });
    const bool waits = filling.comes();
    (void)history.rollback("empty", {.before = "before"});
    turn.reset();
    CHECK(container.get() == "of the image\nfile\n");
    CHECK(waits);
    CHECK(seen() == "file\n");
    (void)history.rollback("before", {.keep_before = false});
    CHECK(seen().empty());
  }
}

}  // namespace dunnage::test
