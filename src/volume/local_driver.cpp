// SPDX-License-Identifier: Apache-2.0
#include "volume/local_driver.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <string_view>

namespace dunnage::volume {
namespace {

using Fault = std::optional<DriverFault>;

/// One word of `o`.
struct Word {
  std::string name;
  std::optional<std::string> value;
};

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    const std::size_t equals = word.find('=');
    if (!word.empty()) {
      words.push_back({std::string{word.substr(0, equals)}, equals == std::string_view::npos
                                                                ? std::nullopt
                                                                : std::optional{std::string{word.substr(equals + 1)}}});
    }
  }
  return words;
}

std::optional<std::uint64_t> number_of(std::string_view text, int base = 10) {
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return fault == std::errc{} && end == text.data() + text.size() && !text.empty() ? std::optional{value}
                                                                                   : std::nullopt;
}

/// As tmpfs(5) has it: digits and k, m or g.
std::optional<std::uint64_t> size_of(std::string_view text) {
  unsigned shift = 0;
  if (!text.empty()) {
    const std::size_t unit = std::string_view{"kmgKMG"}.find(text.back());
    if (unit != std::string_view::npos) {
      shift = 10 * (static_cast<unsigned>(unit % 3) + 1);
      text.remove_suffix(1);
    }
  }
  const auto value = number_of(text);
  return value && *value > 0 && *value <= std::numeric_limits<std::uint64_t>::max() >> shift
             ? std::optional{*value << shift}
             : std::nullopt;
}

Fault bad_word(const LocalDriver& driver, const Word& word) {
  return DriverFault{fmt::format("\"{}\" is no option of a volume of type \"{}\"",
                                 word.value ? word.name + "=" + *word.value : word.name, driver.type),
                     "correct the option \"o\""};
}

std::optional<std::uint32_t> id_of(const std::string& text) {
  const auto value = number_of(text);
  return value && *value < std::numeric_limits<std::uint32_t>::max() ? std::optional{static_cast<std::uint32_t>(*value)}
                                                                     : std::nullopt;
}

Fault read_tmpfs_word(LocalDriver& driver, const Word& word) {
  const std::string value = word.value.value_or("");
  constexpr std::uint64_t kAllBits = 07777;
  bool good = word.value.has_value();
  if (word.name == "size") {
    const auto size = size_of(value);
    driver.size = size.value_or(0);
    good = size.has_value();
  } else if (word.name == "mode") {
    const auto mode = number_of(value, 8);
    driver.mode = static_cast<unsigned>(mode.value_or(0));
    good = mode && *mode <= kAllBits;
  } else if (word.name == "uid") {
    good = (driver.uid = id_of(value)).has_value();
  } else if (word.name == "gid") {
    good = (driver.gid = id_of(value)).has_value();
  } else if (word.name == "nr_inodes") {
    good = (driver.inodes = size_of(value)).has_value();
  } else if (word.name == "noswap") {
    driver.no_swap = true;
    good = !word.value;
  } else {
    good = false;
  }
  return good ? std::nullopt : bad_word(driver, word);
}

/// What every kind has. \return whether the word is one of these
bool read_flag(LocalDriver& driver, const Word& word) {
  if (word.value) {
    return false;
  }
  if (word.name == "ro" || word.name == "rw") {
    driver.read_only = word.name == "ro";
  } else if (word.name == "exec" || word.name == "noexec") {
    driver.exec = word.name == "exec";
  } else {
    // without them a mount has nosuid and nodev anyway; more than that is for the mount to say
    return word.name == "nosuid" || word.name == "nodev" || word.name == "defaults";
  }
  return true;
}

Fault read_word(LocalDriver& driver, const Word& word) {
  if (read_flag(driver, word)) {
    return std::nullopt;
  }
  switch (driver.kind) {
    case LocalDriver::Kind::Tmpfs:
      return read_tmpfs_word(driver, word);
    case LocalDriver::Kind::Bind:
      if (!word.value && (word.name == "bind" || word.name == "rbind")) {
        driver.recursive = word.name == "rbind";
        return std::nullopt;
      }
      return bad_word(driver, word);
    default:
      driver.data.emplace_back(word.name, word.value);
      return std::nullopt;
  }
}

const std::string* find(const DriverOptions& options, const char* key) {
  const auto found = options.find(key);
  return found == options.end() ? nullptr : &found->second;
}

Fault check_keys(const DriverOptions& options) {
  for (const auto& [key, value] : options) {
    if (key != "type" && key != "device" && key != "o" && key != "size") {
      return DriverFault{fmt::format("\"{}\" is no option of the driver \"local\"", key), "use type, device and o"};
    }
    if (value.find('\0') != std::string::npos) {
      return DriverFault{fmt::format("the option \"{}\" holds a NUL", key), "leave it out"};
    }
  }
  if (find(options, "size") != nullptr) {
    return DriverFault{"a size for a volume on disk needs a quota, which this library does not set",
                       "use a file system of that size in a file (type and device), or type=tmpfs with o=size=…", true};
  }
  for (const char* key : {"type", "device"}) {
    if (!options.empty() && (find(options, key) == nullptr || find(options, key)->empty())) {
      return DriverFault{fmt::format("the required option \"{}\" is missing", key), "give type and device, and o"};
    }
  }
  return std::nullopt;
}

}  // namespace

Fault read_driver_options(const DriverOptions& options, LocalDriver& driver) {
  driver = {};
  Fault fault = check_keys(options);
  if (fault || options.empty()) {
    return fault;
  }
  driver.type = *find(options, "type");
  driver.device = *find(options, "device");
  driver.kind = driver.type == "none" || driver.type == "bind" ? LocalDriver::Kind::Bind
                : driver.type == "tmpfs"                       ? LocalDriver::Kind::Tmpfs
                                                               : LocalDriver::Kind::FileSystem;
  bool bound = driver.type == "bind";
  if (const std::string* text = find(options, "o")) {
    for (const Word& word : words_of(*text)) {
      bound = bound || word.name == "bind" || word.name == "rbind";
      if (fault = read_word(driver, word); fault) {
        return fault;
      }
    }
  }
  if (driver.kind == LocalDriver::Kind::Bind && !bound) {
    return DriverFault{"a volume of type \"none\" is a directory of the host", "add o=bind"};
  }
  if (driver.kind == LocalDriver::Kind::Bind && driver.device.is_relative()) {
    return DriverFault{fmt::format("the device \"{}\" is not absolute", driver.device.string()), "begin it with \"/\""};
  }
  return std::nullopt;
}

}  // namespace dunnage::volume
