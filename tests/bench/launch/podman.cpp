// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/engine.hpp"
#include "bench/launch/peer.hpp"

#include <cstdlib>
#include <string>
#include <vector>

namespace dunnage::bench {

std::function<void()> podman(const Stage& stage, unsigned binds) {
  const std::string program = installed("podman");
  hide_unified_cgroup();
  // limits this process may not raise would be refused, and there need be no systemd and no journal
  const auto configuration =
      stage.directory.write("podman/containers.conf",
                            "[containers]\ndefault_ulimits=[\"nofile=1024:1024\",\"nproc=32768:32768\"]\n"
                            "[engine]\ncgroup_manager=\"cgroupfs\"\nevents_logger=\"file\"\n");
  (void)::setenv("CONTAINERS_CONF", configuration.c_str(), 1);
  const auto place = stage.directory.path() / "podman";
  std::vector<std::string> argv{
      program,       "--root",           place / "root",      "--runroot", place / "run", "--tmpdir",
      place / "tmp", "--storage-driver", "overlay",           "run",       "--rm",        "--network",
      "none",        "--security-opt",   "seccomp=unconfined"};
  for (unsigned index = 0; index < binds; ++index) {
    argv.insert(argv.end(), {"-v", stage.sources[index].string() + ":/m/" + std::to_string(index)});
  }
  argv.insert(argv.end(), {"--rootfs", stage.root, "/true"});
  return [argv] { run_program(argv); };
}

}  // namespace dunnage::bench
