// SPDX-License-Identifier: Apache-2.0
#include "volume/local_driver.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "volume/metadata.hpp"

#include <dunnage/error.hpp>
#include <dunnage/volume_store.hpp>

#include <string>

namespace {

using dunnage::DriverOptions;
using dunnage::errc;
using dunnage::volume::LocalDriver;
using dunnage::volume::read_driver_options;

std::string fault_of(const DriverOptions& options) {
  LocalDriver driver;
  const auto fault = read_driver_options(options, driver);
  return fault ? fault->cause : "";
}

LocalDriver driver_of(const DriverOptions& options) {
  LocalDriver driver;
  const auto fault = read_driver_options(options, driver);
  CHECK_FALSE(fault);
  return driver;
}

TEST_CASE("options of the local driver mean what Docker's mean", "[volume][driver]") {
  CHECK(driver_of({}).kind == LocalDriver::Kind::Directory);

  const LocalDriver bind = driver_of({{"type", "none"}, {"device", "/srv"}, {"o", "rbind,ro,noexec"}});
  CHECK(bind.kind == LocalDriver::Kind::Bind);
  CHECK(bind.device == "/srv");
  CHECK((bind.read_only && bind.recursive && !bind.exec));

  const LocalDriver memory =
      driver_of({{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", "size=3m,uid=7,gid=8,mode=0750,nr_inodes=1k,noswap"}});
  CHECK(memory.kind == LocalDriver::Kind::Tmpfs);
  CHECK(memory.size == 3U << 20U);
  CHECK(memory.uid == 7U);
  CHECK(memory.gid == 8U);
  CHECK(memory.mode == 0750);
  CHECK(memory.inodes == 1024U);
  CHECK(memory.no_swap);

  const LocalDriver disk = driver_of({{"type", "ext4"}, {"device", "/a.img"}, {"o", "ro,errors=panic,lazytime"}});
  CHECK(disk.kind == LocalDriver::Kind::FileSystem);
  CHECK(disk.read_only);
  REQUIRE(disk.data.size() == 2);
  CHECK(disk.data[0].first == "errors");
  CHECK(disk.data[0].second == "panic");
  CHECK_FALSE(disk.data[1].second);
}

TEST_CASE("options of the local driver that mean nothing are refused", "[volume][driver]") {
  CHECK(fault_of({{"typ", "none"}}) == "\"typ\" is no option of the driver \"local\"");
  CHECK(fault_of({{"type", "none"}}) == "the required option \"device\" is missing");
  CHECK(fault_of({{"device", "/a"}, {"o", "bind"}}) == "the required option \"type\" is missing");
  CHECK(fault_of({{"type", "none"}, {"device", "/a"}}) == "a volume of type \"none\" is a directory of the host");
  CHECK(fault_of({{"type", "none"}, {"device", "a"}, {"o", "bind"}}) == "the device \"a\" is not absolute");
  CHECK(fault_of({{"type", "none"}, {"device", "/a"}, {"o", "bind,size=1"}}) ==
        "\"size=1\" is no option of a volume of type \"none\"");
  for (const char* words : {"size=", "size=0", "size=1t", "mode=9", "mode=10000", "uid=-1", "uid=4294967295",
                            "noswap=1", "huge", "size=99999999999999999999"}) {
    INFO(words);
    CHECK_FALSE(fault_of({{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", words}}).empty());
  }
  CHECK_THAT(fault_of({{"size", "1g"}}), Catch::Contains("quota"));
}

TEST_CASE("a volume keeps the options of its driver", "[volume][driver]") {
  dunnage::VolumeInfo info;
  info.name = "v";
  info.labels = {{"a", "b"}};
  info.driver_options = {{"type", "none"}, {"device", "/srv \"x\""}, {"o", "bind"}};
  dunnage::VolumeInfo read;
  CHECK_FALSE(dunnage::volume::decode_metadata(*dunnage::volume::encode_metadata(info), "v", read));
  CHECK(read.driver_options == info.driver_options);
  CHECK(read.labels == info.labels);

  dunnage::test::TemporaryDirectory directory;
  auto store = dunnage::VolumeStore::open(directory.path() / "store");
  (void)store.create("v", {.driver_options = info.driver_options});
  CHECK(store.get("v").info().driver_options == info.driver_options);
  CHECK_THAT(to_json(store.get("v").info()),
             Catch::Contains(R"("Options":{"device":"/srv \"x\"","o":"bind","type":"none"})"));
  CHECK(store.prune(true).removed.empty());  // as in Docker
  try {
    (void)store.create("w", {.driver_options = {{"type", "none"}}});
    FAIL_CHECK("was made");
  } catch (const dunnage::VolumeError& error) {
    CHECK(error.code() == errc::invalid_argument);
  }
  CHECK_FALSE(store.find("w"));
}

}  // namespace
