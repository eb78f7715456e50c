// SPDX-License-Identifier: Apache-2.0
#include "fuzz/record_input.hpp"

#include "container/config.hpp"
#include "launcher/volume_log.hpp"
#include "volume/index_bytes.hpp"
#include "volume/index_log.hpp"
#include "volume/metadata.hpp"

#include <dunnage/error.hpp>

#include <fmt/format.h>
#include <boost/crc.hpp>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <stdexcept>
#include <string>

namespace dunnage::test {
namespace {

void require(bool condition, const char* what) {
  if (!condition) {
    std::cerr << "record input: " << what << '\n';
    std::abort();
  }
}

/// \param body  what the checksum covers: all behind the first line
void read_metadata(std::string_view body) {
  boost::crc_32_type sum;
  sum.process_bytes(body.data(), body.size());
  VolumeInfo volume;
  const auto damage =
      volume::decode_metadata(fmt::format("{{\"checksum\":\"{:08x}\",\n{}", sum.checksum(), body), "v", volume);
  if (damage) {
    require(!damage->empty(), "damage says nothing");
    return;
  }
  const auto text = volume::encode_metadata(volume);
  require(text.has_value(), "what was read cannot be written");
  VolumeInfo again;
  require(!volume::decode_metadata(*text, "v", again), "what was written cannot be read");
  require(again.labels == volume.labels && again.owner == volume.owner && again.created_at == volume.created_at &&
              again.driver_options == volume.driver_options,
          "a volume is another one once it was written");
}

/// As index_bytes.cpp lays it out: a magic of eight bytes, the sum of all that follows it, the size of all.
void read_index(std::string_view bytes) {
  const volume::IndexPlace place{.boot = "boot", .device = 1, .volumes = 2, .file = 3};
  std::string index = *volume::IndexWriter{}.finish(place);
  index += bytes.substr(bytes.empty() ? 0 : 1);
  constexpr std::size_t kSum = 8;
  constexpr std::size_t kSize = 16;
  constexpr std::size_t kCount = 24;
  const std::uint64_t size = index.size();
  const std::uint64_t count = bytes.empty() ? 0 : static_cast<unsigned char>(bytes.front());
  std::memcpy(index.data() + kSize, &size, sizeof size);
  std::memcpy(index.data() + kCount, &count, sizeof count);
  const std::uint64_t sum = launcher::check_sum(index.data() + kSize, index.size() - kSize);
  std::memcpy(index.data() + kSum, &sum, sizeof sum);
  const auto volumes = volume::read_index(index, place);
  for (const volume::IndexedVolume& volume : volumes ? *volumes : std::vector<volume::IndexedVolume>{}) {
    VolumeInfo info;
    volume.write_to(info);
    (void)volume.labels.find("app");
    require(info.labels.size() <= volume.labels.count, "there are more labels than there were");
  }
}

/// Each 34 bytes become a record whose sum is right; then the bytes as they are.
void read_log(std::string_view bytes) {
  std::string log;
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::string_view content = rest.substr(1, static_cast<unsigned char>(rest.front()) % 33U);
    const char kind = (rest.front() & 64) != 0 ? launcher::VolumeLogRecord::kTime : launcher::VolumeLogRecord::kName;
    const auto record = launcher::volume_log_record(kind, content.data(), content.size());
    log.append(record.bytes, record.size);
    rest.remove_prefix(1 + content.size());
  }
  (void)volume::read_log(log);
  (void)volume::read_log(bytes);
}

/// Of another form than with a checksum, what is wrong with it is found before it is read.
void read_config(std::string_view bytes) {
  const std::string text = bytes.starts_with('{') ? volume::with_checksum(bytes.substr(1)) : std::string{bytes};
  try {
    const container::Config config = container::decode_config(text);
    const std::string written = container::encode_config(config);
    require(container::encode_config(container::decode_config(written)) == written,
            "a record is another one once it was written");
  } catch (const std::invalid_argument& refusal) {
    require(*refusal.what() != '\0', "a refusal says nothing");
  }
}

}  // namespace

void read_record_input(std::string_view bytes) {
  if (bytes.empty()) {
    return;
  }
  const auto choice = static_cast<unsigned char>(bytes.front()) % 5U;
  bytes.remove_prefix(1);
  switch (choice) {
    case 0:
      return read_metadata(bytes);
    case 1:
      return read_index(bytes);
    case 2:
      return read_log(bytes);
    case 3:
      return read_config(bytes);
    default:
      (void)container::decode_state(bytes);
  }
}

}  // namespace dunnage::test
