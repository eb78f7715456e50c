// SPDX-License-Identifier: Apache-2.0
#include "compose/normal.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::compose {
namespace {

bool is_external(const Value& value) {
  const Value* const external = value.find("external");
  return external != nullptr && external->is_bool() && external->boolean();
}

void check_volume(const Texts& texts, const Value& volume, const Path& path) {
  if (!is_external(volume)) {
    return;
  }
  for (const auto& [name, value] : volume.map()) {
    if (name != "name" && name != "external" && !name.starts_with("x-")) {
      texts.refuse(value.key.file != 0 ? value.key : value.mark, to_string(path),
                   fmt::format("conflicting parameters \"external\" and \"{}\" specified", name),
                   "leave one of the two out");
    }
  }
}

/// Exactly one of the members, unless somebody else makes it.
void check_file(const Texts& texts, const Value& file, const Path& path, const std::vector<std::string_view>& members) {
  std::size_t count = 0;
  std::string all;
  for (const std::string_view member : members) {
    count += file.find(member) != nullptr ? 1 : 0;
    all += (all.empty() ? "" : ", ") + std::string{member};
  }
  if (count > 1) {
    texts.refuse(file.mark, to_string(path), fmt::format("it has more than one of {}", all), "keep one of them");
  }
  if (count == 0 && file.find("driver") == nullptr && file.find("external") == nullptr) {
    texts.refuse(file.mark, to_string(path), fmt::format("it has none of {}", all), "add one of them");
  }
}

void check_port(const Texts& texts, const Value& port, const Path& path) {
  const Value* const address = port.find("host_ip");
  std::array<unsigned char, sizeof(in6_addr)> buffer{};
  if (address != nullptr && ::inet_pton(AF_INET, address->text().c_str(), buffer.data()) != 1 &&
      ::inet_pton(AF_INET6, address->text().c_str(), buffer.data()) != 1) {
    texts.refuse(address->mark, to_string(path), "invalid ip address", "write one like 127.0.0.1 or ::1");
  }
}

void check_devices(const Texts& texts, const Value* devices, Path path) {
  if (devices == nullptr || !devices->is_list()) {
    return;
  }
  for (const Value& device : devices->list()) {
    if (device.find("count") != nullptr && device.find("device_ids") != nullptr) {
      texts.refuse(device.mark, to_string(path), "\"count\" and \"device_ids\" exclude each other", "keep one of them");
    }
  }
}

void check_service(const Texts& texts, const Value& service, const Path& path) {
  if (const Value* const ports = service.find("ports")) {
    for (const Value& port : ports->list()) {
      check_port(texts, port, path);
    }
  }
  check_devices(texts, service.find("gpus"), path);
  check_devices(texts, service.find_below({"deploy", "resources", "reservations", "devices"}), path);
  if (const Value* const watches = service.find_below({"develop", "watch"}); watches != nullptr && watches->is_list()) {
    for (const Value& watch : watches->list()) {
      if (watch.text_of("path").empty()) {
        texts.refuse(watch.mark, to_string(path), "the path of a watch is blank", "name a directory");
      }
    }
  }
}

}  // namespace

void check_model(const Texts& texts, const Value& model) {
  const auto each = [&](const char* part, const auto& check) {
    if (const Value* const found = model.find(part)) {
      for (const auto& [name, value] : found->map()) {
        if (value.is_map()) {
          check(texts, value, Path{part, name});
        }
      }
    }
  };
  each("volumes", check_volume);
  each("configs", [](const Texts& all, const Value& value, const Path& path) {
    check_file(all, value, path, {"file", "environment", "content"});
  });
  each("secrets", [](const Texts& all, const Value& value, const Path& path) {
    check_file(all, value, path, {"file", "environment"});
  });
  each("services", check_service);
}

}  // namespace dunnage::compose
