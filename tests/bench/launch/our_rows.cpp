// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/our_rows.hpp"

#include "bench/launch/host.hpp"
#include "bench/launch/row.hpp"

#include <dunnage/launch_template.hpp>
#include <dunnage/volume_store.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::bench {
namespace {

Specify with_mounts(const Stage& stage, MountSet mounts, bool network) {
  return [root = Rootfs::directory(stage.root), store = stage.store, mounts = std::move(mounts), network] {
    return LaunchSpec{.rootfs = root,
                      .argv = {"/true"},
                      .mounts = mounts,
                      .network = network ? Network::Private : Network::Host,
                      .seccomp = Seccomp::unconfined(),
                      .store = store};
  };
}

Specify with_binds(const Stage& stage, unsigned binds, bool network) {
  MountSet mounts;
  const auto sources = stage.some(binds);
  for (std::size_t index = 0; index < sources.size(); ++index) {
    mounts.add(BindMount{sources[index], "/m/" + std::to_string(index)});
  }
  return with_mounts(stage, std::move(mounts), network);
}

Specify with_volume(const Stage& stage) {
  return with_mounts(stage, MountSet{VolumeStore::open(stage.store).get_or_create("data").at("/m/0")}, true);
}

Specify of_image(const Stage& stage, const RootChanges& changes, bool read_only) {
  return [store = stage.store, changes, read_only] {
    return LaunchSpec{.rootfs = Rootfs::image(kImageName),
                      .argv = {"/true"},
                      .read_only_root = read_only,
                      .root_changes = changes,
                      .seccomp = Seccomp::unconfined(),
                      .store = store};
  };
}

void require_success(const ExitStatus& status) {
  if (!status.success()) {
    throw std::runtime_error{"the program failed"};
  }
}

/// What is prepared once is not measured.
std::function<Launch()> from_template(Specify specify) {
  return [specify = std::move(specify)] {
    auto made = std::make_shared<LaunchTemplate>(specify());
    return timed([made] { require_success(made->launch().wait()); });
  };
}

/// With the networks of what is timed made before.
std::function<Launch()> kept_ready(Specify specify) {
  return [specify = std::move(specify)] {
    auto made = std::make_shared<LaunchTemplate>(specify());
    return [made](unsigned count) {
      made->keep_ready(2 * count + 2);
      return timed([made] { require_success(made->launch().wait()); })(count);
    };
  };
}

void add_template_rows(std::vector<Row>& rows, const Stage& stage) {
  for (const bool network : {true, false}) {
    for (const unsigned binds : kBinds) {
      rows.push_back({.name = row_name("dunnage from a template", binds, network),
                      .floor = row_name("template floor", binds, network),
                      .ours = row_name("dunnage", binds, network),
                      .make = from_template(with_binds(stage, binds, network)),
                      .hot = pace_of(binds),
                      .cold = binds == 0});
    }
  }
  rows.push_back({.name = kKeptReady,
                  .floor = row_name("template floor", 0, true),
                  .ours = row_name("dunnage", 0, true),
                  .make = kept_ready(with_binds(stage, 0, true)),
                  .cold = true});
}

}  // namespace

std::function<Launch()> our_launch(Specify specify) {
  return [specify = std::move(specify)] { return timed([specify] { require_success(run(specify())); }); };
}

void add_our_rows(std::vector<Row>& rows, const Stage& stage) {
  const std::string plain = row_name("dunnage", 0);
  const std::string floor = row_name("floor", 0);
  const auto add = [&](std::string name, std::string least, Specify specify, Pace pace = {}, bool cold = false) {
    rows.push_back({.name = std::move(name),
                    .floor = std::move(least),
                    .ours = plain,
                    .make = our_launch(std::move(specify)),
                    .hot = pace,
                    .cold = cold});
  };
  for (const bool network : {true, false}) {
    for (const unsigned binds : kBinds) {
      add(row_name("dunnage", binds, network), row_name("floor", binds, network), with_binds(stage, binds, network),
          pace_of(binds), binds == 0);
    }
  }
  add_template_rows(rows, stage);
  add("dunnage, a named volume", row_name("floor", 1), with_volume(stage));
  add("dunnage, an image of 10 layers", floor, of_image(stage, {}, false), {}, true);
  add("dunnage, an image, changes in memory", floor, of_image(stage, {.kind = RootChanges::Kind::Memory}, false));
  add("dunnage, an image, read-only", floor, of_image(stage, {}, true));
  add("dunnage, Rootfs::host()", floor,
      [] { return LaunchSpec{.argv = {"/bin/true"}, .seccomp = Seccomp::unconfined()}; });
  add(kFiltered, "filtered floor, 0 binds", [plain = with_binds(stage, 0, true)] {
    LaunchSpec spec = plain();
    spec.seccomp = Seccomp::standard();
    return spec;
  });
  add(
      kLimited, row_name("limited floor", 0),
      [plain = with_binds(stage, 0, true)] {
        LaunchSpec spec = plain();
        spec.resources = {.memory = kLimitedMemory, .pids = kLimitedPids};
        return spec;
      },
      {}, true);
  rows.push_back({.name = "dunnage, first launch of a process",
                  .floor = floor,
                  .ours = plain,
                  .make = [root = stage.root] { return first_launch(root); },
                  .hot = {.warm = 0, .count = 1}});
}

}  // namespace dunnage::bench
