// SPDX-License-Identifier: Apache-2.0
#include "crash/power_cuts.hpp"

#include "crash/bench.hpp"
#include "crash/dropping_disk.hpp"
#include "kernel/file_descriptor.hpp"
#include "support/apart.hpp"
#include "support/catch.hpp"
#include "support/fuse_server.hpp"
#include "support/requires.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <exception>
#include <random>
#include <stdexcept>

namespace dunnage::test {

void inspect_apart(const std::filesystem::path& top, const Told& told, const Inspect& inspect) {
  const DoneApart done = do_apart([&]() -> std::string {
    try {
      return inspect(top, told);
    } catch (const std::exception& error) {
      return error.what();
    }
  });
  CAPTURE(told.before, told.all);
  REQUIRE(done.words == "");
  REQUIRE(done.status == 0);
}

void cut_power(const std::string& kind, std::size_t times, const CutWork& work) {
  CutDisk disk{kind, work.mebibytes};
  std::minstd_rand random{20240229};
  for (std::size_t round = 0; round < times; ++round) {
    CAPTURE(kind, round);
    work.prepare(disk, round);
    const Told told = disk.cut_while(work.works(round), 1 + random() % work.most_lines);
    const CutDisk::Mounted copy = disk.mount_copy();
    inspect_apart(copy.top(), told, work.inspect);
  }
}

void cut_recorded(const CutDisk::Work& work, std::size_t usual, const Inspect& inspect) {
  if (!requires_root()) return;
  if (!has_fuse()) return skip("there is no /dev/fuse");
  DroppingDisk disk;
  const Recording recording = disk.record({}, work);
  const auto& kinds = all_that_may_be_left();
  const std::size_t times = crashes_of_each(usual);
  std::minstd_rand random{20240229};
  for (std::size_t time = 0; time < times; ++time) {
    const std::size_t at = time * recording.size() / times;
    const Left kind = kinds[time % kinds.size()];
    CAPTURE(at, recording.size(), to_string(kind));
    const auto left = disk.serve(recording.cut(at, kind, random));
    inspect_apart(left.top(), recording.told_before(at), inspect);
  }
}

void sync_disk(const std::filesystem::path& top) {
  const kernel::FileDescriptor opened{::open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!opened || ::syncfs(opened.get()) != 0) throw std::runtime_error{"syncfs"};
}

}  // namespace dunnage::test
