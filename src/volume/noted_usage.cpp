// SPDX-License-Identifier: Apache-2.0
#include "volume/noted_usage.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "volume/failure.hpp"
#include "volume/metadata.hpp"
#include "volume/private_directory.hpp"
#include "volume/stage.hpp"
#include "volume/timestamp.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <string>

namespace dunnage::volume {

std::optional<VolumeUsage> read_noted_usage(int directory, const char* name, std::chrono::milliseconds max_age) {
  constexpr std::size_t kMostOfANote = 4096;
  if (max_age.count() <= 0) {
    return std::nullopt;
  }
  std::string buffer;
  const auto [text, number] = kernel::read_small_file(directory, name, buffer, kMostOfANote);
  if (is_of_this_process(number)) {
    throw kernel::CallError{"read what was measured", number};
  }
  if (number != 0 || checksum_fault(text)) {
    return std::nullopt;
  }
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto number_at = [&](const char* member) -> std::optional<std::uint64_t> {
    const auto found = json.find(member);
    return found != json.end() && found->is_number_unsigned() ? std::optional{found->get<std::uint64_t>()}
                                                              : std::nullopt;
  };
  const auto time = json.find("measured_at");
  if (time == json.end() || !time->is_string()) {
    return std::nullopt;
  }
  const auto measured = parse_time(time->get<std::string>());
  const auto bytes = number_at("bytes");
  if (!bytes || !measured) {
    return std::nullopt;
  }
  const auto now = std::chrono::system_clock::now();
  if (*measured > now || std::chrono::duration_cast<std::chrono::milliseconds>(now - *measured) > max_age) {
    return std::nullopt;
  }
  return VolumeUsage{.bytes = *bytes, .files = number_at("files"), .measured_at = *measured, .cached = true};
}

void note_usage(const Layout& layout, int directory, const char* name, const VolumeUsage& usage) noexcept try {
  const std::string body = fmt::format("\"bytes\":{},\"files\":{},\"measured_at\":\"{}\"}}\n", usage.bytes,
                                       usage.files.value_or(0), format_time(usage.measured_at, Precision::Nanoseconds));
  const Stage stage{layout.open_staging()};
  kernel::write_new_file(stage.directory(), name, with_checksum(body), kPrivateFile);
  (void)::renameat(stage.directory(), name, directory, name);
} catch (const std::exception&) {  // the disk is full, or read-only: what was found is right nevertheless
}

}  // namespace dunnage::volume
