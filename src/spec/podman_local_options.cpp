// SPDX-License-Identifier: Apache-2.0
#include "spec/podman_local_options.hpp"

#include "spec/flag.hpp"
#include "spec/lower.hpp"
#include "spec/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace dunnage::spec {
namespace {

constexpr std::array<std::string_view, 10> kPodmanLocalKeys{"device", "o",      "type",    "uid",  "gid",
                                                            "size",   "inodes", "noquota", "copy", "nocopy"};

std::optional<std::int64_t> parse_integer(std::string_view text) noexcept {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
  }
  std::int64_t number = 0;
  const char* const stop = text.data() + text.size();
  const auto [end, fault] = std::from_chars(text.data(), stop, number);
  return text.empty() || fault != std::errc{} || end != stop ? std::nullopt : std::optional{number};
}

/// Reads the words of the option `o`.
class MountOptions {
 public:
  MountOptions(const Input& input, SpecVolumeCreate& value) : input_{input}, value_{value} {}

  void read() {
    const auto found = value_.stored_options.find("o");
    if (found == value_.stored_options.end()) {
      return;
    }
    const std::string said = std::move(found->second);
    value_.stored_options.erase(found);
    std::size_t begin = 0;
    while (begin <= said.size()) {
      const std::size_t end = std::min(said.find(',', begin), said.size());
      take(said.substr(begin, end - begin));
      begin = end + 1;
    }
    if (any_kept_) {
      value_.stored_options["o"] = kept_;
    }
    if (timeout_ && (value_.driver == "local")) {
      refuse("timeout", SpecCode::TimeoutLocal, "Volume driver timeout can only be used with non-local volume drivers",
             "\"timeout\" is for drivers that are plugins", "leave it out");
    }
  }

 private:
  [[noreturn]] void refuse(std::string_view word, SpecCode code, std::string words, std::string cause,
                           std::string remedy) const {
    input_.refuse(find_span(input_, word), {code, SpecStage::Parse, std::move(words)}, std::move(cause),
                  std::move(remedy));
  }

  void keep(const std::string& word) {
    kept_ += any_kept_ ? "," : "";
    kept_ += word;
    any_kept_ = true;
  }

  std::string needed(const std::string& word, std::size_t equals, std::string_view what) const {
    if (equals == std::string::npos) {
      refuse(word, SpecCode::EmptyOptionValue, fmt::format("option must provide a {}", what),
             fmt::format("\"{}\" needs a value", shown(word)), fmt::format("write \"{}=...\"", shown(word)));
    }
    return word.substr(equals + 1);
  }

  std::int64_t integer(const std::string& word, const std::string& text, std::string_view what) const {
    const auto number = parse_integer(text);
    if (!number) {
      refuse(word, SpecCode::BadInt, fmt::format("cannot convert {} {} to integer", what, shown(text)),
             fmt::format("\"{}\" is not a number", shown(text)), "write digits only");
    }
    return *number;
  }

  void take(const std::string& word) {
    const std::size_t equals = word.find('=');
    const std::string key = lower(word.substr(0, equals));
    if (key == "uid" || key == "gid") {
      take_id(word, equals, key == "uid");
    } else if (key == "size") {
      take_size(word, needed(word, equals, "size"));
    } else if (key == "inodes") {
      take_inodes(word, needed(word, equals, "number of inodes"));
    } else if (key == "noquota") {
      value_.no_quota = true;
      value_.stored_options["NOQUOTA"] = "true";
    } else if (key == "timeout") {
      take_timeout(word, needed(word, equals, "valid timeout in seconds"));
    } else {
      keep(word);
    }
  }

  void take_id(const std::string& word, std::size_t equals, bool user) {
    const std::string_view name = user ? "UID" : "GID";
    const std::string text = needed(word, equals, name);
    (user ? value_.uid : value_.gid) = integer(word, text, name);
    value_.stored_options[std::string{name}] = text;
    keep(word);
  }

  void take_size(const std::string& word, const std::string& text) {
    value_.size = parse_size(text, 1000);
    if (!value_.size) {
      refuse(word, SpecCode::BadSize, fmt::format("cannot convert size {} to integer", shown(text)),
             fmt::format("\"{}\" is not a size", shown(text)), "write bytes, or a number with k, m, g or t");
    }
    value_.stored_options["SIZE"] = text;
    keep(word);
  }

  void take_inodes(const std::string& word, const std::string& text) {
    value_.inodes = parse_number(text, 10, std::numeric_limits<std::uint64_t>::max());
    if (!value_.inodes) {
      refuse(word, SpecCode::BadInt, fmt::format("cannot convert inodes {} to integer", shown(text)),
             fmt::format("\"{}\" is not a number", shown(text)), "write digits only");
    }
    value_.stored_options["INODES"] = text;
    keep(word);
  }

  void take_timeout(const std::string& word, const std::string& text) {
    if (integer(word, text, "Timeout") < 0) {
      refuse(word, SpecCode::BadInt, fmt::format("volume timeout cannot be negative (got {})", shown(text)),
             "a time cannot be negative", "write the number of seconds");
    }
    timeout_ = true;
  }

  const Input& input_;
  SpecVolumeCreate& value_;
  std::string kept_{};
  bool any_kept_ = false;
  bool timeout_ = false;
};

void check_keys(const Input& input, const SpecVolumeCreate& value) {
  for (const auto& [key, text] : value.stored_options) {
    const std::string small = lower(key);
    const bool known = value.driver == "image" ? small == "image"
                                               : std::find(kPodmanLocalKeys.begin(), kPodmanLocalKeys.end(), small) !=
                                                     kPodmanLocalKeys.end();
    if (!known) {
      input.refuse(find_span(input, key),
                   {SpecCode::UnknownOption, SpecStage::Parse,
                    fmt::format("invalid mount option {} for driver '{}': invalid argument", shown(key), value.driver)},
                   fmt::format("the driver \"{}\" has no option \"{}\"", value.driver, shown(key)),
                   "use \"type\", \"device\" or \"o\"");
    }
  }
}

void check_device(const Input& input, const SpecVolumeCreate& value, const Rules& rules) {
  const auto type = value.stored_options.find("type");
  const auto device = value.stored_options.find("device");
  if (type == value.stored_options.end() || device == value.stored_options.end() || type->second != "bind" ||
      rules.host.exists(device->second)) {
    return;
  }
  input.refuse(find_span(input, device->second),
               {SpecCode::SourceNotFound, SpecStage::Parse,
                fmt::format("invalid volume option device for driver 'local': stat {}: no such file or directory",
                            shown(device->second))},
               fmt::format("there is no \"{}\" on the host", shown(device->second)), "make it before");
}

void check_quota(const Input& input, const SpecVolumeCreate& value, const Rules& rules) {
  const bool limited = value.size.value_or(0) > 0 || value.inodes.value_or(0) > 0;
  if (value.no_quota && limited) {
    input.refuse(
        find_span(input, "noquota"),
        {SpecCode::QuotaConflict, SpecStage::Parse, "volume options size and inodes cannot be used without quota"},
        "\"noquota\" contradicts a limit", "leave one of the two out");
  }
  const auto type = value.stored_options.find("type");
  if (type != value.stored_options.end() && type->second == "tmpfs") {
    if (value.inodes.value_or(0) > 0) {
      input.refuse(find_span(input, "inodes"),
                   {SpecCode::Unsupported, SpecStage::Parse, "volume option inodes not supported on tmpfs filesystem"},
                   "Podman limits no inodes of a tmpfs", "leave \"inodes\" out");
    }
    return;
  }
  if (limited && !rules.host.context().project_quota) {
    input.refuse(find_span(input, "size"),
                 {SpecCode::NoQuota, SpecStage::Parse,
                  "volume options size and inodes not supported. Filesystem does not support Project Quota"},
                 "the file system of the volumes has no project quotas", "leave the limit out", errc::not_supported);
  }
}

/// Podman counts: a volume with no more options than the ones that need no mount is not mounted.
bool counts_as_mounted(const SpecVolumeCreate& value) {
  constexpr std::array<std::string_view, 6> kSoft{"UID", "GID", "SIZE", "NOQUOTA", "nocopy", "copy"};
  const auto soft = static_cast<std::size_t>(std::count_if(kSoft.begin(), kSoft.end(), [&](std::string_view key) {
    return value.stored_options.contains(std::string{key});
  }));
  return value.stored_options.size() > soft + (soft > 0 ? 1 : 0);
}

SpecVolumeCreate complete_image(const Input& input, SpecVolumeCreate&& value) {
  check_keys(input, value);
  const auto image = value.stored_options.find("image");
  if (image == value.stored_options.end() || image->second.empty()) {
    input.refuse(input.end(),
                 {SpecCode::MissingOption, SpecStage::Parse,
                  "must provide an image name when creating a volume with the image driver"},
                 "the driver \"image\" needs an image", "add \"image=NAME\"");
  }
  value.needs_mount = true;
  return std::move(value);
}

}  // namespace

SpecVolumeCreate complete_podman_volume(const Input& input, SpecVolumeCreate&& value, const Rules& rules) {
  MountOptions{input, value}.read();
  if (value.driver == "image") {
    return complete_image(input, std::move(value));
  }
  if (value.driver != "local") {
    value.needs_mount = true;
    return std::move(value);
  }
  check_keys(input, value);
  check_device(input, value, rules);
  check_quota(input, value, rules);
  value.needs_mount = counts_as_mounted(value);
  return std::move(value);
}

}  // namespace dunnage::spec
