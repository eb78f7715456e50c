// SPDX-License-Identifier: Apache-2.0
// P-58: a container makes directories a hundred thousand deep, in a volume and in its image's root, and the host does
// all it can do with them on threads that have little stack. A disk may need minutes to be rid of that many: root works
// in memory, and ordinary users, whose overlays cannot be there before Linux 6.6, go as deep as would end a thread that
// calls itself once for each directory. DUNNAGE_DEEP_TREE is another depth.
//
// That the stack counts is seen in the weakened build removal-by-recursion: the process is killed.

#include "container/image_support.hpp"
#include "container/records_support.hpp"
#include "kernel/file_descriptor.hpp"
#include "support/sanitized.hpp"

#include <dunnage/copy.hpp>

#include <fcntl.h>
#include <pthread.h>

#include <array>
#include <cstdlib>
#include <functional>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSmallStack = std::size_t{kSanitized ? 2048 : 256} << 10U;  // sanitizers need room themselves

/// Works on a thread of its own, as small as hosts with many have them. \return the code of the error, if any
std::error_code on_small_stack(const std::function<void()>& work) {
  struct Task {
    const std::function<void()>& work;
    std::error_code code{};
    std::string other{};
  } task{work};
  pthread_attr_t attributes;
  REQUIRE(::pthread_attr_init(&attributes) == 0);
  REQUIRE(::pthread_attr_setstacksize(&attributes, kSmallStack) == 0);
  pthread_t thread{};
  const auto start = [](void* argument) -> void* {
    auto& own = *static_cast<Task*>(argument);
    try {
      own.work();
    } catch (const Error& error) {
      own.code = error.code();
    } catch (const std::exception& error) {
      own.other = error.what();
    }
    return nullptr;
  };
  REQUIRE(::pthread_create(&thread, &attributes, start, &task) == 0);
  REQUIRE(::pthread_join(thread, nullptr) == 0);
  (void)::pthread_attr_destroy(&attributes);
  CHECK(task.other == "");
  return task.code;
}

constexpr const char* kDig = R"(
import os, sys
for top in ("/data", "/"):
  os.chdir(top)
  for level in range(int(sys.argv[1])):
    os.mkdir("d")
    os.chdir("d")
)";

int depth() {
  if (const char* asked = std::getenv("DUNNAGE_DEEP_TREE")) return std::atoi(asked);
  return who() == Launcher::Root ? 100'000 : 4'000;
}

/// The machine's programs where its root has them, for an image that has only a shell.
Layer links_to_usr() {
  Layer layer;
  for (const char* name : {"lib", "lib64"}) {
    const fs::path host = fs::path{"/"} / name;
    if (fs::is_symlink(host))
      layer.push_back({.path = name, .content = fs::read_symlink(host).string(), .type = '2', .mode = 0777});
  }
  return layer;
}

}  // namespace

TEST_CASE(
    "P-58: a tree a container made a hundred thousand deep is told, copied, packed, given away and removed on a "
    "small stack, or refused",
    "[container][attack][one-user]") {
  if (!requires_busybox() || !requires_program("python3")) return;
  if (who() == Launcher::Root) ::setenv("TMPDIR", "/dev/shm", 1);
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer(), links_to_usr()});
  VolumeStore volumes = ground.volumes();
  ContainerStore containers = ground.containers();
  LaunchSpec spec = images.spec("app", {"python3", "-c", kDig, std::to_string(depth())},
                                {VolumeMount{"deep", "/data"}, BindMount{"/usr", "/usr", {.read_only = true}}});
  spec.env = {{"PATH", "/usr/bin:/bin"}};
  spec.name = "box";
  spec.remove_on_exit = false;
  REQUIRE(outcome_of(std::move(spec)).status.success());
  const kernel::FileDescriptor out{::open("/dev/null", O_WRONLY | O_CLOEXEC)};

  const auto seen = [&](const char* what, const std::function<void()>& work, const std::error_condition& expected) {
    INFO(what);
    CHECK(on_small_stack(work) == expected);
  };
  const std::error_condition refused = std::errc::too_many_symbolic_link_levels;  // ELOOP, as for what is too deep
  seen(
      "changes", [&] { (void)containers.changes("box"); }, refused);
  seen(
      "copied out", [&] { copy_out(containers, "box", "/d", ground.path("copy")); }, refused);
  seen(
      "packed", [&] { copy_out(containers, "box", "/d", out.get()); }, refused);
  seen(
      "a volume copied out", [&] { copy_out(volumes, "deep", "/", ground.path("copied")); }, refused);
  seen(
      "a volume packed", [&] { copy_out(volumes, "deep", "/.", out.get()); }, refused);
  seen("copied in beside it", [&] { copy_in(volumes, "deep", fs::path{"/etc/passwd"}, "/passwd"); }, {});
  seen("given away",
       [&] {
         VolumeMount mount{"deep", "/data"};
         mount.options.chown = true;
         (void)run(ground.program({"true"}, {mount}));
       },
       {});
  seen("listed", [&] { (void)volumes.list(); }, {});
  seen("the volume removed", [&] { volumes.remove("deep"); }, {});
  seen("the container removed", [&] { containers.remove("box"); }, {});
  CHECK(fs::is_empty(ground.store_path() / "trash"));
  CHECK(images.changes().empty());
}

}  // namespace dunnage::test
