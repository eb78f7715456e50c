// SPDX-License-Identifier: Apache-2.0
#include "spec/value.hpp"
#include "support/catch.hpp"

#include <dunnage/error.hpp>
#include <dunnage/mount_set.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace {

using dunnage::BindMount;
using dunnage::Mount;
using dunnage::Propagation;
using dunnage::Recursion;
using dunnage::Tmpfs;
using dunnage::VolumeMount;

/// Reproducible: the same texts in every run.
class Source {
 public:
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(engine_() % limit); }
  bool coin() { return below(2) == 1; }
  std::string text(std::string_view alphabet, std::size_t longest) {
    std::string result;
    for (std::size_t left = below(longest + 1); left > 0; --left) {
      result += alphabet[below(alphabet.size())];
    }
    return result;
  }

 private:
  std::mt19937_64 engine_{20240229};
};

constexpr std::string_view kAwkward = "ab,\"= \t\n:\\'\xc3\xa4\xff~.-%{}";

BindMount random_bind(Source& source) {
  BindMount mount{.source = (source.coin() ? "/" : "./") + source.text(kAwkward, 12),
                  .target = "/t" + source.text("ab,\"= :\xff", 8)};
  mount.options = {.read_only = true,
                   .propagation = static_cast<Propagation>(source.below(6)),
                   .recursion = static_cast<Recursion>(source.below(3)),
                   .create_source = source.coin(),
                   .suid = source.coin(),
                   .dev = source.coin(),
                   .exec = source.coin()};
  if (mount.options.propagation == Propagation::RPrivate && source.coin()) {
    mount.options.recursion = Recursion::ReadOnly;
  }
  return mount;
}

VolumeMount random_volume(Source& source) {
  VolumeMount mount{.name = source.coin() ? "" : "v" + source.text("aZ09_.-", 8),
                    .target = "/t" + source.text("a,\" ", 8)};
  mount.options = {.read_only = source.coin(),
                   .no_copy = source.coin(),
                   .labels = {},
                   .suid = source.coin(),
                   .dev = source.coin(),
                   .exec = source.coin()};
  for (std::size_t left = source.below(3); left > 0; --left) {
    mount.options.labels["k" + source.text("ab, \"", 4)] = source.text(kAwkward, 8);
  }
  return mount;
}

Tmpfs random_tmpfs(Source& source) {
  Tmpfs mount{.target = "/t" + source.text("a,\" ", 8)};
  mount.options = {.size = source.coin() ? std::numeric_limits<std::uint64_t>::max() : 1 + source.below(1U << 30U),
                   .mode = static_cast<unsigned>(source.below(010000)),
                   .uid = source.coin() ? std::optional{static_cast<std::uint32_t>(source.below(70000))} : std::nullopt,
                   .gid = source.coin() ? std::optional{static_cast<std::uint32_t>(source.below(70000))} : std::nullopt,
                   .read_only = source.coin(),
                   .suid = source.coin(),
                   .dev = source.coin(),
                   .exec = source.coin()};
  return mount;
}

TEST_CASE("the text of a mount parses back to the same mount", "[spec][round-trip]") {
  Source source;
  for (int round = 0; round < 3000; ++round) {
    const std::array<Mount, 3> mounts{random_bind(source), random_volume(source), random_tmpfs(source)};
    for (const Mount& mount : mounts) {
      INFO(to_string(mount));
      CHECK(dunnage::parse_mount_flag(to_string(mount)) == mount);
    }
  }
}

TEST_CASE("the defaults of a mount parse back to the defaults", "[spec][round-trip]") {
  const std::array<Mount, 5> mounts{BindMount{"/a", "/b"}, BindMount{"relative/source", "/b"}, VolumeMount{"v", "/b"},
                                    VolumeMount{"", "/b"}, Tmpfs{"/b"}};
  for (const Mount& mount : mounts) {
    INFO(to_string(mount));
    CHECK(dunnage::parse_mount_flag(to_string(mount)) == mount);
  }
  CHECK(to_string(Tmpfs{"/run", {.mode = 0755}}) == "type=tmpfs,target=/run,tmpfs-size=67108864,tmpfs-mode=0755");
}

/// A wrong text must end in a SpecError whose place lies in the text, or just behind it.
void must_not_fail_otherwise(Mount (*parse)(std::string_view), const std::string& text) {
  try {
    const Mount mount = parse(text);
    CHECK(dunnage::parse_mount_flag(to_string(mount)) == mount);
  } catch (const dunnage::SpecError& error) {
    INFO(text);
    CHECK(error.column() >= 1);
    CHECK(error.column() <= text.size() + 1);
    CHECK(error.column() + error.length() <= text.size() + 2);
  }
}

Mount parse_any(std::string_view text) {
  dunnage::MountSet mounts;
  try {
    mounts.add_spec(text);
  } catch (const dunnage::MountError&) {
    FAIL_CHECK("a parser let a bad target through");
    return Tmpfs{"/x"};
  }
  return mounts[0];
}

TEST_CASE("no text crashes the parsers", "[spec][robustness]") {
  constexpr std::array<std::string_view, 32> kPieces{"type=",
                                                     "bind",
                                                     "volume",
                                                     "tmpfs",
                                                     "src=",
                                                     "dst=",
                                                     "/a",
                                                     "./b",
                                                     "name",
                                                     ",",
                                                     ":",
                                                     "=",
                                                     "\"",
                                                     "\"\"",
                                                     "ro",
                                                     "readonly",
                                                     "nocopy",
                                                     "z",
                                                     "bind-recursive=readonly",
                                                     "tmpfs-size=",
                                                     "64m",
                                                     "tmpfs-mode=",
                                                     "0777",
                                                     "volume-label=",
                                                     "-v ",
                                                     "--mount ",
                                                     "--tmpfs=",
                                                     "/",
                                                     "..",
                                                     " ",
                                                     "\n",
                                                     "\xff"};
  Source source;
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (std::size_t left = source.below(10); left > 0; --left) {
      text += source.below(8) == 0 ? std::string(1, static_cast<char>(source.below(256)))
                                   : std::string{kPieces.at(source.below(kPieces.size()))};
    }
    must_not_fail_otherwise(dunnage::parse_volume_flag, text);
    must_not_fail_otherwise(dunnage::parse_mount_flag, text);
    must_not_fail_otherwise(dunnage::parse_tmpfs_flag, text);
    must_not_fail_otherwise(parse_any, text);
  }
}

TEST_CASE("a huge text is refused and not worked on", "[spec][robustness]") {
  for (const char filler : {'a', ',', ':', '"', '='}) {
    const std::string text(64U << 20U, filler);
    CHECK_THROWS_WITH(dunnage::parse_mount_flag(text), Catch::Contains("the text is longer than 64 KiB; shorten it"));
    CHECK_THROWS_AS(dunnage::parse_volume_flag(text), dunnage::SpecError);
    CHECK_THROWS_AS(dunnage::parse_tmpfs_flag(text), dunnage::SpecError);
    CHECK_THROWS_AS(dunnage::MountSet{}.add_spec(text), dunnage::SpecError);
  }
  CHECK_THROWS_AS(dunnage::parse_volume_flag(std::string(60000, ':')), dunnage::SpecError);
  CHECK_THROWS_AS(dunnage::parse_mount_flag(std::string(60000, ',')), dunnage::SpecError);
}

TEST_CASE("sizes are read as Docker reads them", "[spec]") {
  using dunnage::spec::parse_size;
  constexpr std::uint64_t kKiB = 1024;
  CHECK(parse_size("0") == 0);
  CHECK(parse_size("65537") == 65537);
  CHECK(parse_size("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
  for (const std::string one :
       {"1k", "1K", "1kb", "1KB", "1kib", "1KiB", "1 k", "+1k", "1.0k", "1e0k", "1024", "1024b", "0x1p10", "1_024"}) {
    INFO(one);
    CHECK(parse_size(one) == kKiB);
  }
  CHECK(parse_size("64m") == 64 * kKiB * kKiB);
  CHECK(parse_size("1.5g") == 3 * kKiB * kKiB * kKiB / 2);
  CHECK(parse_size(".5m") == 512 * kKiB);
  CHECK(parse_size("1t") == kKiB * kKiB * kKiB * kKiB);
  CHECK(parse_size("1p") == kKiB * kKiB * kKiB * kKiB * kKiB);
  for (const std::string bad : {"",       " ",     "k",   "-1",   "-5m",  "50%", "0x10", "1.2.3m",
                                "1kk",    "1kibs", " 1m", "1  m", "lots", "nan", "inf",  "1e400",
                                "16384p", "1e",    "_1",  "1_",   "1__0", "++1", "+-1",  "18446744073709551616"}) {
    INFO(bad);
    CHECK_FALSE(parse_size(bad).has_value());
  }
}

}  // namespace
