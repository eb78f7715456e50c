// SPDX-License-Identifier: Apache-2.0
// P-59: a container fills what the library made for it, and its log. There is an end to each, and the space comes back.
// DUNNAGE_FILL_BYTES is how much it writes to its log: 10737418240 are those of the catalogue.

#include "container/records_support.hpp"

#include <sys/statvfs.h>

#include <cstdlib>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20U;

std::uint64_t bytes_to_write() {
  const char* asked = std::getenv("DUNNAGE_FILL_BYTES");
  return asked != nullptr ? std::strtoull(asked, nullptr, 10) : 200 * kMebibyte;
}

/// What the files below a directory take.
std::uint64_t disk_usage(const fs::path& top) {
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator{top}) {
    std::error_code ignored;
    if (entry.is_regular_file(ignored)) bytes += entry.file_size(ignored);
  }
  return bytes;
}

}  // namespace

TEST_CASE("P-59: the files a container finds made for it hold what its memory is bounded to", "[container][attack]") {
  const Ground ground;
  const std::uint64_t before = disk_usage(ground.directory().path());
  const Outcome outcome = outcome_of(ground.shell(
      "for f in /etc/hosts /etc/resolv.conf /etc/hostname /dev/shm/f /dev/f /tmp/f; do "
      "  dd if=/dev/zero of=$f bs=1M count=10240 2>&1 | grep -q 'No space left' && echo full $f; "
      "  test $(stat -c %s $f) -le 1073741824 || echo too much in $f; rm -f $f 2>/dev/null || : > $f; done"));
  INFO(outcome.err);
  for (const char* file : {"/etc/hosts", "/etc/resolv.conf", "/etc/hostname", "/dev/shm/f", "/dev/f", "/tmp/f"}) {
    INFO(file);
    CHECK(outcome.out.find(std::string{"full "} + file + "\n") != std::string::npos);
  }
  CHECK(outcome.out.find("too much") == std::string::npos);
  CHECK(disk_usage(ground.directory().path()) < before + kMebibyte);
}

TEST_CASE("P-59: a log takes what its two files may, however much is written, and goes with its container",
          "[container][attack]") {
  const Ground ground;
  const std::uint64_t before = disk_usage(ground.directory().path());
  LaunchSpec spec = ground.shell("head -c " + std::to_string(bytes_to_write()) + " /dev/zero; echo the end");
  spec.name = "box";
  spec.out = Stdio::log();
  spec.remove_on_exit = false;
  CHECK(Container::launch(std::move(spec)).wait().success());
  const std::uint64_t full = disk_usage(ground.directory().path());
  CHECK(full > before + 16 * kMebibyte);
  CHECK(full < before + 66 * kMebibyte);
  CHECK(log_of(ground.containers(), "box", {.tail = 1}).ends_with("the end\n"));
  ground.containers().remove("box");
  CHECK(disk_usage(ground.directory().path()) < before + kMebibyte);
}
