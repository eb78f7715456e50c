// SPDX-License-Identifier: Apache-2.0
#include "transaction/baseline.hpp"

#include "kernel/files.hpp"
#include "launcher/connection.hpp"
#include "launcher/reveal.hpp"
#include "transaction/place.hpp"
#include "volume/metadata.hpp"
#include "volume/private_directory.hpp"

#include <cstddef>
#include <cstring>

namespace dunnage::transaction {
namespace {

constexpr std::size_t kMostBaseline = std::size_t{4} << 30U;

VolumeError damaged_baseline(const volume::Deed& deed) {
  return volume::deed_failure(deed, "its record of the source as it was", make_error_code(errc::volume_damaged),
                              "its changes can be listed and copied by hand; then discard it");
}

}  // namespace

Baseline take_baseline(const volume::Deed& deed, int source, const Watch& watch) {
  Baseline baseline;
  const auto connection = launcher::connection_of_containers();
  const auto outcome = launcher::list_tree(
      *connection, source,
      [&](const launcher::RevealRecord& record, std::string_view path) {
        baseline.insert_or_assign(std::string{path}, record.lower);
      },
      watch);
  volume::require_done(deed, outcome);
  return baseline;
}

Baseline read_baseline(const volume::Deed& deed, int directory) {
  std::string buffer;
  const auto [text, number] = kernel::read_small_file(directory, kBaselineName, buffer, kMostBaseline);
  if (number != 0) {
    throw kernel::CallError{"read how the source was", number};
  }
  if (volume::checksum_fault(text)) {
    throw damaged_baseline(deed);
  }
  Baseline baseline;
  std::string_view rest = volume::without_checksum(text);
  while (!rest.empty()) {
    EntryState state;
    std::uint64_t size = 0;
    if (rest.size() < sizeof state + sizeof size) {
      throw damaged_baseline(deed);
    }
    std::memcpy(&state, rest.data(), sizeof state);
    std::memcpy(&size, rest.data() + sizeof state, sizeof size);
    rest.remove_prefix(sizeof state + sizeof size);
    if (rest.size() < size) {
      throw damaged_baseline(deed);
    }
    baseline.emplace_hint(baseline.end(), rest.substr(0, size), state);
    rest.remove_prefix(size);
  }
  return baseline;
}

void write_baseline(int directory, const Baseline& baseline) {
  std::string body;
  for (const auto& [path, state] : baseline) {
    const std::uint64_t size = path.size();
    body.append(reinterpret_cast<const char*>(&state), sizeof state);
    body.append(reinterpret_cast<const char*>(&size), sizeof size);
    body.append(path);
  }
  kernel::write_durably(directory, kBaselineName, volume::with_checksum(body), volume::kPrivateFile);
}

}  // namespace dunnage::transaction
