// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the tests of records share.

#include <dunnage/container_store.hpp>

#include "container/record.hpp"
#include "kernel/random_hex.hpp"
#include "launcher/log_format.hpp"
#include "launcher/protocol.hpp"
#include "launcher/socket.hpp"
#include "unit/volume_support.hpp"
#include "volume/volume_store_access.hpp"

#include <sys/socket.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::test {

/// A store with records in it.
struct RecordStore : TemporaryStore {
  ContainerStore containers = ContainerStore::open(root);

  [[nodiscard]] const volume::Layout& layout() const { return VolumeStoreAccess::layout(store); }
  [[nodiscard]] std::filesystem::path record(const std::string& name) const { return root / "containers" / name; }

  [[nodiscard]] static container::Config config_of(const std::string& name) {
    container::Config config;
    config.id = kernel::random_hex(64);
    config.name = name;
    config.argv = {"/bin/sleep", "60"};
    config.rootfs = "host";
    config.cwd = "/";
    config.user = "0:0";
    config.created_at = std::chrono::system_clock::now();
    return config;
  }
  [[nodiscard]] container::Record create(const container::Config& config) const {
    return container::create_record(layout(), config);
  }
  /// A record whose launcher has ended, or was killed if there is no `state`.
  void leave(const container::Config& config, std::string_view state) const {
    (void)create(config);
    if (!state.empty()) write(record(config.name) / "state.json", state);
  }

  static void write(const std::filesystem::path& file, std::string_view text) {
    std::ofstream{file, std::ios::binary} << text;
  }
};

inline constexpr std::string_view kExitedState =
    R"({"status":"exited","exit_code":7,"signal":0,"started_at":1000000000,"finished_at":3000000000,"restart_count":2})";
inline constexpr std::string_view kRunningState =
    R"({"status":"running","exit_code":0,"signal":0,"started_at":1000000000,"finished_at":0,"restart_count":0})";

/// An entry of a log as the launcher writes it.
inline std::string log_entry(std::string_view data, unsigned stream = 0, std::int64_t seconds = 1) {
  launcher::LogHeader header;
  header.size = static_cast<std::uint32_t>(data.size());
  header.stream = stream;
  header.time = seconds * 1'000'000'000;
  std::string bytes(sizeof header, '\0');
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes.append(data);
}

inline void append(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream{file, std::ios::binary | std::ios::app} << bytes;
}

/// Takes a connection that waits at the socket of a record and speaks first, as a launcher does.
inline kernel::FileDescriptor accept_and_greet(int control, launcher::ContainerState state, int process = -1) {
  if (!launcher::wait_readable(control, std::chrono::steady_clock::now() + std::chrono::seconds{10})) return {};
  kernel::FileDescriptor connection{::accept4(control, nullptr, nullptr, SOCK_CLOEXEC)};
  launcher::Message message;
  message.kind = launcher::MessageKind::Started;
  message.state = state;
  message.restart_count = 4;
  message.started_at = 5'000'000'000;
  const auto soon = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  std::vector<int> descriptors;
  if (process >= 0) descriptors.push_back(process);
  if (launcher::send(connection.get(), message, descriptors, soon) != 0) return {};
  return connection;
}

}  // namespace dunnage::test
