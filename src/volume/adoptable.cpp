// SPDX-License-Identifier: Apache-2.0
// What other engines have on the disk. Their databases are left alone: one is locked while the engine runs, and neither
// is a format anybody promises.

#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/adoption.hpp"
#include "volume/user_data.hpp"

#include <dunnage/error.hpp>

#include <fcntl.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <map>
#include <tuple>
#include <utility>

namespace dunnage::volume {
namespace {

using EngineJson = nlohmann::json;

constexpr const char* kDocker = "docker";
constexpr const char* kPodman = "podman";
constexpr std::size_t kMostOptionsBytes = std::size_t{1} << 20U;

/// What `volume inspect` says of a volume.
struct Inspected {
  Labels labels;
  DriverOptions options;
};

std::map<std::string, std::string> texts_of(const EngineJson& object, const char* key) {
  std::map<std::string, std::string> texts;
  if (const auto found = object.find(key); found != object.end() && !found->is_null()) {
    for (const auto& [name, value] : found->items()) {
      texts.emplace(name, value.get<std::string>());
    }
  }
  return texts;
}

std::map<std::string, Inspected> read_inspected(std::string_view text) {
  std::map<std::string, Inspected> known;
  if (text.empty()) {
    return known;
  }
  try {
    for (const EngineJson& volume : EngineJson::parse(text)) {
      known[volume.at("Name").get<std::string>()] = {texts_of(volume, "Labels"), texts_of(volume, "Options")};
    }
  } catch (const EngineJson::exception& fault) {
    throw VolumeError{{.stage = dunnage::Stage::Store,
                       .operation = "read what an engine says of its",
                       .subject = "volumes",
                       .detail = "",
                       .cause = fault.what(),
                       .code = errc::invalid_argument,
                       .remedy = "give what \"docker volume inspect\" or \"podman volume inspect\" printed"}};
  }
  return known;
}

/// Docker's own record of the options of a volume. What is no such record is none.
DriverOptions docker_options(int volume) {
  std::string buffer;
  const auto [text, number] = kernel::read_small_file(volume, "opts.json", buffer, kMostOptionsBytes);
  DriverOptions options;
  const EngineJson json = number == 0 ? EngineJson::parse(text, nullptr, false) : EngineJson{};
  if (json.is_object()) {
    for (const auto& [ours, theirs] : {std::pair{"type", "MountType"}, {"device", "MountDevice"}, {"o", "MountOpts"}}) {
      const auto found = json.find(theirs);
      if (found != json.end() && found->is_string() && !found->get<std::string>().empty()) {
        options[ours] = found->get<std::string>();
      }
    }
  }
  return options;
}

bool has_data(int volume) {
  return static_cast<bool>(
      kernel::open_beneath(volume, kDataName, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, kernel::Crossing::Allowed));
}

void find_in(int volumes, const std::filesystem::path& path, const char* engine,
             const std::map<std::string, Inspected>& inspected, std::vector<AdoptableVolume>& found) {
  for (const std::string& name : kernel::names_in(volumes)) {
    const auto directory = kernel::open_beneath(volumes, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!directory || !has_data(directory.get())) {
      continue;  // a database, or none of a driver that keeps its data here
    }
    AdoptableVolume volume{.engine = engine, .name = name, .directory = path / name};
    volume.driver_options = engine == kDocker ? docker_options(directory.get()) : DriverOptions{};
    if (const auto known = inspected.find(name); known != inspected.end()) {
      volume.labels = known->second.labels;
      volume.driver_options = known->second.options;
    }
    found.push_back(std::move(volume));
  }
}

const char* engine_of(const std::filesystem::path& path) {
  return path.native().find("/containers/") != std::string::npos ? kPodman : kDocker;
}

std::vector<std::filesystem::path> usual_places() {
  const std::filesystem::path data = ::geteuid() == 0 ? "/var/lib" : user_data();
  return data.empty() ? std::vector<std::filesystem::path>{}
                      : std::vector{data / "docker/volumes", data / "containers/storage/volumes"};
}

}  // namespace

std::vector<AdoptableVolume> find_adoptable(const std::filesystem::path& volumes, std::string_view inspected) {
  const auto known = read_inspected(inspected);
  const bool usual = volumes.empty();
  std::vector<AdoptableVolume> found;
  for (const std::filesystem::path& path : usual ? usual_places() : std::vector{full_path(volumes)}) {
    const kernel::FileDescriptor directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (directory) {
      find_in(directory.get(), path, engine_of(path), known, found);
    } else if (!usual) {
      throw kernel::CallError{"open directory", errno};
    }
  }
  std::sort(found.begin(), found.end(), [](const AdoptableVolume& left, const AdoptableVolume& right) {
    return std::tie(left.engine, left.name) < std::tie(right.engine, right.name);
  });
  return found;
}

}  // namespace dunnage::volume
