// SPDX-License-Identifier: Apache-2.0
#include "image/platform.hpp"

#include "image/failure.hpp"
#include "kernel/per_process.hpp"
#include "launcher/fields.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace dunnage::image {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

/// What else architectures are called: by uname(2), by people.
constexpr std::array kArchitectures{
    Pair{"x86_64", "amd64"},
    Pair{"x86-64", "amd64"},
    Pair{"aarch64", "arm64"},
    Pair{"armv8l", "arm"},
    Pair{"armv7l", "arm"},
    Pair{"armv6l", "arm"},
    Pair{"armhf", "arm"},
    Pair{"armel", "arm"},
    Pair{"i386", "386"},
    Pair{"i486", "386"},
    Pair{"i586", "386"},
    Pair{"i686", "386"},
    Pair{"loongarch64", "loong64"},
};

std::string architecture_of(std::string_view word) {
  const auto found =
      std::find_if(kArchitectures.begin(), kArchitectures.end(), [&](const Pair& pair) { return pair.first == word; });
  return std::string{found == kArchitectures.end() ? word : found->second};
}

/// With the names every author of an image may leave out.
Platform complete(Platform platform) {
  if (platform.architecture.empty()) {
    platform.architecture = machine_architecture();
  }
  if (platform.architecture == "arm64" && platform.variant == "v8") {
    platform.variant.clear();
  }
  return platform;
}

/// Lower is better. What runs on every machine of the kind comes first, except that newer ARMs are taken at their best.
int rank(const Platform& platform) {
  if (platform.variant.empty()) {
    return 1;
  }
  constexpr std::array kBest{Pair{"arm64", "v8"}, Pair{"arm", "v7"}, Pair{"amd64", "v1"}};
  const bool best = std::find(kBest.begin(), kBest.end(), Pair{platform.architecture, platform.variant}) != kBest.end();
  return best ? 0 : 2;
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

Platform parse_words(std::string_view text) {
  const std::vector<std::string_view> words = launcher::fields_of(text, '/');
  if (words.size() > 3 || !std::all_of(words.begin(), words.end(), is_word)) {
    throw Fault{errc::invalid_argument, "not a platform", "write it as linux/arm64 or linux/arm/v7"};
  }
  Platform platform;
  if (words.size() == 1) {  // as for Docker, one word may be either
    if (words[0] == "linux" || words[0] == "windows" || words[0] == "darwin" || words[0] == "freebsd") {
      platform.os = words[0];
    } else {
      platform.architecture = architecture_of(words[0]);
    }
    return platform;
  }
  platform.os = words[0];
  platform.architecture = architecture_of(words[1]);
  platform.variant = words.size() == 3 ? words[2] : "";
  return platform;
}

struct Machine {
  std::string architecture = [] {
    utsname names{};
    return ::uname(&names) == 0 ? architecture_of(static_cast<const char*>(names.machine)) : std::string{};
  }();
};

constinit kernel::PerProcess<Machine> machine;

}  // namespace

const std::string& machine_architecture() { return machine.get().architecture; }

bool is_default(const Platform& platform) noexcept { return platform == Platform{}; }

bool matches(const Platform& wanted, const Platform& offered) {
  const Platform want = complete(wanted);
  const Platform offer = complete(offered);
  return want.os == offer.os && want.architecture == offer.architecture &&
         (want.variant.empty() || want.variant == offer.variant);
}

std::optional<std::size_t> best_of(const Platform& wanted, const std::vector<Platform>& offered) {
  std::optional<std::size_t> best;
  for (std::size_t index = 0; index < offered.size(); ++index) {
    if (matches(wanted, offered[index]) && (!best || rank(offered[index]) < rank(offered[*best]))) {
      best = index;
    }
  }
  return best;
}

}  // namespace dunnage::image

namespace dunnage {

Platform parse_platform(std::string_view text) {
  return image::explained("read platform", std::string{text}, [&] { return image::parse_words(text); });
}

std::string to_string(const Platform& platform) {
  std::string text = platform.os;
  if (!platform.architecture.empty()) {
    text += "/" + platform.architecture;
  }
  if (!platform.variant.empty()) {
    text += "/" + platform.variant;
  }
  return text;
}

}  // namespace dunnage
