// SPDX-License-Identifier: Apache-2.0
// What containers write to the root file systems of their images: where it goes, how long it stays, and that it goes.

#include "container/image_support.hpp"
#include "image/changes.hpp"
#include "kernel/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

using namespace dunnage;
using namespace dunnage::literals;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

bool is_tidy(const Ground& ground, const TestImages& images) {
  return eventually([&] { return images.changes().empty() && fs::is_empty(ground.store_path() / "trash"); });
}

std::string super_options_of_root(LaunchSpec spec) {
  const MountLine root = mount_at(parse_mountinfo(output_of(std::move(spec))), "/");
  std::string text;
  for (const std::string& option : root.super_options) text += option + " ";
  return text;
}

}  // namespace

TEST_CASE("what is thrown away is never synced, and what is kept is", "[container][image][changes]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer(), {directory("srv")}});
  const std::string thrown = super_options_of_root(images.shell("app", "cat /proc/self/mountinfo"));
  CHECK_THAT(thrown, Catch::Contains("volatile"));
  CHECK_THAT(thrown, Catch::Contains("redirect_dir=nofollow") || Catch::Contains("userxattr"));
  LaunchSpec spec = images.shell("app", "cat /proc/self/mountinfo");
  spec.name = "kept";
  spec.remove_on_exit = false;
  CHECK_THAT(super_options_of_root(std::move(spec)), !Catch::Contains("volatile"));
  CHECK(eventually([&] { return images.changes().size() == 1; }));
  ground.containers().remove("kept");
  CHECK(is_tidy(ground, images));
}

TEST_CASE("changes are kept and found again by restart and start, in whatever process", "[container][image][changes]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer(), {directory("srv")}});
  LaunchSpec spec = images.shell("app", "echo x >> /srv/lines; wc -l < /srv/lines > /srv/count; exec sleep 100");
  spec.name = "kept";
  spec.remove_on_exit = false;
  const auto count_is = [&](const char* count) {
    return eventually([&] {
      const Container container = ground.containers().get("kept");
      return outcome_of(container, {.argv = {"cat", "/srv/count"}}).out == count;
    });
  };
  {
    Container container = Container::launch(std::move(spec));
    CHECK(count_is("1\n"));
    container.restart(0ms);
    CHECK(count_is("2\n"));
    const ContainerInfo info = ground.containers().inspect("kept");
    CHECK(info.rootfs == "app");
    CHECK(info.image == "app");
    CHECK(info.image_id == images.store().get("app").id());
    CHECK(fs::exists(info.changes / "srv/lines"));
  }
  images.add("app", {base_layer(), {directory("srv"), {.path = "srv/other", .content = "x"}}});  // the tag moves
  {
    Container again = ground.containers().start("kept");
    CHECK(count_is("3\n"));
    CHECK(outcome_of(again, {.argv = {"ls", "/srv"}}).out == "count\nlines\n");
    again.restart(0ms);
    CHECK(count_is("4\n"));
    again.stop(0ms);
  }
  CHECK(images.changes().size() == 1);
  ground.containers().remove("kept");
  CHECK(is_tidy(ground, images));
}

TEST_CASE("changes outlast a restart of a container that is removed at its end", "[container][image][changes]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer(), {directory("srv")}});
  {
    Container container = Container::launch(images.shell("app", "echo x >> /srv/lines; exec sleep 100"));
    const auto lines = [&] { return outcome_of(container, {.argv = {"cat", "/srv/lines"}}).out; };
    REQUIRE(eventually([&] { return lines() == "x\n"; }));
    container.restart(0ms);
    CHECK(eventually([&] { return lines() == "x\nx\n"; }));
  }
  CHECK(is_tidy(ground, images));
}

TEST_CASE("what was written is deleted also while somebody else deletes there",
          "[container][image][changes][one-user]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer(), {directory("srv")}});
  for (int round = 0; round < 5; ++round) {
    Container container = Container::launch(
        images.shell("app",
                     "cd /srv && i=0; while [ $i -lt 500 ]; do mkdir -p $i && : > $i/file; i=$((i+1)); done; "
                     "echo written; exec sleep 100"));
    const auto written = [&] {
      const auto names = images.changes();
      const auto upper = ground.store_path() / "images/changes" / (names.empty() ? "" : names.front()) / "upper/srv";
      std::error_code ignored;
      return fs::exists(upper / "499/file", ignored) ? upper : fs::path{};
    };
    REQUIRE(eventually([&] { return !written().empty(); }));
    const fs::path upper = written();
    container.kill();
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (fs::exists(upper) && std::chrono::steady_clock::now() < end) {
      for (int directory = 499; directory >= 0; --directory) {
        ::unlink((upper / std::to_string(directory) / "file").c_str());
        ::rmdir((upper / std::to_string(directory)).c_str());
      }
    }
    CHECK(is_tidy(ground, images));
  }
}

TEST_CASE("a restart policy's restarts find the changes, on disk and in memory",
          "[container][image][changes][restart]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer(), {directory("srv")}});
  for (const RootChanges::Kind kind : {RootChanges::Kind::Disk, RootChanges::Kind::Memory}) {
    const auto out = ground.directory().make(std::string{to_string(kind)});
    LaunchSpec spec =
        images.shell("app", "echo x >> /srv/lines; wc -l < /srv/lines >> /out/count; exit 1", {BindMount{out, "/out"}});
    spec.restart = {.kind = RestartPolicy::Kind::OnFailure, .max_retries = 2};
    spec.root_changes = {.kind = kind};
    CHECK(Container::launch(std::move(spec)).wait() == ExitStatus::exited(1));
    CHECK(ground.directory().read(std::string{to_string(kind)} + "/count") == "1\n2\n3\n");
  }
  CHECK(is_tidy(ground, images));
}

TEST_CASE("changes in memory are bounded, and nothing of them is on disk", "[container][image][changes]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer(), {directory("srv")}});
  LaunchSpec spec = images.shell("app",
                                 "echo x > /srv/small && cat /srv/small; head -c 3000000 /dev/zero > /srv/big || "
                                 "test $(wc -c < /srv/big) -le 1048576 && echo full");
  spec.root_changes = {.kind = RootChanges::Kind::Memory, .size = 1_MiB};
  CHECK(outcome_of(std::move(spec)).out == "x\nfull\n");
  spec = ground.program({"true"});
  spec.root_changes = {.kind = RootChanges::Kind::Memory};
  CHECK(code_of([&] { (void)Container::launch(std::move(spec)); }) == errc::invalid_argument);
  if (who() != Launcher::Root) {
    const auto launch = [&] {
      LaunchSpec limited = images.shell("app", "true");
      limited.root_changes = {.limit = 16_MiB};
      (void)Container::launch(std::move(limited));
    };
    CHECK(code_of(launch) == errc::not_supported);
    CHECK_THAT(message_of(launch), Catch::Contains("can neither set a quota nor mount an image") &&
                                       Catch::Contains("do it as root, or keep changes in memory"));
    CHECK(is_tidy(ground, images));
  }
}

TEST_CASE("a read-only root takes no writes, and its mounts get their places all the same", "[container][image]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer(), {directory("srv")}});
  for (const char* target : {"/srv", "/made/here"}) {
    LaunchSpec spec = images.shell(
        "app", "touch /new; touch /usr/new; touch " + std::string{target} + "/new && ls " + target, {Tmpfs{target}});
    spec.read_only_root = true;
    const Outcome outcome = outcome_of(std::move(spec));
    CHECK(outcome.out == "new\n");
    CHECK(lines_of(outcome.err).size() == 2);
    CHECK_THAT(outcome.err, Catch::Contains("Read-only file system"));
  }
  CHECK(is_tidy(ground, images));
}

TEST_CASE("an image is used by the containers that are made of it, running or kept", "[container][image][changes]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  const std::string id = images.add("app", {base_layer()}).id();
  const auto users = [&] {
    const kernel::FileDescriptor changes{
        ::open((ground.store_path() / "images/changes").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    return image::users_of(changes.get(), id);
  };
  LaunchSpec spec = images.shell("app", "exec sleep 100");
  spec.name = "user";
  spec.remove_on_exit = false;
  {
    const Container container = Container::launch(std::move(spec));
    LaunchSpec other = images.shell("app", "exec sleep 100");
    other.read_only_root = true;
    const Container second = Container::launch(std::move(other));
    CHECK(users().size() == 2);
    CHECK(users().back() == "user");
  }
  CHECK(users() == std::vector<std::string>{"user"});
  ground.containers().remove("user");
  CHECK(users().empty());
}

TEST_CASE("what a container changed is told, while it runs and afterwards", "[container][image][diff]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer(),
                     {directory("srv"),
                      {.path = "srv/changed", .content = "x"},
                      {.path = "srv/gone", .content = "x"},
                      {.path = "srv/same", .content = "x"},
                      directory("srv/anew"),
                      {.path = "srv/anew/old", .content = "x"},
                      {.path = "srv/anew/both", .content = "x"},
                      directory("srv/deep"),
                      directory("srv/deep/er"),
                      {.path = "srv/deep/er/file", .content = "x"}}});
  LaunchSpec spec =
      images.shell("app",
                   "cd /srv; echo y > changed; rm gone; echo n > new; rm -r anew; mkdir anew; echo b > anew/both; "
                   "echo y >> deep/er/file; ln -s /etc link; touch /done; exec sleep 100");
  spec.name = "changer";
  spec.remove_on_exit = false;
  const std::vector<Change> expected{{Change::Kind::Added, "/done"},
                                     {Change::Kind::Modified, "/srv"},
                                     {Change::Kind::Modified, "/srv/anew"},
                                     {Change::Kind::Modified, "/srv/anew/both"},
                                     {Change::Kind::Deleted, "/srv/anew/old"},
                                     {Change::Kind::Modified, "/srv/changed"},
                                     {Change::Kind::Modified, "/srv/deep/er/file"},
                                     {Change::Kind::Deleted, "/srv/gone"},
                                     {Change::Kind::Added, "/srv/link"},
                                     {Change::Kind::Added, "/srv/new"}};
  {
    const Container container = Container::launch(std::move(spec));
    REQUIRE(eventually([&] { return outcome_of(container, {.argv = {"test", "-e", "/done"}}).status.success(); }));
    INFO(to_json(container.changes()));
    CHECK(container.changes() == expected);
    CHECK(ground.containers().changes("changer") == expected);
  }
  CHECK(ground.containers().changes("changer") == expected);
  ground.containers().remove("changer");
  CHECK(to_json(std::vector<Change>{{Change::Kind::Deleted, "/a"}, {Change::Kind::Added, "/b"}}) ==
        R"([{"Path":"/a","Kind":2},{"Path":"/b","Kind":1}])");
  spec = images.shell("app", "exec sleep 100");
  spec.root_changes.kind = RootChanges::Kind::Memory;
  CHECK(code_of([&] { (void)Container::launch(std::move(spec)).changes(); }) == errc::not_supported);
  CHECK(code_of([&] { (void)Container::launch(ground.program({"sleep", "100"})).changes(); }) == errc::not_supported);
}

TEST_CASE("changes in directories of other users are told too", "[container][image][diff]") {
  if (!requires_busybox() || !requires_many_ids()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer()});
  const char* const script = "mkdir -m 700 /home/own && touch /home/own/file && touch /tmp/done; exec sleep 100";
  LaunchSpec spec = images.shell("app", "chmod 777 /home; " + std::string{"exec sleep 100"});
  const Container container = Container::launch(std::move(spec));
  REQUIRE(eventually([&] { return outcome_of(container, {.argv = {"stat", "-c", "%a", "/home"}}).out == "777\n"; }));
  const Process process = container.exec({.argv = {"sh", "-c", script}, .user = "app"});
  REQUIRE(eventually([&] { return outcome_of(container, {.argv = {"test", "-e", "/tmp/done"}}).status.success(); }));
  const std::vector<Change> expected{{Change::Kind::Modified, "/home"},
                                     {Change::Kind::Added, "/home/own"},
                                     {Change::Kind::Added, "/home/own/file"},
                                     {Change::Kind::Modified, "/tmp"},
                                     {Change::Kind::Added, "/tmp/done"}};
  CHECK(container.changes() == expected);
}

TEST_CASE("a launch that fails leaves nothing of its changes", "[container][image][changes]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer()});
  LaunchSpec spec = images.spec("app", {"no-such-program"});
  CHECK(code_of([&] { (void)Container::launch(std::move(spec)); }) == errc::program_missing);
  spec = images.shell("app", "true");
  spec.user = "nobody-here";
  CHECK(code_of([&] { (void)Container::launch(std::move(spec)); }) == errc::user_unknown);
  CHECK(is_tidy(ground, images));
}

TEST_CASE("nothing is left of a container whose host is killed", "[container][image][changes]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer()});
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t host = ::fork();
  if (host == 0) {
    LaunchSpec spec = images.shell("app", "echo x > /file; exec sleep 100");
    spec.out = Stdio::null();
    const Container container = Container::launch(std::move(spec));
    (void)!::write(ready[1], "x", 1);
    ::pause();
  }
  ::close(ready[1]);
  char byte = 0;
  CHECK(::read(ready[0], &byte, 1) == 1);
  ::close(ready[0]);
  CHECK(images.changes().size() == 1);
  ::kill(host, SIGKILL);
  ::waitpid(host, nullptr, 0);
  CHECK(is_tidy(ground, images));
}

TEST_CASE("a hundred containers of an image share one copy of it, and the host's mounts stay as they are",
          "[container][image]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  std::vector<Layer> layers{base_layer()};
  for (int index = 0; index < 9; ++index) {
    layers.push_back({{.path = "file" + std::to_string(index), .content = std::string(1'000'000, 'x')}});
  }
  images.add("app", layers);
  const auto used = [&] {
    std::uint64_t blocks = 0;
    std::error_code gone;  // the launcher may still be taking away what a container has thrown away
    for (fs::recursive_directory_iterator entry{ground.store_path(), fs::directory_options::skip_permission_denied};
         entry != fs::recursive_directory_iterator{}; entry.increment(gone)) {
      struct stat status {};
      if (::lstat(entry->path().c_str(), &status) == 0) blocks += static_cast<std::uint64_t>(status.st_blocks);
    }
    return blocks * 512;
  };
  const auto mounts = [] {
    std::ifstream file{"/proc/self/mountinfo"};
    return std::string{std::istreambuf_iterator<char>{file}, {}};
  };
  (void)output_of(images.shell("app", "true"));
  REQUIRE(is_tidy(ground, images));
  const std::uint64_t before = used();
  const std::string mounts_before = mounts();
  {
    std::vector<Container> containers;
    for (int index = 0; index < 100; ++index) {
      containers.push_back(Container::launch(images.shell("app", "exec sleep 100")));
    }
    CHECK(images.changes().size() == 100);
    CHECK(used() - before < 100 * 40'000);
    CHECK(mounts() == mounts_before);
  }
  CHECK(mounts() == mounts_before);
  CHECK(is_tidy(ground, images));
}
