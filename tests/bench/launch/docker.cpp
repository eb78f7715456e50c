// SPDX-License-Identifier: Apache-2.0
#include "bench/docker_daemon.hpp"
#include "bench/launch/engine.hpp"
#include "bench/launch/peer.hpp"

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace dunnage::bench {

std::function<void()> docker(const Stage& stage, unsigned binds) {
  const std::string client = installed("docker");
  auto daemon = std::make_shared<DockerDaemon>(stage.directory.make("docker"));
  (void)::setenv("DOCKER_HOST", ("unix://" + daemon->socket().string()).c_str(), 1);
  run_program(
      {"/bin/sh", "-c", "tar -C '" + stage.root.string() + "' -c . | '" + client + "' import - bench:1 >/dev/null"});
  std::vector<std::string> argv{client, "run", "--rm", "--network", "none", "--security-opt", "seccomp=unconfined"};
  for (unsigned index = 0; index < binds; ++index) {
    argv.insert(argv.end(), {"-v", stage.sources[index].string() + ":/m/" + std::to_string(index)});
  }
  argv.insert(argv.end(), {"bench:1", "/true"});
  return [daemon, argv] { run_program(argv); };
}

}  // namespace dunnage::bench
