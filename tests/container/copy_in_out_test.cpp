// SPDX-License-Identifier: Apache-2.0
// Copying into and out of containers and volumes: by Docker's rules, and never anywhere else.

#include "container/support.hpp"
#include "launcher/identity.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace dunnage::test {
namespace {

/// A container that runs until it is told otherwise, with a volume at /data.
class Running {
 public:
  explicit Running(const std::string& script = "exec sleep 1000", VolumeMountOptions options = {})
      : container_{launch(script, std::move(options))} {}
  [[nodiscard]] const Container& container() const { return container_; }
  [[nodiscard]] const Ground& ground() const { return ground_; }
  [[nodiscard]] std::filesystem::path host(std::string_view path) const { return ground_.path(path); }
  std::string sh(const std::string& script) const {
    const Outcome outcome = outcome_of(container_, {.argv = {"sh", "-c", script}});
    INFO(script << ": " << outcome.err);
    CHECK(outcome.status.to_string() == "exited with 0");
    return outcome.out;
  }

 private:
  Container launch(const std::string& script, VolumeMountOptions options) {
    MountSet mounts{VolumeMount{.name = "data", .target = "/data", .options = std::move(options), .store = {}}};
    return Container::launch(ground_.shell(script, std::move(mounts)));
  }
  Ground ground_;
  Container container_;
};

}  // namespace

TEST_CASE("a file is copied into a running container by Docker's rules", "[cp]") {
  const Running running;
  const Container& container = running.container();
  const auto file = running.ground().directory().write("app.conf", "content\n");
  running.sh("mkdir /tmp/dir; echo old > /tmp/old; ln -s /tmp/dir /tmp/to-dir; ln -s old /tmp/to-old");
  copy_in(container, file, "/tmp/dir");
  copy_in(container, file, "/tmp/named");
  copy_in(container, file, "/tmp/old");
  copy_in(container, file, "/tmp/to-dir/second");
  copy_in(container, file, "/tmp/to-dir/");
  CHECK(running.sh("cat /tmp/dir/app.conf /tmp/named /tmp/old /tmp/dir/second") ==
        "content\ncontent\ncontent\ncontent\n");
  copy_in(container, file, "/tmp/to-old");
  CHECK(running.sh("readlink /tmp/to-old; cat /tmp/old") == "old\ncontent\n");
  CHECK(running.sh("stat -c '%u:%g' /tmp/named") == "0:0\n");
  CHECK(code_of([&] { copy_in(container, file, "/tmp/absent/"); }) == std::errc::no_such_file_or_directory);
  CHECK(code_of([&] { copy_in(container, file, "/tmp/absent/file"); }) == std::errc::no_such_file_or_directory);
  CHECK(code_of([&] { copy_in(container, file, "/tmp/old/"); }) == std::errc::not_a_directory);
  CHECK(code_of([&] { copy_in(container, file.string() + "/.", "/tmp"); }) == std::errc::not_a_directory);
  CHECK(code_of([&] { copy_in(container, running.host("none"), "/tmp"); }) == std::errc::no_such_file_or_directory);
  const std::string message = message_of([&] { copy_in(container, file, "/tmp/absent/file"); });
  CHECK(message.find("copy into container") != std::string::npos);
  CHECK(message.find("-> \"/tmp/absent/file\": open \"/tmp/absent\"") != std::string::npos);
}

TEST_CASE("a directory is copied into a running container by Docker's rules", "[cp]") {
  const Running running;
  const Container& container = running.container();
  running.ground().directory().write("src/a/file", "x");
  running.ground().directory().write("src/b", "y");
  const auto source = running.host("src");
  copy_in(container, source, "/tmp/new");
  CHECK(running.sh("cd /tmp/new; find . | sort | tr '\\n' ' '") == ". ./a ./a/file ./b ");
  copy_in(container, source, "/tmp/new");
  CHECK(running.sh("ls /tmp/new | tr '\\n' ' '") == "a b src ");
  running.sh("mkdir /tmp/there; echo kept > /tmp/there/kept; echo old > /tmp/there/b; echo f > /tmp/f");
  copy_in(container, source.string() + "/.", "/tmp/there");
  CHECK(running.sh("ls /tmp/there | tr '\\n' ' '; cat /tmp/there/b") == "a b kept y");
  CHECK(code_of([&] { copy_in(container, source, "/tmp/f"); }) == std::errc::not_a_directory);
  running.sh("rm -r /tmp/there/a; echo f > /tmp/there/a");
  CHECK(code_of([&] { copy_in(container, source.string() + "/.", "/tmp/there"); }) == std::errc::not_a_directory);
}

TEST_CASE("files are copied out of a running container by Docker's rules, and belong to this user", "[cp]") {
  const Running running;
  const Container& container = running.container();
  running.sh(
      "mkdir -p /tmp/log/sub; echo one > /tmp/log/one; echo two > /tmp/log/sub/two; ln -s /tmp/log/one /tmp/l; "
      "ln -s / /tmp/root; chmod 4755 /tmp/log/one");
  const auto out = running.ground().directory().make("out");
  copy_out(container, "/tmp/log", out);
  CHECK(running.ground().directory().read("out/log/sub/two") == "two\n");
  copy_out(container, "/tmp/log/.", out / "content");
  CHECK(running.ground().directory().read("out/content/one") == "one\n");
  copy_out(container, "/tmp/l", out / "link");
  CHECK(std::filesystem::read_symlink(out / "link") == "/tmp/log/one");
  copy_out(container, "/tmp/l", out / "followed", {.follow_links = true, .watch = {}});
  CHECK(running.ground().directory().read("out/followed") == "one\n");
  copy_out(container, "/tmp/root/tmp/root/../tmp/log/one", out / "roundabout");
  CHECK(running.ground().directory().read("out/roundabout") == "one\n");
  struct stat status {};
  REQUIRE(::stat((out / "log/one").c_str(), &status) == 0);
  CHECK(status.st_uid == ::geteuid());
  CHECK((status.st_mode & 07777U) == 0755U);  // not what it was for another owner
  CHECK(code_of([&] { copy_out(container, "/tmp/none", out); }) == std::errc::no_such_file_or_directory);
  CHECK(code_of([&] { copy_out(container, "/tmp/l/.", out); }) == std::errc::not_a_directory);
}

TEST_CASE("owners are kept when that is asked for", "[cp]") {
  if (!requires_many_ids()) return;
  const Running running;
  running.sh("echo x > /tmp/f; chown 42:43 /tmp/f");
  copy_out(running.container(), "/tmp/f", running.host("f"), {.archive = true, .watch = {}});
  copy_in(running.container(), running.host("f"), "/tmp/kept", {.archive = true, .watch = {}});
  copy_in(running.container(), running.host("f"), "/tmp/given", {});
  CHECK(running.sh("stat -c '%u:%g' /tmp/kept /tmp/given") == "42:43\n0:0\n");
}

TEST_CASE("volumes are copied into and out of, through a container that uses them or by themselves", "[cp]") {
  const Running running;
  VolumeStore store = running.ground().volumes();
  const auto file = running.ground().directory().write("f", "content\n");
  copy_in(running.container(), file, "/data/by-container");
  copy_in(store, "data", file, "/by-name");
  CHECK(running.sh("cat /data/by-container /data/by-name") == "content\ncontent\n");
  CHECK(running.sh("stat -c '%u:%g' /data/by-name") == "0:0\n");
  running.sh("ln -s /etc /data/out; mkdir /data/etc; echo mine > /data/etc/passwd");
  copy_out(store, "data", "/out/passwd", running.host("passwd"));
  CHECK(running.ground().directory().read("passwd") == "mine\n");  // links are of the volume
  copy_out(running.container(), "/data", running.ground().directory().make("root"));
  CHECK(running.ground().directory().read("root/data/by-name") == "content\n");
  CHECK(code_of([&] { copy_in(store, "none", file, "/"); }) == errc::volume_missing);
  CHECK(store.users("data").size() == 1);
}

TEST_CASE("what is mounted read-only is not written to", "[cp]") {
  const Running running{"exec sleep 1000", {.read_only = true}};
  const auto file = running.ground().directory().write("f", "x");
  CHECK(code_of([&] { copy_in(running.container(), file, "/data/f"); }) == std::errc::read_only_file_system);
}

TEST_CASE("a container that has ended has no root to copy from, and bounds hold", "[cp]") {
  const Running running;
  running.sh("head -c 100000 /dev/zero > /tmp/big; mkfifo /tmp/fifo");
  CHECK(code_of([&] {
          copy_out(running.container(), "/tmp/big", running.host("big"), {.most_bytes = 5000, .watch = {}});
        }) == errc::limit_exceeded);
  copy_out(running.container(), "/tmp/fifo", running.host("fifo"));  // nobody waits for a writer
  CHECK(std::filesystem::is_fifo(running.host("fifo")));
  running.container().kill();
  (void)running.container().wait();
  CHECK(code_of([&] { copy_out(running.container(), "/tmp/big", running.host("big")); }) == errc::not_running);
}

TEST_CASE("a container that swaps directories for links while files are copied leads nowhere", "[cp]") {
  // absolute ones, and ones that would climb out of the volume's directory in the store
  const std::string swap =
      "mkdir -p /data/d; echo harmless > /data/d/file; while :; do for to in / ../../../../canary; do "
      "mv /data/d /data/aside; ln -s $to /data/d; mv -T /data/d /data/gone; mv /data/aside /data/d; rm /data/gone; "
      "done; done";
  const Running running{swap};
  REQUIRE(eventually([&] {
    return outcome_of(running.container(), {.argv = {"test", "-s", "/data/d/file"}}).status.success();
  }));
  const auto canary = running.ground().directory().make("canary");
  running.ground().directory().write("canary/file", "CANARY");
  const auto mine = running.ground().directory().write("mine", "mine");
  VolumeStore store = running.ground().volumes();
  const auto try_to = [](const std::function<void()>& work) {
    try {
      work();
      return true;
    } catch (const Error&) {
      return false;  // it was away at that moment
    }
  };
  int succeeded = 0;
  const auto patience = std::chrono::steady_clock::now() + kPatience;
  // where the container stands still with the directory away, there are more rounds
  for (int round = 0; round < 150 || (succeeded == 0 && std::chrono::steady_clock::now() < patience); ++round) {
    std::filesystem::remove(running.host("got"));
    succeeded += try_to([&] { copy_out(running.container(), "/data/d/file", running.host("got")); }) ? 1 : 0;
    CHECK(running.ground().directory().read("got").find("CANARY") == std::string::npos);
    std::filesystem::remove(running.host("got"));
    (void)try_to([&] { copy_out(store, "data", "/d/file", running.host("got"), {.follow_links = true, .watch = {}}); });
    CHECK(running.ground().directory().read("got").find("CANARY") == std::string::npos);
    (void)try_to([&] { copy_in(running.container(), mine, "/data/d/new"); });
    (void)try_to([&] { copy_in(store, "data", mine, "/d/new"); });
    std::filesystem::remove_all(running.host("all"));
    (void)try_to([&] { copy_out(store, "data", "/.", running.host("all")); });
    // a link is copied as one; what is in a directory is what was in it
    CHECK((std::filesystem::is_symlink(running.host("all/d")) ||
           running.ground().directory().read("all/d/file").find("CANARY") == std::string::npos));
  }
  CHECK(succeeded > 0);
  CHECK_FALSE(std::filesystem::exists(canary / "new"));
  CHECK(running.ground().directory().read("canary/file") == "CANARY");
}

}  // namespace dunnage::test
