// SPDX-License-Identifier: Apache-2.0
// P-22: all that can be done with an image and its containers, under a tracer. Nothing but a container's own programs
// executes a file of the image, and nobody maps one of its libraries as code.

#include "container/image_support.hpp"
#include "container/records_support.hpp"
#include "image/archive.hpp"
#include "kernel/file_descriptor.hpp"
#include "support/host.hpp"
#include "support/sanitized.hpp"

#include <dunnage/copy.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <regex>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;

constexpr auto kTour = "[.tour-under-a-tracer]";
constexpr auto kBadTour = "[.careless-tour-under-a-tracer]";
constexpr auto kGiven = "DUNNAGE_TEST_TOUR";

/// What other libraries have run by mistake in the root of a container: tools, and what a C library loads.
constexpr std::initializer_list<const char*> kTools{
    "tar", "gzip",  "xz",     "unxz",   "unpigz",  "zstd", "bzip2",     "lz4",      "cp",        "ps",
    "top", "mount", "umount", "getent", "nsenter", "id",   "sha256sum", "ldconfig", "newuidmap", "skopeo"};
constexpr std::initializer_list<const char*> kLibraries{
    "libc.so.6", "libnss_files.so.2", "libnss_compat.so.2", "libnss_systemd.so.2",
    "libz.so.1", "liblzma.so.5",      "libzstd.so.1"};

/// Each tool says that it was executed; each library is one that could be loaded.
Layer traps() {
  Layer layer{directory("sbin"),    directory("lib"),      directory("lib64"),
              directory("usr/bin"), directory("usr/sbin"), directory("usr/lib")};
  const std::string trap = "#!/bin/busybox sh\necho \"$0\" >> /escape\n";
  for (const char* place : {"bin/", "sbin/", "usr/bin/", "usr/sbin/"}) {
    for (const char* name : kTools) layer.push_back({.path = std::string{place} + name, .content = trap, .mode = 0755});
  }
  const std::string library = file_text("/proc/self/exe");
  for (const char* place : {"lib/", "usr/lib/"}) {
    for (const char* name : kLibraries) {
      layer.push_back({.path = std::string{place} + name, .content = library.substr(0, 1U << 16U), .mode = 0755});
    }
  }
  layer.push_back({.path = "etc/nsswitch.conf", .content = "passwd: systemd compat files\ngroup: compat files\n"});
  layer.push_back({.path = "etc/ld.so.preload", .content = "/lib/libz.so.1\n"});
  return layer;
}

kernel::FileDescriptor open(const fs::path& path, int flags) {
  return kernel::FileDescriptor{::open(path.c_str(), flags | O_CLOEXEC, 0600)};
}

void copy_both_ways(const Ground& ground, const ContainerStore& containers, const std::string& name) {
  const std::string tar = Archive{}.file("packed", "content").tar();
  for (const std::string& archive : {tar, gzip(tar), zstd(tar)}) {
    copy_in(containers, name, open(ground.directory().write("archive", archive), O_RDONLY).get(), "/tmp");
  }
  copy_in(containers, name, fs::path{"/etc/hostname"}, "/tmp/name");
  copy_out(containers, name, "/etc", ground.path("etc-" + name));
  copy_out(containers, name, "/bin", open(ground.path("packed"), O_WRONLY | O_CREAT | O_TRUNC).get());
}

/// What a trap writes into the root it finds itself in.
void must_not_be_told(const std::vector<Change>& changes) {
  CHECK(std::ranges::none_of(changes, [](const Change& change) { return change.path == "/escape"; }));
}

/// All verbs, in a process of its own.
void tour(const Ground& ground) {
  TestImages images{ground};
  images.add("app", {base_layer(), traps()}, R"({"Volumes": {"/etc": {}}})");
  (void)images.store().list();
  ContainerStore containers = ground.containers();
  LaunchSpec spec = images.spec("app", {"busybox", "sleep", "1000"}, {VolumeMount{"filled", "/usr/lib"}});
  spec.user = "app:staff";
  spec.groups = {"app"};
  spec.name = "box";
  spec.remove_on_exit = false;
  spec.lifetime = Lifetime::Detached;
  spec.out = Stdio::log();
  {
    const Container box = Container::launch(std::move(spec));
    (void)outcome_of(box, {.argv = {"busybox", "true"}, .user = "app"});
    must_not_be_told(containers.changes("box"));
    (void)containers.list();
    (void)containers.get("box").status();
    copy_both_ways(ground, containers, "box");
    box.pause();
    box.resume();
    (void)box.stop(std::chrono::milliseconds{0});
  }
  copy_both_ways(ground, containers, "box");
  must_not_be_told(containers.changes("box"));
  (void)log_of(containers, "box");
  VolumeStore volumes = ground.volumes();
  copy_out(volumes, "filled", "/", ground.path("filled"));
  (void)images.store().import(ground.path("packed"), "imported");
  containers.remove("box");
  volumes.remove("filled");
  images.store().remove("app");
}

/// What a library that trusts an image does, so that the test would see it.
void careless_tour(const Ground& ground) {
  TestImages images{ground};
  images.add("app", {base_layer(), traps()});
  LaunchSpec spec = images.spec("app", {"busybox", "true"});
  (void)run(std::move(spec));
  for (const auto& entry : fs::recursive_directory_iterator{ground.store_path()}) {
    if (!entry.path().string().ends_with("/bin/busybox")) continue;
    (void)std::system((entry.path().string() + " true").c_str());
    const auto file = open(entry.path(), O_RDONLY);
    (void)::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file.get(), 0);
    return;
  }
}

/// Runs a tour under strace. \return its lines
std::vector<std::string> trace(const Ground& ground, const char* which) {
  const std::string log = ground.path("trace").string();
  fs::remove(log);
  ::setenv(kGiven, ground.path("tour").c_str(), 1);
  fs::create_directory(ground.path("tour"));
  const std::string command = "strace -f -qq -y -e signal=none -e trace=execve,execveat,mmap -o " + log + " " +
                              fs::read_symlink("/proc/self/exe").string() + " '" + which + "' > " +
                              ground.path("said").string() + " 2>&1";
  const int status = std::system(command.c_str());
  ::unsetenv(kGiven);
  INFO(ground.directory().read("said"));
  CHECK(status == 0);
  return lines_of(file_text(log));
}

/// Executions and mappings of files that are the image's, but for the programs its containers were told to run.
std::vector<std::string> of_the_image(const std::vector<std::string>& lines, const std::string& ground) {
  static const std::regex executed{R"(execve(at)?\(.* = 0)"};
  static const std::regex own{R"re(execve\("(/bin/busybox", \["busybox"|/usr/bin/true", \["true"\]))re"};
  std::vector<std::string> found;
  for (const std::string& line : lines) {
    const bool execution = std::regex_search(line, executed) && !std::regex_search(line, own) &&
                           line.find("/dunnage_") == std::string::npos && line.find("memfd:") == std::string::npos &&
                           line.find("execveat(") == std::string::npos;
    const bool mapping =
        line.find("PROT_EXEC") != std::string::npos && line.find("mmap(") != std::string::npos &&
        (line.find(ground) != std::string::npos || std::ranges::any_of(kLibraries, [&](const char* name) {
           return line.find(std::string{"</lib/"} + name) != std::string::npos;
         }));
    if (execution || mapping) found.push_back(line);
  }
  return found;
}

}  // namespace

TEST_CASE("does all that can be done with an image", "[.tour-under-a-tracer]") {
  if (std::getenv(kGiven) == nullptr) return skip("is run by another test");
  ::setenv("TMPDIR", std::getenv(kGiven), 1);
  const Ground ground;
  tour(ground);
}

TEST_CASE("runs a program of an image on the host", "[.careless-tour-under-a-tracer]") {
  if (std::getenv(kGiven) == nullptr) return skip("is run by another test");
  ::setenv("TMPDIR", std::getenv(kGiven), 1);
  const Ground ground;
  careless_tour(ground);
}

TEST_CASE("P-22: nothing of an image is executed or loaded by the host, whatever is done with it", "[attack]") {
  if (!requires_root() || !requires_busybox() || !requires_program("strace")) return;
  if (kSanitized) return skip("the sanitizer that looks for leaks does not work under a tracer");
  const Ground ground;
  const std::string tours = ground.path("tour").string();
  const std::vector<std::string> lines = trace(ground, kTour);
  const std::vector<std::string> found = of_the_image(lines, tours);
  CHECK(found == std::vector<std::string>{});
  const auto ran = [](const std::string& line) {
    return line.find("\"/bin/busybox\", [\"busybox\"") != std::string::npos;
  };
  CHECK(std::ranges::count_if(lines, ran) >= 2);  // the containers' own, so the tracer saw what it should
  CHECK(of_the_image(trace(ground, kBadTour), tours).size() >= 2);
}

}  // namespace dunnage::test
