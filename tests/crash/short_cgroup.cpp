// SPDX-License-Identifier: Apache-2.0
#include "crash/short_cgroup.hpp"

#include "container/resources_support.hpp"
#include "support/host.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>

namespace dunnage::test {

namespace {

namespace fs = std::filesystem;

/// What the holder has in memory. How likely a process is to be killed goes by how much the cgroup may have in all.
constexpr std::uint64_t kHeld = 16U << 20U;

Container launch_holder(ShortCgroup::Of kind, const fs::path& store) {
  LaunchSpec spec{.argv = {"sleep", "100000"}, .out = Stdio::null(), .err = Stdio::null(), .store = store};
  if (kind == ShortCgroup::Of::Memory) {
    spec.argv = {"sh", "-c", "head -c " + std::to_string(kHeld) + " /dev/zero >/dev/shm/held; exec sleep 100000"};
    spec.resources.memory = std::int64_t{1} << 30U;
  } else {
    spec.resources.pids = 10'000;
  }
  return Container::launch(std::move(spec));
}

/// The file by one of its names: version 2 of cgroups, version 1.
fs::path file_in(const fs::path& directory, const char* name, const char* older) {
  return fs::exists(directory / name) ? directory / name : directory / older;
}

fs::path limit_file(ShortCgroup::Of kind, const fs::path& directory) {
  return kind == ShortCgroup::Of::Memory ? file_in(directory, "memory.max", "memory.limit_in_bytes")
                                         : directory / "pids.max";
}

/// Of the hierarchy in which that directory is.
fs::path cgroup_of(pid_t process, const fs::path& hierarchy, const std::string& controller) {
  std::istringstream lines{file_text("/proc/" + std::to_string(process) + "/cgroup")};
  std::string unified;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    const std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string path = line.substr(second + 1);
    if (names.find("," + controller + ",") != std::string::npos) return hierarchy / path.substr(1);
    if (names == ",,") unified = path;
  }
  return hierarchy / unified.substr(1);
}

void write(const fs::path& file, const std::string& text) {
  std::FILE* stream = std::fopen(file.c_str(), "we");
  const bool written = stream != nullptr && std::fputs(text.c_str(), stream) >= 0 && std::fflush(stream) == 0;
  const int error = errno;
  if (stream != nullptr) (void)std::fclose(stream);
  if (!written) throw std::system_error{error, std::generic_category(), "write " + text + " to " + file.string()};
}

}  // namespace

ShortCgroup::ShortCgroup(Of kind, const fs::path& store) : kind_{kind}, holder_{launch_holder(kind, store)} {
  for (const fs::path& directory : directories_named(holder_.id())) {
    if (fs::exists(limit_file(kind, directory))) directory_ = directory;
  }
  if (directory_.empty()) throw std::runtime_error{"the container has no such cgroup"};
  before_ = file_text(limit_file(kind, directory_));
  if (kind == Of::Memory && !becomes_true([&] { return current() > kHeld; }, std::chrono::seconds{20})) {
    throw std::runtime_error{"the container holds no memory"};
  }
}

ShortCgroup::~ShortCgroup() {
  try {
    give_back();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());  // what stays behind is found by who looks for it
  }
}

void ShortCgroup::take(pid_t process) {
  const std::string controller = kind_ == Of::Memory ? "memory" : "pids";
  const fs::path own = cgroup_of(holder_.pid(), "/", controller);  // seen from the hierarchy's top
  const std::string whole = directory_.string();
  const fs::path hierarchy = whole.substr(0, whole.size() - own.string().size());
  origins_.emplace(process, cgroup_of(process, hierarchy, controller));
  write(directory_ / "cgroup.procs", std::to_string(process));
  // else it would be the holder, which is the largest there, and with it its whole cgroup would go
  if (kind_ == Of::Memory) write("/proc/" + std::to_string(process) + "/oom_score_adj", "1000");
}

std::uint64_t ShortCgroup::current() const {
  return std::stoull(file_text(kind_ == Of::Memory ? file_in(directory_, "memory.current", "memory.usage_in_bytes")
                                                   : directory_ / "pids.current"));
}

void ShortCgroup::allow(std::uint64_t more) { limit(std::to_string(current() + more)); }

void ShortCgroup::give_back() {
  if (!fs::exists(directory_)) return;  // its launcher was killed, and has been swept
  limit_nothing();
  for (const auto& [process, origin] : origins_) {
    if (fs::exists("/proc/" + std::to_string(process))) write(origin / "cgroup.procs", std::to_string(process));
  }
  origins_.clear();
}

void ShortCgroup::limit_nothing() const { limit(before_); }

void ShortCgroup::limit(const std::string& text) const { write(limit_file(kind_, directory_), text); }

}  // namespace dunnage::test
