// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/peer.hpp"

#include "bench/launch/host.hpp"
#include "support/find_program.hpp"

#include <nlohmann/json.hpp>

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

/// What is left of a configuration without what the leanest container does not need.
void make_lean(nlohmann::json& config) {
  for (auto& mount : config["mounts"]) {
    if (mount["destination"] != "/proc" && mount["destination"] != "/dev") {
      mount = nullptr;
    }
  }
  auto& mounts = config["mounts"];
  mounts.erase(std::remove(mounts.begin(), mounts.end(), nlohmann::json{}), mounts.end());
  config["linux"].erase("maskedPaths");
  config["linux"].erase("readonlyPaths");
}

/// The configuration a runtime writes, with what has to be different: no terminal, our program, our root, the binds.
void make_bundle(const std::string& runtime, const fs::path& bundle, const Stage& stage, Isolation isolation,
                 unsigned binds) {
  fs::remove_all(bundle);
  fs::create_directories(bundle);
  run_program({runtime, "spec", "--bundle", bundle.string()});
  const fs::path file = bundle / "config.json";
  auto config = nlohmann::json::parse(std::ifstream{file});
  config["process"]["terminal"] = false;
  config["process"]["args"] = {"/true"};
  config["root"]["path"] = stage.root.string();
  config["root"]["readonly"] = false;
  if (isolation == Isolation::Lean) {
    make_lean(config);
  }
  for (unsigned index = 0; index < binds; ++index) {
    config["mounts"].push_back({{"destination", "/m/" + std::to_string(index)},
                                {"type", "bind"},
                                {"source", stage.sources[index].string()},
                                {"options", {"bind", "nosuid", "nodev"}}});
  }
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

std::string installed(const std::string& name) {
  if (auto found = test::find_program(name)) {
    return found->string();
  }
  throw std::runtime_error{"not installed"};
}

void hide_unified_cgroup() {
  constexpr const char* kUnified = "/sys/fs/cgroup/unified";
  if (!fs::exists(kUnified)) {
    return;
  }
  make_mounts_private();
  if (::umount(kUnified) != 0) {
    throw std::system_error{errno, std::system_category(), "unmount the unified cgroup"};
  }
}

std::function<void()> oci_runtime(const std::string& name, const fs::path& directory, const Stage& stage,
                                  Isolation isolation, unsigned binds) {
  const std::string runtime = installed(name);
  hide_unified_cgroup();
  const fs::path bundle = directory / "bundle";
  make_bundle(runtime, bundle, stage, isolation, binds);
  std::vector<std::string> argv{runtime, "--root", (directory / "state").string()};
  if (isolation == Isolation::Lean) {
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

std::function<void()> bubblewrap(const Stage& stage, unsigned binds) {
  std::vector<std::string> argv{installed("bwrap"),
                                "--unshare-pid",
                                "--unshare-ipc",
                                "--unshare-uts",
                                "--unshare-net",
                                "--unshare-cgroup",
                                "--bind",
                                stage.root,
                                "/",
                                "--proc",
                                "/proc",
                                "--dev",
                                "/dev"};
  for (unsigned index = 0; index < binds; ++index) {
    argv.insert(argv.end(), {"--bind", stage.sources[index], "/m/" + std::to_string(index)});
  }
  argv.emplace_back("/true");
  return [argv] { run_program(argv); };
}

std::function<void()> lxc(const Stage& stage, unsigned binds) {
  const std::string start = installed("lxc-start");
  const fs::path file = stage.directory.path() / ("lxc-" + std::to_string(binds));
  std::ofstream config{file};
  config << "lxc.rootfs.path = dir:" << stage.root.string() << "\nlxc.init.cmd = /true\nlxc.net.0.type = empty\n"
         << "lxc.mount.auto = proc:mixed sys:ro cgroup:ro\nlxc.autodev = 1\n";
  for (unsigned index = 0; index < binds; ++index) {
    config << "lxc.mount.entry = " << stage.sources[index].string() << " m/" << index << " none bind,nosuid,nodev\n";
  }
  const std::string name = "dunnage-bench-" + std::to_string(::getpid());
  const fs::path state = stage.directory.make("lxc");
  return [argv = std::vector<std::string>{start, "-F", "-n", name, "-P", state, "-f", file}] { run_program(argv); };
}

}  // namespace dunnage::bench
