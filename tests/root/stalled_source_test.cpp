// SPDX-License-Identifier: Apache-2.0
// T-8: a file system whose server has stopped. Each test works in a process with mounts of its own.

#include "container/support.hpp"
#include "kernel/await_answer.hpp"
#include "root/own_mounts.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <future>

using namespace dunnage;
using namespace dunnage::test;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

/// A file system of FUSE at a place, whose server never reads what it is asked.
class Stalled {
 public:
  explicit Stalled(const fs::path& place) : server_{::open("/dev/fuse", O_RDWR | O_CLOEXEC)} {
    require(server_ >= 0, "open /dev/fuse");
    const std::string options = "fd=" + std::to_string(server_) + ",rootmode=40000,user_id=0,group_id=0,allow_other";
    require(::mount("stalled", place.c_str(), "fuse", 0, options.c_str()) == 0, "mount a file system of FUSE");
  }
  Stalled(const Stalled&) = delete;
  Stalled& operator=(const Stalled&) = delete;
  ~Stalled() { ::close(server_); }  // whoever waits is told that nobody is there any more

 private:
  int server_;
};

std::string words_of_refusal(const Ground& ground, const fs::path& source) {
  try {
    (void)Container::launch(ground.shell("true", {BindMount{source, "/data"}}));
  } catch (const MountError& error) {
    return error.code() == std::errc::timed_out ? error.what() : std::string{"another error: "} + error.what();
  }
  return "it was launched";
}

bool has_fuse() { return ::access("/dev/fuse", R_OK | W_OK) == 0; }

}  // namespace

TEST_CASE("T-8: a source whose file system never answers is an error, and holds up nobody else", "[root][mounts]") {
  if (!requires_root()) return;
  if (!has_fuse()) return skip("there is no /dev/fuse");
  const Ground ground;
  const auto place = ground.directory().make("stalled");
  const auto beside = ground.directory().make("beside");
  CHECK(with_own_mounts(MS_PRIVATE, [&] {
    const Stalled stalled{place};
    auto refused = std::async(std::launch::async, [&] { return words_of_refusal(ground, place / "directory"); });
    for (int round = 0; round < 3; ++round) {
      expect(output_of(ground.shell("echo here", {BindMount{beside, "/data"}})), "here\n");
    }
    require(refused.wait_for(0s) == std::future_status::timeout, "the others were there before it was given up");
    const std::string words = refused.get();
    require(words.find("\" -> \"/data\": look at the source: timed out") != std::string::npos &&
                words.find("see what serves its file system") != std::string::npos,
            words);
    require(::waitpid(-1, nullptr, WNOHANG | __WALL) <= 0, "whoever looked is gone");
  }));
}

TEST_CASE("T-8: what a file system has in memory is not asked for, and what is missing is an answer",
          "[root][mounts]") {
  if (!requires_root()) return;
  if (!has_fuse()) return skip("there is no /dev/fuse");
  const TemporaryDirectory directory;
  const auto place = directory.make("stalled");
  CHECK(kernel::await_answer(directory.path(), 10s) == 0);
  CHECK(kernel::await_answer(directory.path() / "missing/deeper", 10s) == 0);
  CHECK(with_own_mounts(MS_PRIVATE, [&] {
    const Stalled stalled{place};
    require(kernel::await_answer(place, 0ms) == 0, "a mount is known without its server");
    require(kernel::await_answer(place / "directory", 100ms) == ETIMEDOUT,
            "its server is waited for, and not for ever");
  }));
}
