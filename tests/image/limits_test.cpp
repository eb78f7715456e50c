// SPDX-License-Identifier: Apache-2.0
// Layers that want all of the memory or of the disk.

#include "image/archive.hpp"
#include "image/layers.hpp"
#include "image/unpacking.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>

namespace dunnage::test {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

/// The most memory this process has had. Each test is a process of its own.
std::uint64_t peak_memory() {
  rusage usage{};
  (void)::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

void check_memory() {
  if (!kSanitized) {
    CHECK(peak_memory() < 256 * kMiB);
  }
}

/// Bytes on disk below a directory.
std::uint64_t disk_space(const std::filesystem::path& root) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{root}) {
    struct stat status {};
    if (::lstat(entry.path().c_str(), &status) == 0) bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
  }
  return bytes;
}

std::string zeros(std::uint64_t size) { return std::string(size, '\0'); }

/// A file of `mebibytes` of zeros in a layer of a thousandth of the size.
std::string bomb(std::uint64_t mebibytes, std::string (*pack)(std::string_view)) {
  const std::string member = pack(zeros(16 * kMiB));
  std::string blob = pack(tar_header('0', "bomb", "", mebibytes * kMiB, {}));
  for (std::uint64_t done = 0; done < mebibytes; done += 16) blob += member;
  return blob + pack(zeros(1024));
}

/// A tar of one file of GNU's sparse format 1.0 with so many regions, none of them with anything in it.
void write_sparse(const std::filesystem::path& path, std::uint64_t regions) {
  std::string map = std::to_string(regions) + "\n";
  for (std::uint64_t region = 0; region < regions; ++region) map += "0\n0\n";
  map.resize((map.size() + 511) / 512 * 512);
  std::string pax = pax_record("GNU.sparse.major", "1") + pax_record("GNU.sparse.minor", "0") +
                    pax_record("GNU.sparse.name", "f") + pax_record("GNU.sparse.realsize", "10") +
                    pax_record("size", std::to_string(map.size()));
  const std::string header = tar_header('x', "p", "", pax.size(), {});
  pax.resize(512);
  std::ofstream{path, std::ios::binary} << header << pax << tar_header('0', "f", "", map.size(), {}) << map
                                        << zeros(1024);
}

}  // namespace

TEST_CASE("P-48: a gzip bomb ends at the limit, and its space is given back", "[image][limits][attack]") {
  const Layers store;
  const std::string blob = bomb(4096, gzip);
  const ImageInfo info = store.image({store.layer(blob, "unknown")});
  const std::uint64_t before = disk_space(store.directory().path());
  for (const ImageLimits& limits :
       {ImageLimits{.bytes = 40 * kMiB}, ImageLimits{.file_bytes = 40 * kMiB}, ImageLimits{.ratio = 100}}) {
    try {
      (void)store.open(info, {}, limits);
      FAIL("it was unpacked");
    } catch (const ImageError& error) {
      INFO(error.what());
      CHECK(error.code() == errc::limit_exceeded);
    }
    CHECK(store.is_tidy());
    CHECK(disk_space(store.directory().path()) < before + kMiB);
  }
  check_memory();
}

TEST_CASE("P-48: a zstd bomb ends at the ratio nothing honest has", "[image][limits][attack]") {
  Unpacking layer;
  const Unpacked outcome = layer.unpack(bomb(4096, zstd));
  INFO(outcome.cause);
  CHECK(outcome.code == errc::limit_exceeded);
  CHECK(disk_space(layer.path()) < 200 * kMiB);
  check_memory();
}

TEST_CASE("P-48: headers of a gibibyte are refused", "[image][limits][attack]") {
  Unpacking layer;
  for (const char type : {'x', 'g', 'L', 'K', 'A'}) {
    const auto path = layer.directory().write("blob", tar_header(type, "p", "", 1024 * kMiB, {}));
    REQUIRE(::truncate(path.c_str(), static_cast<off_t>(1025 * kMiB)) == 0);  // of holes
    const Unpacked outcome = layer.unpack_file(path);
    INFO(type << ": " << outcome.cause);
    CHECK(outcome.code == errc::limit_exceeded);
  }
  std::string many;
  for (int index = 0; index < 4000; ++index) many += tar_header('g', "p", "", 0, {}) + tar_header('x', "p", "", 0, {});
  CHECK_FALSE(layer.unpack(many).done());
  check_memory();
}

TEST_CASE("P-48: ten million sparse regions are refused", "[image][limits][attack]") {
  Unpacking layer;
  const auto path = layer.directory().path() / "sparse";
  write_sparse(path, 10'000'000);
  const Unpacked outcome = layer.unpack_file(path);
  INFO(outcome.cause);
  CHECK(outcome.code == errc::limit_exceeded);
  write_sparse(path, 1000);
  const Unpacked few = layer.unpack_file(path);
  INFO(few.cause);
  CHECK(few.done());
  CHECK(layer.status("f").st_size == 10);
  check_memory();
}

TEST_CASE("P-48: the text in a gzip header is not kept without a bound", "[image][limits][attack]") {
  Unpacking layer;
  const auto path = layer.directory().path() / "named";
  {
    std::ofstream stream{path, std::ios::binary};
    stream << std::string{"\x1f\x8b\x08\x08\0\0\0\0\0\x03", 10};
    for (int index = 0; index < 400; ++index) stream << std::string(kMiB, 'n');
  }
  const std::uint64_t before = peak_memory();
  const Unpacked outcome = layer.unpack_file(path);
  INFO(outcome.cause);
  CHECK(outcome.code == errc::limit_exceeded);
  CHECK(peak_memory() < before + 64 * kMiB);
}

TEST_CASE("P-48: entries are counted, and directories without end are refused", "[image][limits][attack][one-user]") {
  Archive archive;
  for (int index = 0; index < 20; ++index) archive.file("f" + std::to_string(index));
  Unpacking layer;
  CHECK(layer.unpack(archive.tar(), {.entries = 20}).done());
  layer.clear();
  CHECK(layer.unpack(archive.tar(), {.entries = 19}).code == errc::limit_exceeded);
  layer.clear();
  std::string again;  // one directory, described a million times
  for (int index = 0; index < 50'000; ++index) again += tar_header('5', "d/", "", 0, {});
  std::string blob;
  for (int index = 0; index < 24; ++index) blob += zstd(again);
  const Unpacked outcome = layer.unpack(blob, {.ratio = 100'000});
  check_memory();
  INFO(outcome.cause);
  CHECK(outcome.code == errc::limit_exceeded);
}

TEST_CASE("holes stay holes in every sparse format", "[image][limits]") {
  Unpacking layer;
  const auto path = layer.directory().path() / "file";
  {
    std::ofstream stream{path, std::ios::binary};
    stream << "begin";
    stream.seekp(static_cast<std::streamoff>(2 * kMiB));
    stream << "middle";
  }
  REQUIRE(::truncate(path.c_str(), static_cast<off_t>(5 * kMiB)) == 0);
  for (const char* format : {"--format=gnu", "--format=pax --sparse-version=1.0", "--format=pax --sparse-version=0.1",
                             "--format=pax --sparse-version=0.0"}) {
    const std::string blob = (layer.directory().path() / "blob").native();
    const std::string command =
        "tar " + std::string{format} + " --sparse -cf " + blob + " -C " + layer.directory().path().native() + " file";
    REQUIRE(std::system(command.c_str()) == 0);
    layer.clear();
    const Unpacked outcome = layer.unpack_file(blob);
    INFO(format << ": " << outcome.cause);
    REQUIRE(outcome.done());
    CHECK(layer.status("file").st_size == static_cast<off_t>(5 * kMiB));
    CHECK(layer.status("file").st_blocks < 200);
    CHECK(layer.content("file").substr(2 * kMiB, 6) == "middle");
  }
}

TEST_CASE("P-59: a stream without end costs what the limit says, and gives it back", "[image][limits][attack]") {
  const Layers store;
  std::string tar;
  while (tar.size() < 16 * kMiB) tar += Archive{}.file("f" + std::to_string(tar.size()), zeros(2 * kMiB)).unfinished();
  const std::string member = gzip(tar);
  std::string blob;
  for (int index = 0; index < 256; ++index) blob += member;
  const ImageInfo info = store.image({store.layer(blob, "unknown")});
  const std::uint64_t before = disk_space(store.directory().path());
  try {
    (void)store.open(info, {}, {.bytes = 40 * kMiB});
    FAIL("it was unpacked");
  } catch (const ImageError& error) {
    CHECK(error.code() == errc::limit_exceeded);
  }
  CHECK(store.is_tidy());
  CHECK(disk_space(store.directory().path()) < before + kMiB);
}

}  // namespace dunnage::test
