// SPDX-License-Identifier: Apache-2.0

// The flow, one stage after the other, and what each stage has done to the machine so far:
//
//     MountSet ──resolve()──▶ MountPlan ──prepare()──▶ PreparedMounts ──launch()──▶ Container
//     a wish       reads       a decision   opens        descriptors     attaches    a program that sees it
//
// Stop at any of them: print a plan for a dry run, prepare early to fail early.
//
//     stages [DIRECTORY]

#include "example.hpp"

#include <dunnage/dunnage.hpp>

#include <fstream>
#include <iterator>

using namespace dunnage::literals;
using example::check;
using example::say;

namespace {

std::string mount_table() {
  std::ifstream table{"/proc/self/mountinfo"};
  return {std::istreambuf_iterator<char>{table}, {}};
}

int run(const std::filesystem::path& directory) {
  const auto store = directory / "store";
  const auto settings = directory / "settings";
  std::filesystem::create_directories(settings);
  std::ofstream{settings / "colour"} << "blue\n";
  const std::string mounts_before = mount_table();

  say("1. MountSet: what the container shall see. Objects and the texts people know, as you like.");
  dunnage::MountSet mounts;
  mounts.add(dunnage::BindMount{settings, "/etc/app", {.read_only = true}})
      .add(dunnage::Tmpfs{"/scratch", {.size = 1_MiB}})
      .add_spec("type=volume,source=app-data,target=/data");
  std::cout << mounts << '\n';
  check(mounts.size() == 3 && !std::filesystem::exists(store), "it is a value; the machine is untouched");

  say("2. MountPlan: each mount with its source, its attributes, and why.");
  const dunnage::MountPlan plan = mounts.resolve({.store = store});
  std::cout << plan << '\n';
  std::cout << plan.explain("/etc/app/colour") << '\n';
  check(plan["/etc/app"].read_only, "the bind mount will be read-only");
  check(plan["/data"].create_volume, "the volume will be made; it is not there yet");

  say("3. PreparedMounts: the mounts exist, as descriptors, and nobody can see them.");
  dunnage::PreparedMounts prepared = plan.prepare();
  check(prepared.size() == 3, "three mounts are ready");
  check(mount_table() == mounts_before, "the mount table of this process is what it was");
  check(std::filesystem::exists(prepared.plan()["/data"].source), "the volume has been made");

  say("4. Container: launch() attaches them in the container's own mount namespace.");
  std::string seen;
  {
    auto container = dunnage::Container::launch({
        .argv = {"sh", "-c", "cat /etc/app/colour; echo kept > /data/file; echo red > /etc/app/colour || echo refused"},
        .mounts = std::move(prepared),
        .out = dunnage::Stdio::callback([&seen](std::string_view bytes) { seen += bytes; }),
        .err = dunnage::Stdio::null(),
    });
    check(container.plan().size() == 3, "a container knows the plan it was launched with");
    check(container.wait().success(), "the program has run");
  }
  check(seen == "blue\nrefused\n", "it has read its settings and could not change them");
  check(mount_table() == mounts_before, "the mount table of this process is still what it was");

  auto volumes = dunnage::VolumeStore::open(store);
  check(volumes.find("app-data").has_value(), "what it wrote to the volume is kept");
  volumes.remove("app-data");
  say("A mount is a wish, a decision, a descriptor, and then part of a container.");
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return example::show_in_directory(argc, argv, run); }
