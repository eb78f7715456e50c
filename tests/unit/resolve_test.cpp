// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <unistd.h>

#include <dunnage/error.hpp>
#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>
#include <dunnage/volume_store.hpp>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace {

using dunnage::BindMount;
using dunnage::errc;
using dunnage::FileKind;
using dunnage::MountPlan;
using dunnage::MountSet;
using dunnage::Propagation;
using dunnage::Recursion;
using dunnage::ResolvedMount;
using dunnage::Tmpfs;
using dunnage::VolumeMount;

std::string refusal(const MountSet& mounts, std::error_code code, const dunnage::ResolveOptions& options = {}) {
  try {
    (void)mounts.resolve(options);
  } catch (const dunnage::Error& error) {
    CHECK(error.code() == code);
    CHECK(error.stage() == dunnage::Stage::Resolve);
    return error.what();
  }
  FAIL_CHECK("was accepted");
  return {};
}

ResolvedMount resolve_one(const dunnage::Mount& mount, const dunnage::ResolveOptions& options = {}) {
  const MountPlan plan = MountSet{mount}.resolve(options);
  REQUIRE(plan.size() == 1);
  return plan[0];
}

TEST_CASE("a bind mount resolves to the directory or file the host has", "[plan]") {
  const dunnage::test::TemporaryDirectory directory;
  const auto real = std::filesystem::canonical(directory.make("real"));
  const auto file = std::filesystem::canonical(directory.write("real/file", "text"));
  std::filesystem::create_symlink("real", directory.path() / "link");

  CHECK(resolve_one(BindMount{real, "/x"}).source == real);
  CHECK(resolve_one(BindMount{real, "/x"}).file_kind == FileKind::Directory);
  CHECK(resolve_one(BindMount{file, "/x"}).file_kind == FileKind::File);
  CHECK(resolve_one(BindMount{real / "." / "..//real/", "/x"}).source == real);
  CHECK(resolve_one(BindMount{"./real", "/x"}, {.store = {}, .current_directory = directory.path()}).source == real);
  CHECK(resolve_one(BindMount{"..", "/x"}, {.store = {}, .current_directory = real}).source == real.parent_path());

  const ResolvedMount linked = resolve_one(BindMount{directory.path() / "link", "/x"});
  CHECK(linked.source == real);
  REQUIRE(linked.reasons.size() == 1);
  CHECK_THAT(linked.reasons[0], Catch::Contains("leads over a symbolic link to"));
}

TEST_CASE("a missing source is an error unless it shall be created", "[plan]") {
  const dunnage::test::TemporaryDirectory directory;
  const std::string path = (std::filesystem::canonical(directory.path()) / "a" / "b").string();
  CHECK(refusal({BindMount{path, "/x"}}, errc::source_missing) ==
        "cannot resolve bind mount \"" + path +
            "\" -> \"/x\": the source does not exist [ENOENT]; create it or set create_source");

  const ResolvedMount mount = resolve_one(BindMount{path, "/x", {.create_source = true}});
  CHECK(mount.create_source);
  CHECK(mount.source == path);
  CHECK(mount.file_kind == FileKind::Directory);
  CHECK_FALSE(std::filesystem::exists(directory.path() / "a"));
  CHECK_FALSE(resolve_one(BindMount{directory.path(), "/x", {.create_source = true}}).create_source);
}

TEST_CASE("a source that cannot be looked at keeps its error number", "[plan]") {
  const dunnage::test::TemporaryDirectory directory;
  const auto file = directory.write("file", "");
  std::filesystem::create_symlink("nowhere", directory.path() / "dangling");
  std::filesystem::create_symlink("loop", directory.path() / "loop");
  CHECK_THAT(refusal({BindMount{file / "x", "/x", {.create_source = true}}}, {ENOTDIR, std::generic_category()}),
             Catch::Contains("not a directory [ENOTDIR]; a part of the path is a file; correct the path"));
  CHECK_THAT(refusal({BindMount{directory.path() / "loop", "/x"}}, {ELOOP, std::generic_category()}),
             Catch::Contains("[ELOOP]; remove the loop of symbolic links"));
  CHECK_THAT(refusal({BindMount{directory.path() / "dangling", "/x", {.create_source = true}}}, errc::source_missing),
             Catch::Contains("it is a symbolic link that leads nowhere"));
  if (::geteuid() != 0) {
    const auto closed = directory.make("closed");
    std::filesystem::permissions(closed, std::filesystem::perms::none);
    CHECK_THAT(refusal({BindMount{closed / "x", "/x", {.create_source = true}}}, {EACCES, std::generic_category()}),
               Catch::Contains("allow this user to search its directories"));
    std::filesystem::permissions(closed, std::filesystem::perms::owner_all);
  }
  CHECK_THAT(refusal({BindMount{"", "/x"}}, errc::invalid_argument), Catch::Contains("it has no source"));
  CHECK_THAT(refusal({BindMount{std::string("/a\0b", 4), "/x"}}, errc::invalid_argument), Catch::Contains("NUL"));
}

TEST_CASE("read-only holds for mounts below the source unless told otherwise", "[plan][recursion]") {
  const auto resolve = [](bool read_only, Recursion recursion) {
    return resolve_one(BindMount{"/", "/x", {.read_only = read_only, .recursion = recursion}});
  };
  CHECK(resolve(true, Recursion::Enabled).recursive_read_only);
  CHECK(resolve(true, Recursion::ReadOnly).recursive_read_only);
  CHECK_FALSE(resolve(true, Recursion::Writable).recursive_read_only);
  CHECK(resolve(true, Recursion::Writable).recursive);
  CHECK_FALSE(resolve(true, Recursion::Disabled).recursive);
  CHECK_FALSE(resolve(true, Recursion::Disabled).recursive_read_only);
  CHECK_FALSE(resolve(false, Recursion::Enabled).recursive_read_only);
  CHECK(resolve(false, Recursion::Enabled).recursive);
}

TEST_CASE("contradictory wishes about recursion are refused", "[plan][recursion]") {
  CHECK_THAT(refusal({BindMount{"/", "/x", {.recursion = Recursion::ReadOnly}}}, errc::invalid_argument),
             Catch::Contains("set read_only"));
  CHECK_THAT(refusal({BindMount{"/", "/x", {.recursion = Recursion::Writable}}}, errc::invalid_argument),
             Catch::Contains("set read_only"));
  for (const Propagation propagation : {Propagation::Private, Propagation::Shared, Propagation::RSlave}) {
    CHECK_THAT(
        refusal(
            {BindMount{"/", "/x", {.read_only = true, .propagation = propagation, .recursion = Recursion::ReadOnly}}},
            errc::invalid_argument),
        Catch::Contains("use propagation \"rprivate\""));
  }
}

TEST_CASE("attributes of a mount are those that were asked for", "[plan]") {
  const ResolvedMount mount =
      resolve_one(BindMount{"/", "/x", {.propagation = Propagation::RSlave, .suid = true, .dev = true, .exec = false}});
  CHECK(mount.propagation == Propagation::RSlave);
  CHECK(mount.suid);
  CHECK(mount.dev);
  CHECK_FALSE(mount.exec);
  const ResolvedMount plain = resolve_one(BindMount{"/", "/x"});
  CHECK(plain.propagation == Propagation::RPrivate);
  CHECK_FALSE(plain.suid);
  CHECK_FALSE(plain.dev);
  CHECK(plain.exec);
}

TEST_CASE("the places of the container itself are refused as targets", "[plan]") {
  for (const std::string target : {"/proc", "/proc/self/attr", "/sys", "/sys/fs/cgroup", "/dev/pts", "/dev/pts/0",
                                   "/dev/console", "/x/../proc/1"}) {
    INFO(target);
    CHECK_THAT(refusal({Tmpfs{target}}, errc::target_conflict),
               Catch::Contains("belongs to the container itself") && Catch::Contains("choose a target outside of"));
  }
  for (const std::string target : {"/process", "/dev/shm", "/dev/mqueue", "/dev/fuse", "/system", "/dev/ptsx"}) {
    INFO(target);
    CHECK_NOTHROW(MountSet{Tmpfs{target}}.resolve());
  }
}

TEST_CASE("a tmpfs without a limit or with a wrong mode or owner is refused", "[plan]") {
  CHECK(refusal({Tmpfs{"/run", {.size = 0}}}, errc::invalid_argument) ==
        "cannot resolve tmpfs \"/run\": a tmpfs of size 0 would have no limit: invalid argument [EINVAL]; give it a "
        "size");
  CHECK_THAT(refusal({Tmpfs{"/run", {.mode = 010000}}}, errc::invalid_argument), Catch::Contains("not a mode"));
  CHECK_THAT(refusal({Tmpfs{"/run", {.uid = 0xffffffffU}}}, errc::invalid_argument), Catch::Contains("4294967295"));
}

TEST_CASE("resolving volumes of a store that is not there creates nothing", "[plan]") {
  const dunnage::test::TemporaryDirectory directory;
  const auto store = directory.path() / "store";
  const MountPlan plan =
      MountSet{VolumeMount{"db", "/data", {.labels = {{"a", "b"}}}}, VolumeMount{"", "/cache"}}.resolve(
          {.store = store, .current_directory = {}});
  CHECK(plan["/data"].create_volume);
  CHECK(plan["/data"].volume == "db");
  CHECK(plan["/data"].store == store);
  CHECK(plan["/data"].source == store / "volumes/db/_data");
  CHECK(plan["/data"].labels == dunnage::Labels{{"a", "b"}});
  CHECK(plan["/cache"].create_volume);
  CHECK(plan["/cache"].volume.empty());
  CHECK(plan["/cache"].source.empty());
  CHECK_FALSE(std::filesystem::exists(store));
}

std::vector<std::string> entries_of(const std::filesystem::path& directory) {
  std::vector<std::string> entries;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{directory}) {
    entries.push_back(entry.path().string());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

TEST_CASE("resolving writes nothing into a store that is there", "[plan][volume]") {
  const dunnage::test::TemporaryDirectory directory;
  auto store = dunnage::VolumeStore::open(directory.path() / "store");
  (void)store.create("db");
  const auto before = entries_of(directory.path());
  (void)MountSet{VolumeMount{"db", "/a"}, VolumeMount{"new", "/b"}, VolumeMount{"", "/c"}}.resolve(
      {.store = store.root(), .current_directory = {}});
  CHECK(entries_of(directory.path()) == before);
}

TEST_CASE("a volume that exists is used with its own data and labels", "[plan][volume]") {
  const dunnage::test::TemporaryDirectory directory;
  auto store = dunnage::VolumeStore::open(directory.path() / "store");
  const dunnage::Volume volume = store.create("db", {.labels = {{"a", "b"}}});
  const dunnage::ResolveOptions options{.store = store.root(), .current_directory = {}};

  const ResolvedMount mount =
      resolve_one(VolumeMount{"db", "/data", {.read_only = true, .labels = {{"c", "d"}}}}, options);
  CHECK_FALSE(mount.create_volume);
  CHECK(mount.source == volume.mountpoint());
  CHECK(mount.labels.empty());
  CHECK(mount.recursive_read_only);
  CHECK(resolve_one(volume.at("/data"), {}).source == volume.mountpoint());

  const ResolvedMount absent = resolve_one(VolumeMount{"db2", "/data"}, options);
  CHECK(absent.create_volume);
  CHECK(absent.source == volume.mountpoint().parent_path().parent_path() / "db2/_data");
  CHECK_FALSE(store.find("db2").has_value());
}

TEST_CASE("a volume's own store wins over the one given to resolve", "[plan]") {
  VolumeMount mount{"db", "/data"};
  mount.store = "/nonexistent/own";
  CHECK(resolve_one(mount, {.store = "/nonexistent/other", .current_directory = {}}).store == "/nonexistent/own");
}

TEST_CASE("a name that could lead out of the store is refused", "[plan]") {
  for (const std::string name : {"../x", "a/b", ".", "..", "-a", "/etc"}) {
    INFO(name);
    CHECK_THAT(refusal({VolumeMount{name, "/x"}}, errc::invalid_argument),
               Catch::Contains("that is not a name of a volume"));
  }
}

TEST_CASE("two plans of one set on one host are equal", "[plan]") {
  const MountSet mounts{BindMount{"/", "/x"}, Tmpfs{"/run"}, VolumeMount{"v", "/y"}};
  const dunnage::ResolveOptions options{.store = "/nonexistent", .current_directory = {}};
  CHECK(mounts.resolve(options) == mounts.resolve(options));
}

}  // namespace
