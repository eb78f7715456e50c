// SPDX-License-Identifier: Apache-2.0
#include "crash/power_cuts.hpp"

#include "support/apart.hpp"
#include "support/catch.hpp"

#include <exception>
#include <random>

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

}  // namespace dunnage::test
