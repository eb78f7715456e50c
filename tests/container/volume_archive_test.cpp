// SPDX-License-Identifier: Apache-2.0
// Volumes as archives: out of a store, into another one, and what comes of it.

#include <dunnage/volume_archive.hpp>

#include "container/support.hpp"
#include "image/archive.hpp"
#include "kernel/file_descriptor.hpp"
#include "support/tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>

namespace dunnage::test {
namespace {

/// Runs in a container that has the volume at /data.
std::string in_volume(const Ground& ground, const std::string& volume, const std::string& script) {
  return output_of(ground.shell("cd /data && " + script, {VolumeMount{volume, "/data"}}));
}

std::string bytes_of(const Ground& ground, const std::string& volume, const VolumeExportOptions& options = {}) {
  std::string bytes;
  (void)ground.volumes().export_to(
      volume, [&](std::string_view part) { bytes += part; }, options);
  return bytes;
}

ByteSource source_of(const std::string& bytes, std::size_t piece = 1000) {
  return [&bytes, piece, at = std::size_t{0}](char* buffer, std::size_t size) mutable {
    const std::size_t count = std::min({piece, size, bytes.size() - at});
    std::memcpy(buffer, bytes.data() + at, count);
    at += count;
    return count;
  };
}

VolumeImportResult import(const Ground& ground, const std::string& bytes, const std::string& name,
                          const VolumeImportOptions& options = {}) {
  return ground.volumes().import_from(source_of(bytes), name, options);
}

/// An access list with one more user: this one.
std::string access_list() {
  const auto entry = [](std::uint16_t tag, std::uint16_t permissions, std::uint32_t id) {
    std::string bytes(8, '\0');
    std::memcpy(bytes.data(), &tag, 2);
    std::memcpy(bytes.data() + 2, &permissions, 2);
    std::memcpy(bytes.data() + 4, &id, 4);
    return bytes;
  };
  return std::string{"\2\0\0\0", 4} + entry(1, 6, UINT32_MAX) + entry(2, 5, ::geteuid()) + entry(4, 4, UINT32_MAX) +
         entry(16, 5, UINT32_MAX) + entry(32, 4, UINT32_MAX);
}

/// Every kind of entry there is.
void fill(const Ground& ground) {
  (void)ground.volumes().create("data", {.labels = {{"app", "shop"}}});
  const std::string many = who() == Launcher::Single ? "true" : "chown 42:43 d/owned; chown -h 7:8 link; chown 42 own";
  (void)in_volume(
      ground, "data",
      "mkdir -p d/deep own empty; echo one > d/one; ln d/one d/deep/again; ln -s deep/again link; ln -s /etc/passwd "
      "out; "
      "mkfifo -m 0620 pipe; echo two > d/owned; chmod 0 d/owned; echo x > program; chmod 6711 program; chmod 1777 d; "
      "truncate -s 9M hole; printf x | dd of=hole bs=1 seek=5000000 conv=notrunc 2>/dev/null; truncate -s 1M all-hole; "
      ": > none; printf y > '.wh.kept'; printf y > '.wh..wh..opq'; printf z > \"$(printf 'bad\\377 \\nname')\"; "
      "n=$(printf 'n%.0s' $(seq 200)); mkdir -p $n/$n; echo deep > $n/$n/$n; head -c 300000 /dev/urandom > random; " +
          many +
          "; chmod 0700 own; touch -h -d @1600000000.123456789 link d/one random; touch -d @-1.5 none; "
          "touch -d @1500000000.000000001 d/deep d .");
  const std::filesystem::path data = ground.volumes().get("data").mountpoint();
  REQUIRE(::setxattr((data / "random").c_str(), "user.mark", "a\0b", 3, 0) == 0);
  REQUIRE(::setxattr((data / "empty").c_str(), "user.mark", "", 0, 0) == 0);
  const std::string list = access_list();
  REQUIRE(::setxattr((data / "d/one").c_str(), "system.posix_acl_access", list.data(), list.size(), 0) == 0);
  REQUIRE(::setxattr((data / "empty").c_str(), "system.posix_acl_default", list.data(), list.size(), 0) == 0);
  if (who() == Launcher::Root) {
    REQUIRE(::mknod((data / "null").c_str(), S_IFCHR | 0600, ::makedev(1, 3)) == 0);
    REQUIRE(::mknod((data / "disk").c_str(), S_IFBLK | 0640, ::makedev(8, 300)) == 0);
    const std::string capability{"\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20};
    REQUIRE(::setxattr((data / "random").c_str(), "security.capability", capability.data(), capability.size(), 0) == 0);
  }
}

std::string tree(const Ground& ground, const std::string& volume) {
  return tree_of(ground.volumes().get(volume).mountpoint());
}

bool is_staging_empty(const Ground& ground) { return std::filesystem::is_empty(ground.store_path() / "staging"); }

}  // namespace

TEST_CASE("an export that is imported is the same volume, and its export the same bytes", "[volume][archive]") {
  const Ground ground;
  fill(ground);
  const std::string before = tree(ground, "data");
  const std::string bytes = bytes_of(ground, "data");
  CHECK(bytes == bytes_of(ground, "data"));
  CHECK(tree(ground, "data") == before);
  const VolumeImportResult imported = import(ground, bytes, "again", {.labels = {{"a", "b"}}});
  CHECK(tree(ground, "again") == before);
  CHECK(bytes_of(ground, "again") == bytes);
  CHECK(imported.volume == ground.volumes().get("again"));
  CHECK(imported.volume.labels() == Labels{{"a", "b"}});
  CHECK(imported.devices + imported.attributes + imported.owners == 0);
  const std::filesystem::path hole = imported.volume.mountpoint() / "hole";
  struct stat status {};
  REQUIRE(::stat(hole.c_str(), &status) == 0);
  CHECK(status.st_blocks * 512 < 1'000'000);
}

TEST_CASE("an export is packed as asked for, and its result says what was written", "[volume][archive][one-user]") {
  const Ground ground;
  fill(ground);
  const VolumeStore store = ground.volumes();
  const std::string plain = bytes_of(ground, "data");
  const auto packed = GENERATE(ArchiveCompression::None, ArchiveCompression::Gzip, ArchiveCompression::Zstd);
  CAPTURE(to_string(packed));
  const auto file = ground.path("file.tar");
  const VolumeExportResult done = store.export_to("data", file, {.compression = packed});
  CHECK(done.size == std::filesystem::file_size(file));
  CHECK((done.size == plain.size()) == (packed == ArchiveCompression::None));
  CHECK(done.digest ==
        "sha256:" + output_of(ground.program({"sha256sum", "/f"}, {BindMount{file, "/f"}})).substr(0, 64));
  CHECK((done.digest == done.tar_digest) == (packed == ArchiveCompression::None));
  CHECK_FALSE(done.in_use());
  CHECK(done.changed == 0);
  CHECK(done.bytes > (10U << 20U));
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0600);
  VolumeStore other = VolumeStore::open(ground.path("other"));
  const VolumeImportResult imported = other.import_from(file, "data", {.digest = done.digest});
  CHECK(imported.tar_digest == done.tar_digest);
  CHECK(imported.entries == done.entries);
  CHECK(imported.bytes == done.bytes);
  CHECK(tree_of(imported.volume.mountpoint()) == tree(ground, "data"));
  (void)other.import_from(file, "by-tar", {.digest = done.tar_digest});
}

TEST_CASE("an archive has owners as containers see them, and other programs read it", "[volume][archive]") {
  if (!requires_many_ids()) return;
  const Ground ground;
  (void)ground.volumes().create("data");
  (void)in_volume(ground, "data", "echo one > f; chown 42:43 f; ln f g; chown 42 .");
  (void)ground.volumes().export_to("data", ground.path("a.tar"));
  CHECK(output_of(ground.shell("tar --numeric-owner -tvf /a | awk '{print $1, $2, $6}'",
                               {BindMount{ground.path("a.tar"), "/a"}})) ==
        "drwxr-xr-x 42/0 ./\n-rw-r--r-- 42/43 f\nhrw-r--r-- 42/43 g\n");
}

TEST_CASE("an export goes through a pipe into another store", "[volume][archive]") {
  const Ground ground;
  fill(ground);
  int ends[2] = {-1, -1};
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  std::thread exporting{[&] {
    const kernel::FileDescriptor end{ends[1]};
    (void)ground.volumes().export_to("data", end.get(), {.compression = ArchiveCompression::Zstd});
  }};
  VolumeStore other = VolumeStore::open(ground.path("other"));
  {
    const kernel::FileDescriptor end{ends[0]};
    (void)other.import_from(end.get(), "data");
  }
  exporting.join();
  CHECK(tree_of(other.get("data").mountpoint()) == tree(ground, "data"));
  CHECK(std::filesystem::is_empty(ground.path("other") / "staging"));
}

TEST_CASE("an export to a file takes its place whole or not at all", "[volume][archive]") {
  const Ground ground;
  const VolumeStore store = ground.volumes();
  fill(ground);
  const auto file = ground.directory().write("out/backup.tar", "old");
  const auto left_alone = [&](const std::function<void()>& work) {
    CHECK_FALSE(code_of(work) == std::error_code{});
    CHECK(ground.directory().read("out/backup.tar") == "old");
    CHECK(std::distance(std::filesystem::directory_iterator{ground.path("out")}, {}) == 1);
  };
  left_alone([&] { (void)store.export_to("none", file); });
  left_alone([&] { (void)store.export_to("data", file, {.most_entries = 3}); });
  left_alone([&] { (void)store.export_to("data", file, {.watch = {.deadline = std::chrono::steady_clock::now()}}); });
  left_alone([&] { (void)store.export_to("data", ground.path("out")); });
  left_alone([&] { (void)store.export_to("data", ground.path("absent/backup.tar")); });
  std::filesystem::create_symlink("backup.tar", ground.path("link"));
  CHECK(code_of([&] { (void)store.export_to("data", ground.path("link")); }) == errc::invalid_argument);
  CHECK(ground.directory().read("out/backup.tar") == "old");
  (void)store.export_to("data", file);
  CHECK(ground.directory().read("out/backup.tar") == bytes_of(ground, "data"));
  CHECK(std::distance(std::filesystem::directory_iterator{ground.path("out")}, {}) == 1);
}

TEST_CASE("a volume in use is exported as it is, and the result names who used it", "[volume][archive]") {
  const Ground ground;
  LaunchSpec spec = ground.shell("echo here > /data/f; echo ready; exec sleep 1000", {VolumeMount{"data", "/data"}});
  spec.name = "writer";
  const Container container = Container::launch(std::move(spec));
  REQUIRE(eventually([&] { return std::filesystem::exists(ground.volumes().get("data").mountpoint() / "f"); }));
  const VolumeExportResult done = ground.volumes().export_to("data", ground.path("a.tar"));
  CHECK(done.users == std::vector<std::string>{"writer"});
  CHECK(ground.volumes().users("data") == std::vector<std::string>{"writer"});
  container.kill();
  (void)container.wait();
}

TEST_CASE("a file that grows or shrinks while it is read stays one entry, and is counted", "[volume][archive]") {
  const Ground ground;
  (void)ground.volumes().create("data");
  (void)in_volume(ground, "data", "head -c 9000000 /dev/urandom > a; head -c 9000000 /dev/urandom > b; echo c > c");
  const std::filesystem::path data = ground.volumes().get("data").mountpoint();
  std::string bytes;
  bool cut = false;
  const VolumeExportResult done = ground.volumes().export_to("data", [&](std::string_view part) {
    bytes += part;
    if (!cut) {  // the first bytes of `a` are on their way
      std::filesystem::resize_file(data / "a", 5);
      cut = true;
    }
  });
  CHECK(done.changed == 1);
  (void)import(ground, bytes, "again");
  CHECK(std::filesystem::file_size(ground.volumes().get("again").mountpoint() / "a") == 9'000'000);
  CHECK(in_volume(ground, "again", "cat c; stat -c %s b; tail -c 1000 a | tr -d '\\0' | wc -c") == "c\n9000000\n0\n");
}

TEST_CASE("hooks hold a program still while files are read, and let it go whatever happens", "[volume][archive]") {
  const Ground ground;
  (void)ground.volumes().create("data");
  std::string order;
  const auto options = [&] {
    return VolumeExportOptions{.freeze = {.before = [&] { order += "freeze "; }, .after = [&] { order += "thaw "; }}};
  };
  (void)ground.volumes().export_to("data", ground.path("idle"), options());
  CHECK(order.empty());  // nobody uses it
  const Container container = Container::launch(ground.shell("exec sleep 1000", {VolumeMount{"data", "/data"}}));
  (void)ground.volumes().export_to(
      "data", [&](std::string_view) { order += order.ends_with("bytes ") ? "" : "bytes "; }, options());
  CHECK(order == "freeze thaw bytes ");  // what is small is written at the end
  order.clear();
  CHECK_THROWS_AS(ground.volumes().export_to(
                      "data", [&](std::string_view) { throw std::runtime_error{"no room"}; }, options()),
                  std::runtime_error);
  CHECK(order == "freeze thaw ");
  order.clear();
  VolumeExportOptions failing = options();
  failing.freeze.before = [] { throw std::runtime_error{"busy"}; };
  CHECK_THROWS_AS(ground.volumes().export_to("data", ground.path("f"), failing), std::runtime_error);
  CHECK(order.empty());
  CHECK_FALSE(std::filesystem::exists(ground.path("f")));
  CHECK(ground.volumes().users("data").size() == 1);
}

TEST_CASE("an import makes a whole volume or none", "[volume][archive]") {
  const Ground ground;
  const std::string good = Archive{}.file("d/f", "content").tar();
  const auto refused = [&](const std::string& bytes, std::error_code code, const VolumeImportOptions& options = {}) {
    CHECK(code_of([&] { (void)import(ground, bytes, "new", options); }) == code);
    CHECK_FALSE(ground.volumes().find("new"));
    CHECK(is_staging_empty(ground));
  };
  refused(good.substr(0, 700), errc::image_invalid);
  refused("no archive at all, and too long for one block", errc::image_invalid);
  refused(good, errc::digest_mismatch, {.digest = "sha256:" + std::string(64, '0')});
  refused(good, errc::image_invalid, {.digest = "sha256:short"});
  refused(good, errc::limit_exceeded, {.limits = {.bytes = 600}});
  refused(good, errc::limit_exceeded, {.limits = {.file_bytes = 6}});
  refused(good, errc::limit_exceeded, {.limits = {.entries = 0}});
  refused(good, errc::limit_exceeded, {.limits = {.depth = 1}});
  refused(good, errc::timed_out, {.watch = {.deadline = std::chrono::steady_clock::now()}});
  CHECK(code_of([&] { (void)import(ground, good, "no/name"); }) == errc::invalid_argument);
  CHECK(code_of([&] { (void)ground.volumes().import_from(ground.path("absent"), "new"); }) ==
        std::errc::no_such_file_or_directory);
  (void)import(ground, good, "new");
  CHECK(in_volume(ground, "new", "cat d/f") == "content");
  CHECK(code_of([&] { (void)import(ground, good, "new"); }) == errc::volume_exists);
}

TEST_CASE("an import replaces the data of a volume nobody uses, in one step", "[volume][archive]") {
  const Ground ground;
  fill(ground);
  const std::string bytes = Archive{}.directory("./", {.mode = 0750}).file("f", "fresh").tar();
  {
    const Container container = Container::launch(ground.shell("exec sleep 1000", {VolumeMount{"data", "/data"}}));
    CHECK(code_of([&] { (void)import(ground, bytes, "data", {.replace = true}); }) == errc::volume_in_use);
    container.kill();
    (void)container.wait();
  }
  const std::string before = tree(ground, "data");
  VolumeStore::open(ground.store_path()).update("data", {.protect = true});
  CHECK(code_of([&] { (void)import(ground, bytes, "data", {.replace = true}); }) == errc::volume_protected);
  VolumeStore::open(ground.store_path()).update("data", {.protect = false});
  CHECK(code_of([&] { (void)import(ground, bytes + "x", "data", {.replace = true}); }) == errc::image_invalid);
  CHECK(tree(ground, "data") == before);
  const VolumeImportResult done = import(ground, bytes, "data", {.labels = {{"not", "given"}}, .replace = true});
  CHECK(done.volume.labels() == Labels{{"app", "shop"}});
  CHECK(in_volume(ground, "data", "stat -c %a .; ls -A; cat f") == "750\nf\nfresh");
  CHECK(is_staging_empty(ground));
  CHECK(std::filesystem::is_empty(ground.store_path() / "trash"));
  (void)import(ground, bytes, "fresh", {.replace = true});
  CHECK(in_volume(ground, "fresh", "cat f") == "fresh");
}

TEST_CASE("P-57: nothing in an archive leads out of the volume it becomes", "[volume][archive][attack]") {
  const Ground ground;
  ground.directory().write("canary/file", "CANARY");
  const std::string canary = ground.path("canary").string();
  const std::string before = tree_of(canary);
  const auto refused = [&](const Archive& archive) {
    const std::string tar = Archive{archive}.tar();
    CHECK(code_of([&] { (void)import(ground, tar, "new"); }) == errc::image_invalid);
    CHECK_FALSE(ground.volumes().find("new"));
  };
  refused(Archive{}.file("../up", "evil"));
  refused(Archive{}.file("a/../../../up", "evil"));
  refused(Archive{}.hard_link("x", "/etc/passwd"));
  refused(Archive{}.hard_link("x", canary + "/file"));
  refused(Archive{}.symbolic_link("l", canary + "/file").hard_link("x", "l/../file"));
  refused(Archive{}.directory("./").symbolic_link("./", canary));
  (void)import(ground,
               Archive{}
                   .symbolic_link("d", canary)
                   .file("d/file", "inside")
                   .symbolic_link("up", "../../../../canary")
                   .file("up/file", "inside")
                   .file("/etc/absolute", "inside")
                   .symbolic_link("l", canary + "/file")
                   .file("l", "a file now")
                   .tar(),
               "new");
  CHECK(tree_of(canary) == before);
  CHECK(in_volume(ground, "new", "cat etc/absolute l; readlink d up") ==
        "insidea file now" + canary + "\n../../../../canary\n");
  CHECK(is_staging_empty(ground));
}

TEST_CASE("what this user cannot have of an archive is refused, or left out and counted", "[volume][archive]") {
  if (!requires_user_namespace() || !requires_ordinary_user()) return;
  const Ground ground;
  const std::string tar = Archive{}
                              .node("null", '3', {.major = 1, .minor = 3})
                              .file("f", "f", {.uid = who() == Launcher::Single ? 42U : 0U})
                              .tar();
  CHECK(code_of([&] { (void)import(ground, tar, "new"); }) == errc::not_supported);
  CHECK_FALSE(ground.volumes().find("new"));
  const VolumeImportResult done = import(ground, tar, "new", {.accept_losses = true});
  CHECK(done.devices == 1);
  CHECK(done.owners == (who() == Launcher::Single ? 1 : 0));
  CHECK(in_volume(ground, "new", "ls") == "f\n");
}

TEST_CASE("P-25: a container that swaps directories for links while its volume is exported shows nothing else",
          "[volume][archive][attack][race]") {
  const Ground ground;
  ground.directory().write("canary/d/file", "CANARY");
  ground.directory().write("canary/file", "CANARY");
  const std::string canary = ground.path("canary").string();
  const Container container = Container::launch(
      ground.shell("cd /data; mkdir d; echo harmless > d/file; echo harmless > file; while :; do for to in " + canary +
                       " ../../../../canary /proc/1/root" + canary +
                       "; do ln -sfn $to l; mv -T d a; mv -T l d; mv -T d l; mv -T a d; ln -sf $to/file k; "
                       "mv -T file b; mv -T k file; mv -T file k; mv -T b file; done; done",
                   {VolumeMount{"data", "/data"}}));
  REQUIRE(eventually([&] { return bytes_of(ground, "data").find("harmless") != std::string::npos; }));
  unsigned links = 0;
  const auto patience = std::chrono::steady_clock::now() + kPatience;
  for (int round = 0; round < 60 || (links == 0 && std::chrono::steady_clock::now() < patience); ++round) {
    const std::string bytes = bytes_of(ground, "data");
    CHECK(bytes.find("CANARY") == std::string::npos);
    links += bytes.find(canary) != std::string::npos ? 1 : 0;
  }
  CHECK(links > 0);
  container.kill();
  (void)container.wait();
  CHECK(ground.directory().read("canary/file") == "CANARY");
}

}  // namespace dunnage::test
