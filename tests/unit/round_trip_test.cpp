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
#include <vector>

namespace {

using dunnage::BindMount;
using dunnage::Follow;
using dunnage::ImageMount;
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

std::uint32_t random_id(Source& source) { return static_cast<std::uint32_t>(source.below(70000)); }

std::vector<dunnage::IdRange> random_ranges(Source& source) {
  std::vector<dunnage::IdRange> ranges(source.below(3));
  for (dunnage::IdRange& range : ranges) {
    range = {.inside = random_id(source), .outside = random_id(source), .count = 1 + random_id(source)};
  }
  return ranges;
}

dunnage::Ownership random_owner(Source& source) {
  switch (source.below(4)) {
    case 0:
      return dunnage::Ownership::match_user();
    case 1:
      return dunnage::Ownership::as(random_id(source), random_id(source));
    case 2:
      return dunnage::Ownership::map(random_ranges(source), random_ranges(source));
    default:
      return {};
  }
}

/// What bind mounts and volumes have in common.
template <typename Options>
void add_shared(Source& source, Options& options) {
  options.owner = random_owner(source);
  options.chown = source.coin();
  options.relabel = static_cast<dunnage::Relabel>(source.below(3));
  for (std::size_t left = source.below(3); left > 0; --left) {
    options.exclude.push_back("p" + source.text("ab,\" */=", 6));
  }
  if (source.coin()) {
    options.overlay =
        dunnage::OverlayOptions{.size = source.coin() ? dunnage::OverlayOptions{}.size : 1 + source.below(99999)};
    if (source.coin()) {
      options.overlay->upper = "/u" + source.text("ab, \"", 4);
      options.overlay->work = "/w" + source.text("ab, \"", 4);
    }
  }
}

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
  mount.options.create_mode = static_cast<unsigned>(source.below(010000));
  if (source.coin()) {
    mount.options.create_uid = random_id(source);
    mount.options.create_gid = random_id(source);
  }
  mount.options.optional = source.coin();
  mount.options.require_mountpoint = source.coin();
  mount.options.follow = source.coin() ? Follow::Name : Follow::Inode;
  if (source.coin()) mount.options.on_loss = {dunnage::LossPolicy::Stop, std::chrono::milliseconds{1234}};
  add_shared(source, mount.options);
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
    mount.options.driver_options["o" + source.text("ab, \"", 4)] = source.text(kAwkward, 8);
  }
  mount.options.subpath = source.coin() || mount.name.empty() ? "" : "s" + source.text("ab, \"/", 6);
  mount.options.driver = source.coin() ? "" : "local";
  mount.options.create = source.coin();
  add_shared(source, mount.options);
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
  if (source.coin()) {
    mount.options.nr_inodes = source.below(99999);
  }
  mount.options.no_swap = source.coin();
  return mount;
}

ImageMount random_image(Source& source) {
  ImageMount mount{.image = "i" + source.text("ab:/@.,\"= ", 12), .target = "/t" + source.text("a,\" ", 8)};
  mount.options = {.subpath = source.coin() ? "" : "s" + source.text("ab, \"/", 6),
                   .suid = source.coin(),
                   .dev = source.coin(),
                   .exec = source.coin()};
  if (source.coin()) {
    mount.options.overlay = dunnage::OverlayOptions{.size = 1 + source.below(99999)};
  }
  return mount;
}

TEST_CASE("the text of a mount parses back to the same mount", "[spec][round-trip]") {
  Source source;
  for (int round = 0; round < 3000; ++round) {
    const std::array<Mount, 4> mounts{random_bind(source), random_volume(source), random_tmpfs(source),
                                      random_image(source)};
    for (const Mount& mount : mounts) {
      INFO(to_string(mount));
      CHECK(dunnage::parse_mount_flag(to_string(mount)) == mount);
    }
  }
}

TEST_CASE("what -v can say is said in -v and means the same mount", "[spec][round-trip]") {
  Source source;
  int said = 0;
  for (int round = 0; round < 3000; ++round) {
    BindMount bind = random_bind(source);
    VolumeMount volume = random_volume(source);
    bind.options = {.read_only = source.coin(),
                    .propagation = bind.options.propagation,
                    .create_source = true,
                    .suid = bind.options.suid,
                    .dev = bind.options.dev,
                    .exec = bind.options.exec,
                    .chown = source.coin(),
                    .relabel = bind.options.overlay ? dunnage::Relabel::None : bind.options.relabel,
                    .overlay = bind.options.overlay};
    volume.options = {.read_only = volume.options.read_only,
                      .no_copy = volume.options.no_copy,
                      .create = volume.options.create,
                      .relabel = volume.options.relabel};
    for (const Mount& mount : {Mount{bind}, Mount{volume}}) {
      INFO(to_string(mount));
      const auto text = to_volume_flag(mount);
      if (text) {
        ++said;
        CHECK(dunnage::parse_volume_flag(*text) == mount);
      }
    }
  }
  CHECK(said > 1000);
  CHECK(to_volume_flag(BindMount{"/a", "/b", {.read_only = true, .create_source = true}}) == "/a:/b:ro");
  CHECK(to_volume_flag(VolumeMount{"db-data", "/b", {.no_copy = true}}) == "db-data:/b:nocopy");
  CHECK(to_volume_flag(VolumeMount{"", "/b"}) == "/b");
  CHECK_FALSE(to_volume_flag(BindMount{"/a", "/b"}));  // -v would create the source
  CHECK_FALSE(to_volume_flag(BindMount{"/a:b", "/b", {.create_source = true}}));
  CHECK_FALSE(to_volume_flag(Tmpfs{"/b"}));
  CHECK_FALSE(to_volume_flag(ImageMount{"busybox", "/b"}));
}

TEST_CASE("the defaults of a mount parse back to the defaults", "[spec][round-trip]") {
  const std::array<Mount, 6> mounts{
      BindMount{"/a", "/b"}, BindMount{"relative/source", "/b"}, VolumeMount{"v", "/b"}, VolumeMount{"", "/b"},
      Tmpfs{"/b"},           ImageMount{"busybox", "/b"}};
  for (const Mount& mount : mounts) {
    INFO(to_string(mount));
    CHECK(dunnage::parse_mount_flag(to_string(mount)) == mount);
  }
  CHECK(to_string(Tmpfs{"/run", {.mode = 0755}}) == "type=tmpfs,target=/run,tmpfs-size=67108864,tmpfs-mode=0755");
}

/// A wrong text must end in a SpecError whose place lies in the text, or just behind it.
void must_not_fail_otherwise(Mount (*parse)(std::string_view, dunnage::Engine), const std::string& text) {
  try {
    const Mount mount = parse(text, dunnage::Engine::Docker);
    CHECK(dunnage::parse_mount_flag(to_string(mount)) == mount);
  } catch (const dunnage::SpecError& error) {
    INFO(text);
    CHECK(error.column() >= 1);
    CHECK(error.column() <= text.size() + 1);
    CHECK(error.column() + error.length() <= text.size() + 2);
  }
}

Mount parse_any(std::string_view text, dunnage::Engine /*engine*/) {
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
  constexpr std::array<std::string_view, 34> kPieces{"type=",
                                                     "image",
                                                     "image-subpath=",
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
