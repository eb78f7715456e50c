// SPDX-License-Identifier: Apache-2.0
// What takes a tenth of a second and has daemons, beside ours and the floor, in rounds of their own.

#include "bench/launch/engine.hpp"
#include "bench/launch/floor.hpp"
#include "bench/launch/our_rows.hpp"
#include "bench/launch/peer.hpp"
#include "bench/launch/row.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::bench {
namespace {

constexpr unsigned kManyBinds = 1000;

void add_engines_with_binds(std::vector<Row>& rows, const Stage& stage) {
  const std::string ours = row_name("dunnage", kManyBinds);
  const auto add = [&](std::string name, std::function<Launch()> make, bool program) {
    rows.push_back({.name = std::move(name),
                    .ours = ours,
                    .make = std::move(make),
                    .hot = {.warm = 1, .count = 1, .every = 3},
                    .program = program});
  };
  MountSet mounts;
  for (unsigned index = 0; index < kManyBinds; ++index) {
    mounts.add(BindMount{stage.sources[index], "/m/" + std::to_string(index)});
  }
  add(ours, our_launch([root = Rootfs::directory(stage.root), mounts] {
        return LaunchSpec{.rootfs = root, .argv = {"/true"}, .mounts = mounts, .seccomp = Seccomp::unconfined()};
      }),
      false);
  add(
      row_name("podman run", kManyBinds), [&stage] { return timed(podman(stage, kManyBinds)); }, true);
  add(
      row_name("docker run", kManyBinds), [&stage] { return timed(docker(stage, kManyBinds)); }, true);
}

}  // namespace

void add_engine_rows(std::vector<Row>& rows, const Stage& stage) {
  const std::string floor = row_name("floor", 0);
  const std::string ours = row_name("dunnage", 0);
  const auto add = [&](std::string name, std::function<std::function<void()>()> make) {
    rows.push_back({.name = std::move(name),
                    .floor = floor,
                    .ours = ours,
                    .make = [make = std::move(make)] { return timed(make()); },
                    .hot = {.warm = 1, .count = 1},
                    .cold = true,
                    .program = true});
  };
  add(floor, [root = stage.root] {
    auto made = std::make_shared<Floor>(FloorOptions{.tree = {.root = root}});
    return [made] { made->launch(); };
  });
  rows.push_back({.name = ours,
                  .floor = floor,
                  .ours = ours,
                  .make = our_launch([root = Rootfs::directory(stage.root)] {
                    return LaunchSpec{.rootfs = root, .argv = {"/true"}, .seccomp = Seccomp::unconfined()};
                  }),
                  .hot = {},
                  .cold = true});
  rows.front().hot = {};
  rows.front().program = false;
  add("systemd-nspawn", [&stage]() -> std::function<void()> {
    std::vector<std::string> argv{installed("systemd-nspawn"), "-q", "--register=no", "--keep-unit",
                                  "--private-network",         "-D", stage.root,      "/true"};
    return [argv = std::move(argv)] { run_program(argv); };
  });
  add("podman run", [&stage] { return podman(stage, 0); });
  add("docker run", [&stage] { return docker(stage, 0); });
  add_engines_with_binds(rows, stage);
}

}  // namespace dunnage::bench
