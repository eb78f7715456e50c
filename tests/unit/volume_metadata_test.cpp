// SPDX-License-Identifier: Apache-2.0
#include "unit/volume_support.hpp"

#include <dunnage/error.hpp>

#include "volume/metadata.hpp"
#include "volume/timestamp.hpp"

#include <nlohmann/json.hpp>

#include <fstream>

using namespace dunnage;
using test::message_of;
using test::TemporaryStore;

namespace {

VolumeInfo sample() {
  VolumeInfo info;
  info.name = "db-data";
  info.labels = {{"a", "b"}, {"", "{\"x\":[1]}"}};
  info.created_at += std::chrono::nanoseconds{1700000000123456789};
  info.anonymous = true;
  info.owner = "c0ffee";
  return info;
}

void overwrite(const std::filesystem::path& file, const std::string& text) {
  std::ofstream{file, std::ios::binary | std::ios::trunc} << text;
}

}  // namespace

TEST_CASE("metadata is JSON that reads back to the same volume", "[volume][metadata]") {
  const std::string text = volume::encode_metadata(sample()).value();
  const auto json = nlohmann::json::parse(text);
  CHECK(json.at("version") == 1);
  CHECK(json.at("name") == "db-data");
  CHECK(json.at("created_at") == "2023-11-14T22:13:20.123456789Z");
  VolumeInfo read;
  CHECK_FALSE(volume::decode_metadata(text, "db-data", read));
  CHECK(read == sample());

  VolumeInfo plain = sample();
  plain.labels = {{"a", "b"}, {"com.example.\xc3\xa4", ""}};
  CHECK_FALSE(volume::decode_metadata(volume::encode_metadata(plain).value(), "db-data", read));
  CHECK(read == plain);
  plain.labels.clear();
  plain.anonymous = false;
  CHECK_FALSE(volume::decode_metadata(volume::encode_metadata(plain).value(), "db-data", read));
  CHECK(read == plain);
}

TEST_CASE("any damaged byte of metadata is noticed", "[volume][metadata]") {
  const std::string whole = volume::encode_metadata(sample()).value();
  VolumeInfo read;
  for (std::size_t index = 0; index < whole.size(); ++index) {
    CAPTURE(index);
    std::string text = whole;
    text[index] = static_cast<char>(text[index] ^ 0x20);
    CHECK(volume::decode_metadata(text, "db-data", read));
    CHECK(volume::decode_metadata(whole.substr(0, index), "db-data", read));
  }
  CHECK(volume::decode_metadata(whole + " ", "db-data", read));
  CHECK(volume::decode_metadata(whole, "other", read).value() == "it belongs to volume \"db-data\"");
}

TEST_CASE("a volume with damaged metadata is set apart, and nothing of it is lost", "[volume][metadata]") {
  TemporaryStore temporary;
  temporary.store.create("good");
  for (const char* name : {"cut", "empty", "gone", "swapped", "directory"}) {
    const Volume volume = temporary.store.create(name);
    std::ofstream{volume.mountpoint() / "precious"} << "data";
  }
  const auto volumes = temporary.root / "volumes";
  overwrite(volumes / "cut/metadata", temporary.directory.read("store/volumes/cut/metadata").substr(0, 60));
  overwrite(volumes / "empty/metadata", "");
  std::filesystem::remove(volumes / "gone/metadata");
  overwrite(volumes / "swapped/metadata", temporary.directory.read("store/volumes/good/metadata"));
  std::filesystem::remove(volumes / "directory/metadata");
  std::filesystem::create_directory(volumes / "directory/metadata");

  const std::vector<std::string> damaged{"cut", "directory", "empty", "gone", "swapped"};
  CHECK(temporary.store.damaged() == damaged);
  CHECK(test::names_of(temporary.store.list()) == std::vector<std::string>{"good"});
  const std::string data = (volumes / "cut/_data").string();
  CHECK(message_of([&] { (void)temporary.store.get("cut"); }) ==
        "cannot get volume \"cut\": its checksum is wrong: the volume's metadata is damaged [EIO]; put its file "
        "\"metadata\" back from a backup; or have repair() (store repair) write a new one, which leaves \"" +
            data + "\" as it is");
  for (const std::string& name : damaged) {
    CAPTURE(name);
    try {
      (void)temporary.store.get_or_create(name);
      FAIL("the damage was not noticed");
    } catch (const VolumeError& error) {
      CHECK(error.code() == errc::volume_damaged);
    }
    CHECK_THROWS_AS(temporary.store.create(name), VolumeError);
  }

  const PruneResult pruned = temporary.store.prune(true);
  CHECK(pruned.removed == std::vector<std::string>{"good"});
  REQUIRE(pruned.kept.size() == damaged.size());
  CHECK(pruned.kept.front() ==
        std::pair<std::string, std::string>{"cut", "its metadata is damaged: its checksum is wrong"});
  for (const std::string& name : damaged) {
    CAPTURE(name);
    CHECK(temporary.directory.read("store/volumes/" + name + "/_data/precious") == "data");
    temporary.store.remove(name);  // what the message offers
  }
  CHECK(temporary.store.damaged().empty());
}

TEST_CASE("metadata of a newer format is refused, additions to this one are passed over", "[volume][metadata]") {
  // The checksums are zlib's crc32 of all after the first line, made by another program.
  const std::string rest =
      "\"name\":\"v\",\"created_at\":\"2026-01-01T00:00:00Z\",\"labels\":{},\"anonymous\":false,\"owner\":\"\","
      "\"more\":[{\"a\":[[1.5,null]]}]}\n";
  VolumeInfo read;
  CHECK_FALSE(volume::decode_metadata("{\"checksum\":\"810eafaf\",\n\"version\":1," + rest, "v", read));
  CHECK(volume::decode_metadata("{\"checksum\":\"540a0333\",\n\"version\":3," + rest, "v", read).value() ==
        "it has format 3, this library reads 2");
  const auto limited = [&](const char* checksum, const char* way) {
    return std::string{"{\"checksum\":\""} + checksum +
           "\",\n\"version\":2,\"limit\":{\"size\":9007199254740993,\"inodes\":7,\"way\":\"" + way +
           "\",\"more\":[1]}," + rest;
  };
  CHECK_FALSE(volume::decode_metadata(limited("43201b44", "btrfs-quota"), "v", read));
  CHECK(read.limit == VolumeLimit{.size = 9007199254740993, .inodes = 7});
  CHECK(read.limit_way == LimitWay::BtrfsQuota);
  CHECK(volume::decode_metadata(limited("1491cb9d", "magic"), "v", read).value() ==
        "its limit is held by \"magic\", which this library does not know");
  CHECK(volume::is_newer_metadata(limited("1491cb9d", "magic")));
}

TEST_CASE("metadata that is no JSON is damaged, even if its checksum is right", "[volume][metadata]") {
  // what was read could not be written again
  const std::string begin =
      "\"version\":1,\"name\":\"v\",\"created_at\":\"2026-11-24T23:55:01.000000000Z\",\"labels\":{\"a\":\"";
  const std::string end = "\"},\"anonymous\":false,\"owner\":\"\"}\n";
  VolumeInfo read;
  CHECK(volume::decode_metadata("{\"checksum\":\"c5c49d1b\",\n" + begin + "\xff" + end, "v", read).value() ==
        "it is not a record of a volume");
  CHECK(volume::decode_metadata("{\"checksum\":\"ef69736e\",\n" + begin + "\x01" + end, "v", read).value() ==
        "it is not a record of a volume");
}

TEST_CASE("points in time are RFC 3339 in UTC", "[volume][metadata]") {
  using namespace std::chrono;
  using volume::format_time;
  using volume::parse_time;
  using volume::Precision;
  const auto at = [](std::int64_t nanos) { return system_clock::time_point{nanoseconds{nanos}}; };
  CHECK(format_time(at(0), Precision::Seconds) == "1970-01-01T00:00:00Z");
  CHECK(format_time(at(-1), Precision::Nanoseconds) == "1969-12-31T23:59:59.999999999Z");
  CHECK(format_time(at(4102444800000000001), Precision::Nanoseconds) == "2100-01-01T00:00:00.000000001Z");
  for (const std::int64_t nanos : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{951782400000000000},
                                   std::int64_t{2147483648000000000}, std::int64_t{4294967296123456789}}) {
    CHECK(parse_time(format_time(at(nanos), Precision::Nanoseconds)) == at(nanos));
  }
  CHECK(parse_time("1970-01-01T00:00:01.5Z") == at(1500000000));
  for (const char* text :
       {"", "Z", "1970-01-01T00:00:00", "1970-13-01T00:00:00Z", "1970-02-30T00:00:00Z", "1970-01-01T24:00:00Z",
        "1970-01-01 00:00:00Z", "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00.0123456789Z", "1970-01-01T00:00:00,5Z",
        "9999-01-01T00:00:00Z", "+970-01-01T00:00:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_time(text));
  }
}
