// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/peer.hpp"

#include "support/find_program.hpp"

#include <nlohmann/json.hpp>

#include <sched.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace dunnage::bench {
namespace {

namespace fs = std::filesystem;

std::string program(const std::string& name) {
  if (auto found = test::find_program(name)) {
    return found->string();
  }
  throw std::runtime_error{"not installed"};
}

void unmount_unified_cgroup() {
  constexpr const char* kUnified = "/sys/fs/cgroup/unified";
  if (!fs::exists(kUnified)) {
    return;
  }
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::umount(kUnified) != 0) {
    throw std::system_error{errno, std::system_category(), "unmount the unified cgroup"};
  }
}

/// The configuration a runtime writes, with what has to be different: no terminal, our program, our root.
void make_bundle(const std::string& runtime, const fs::path& bundle, const fs::path& root, Cgroup cgroup) {
  fs::remove_all(bundle);
  fs::create_directories(bundle);
  run_program({runtime, "spec", "--bundle", bundle.string()});
  const fs::path file = bundle / "config.json";
  auto config = nlohmann::json::parse(std::ifstream{file});
  config["process"]["terminal"] = false;
  config["process"]["args"] = {"/true"};
  config["root"]["path"] = root.string();
  config["root"]["readonly"] = false;
  for (auto& mount : config["mounts"]) {
    if (cgroup == Cgroup::Disabled && mount["type"] == "cgroup") {
      mount = nullptr;
    }
  }
  auto& mounts = config["mounts"];
  mounts.erase(std::remove(mounts.begin(), mounts.end(), nlohmann::json{}), mounts.end());
  std::ofstream{file} << config.dump(2);
}

}  // namespace

void run_program(const std::vector<std::string>& argv) {
  std::vector<char*> arguments;
  for (const std::string& argument : argv) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  pid_t pid = 0;
  if (const int error = ::posix_spawn(&pid, argv.front().c_str(), nullptr, nullptr, arguments.data(), environ)) {
    throw std::system_error{error, std::system_category(), argv.front()};
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) != pid) {
  }
  if (status != 0) {
    throw std::runtime_error{argv.front() + " failed"};
  }
}

std::function<void()> oci_runtime(const std::string& name, const fs::path& directory, const fs::path& root,
                                  Cgroup cgroup) {
  const std::string runtime = program(name);
  unmount_unified_cgroup();
  const fs::path bundle = directory / "bundle";
  make_bundle(runtime, bundle, root, cgroup);
  std::vector<std::string> argv{runtime, "--root", (directory / "state").string()};
  if (cgroup == Cgroup::Disabled) {
    argv.emplace_back("--cgroup-manager=disabled");
  }
  argv.insert(argv.end(), {"run", "--bundle", bundle.string(), ""});
  auto count = std::make_shared<int>(0);
  const std::string prefix = "dunnage-bench-" + std::to_string(::getpid()) + "-";
  return [argv, count, prefix]() mutable {
    argv.back() = prefix + std::to_string(++*count);
    run_program(argv);
  };
}

std::function<void()> bubblewrap(const fs::path& root) {
  const std::vector<std::string> argv{program("bwrap"), "--unshare-pid", "--unshare-ipc",
                                      "--unshare-uts",  "--unshare-net", "--unshare-cgroup",
                                      "--bind",         root.string(),   "/",
                                      "--proc",         "/proc",         "--dev",
                                      "/dev",           "/true"};
  return [argv] { run_program(argv); };
}

}  // namespace dunnage::bench
