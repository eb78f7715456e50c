// SPDX-License-Identifier: Apache-2.0
#include <dunnage/error.hpp>
#include <dunnage/resources.hpp>

#include "cgroup/mounted.hpp"
#include "cgroup/number_set.hpp"
#include "cgroup/resources_json.hpp"
#include "cgroup/writing.hpp"
#include "container/config.hpp"
#include "support/catch.hpp"
#include "support/without_checksum.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace dunnage;

namespace {

constexpr std::int64_t kMebibyte = 1 << 20;

std::string refusal_of(const Resources& resources) {
  try {
    resources.check();
  } catch (const LaunchError& error) {
    CHECK(error.code() == errc::invalid_argument);
    return error.what();
  }
  return {};
}

/// "file=value" of each write; what is read back follows where it is something else.
std::vector<std::string> written(const Resources& resources, cgroup::Controllers controller, bool unified) {
  std::vector<cgroup::Setting> settings;
  const std::string subject = "web";
  cgroup::Writing{settings, 0, unified, subject}.add(resources, controller);
  std::vector<std::string> texts;
  for (const cgroup::Setting& setting : settings) {
    texts.push_back(setting.file + "=" + setting.value +
                    (setting.expected == setting.value ? "" : " -> " + setting.expected));
  }
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("limits no machine accepts are refused with a remedy", "[resources]") {
  const std::vector<std::pair<Resources, std::string>> refused{
      {{.memory = 4 * kMebibyte}, "memory is 4194304"},
      {{.memory = 0}, "give at least 6291456, or -1 for no limit"},
      {{.memory = 64 * kMebibyte, .memory_swap = 32 * kMebibyte}, "less than memory"},
      {{.memory_swap = 64 * kMebibyte}, "set memory, too"},
      {{.memory = 64 * kMebibyte, .memory_reservation = 65 * kMebibyte}, "reserve at most what it may use"},
      {{.pids = 0}, "pids is 0"},
      {{.pids = -2}, "pids is -2"},
      {{.cpus = 0.001}, "give at least 0.01"},
      {{.cpus = 1, .cpu_quota = 50000}, "leave out the one or the other"},
      {{.cpu_quota = 10}, "cpu_quota is 10"},
      {{.cpu_period = 999}, "give 1000 to 1000000"},
      {{.cpu_shares = 1}, "give 2 to 262144"},
      {{.cpuset_cpus = "0-"}, "which is no list of numbers"},
      {{.cpuset_mems = "3-1"}, "which is no list of numbers"},
      {{.blkio_weight = 5}, "give 10 to 1000"},
      {{.device_read_bps = {{"sda", 5}}}, "no absolute path"},
      {{.device_write_iops = {{"/dev/sda", 0}}}, "give at least 1 each second"},
  };
  for (const auto& [resources, part] : refused) {
    CHECK_THAT(refusal_of(resources), Catch::Contains(part));
  }
  CHECK(refusal_of({}).empty());
  CHECK(refusal_of({.memory = 6 * kMebibyte, .memory_swap = kUnlimited, .memory_reservation = kUnlimited, .pids = 1})
            .empty());
  CHECK(refusal_of({.cpu_quota = kUnlimited, .cpu_period = 50000, .cpuset_cpus = "0-3,7"}).empty());
}

TEST_CASE("only what is asked for takes a cgroup", "[resources]") {
  CHECK(Resources{}.empty());
  CHECK_FALSE(Resources{.statistics = true}.empty());
  CHECK_FALSE(Resources{.pids = kUnlimited}.empty());
}

TEST_CASE("changes of limits leave the others as they are", "[resources]") {
  const Resources known{.memory = 64 * kMebibyte, .cpus = 2.0, .cpuset_cpus = "0"};
  CHECK(known.with({}) == known);
  CHECK(known.with({.pids = 5}) == Resources{.memory = 64 * kMebibyte, .pids = 5, .cpus = 2.0, .cpuset_cpus = "0"});
  CHECK(known.with({.cpu_quota = 5000}) == Resources{.memory = 64 * kMebibyte, .cpu_quota = 5000, .cpuset_cpus = "0"});
  CHECK(known.with({.cpu_period = 5000}).with({.cpus = 1.0}) ==
        Resources{.memory = 64 * kMebibyte, .cpus = 1.0, .cpuset_cpus = "0"});
}

TEST_CASE("limits have Docker's names in JSON, and come back from it", "[resources][json]") {
  const Resources all{.memory = 64 * kMebibyte,
                      .memory_swap = kUnlimited,
                      .memory_reservation = 32 * kMebibyte,
                      .pids = 5,
                      .cpus = 0.5,
                      .cpu_shares = 512,
                      .cpuset_cpus = "0-1",
                      .cpuset_mems = "0",
                      .blkio_weight = 300,
                      .device_read_bps = {{"/dev/sda", 1048576}},
                      .device_write_iops = {{"/dev/sdb", 10}},
                      .statistics = true};
  CHECK(nlohmann::json::parse(all.to_json()) == nlohmann::json::parse(R"({
    "Memory": 67108864, "MemorySwap": -1, "MemoryReservation": 33554432, "PidsLimit": 5, "NanoCpus": 500000000,
    "CpuShares": 512, "CpusetCpus": "0-1", "CpusetMems": "0", "BlkioWeight": 300,
    "BlkioDeviceReadBps": [{"Path": "/dev/sda", "Rate": 1048576}],
    "BlkioDeviceWriteIOps": [{"Path": "/dev/sdb", "Rate": 10}], "Statistics": true})"));
  CHECK(cgroup::from_value(nlohmann::ordered_json::parse(all.to_json())) == all);
  CHECK(Resources{}.to_json() == "{}");
}

TEST_CASE("a record keeps limits, and one that was tampered with is no record", "[resources][json]") {
  container::Config config;
  config.id = std::string(64, 'a');
  config.name = "web";
  config.resources = {.memory = 64 * kMebibyte, .cpus = 0.5};
  const std::string text = container::encode_config(config);
  CHECK(container::decode_config(text).resources == config.resources);
  for (const auto& [from, to] : std::map<std::string, std::string>{{"67108864", "\"x\""}, {"500000000", "-1"}}) {
    std::string wrong = test::without_checksum(text);
    wrong.replace(wrong.find(from), from.size(), to);
    CHECK_THROWS_AS(container::decode_config(wrong), std::invalid_argument);
  }
}

TEST_CASE("rates of devices are read as Docker reads them", "[resources]") {
  CHECK(DeviceRate::parse_bytes("/dev/sda:10mb") == DeviceRate{"/dev/sda", 10 << 20});
  CHECK(DeviceRate::parse_bytes("/dev/disk/by-path/pci-0:0:4096") == DeviceRate{"/dev/disk/by-path/pci-0:0", 4096});
  CHECK(DeviceRate::parse_operations("/dev/sda:100") == DeviceRate{"/dev/sda", 100});
  for (const char* text : {"", "/dev/sda", "sda:1", "/dev/sda:", "/dev/sda:x", "/dev/sda:-1"}) {
    CHECK_THROWS_AS(DeviceRate::parse_bytes(text), LaunchError);
    CHECK_THROWS_AS(DeviceRate::parse_operations(text), LaunchError);
  }
  CHECK_THROWS_AS(DeviceRate::parse_operations("/dev/sda:1k"), LaunchError);
}

TEST_CASE("lists of processors are read and written as the kernel does", "[resources]") {
  const auto again = [](std::string_view text) {
    const auto numbers = cgroup::parse_number_set(text);
    return numbers ? cgroup::number_set_text(*numbers) : "none";
  };
  CHECK(again("0") == "0");
  CHECK(again("3,1,0,2") == "0-3");
  CHECK(again("0,2-3,7") == "0,2-3,7");
  CHECK(again("0-1,1-2") == "0-2");
  for (const char* text : {"", ",", "1,", "a", "1-", "-1", "2-1", "0-99999999", "0x1", " 1"}) {
    CHECK(again(text) == "none");
  }
}

TEST_CASE("limits are written to the files of version 1", "[resources]") {
  CHECK(written({.memory = 64 * kMebibyte + 5, .memory_reservation = 32 * kMebibyte}, cgroup::kMemory, false) ==
        Texts{"memory.memsw.limit_in_bytes=-1 -> ", "memory.limit_in_bytes=67108869 -> 67108864",
              "memory.memsw.limit_in_bytes=134217738 -> 134217728", "memory.soft_limit_in_bytes=33554432"});
  CHECK(written({.pids = kUnlimited}, cgroup::kPids, false) == Texts{"pids.max=max"});
  CHECK(written({.cpus = 1.5, .cpu_shares = 512}, cgroup::kCpu, false) ==
        Texts{"cpu.shares=512", "cpu.cfs_period_us=100000", "cpu.cfs_quota_us=150000"});
  CHECK(written({.cpu_quota = kUnlimited, .cpu_period = 5000}, cgroup::kCpu, false) ==
        Texts{"cpu.cfs_period_us=5000", "cpu.cfs_quota_us=-1"});
  CHECK(written({.cpuset_cpus = "1,0"}, cgroup::kCpuset, false) == Texts{"cpuset.cpus=0-1"});
  CHECK(written({.blkio_weight = 300}, cgroup::kIo, false) == Texts{"blkio.bfq.weight=300", "blkio.weight=300"});
}

TEST_CASE("limits are written to the files of version 2", "[resources]") {
  CHECK(written({.memory = 64 * kMebibyte + 5, .memory_swap = 96 * kMebibyte + 5, .memory_reservation = 32 * kMebibyte},
                cgroup::kMemory,
                true) == Texts{"memory.max=67108869 -> 67108864", "memory.swap.max=33554432", "memory.low=33554432"});
  CHECK(written({.memory = 64 * kMebibyte}, cgroup::kMemory, true) ==
        Texts{"memory.max=67108864", "memory.swap.max=67108864"});
  CHECK(written({.memory = kUnlimited, .memory_reservation = kUnlimited}, cgroup::kMemory, true) ==
        Texts{"memory.max=max", "memory.swap.max=max", "memory.low=0"});
  CHECK(written({.pids = 5}, cgroup::kPids, true) == Texts{"pids.max=5"});
  CHECK(written({.cpus = 0.5, .cpu_shares = 1024}, cgroup::kCpu, true) ==
        Texts{"cpu.weight=39", "cpu.max=50000 100000"});
  CHECK(written({.cpu_quota = kUnlimited}, cgroup::kCpu, true) == Texts{"cpu.max=max 100000"});
  CHECK(written({.cpuset_cpus = "0", .cpuset_mems = "0"}, cgroup::kCpuset, true) ==
        Texts{"cpuset.cpus=0", "cpuset.cpus.effective= -> 0", "cpuset.mems=0", "cpuset.mems.effective= -> 0"});
  CHECK(written({.blkio_weight = 500}, cgroup::kIo, true) ==
        Texts{"io.bfq.weight=500 -> default 500", "io.weight=4950 -> default 4950"});
}

TEST_CASE("mounted trees of cgroups and places in them are found by what the kernel says", "[resources]") {
  const auto trees = cgroup::mounted_trees(
      "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
      "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
      "41 31 0:38 /a\\040b /sys/fs/uni\\134fied ro - cgroup2 cgroup2 rw,nsdelegate\n"
      "nonsense\n");
  REQUIRE(trees.size() == 2);
  CHECK_FALSE(trees[0].unified);
  CHECK(trees[0].path == "/sys/fs/cgroup/cpu,cpuacct");
  CHECK(trees[0].controllers == Texts{"rw", "cpu", "cpuacct"});
  CHECK(trees[1].unified);
  CHECK(trees[1].root == "/a b");
  CHECK(trees[1].path == "/sys/fs/uni\\fied");
  const auto places = cgroup::memberships("9:name=systemd:/\n1:cpu,cpuacct:/x:y\n0::/user.slice\n\n");
  REQUIRE(places.size() == 3);
  CHECK(places[1].controllers == Texts{"cpu", "cpuacct"});
  CHECK(places[1].path == "/x:y");
  CHECK(places[2].unified);
  CHECK(places[2].path == "/user.slice");
}

TEST_CASE("figures that nobody knows are null in JSON, and no line of the text", "[resources][json]") {
  ContainerStats stats;
  CHECK(stats.to_string() == "no figures");
  stats.pids_current = 3;
  stats.cpu_user = std::chrono::nanoseconds{5};
  const auto json = nlohmann::json::parse(stats.to_json());
  CHECK(json.at("PidsCurrent") == 3);
  CHECK(json.at("CpuUser") == 5);
  CHECK(json.at("MemoryCurrent").is_null());
  CHECK_THAT(stats.to_string(), Catch::Contains("PidsCurrent") && !Catch::Contains("MemoryCurrent"));
}
