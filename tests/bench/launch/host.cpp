// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/host.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>

namespace dunnage::bench {
namespace {

void check(bool good, const char* what) {
  if (!good) {
    throw std::system_error{errno, std::system_category(), what};
  }
}

}  // namespace

void make_mounts_private() {
  check(::unshare(CLONE_NEWNS) == 0, "unshare");
  check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make mounts private");
}

unsigned affordable_memory() {
  std::ifstream lines{"/proc/meminfo"};
  std::string word;
  unsigned long available = 0;
  while (lines >> word) {
    if (word == "MemAvailable:") {
      lines >> available;
    }
  }
  const unsigned long half_in_gibibytes = available >> 21U;
  return half_in_gibibytes >= 8 ? 8 : half_in_gibibytes >= 4 ? 4 : 2;
}

void touch_memory(unsigned mebibytes) {
  const std::size_t size = std::size_t{mebibytes} << 20U;
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  check(memory != MAP_FAILED, "mmap");
  (void)::madvise(memory, size, MADV_NOHUGEPAGE);  // the page tables of ordinary pages are what a fork copies
  for (std::size_t offset = 0; offset < size; offset += 4096) {
    static_cast<volatile char*>(memory)[offset] = 1;
  }
}

void add_mounts(unsigned count) {
  make_mounts_private();
  const std::filesystem::path place = "/mnt";
  check(::mount("bench", place.c_str(), "tmpfs", 0, nullptr) == 0, "mount");
  for (unsigned index = 0; index < count; ++index) {
    const auto target = place / std::to_string(index);
    std::filesystem::create_directory(target);
    check(::mount(place.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) == 0, "bind");
  }
}

void open_descriptors(unsigned count) {
  rlimit limit{};
  check(::getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  check(::setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
  const int first = ::open("/dev/null", O_RDONLY);
  check(first >= 0, "open");
  for (unsigned index = 1; index < count; ++index) {
    check(::dup(first) >= 0, "dup");
  }
}

Launch first_launch(const std::filesystem::path& root) {
  return [command = std::string{"echo | " DUNNAGE_BENCH_PROGRAM " "} + root.string()](unsigned count) {
    Milliseconds total{0};
    for (unsigned index = 0; index < count; ++index) {
      const auto close = [](FILE* stream) { (void)::pclose(stream); };
      const std::unique_ptr<FILE, decltype(close)> answer{::popen(command.c_str(), "r"), close};
      long long launched = 0;
      long long ended = 0;
      if (!answer || std::fscanf(answer.get(), "%lld %lld", &launched, &ended) != 2) {
        throw std::runtime_error{"the launch failed"};
      }
      total += std::chrono::nanoseconds{ended};
    }
    return total;
  };
}

}  // namespace dunnage::bench
