// SPDX-License-Identifier: Apache-2.0
// resolve() where nothing can be written.

#include "support/catch.hpp"
#include "support/locked_down.hpp"
#include "support/temporary_directory.hpp"

#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>
#include <dunnage/volume_store.hpp>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <string>

namespace {

using dunnage::BindMount;
using dunnage::MountPlan;
using dunnage::MountSet;
using dunnage::Ownership;
using dunnage::Tmpfs;
using dunnage::VolumeMount;
using dunnage::test::DoneApart;
using dunnage::test::locked_down;
using dunnage::test::write_out;

TEST_CASE("the filter kills what it shall kill", "[plan][pure]") {
  const dunnage::test::TemporaryDirectory directory;
  const std::string path = (directory.path() / "new").string();
  const auto killed = [&](const std::function<void()>& work) {
    const DoneApart end = locked_down([&](bool) {
      work();
      return 0;
    });
    return WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGSYS;
  };
  CHECK(killed([&] { (void)::mkdir(path.c_str(), 0700); }));
  CHECK(killed([&] { (void)::open(path.c_str(), O_RDWR | O_CREAT, 0600); }));
  CHECK(killed([&] { (void)::truncate(path.c_str(), 0); }));
  CHECK(killed([&] { (void)!::write(2, "x", 1); }));
  CHECK_FALSE(killed([&] { (void)::open("/dev/null", O_RDONLY); }));
  const DoneApart end = locked_down([&](bool locked) {
    open_how how{};
    how.flags = O_CREAT | O_RDWR;
    how.mode = 0600;
    return locked && ::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how) >= 0 ? 1 : 0;
  });
  CHECK(end.status == 0);
}

TEST_CASE("a plan computed twice is equal, and computing it writes nothing", "[plan][pure]") {
  const dunnage::test::TemporaryDirectory directory;
  auto store = dunnage::VolumeStore::open(directory.path() / "store");
  const auto data = store.create("data").mountpoint();
  std::filesystem::create_directories(data / "a/b");
  (void)store.create("bound", {.driver_options = {{"type", "none"}, {"device", directory.path()}, {"o", "bind,ro"}}});
  directory.make("store/staging/left-by-a-killed-process");
  const auto source = directory.write("source/file", "").parent_path();
  const MountSet mounts{
      BindMount{source, "/a", {.read_only = true, .exclude = {"**/.git"}}},
      BindMount{source / "file", "/a/file"},
      BindMount{directory.path() / "x/y", "/created", {.create_source = true, .create_mode = 0700}},
      BindMount{directory.path() / "x/y", "/optional", {.optional = true}},
      BindMount{"/proc", "/share", {.require_mountpoint = true}},
      BindMount{source, "/owned", {.owner = Ownership::match_user()}},
      BindMount{source, "/changed", {.chown = true}},
      BindMount{source, "/labelled", {.relabel = dunnage::Relabel::Shared}},
      BindMount{source, "/over", {.overlay = dunnage::OverlayOptions{}}},
      BindMount{"source", "/relative"},
      VolumeMount{"data", "/data"},
      VolumeMount{"data", "/below", {.subpath = "a/b"}},
      VolumeMount{"data", "/new-below", {.subpath = "a/c/d"}},
      VolumeMount{"bound", "/bound"},
      VolumeMount{"new", "/new", {.labels = {{"a", "b"}}}},
      VolumeMount{"", "/anonymous"},
      VolumeMount{"", "/memory", {.driver_options = {{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", "size=1m"}}}},
      Tmpfs{"/tmp", {.nr_inodes = 10, .no_swap = true}},
  };
  for (const auto& root : {directory.path() / "store", directory.path() / "no-store"}) {
    const dunnage::ResolveOptions options{.store = root, .current_directory = directory.path()};
    const DoneApart end = locked_down([&](bool) {
      const MountPlan plan = mounts.resolve(options);
      return plan == mounts.resolve(options) ? write_out(plan.to_json()) : 1;
    });
    CHECK_FALSE(WIFSIGNALED(end.status));
    CHECK(WEXITSTATUS(end.status) == 0);
    CHECK(end.words == mounts.resolve(options).to_json());
  }
  CHECK_FALSE(std::filesystem::exists(directory.path() / "no-store"));
  CHECK(std::filesystem::exists(directory.path() / "store/staging/left-by-a-killed-process"));
}

}  // namespace
