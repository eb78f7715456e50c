// SPDX-License-Identifier: Apache-2.0
// Containers of images: the root file system, and what of the image's configuration counts.

#include "container/image_support.hpp"

#include <csignal>

using namespace dunnage;
using namespace dunnage::literals;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

using Names = std::vector<std::string>;

/// A container that prints what it is given.
constexpr const char* kConfigured = R"({
  "Entrypoint": ["/bin/echo", "entry"], "Cmd": ["command"], "Env": ["COLOUR=blue", "PATH=/bin", "SECRET", "*"],
  "WorkingDir": "/srv/work", "StopSignal": "SIGINT", "Labels": {"a": "image", "b": "image"}})";

}  // namespace

TEST_CASE("a container sees the layers of its image as one root, and keeps what it writes to itself",
          "[container][image]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app:1",
             {base_layer(),
              {directory("srv"), {.path = "srv/file", .content = "lower"}, {.path = "srv/gone", .content = "x"}},
              {{.path = "srv/file", .content = "upper\n"}, {.path = "srv/.wh.gone"}}});
  const char* const script =
      "cat /srv/file; ls /srv; echo changed > /srv/file; rm /srv/file; mkdir /new; ls -d /new; touch /usr/x";
  for (int round = 0; round < 2; ++round) {
    const Outcome outcome = outcome_of(images.shell("app:1", script));
    CHECK(outcome.out == "upper\nfile\n/new\n");
    CHECK(outcome.err.empty());
  }
  CHECK(eventually([&] { return images.changes().empty() && fs::is_empty(ground.store_path() / "trash"); }));
}

TEST_CASE("entrypoint and command are those of the image as docker run has them", "[container][image]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer()}, kConfigured);
  images.add("bare", {base_layer()});
  CHECK(output_of(images.spec("app")) == "entry command\n");
  CHECK(output_of(images.spec("app", {"mine", "more"})) == "entry mine more\n");
  LaunchSpec spec = images.spec("app", {"argument"});
  spec.entrypoint = {"/bin/echo", "other"};
  CHECK(output_of(std::move(spec)) == "other argument\n");
  spec = images.spec("app");
  spec.entrypoint = {"/bin/echo", "other"};
  CHECK(output_of(std::move(spec)) == "other\n");
  spec = images.spec("app", {"/bin/echo", "alone"});
  spec.entrypoint.emplace();
  CHECK(output_of(std::move(spec)) == "alone\n");
  spec = images.spec("app");
  spec.entrypoint.emplace();
  CHECK(message_of([&] { (void)Container::launch(std::move(spec)); }) ==
        "cannot launch container: argv has no program: invalid argument [EINVAL]; set argv to the program and its "
        "arguments; the image names none");
  CHECK(code_of([&] { (void)Container::launch(images.spec("bare")); }) == errc::invalid_argument);
}

TEST_CASE("environment, working directory, stop signal and labels are the image's where the launch says nothing",
          "[container][image]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer()}, kConfigured);
  ::setenv("SECRET", "of the host", 1);
  LaunchSpec spec = images.shell("app", "pwd; echo $COLOUR $SIZE $PATH; env | grep -c SECRET");
  spec.env = {{"SIZE", "big"}};
  CHECK(outcome_of(std::move(spec)).out == "/srv/work\nblue big /bin\n0\n");
  ::unsetenv("SECRET");
  spec = images.shell("app", "pwd; echo $COLOUR");
  spec.env = {{"COLOUR", "red"}};
  spec.cwd = "/tmp";
  CHECK(output_of(std::move(spec)) == "/tmp\nred\n");

  const char* const trapping = "trap 'exit 3' INT; trap 'exit 4' USR1; echo ready; while :; do sleep 0.1; done";
  Collector out;
  spec = images.shell("app", trapping);
  spec.out = out.stdio();
  spec.name = "stopped";
  spec.labels = {{"b", "launch"}};
  {
    const Container container = Container::launch(std::move(spec));
    const ContainerInfo info = ground.containers().inspect("stopped");
    CHECK(info.labels == Labels{{"a", "image"}, {"b", "launch"}});
    CHECK(info.stop_signal == SIGINT);
    CHECK(out.wait_for("ready\n"));
    CHECK(container.stop(kPatience).code() == 3);
  }
  Collector second;
  spec = images.shell("app", trapping);
  spec.out = second.stdio();
  spec.stop_signal = SIGUSR1;
  const Container container = Container::launch(std::move(spec));
  CHECK(second.wait_for("ready\n"));
  CHECK(container.stop(kPatience).code() == 4);
}

TEST_CASE("the user of an image is looked up in the image, with all groups", "[container][image][user]") {
  if (!requires_busybox() || !requires_many_ids()) return;
  const Ground ground;
  TestImages images{ground};
  const char* const script = "id -u; id -g; id -G; echo $HOME";
  const std::pair<const char*, const char*> cases[] = {{"app", "1000\n1001\n1001 50\n/home/app\n"},
                                                       {"app:staff", "1000\n50\n50\n/home/app\n"},
                                                       {"1000", "1000\n1001\n1001 50\n/home/app\n"},
                                                       {"77", "77\n0\n0\n/\n"},
                                                       {"77:88", "77\n88\n88\n/\n"}};
  for (const auto& [user, seen] : cases) {
    INFO(user);
    images.add("app", {base_layer()}, R"({"User": ")" + std::string{user} + "\"}");
    CHECK(output_of(images.shell("app", script)) == seen);
    LaunchSpec spec = images.shell("app", "id -u");
    spec.user = "0";
    CHECK(output_of(std::move(spec)) == "0\n");
  }
  for (const char* user : {"4294967296", "99999999999", "nobody-here"}) {
    images.add("app", {base_layer(), {{.path = "etc/passwd", .content = "99999999999:x:0:0::/:/bin/sh\n"}}},
               R"({"User": ")" + std::string{user} + "\"}");
    CHECK(code_of([&] { (void)Container::launch(images.shell("app", "id -u")); }) == std::errc::invalid_argument);
  }
}

TEST_CASE("the one id that exists is that of the image's user", "[container][image][user]") {
  if (!requires_busybox() || !requires_single_id()) return;
  const Ground ground{"1000:1001"};
  TestImages images{ground};
  images.add("app", {base_layer()}, R"({"User": "app"})");
  CHECK(output_of(images.shell("app", "id -u; id -g; echo $HOME; touch /new; stat -c %u /new")) ==
        "1000\n1001\n/home/app\n1000\n");
}

TEST_CASE("accounts of an image that are no files, or far too large, are not read", "[container][image][user]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  const auto refused = [&](Layer layer) {
    images.add("app", {base_layer(), std::move(layer)}, R"({"User": "app"})");
    return code_of([&] { (void)Container::launch(images.shell("app", "true")); }) == errc::user_unknown;
  };
  CHECK(refused({{.path = "etc/passwd", .type = '6'}}));
  CHECK(refused({{.path = "etc/passwd", .content = "/dev/zero", .type = '2'}}));
  CHECK(refused({{.path = "etc/passwd", .content = "/../../../../../etc/shadow", .type = '2'}}));
  std::string lines;
  while (lines.size() < 5'000'000) lines += "x:x:1:1::/:/bin/sh\n";
  for (const char* name : {"etc/passwd", "etc/group"}) {
    images.add("app", {base_layer(), {{.path = name, .content = lines + "app:x:0:0::/:/bin/sh\n"}}});
    CHECK_THAT(message_of([&] { (void)Container::launch(images.shell("app", "true")); }),
               Catch::Contains(std::string{"/"} + name + "\": it is larger than 4 MiB"));
  }
}

TEST_CASE("a further program finds its user in what the container has made of its accounts",
          "[container][image][exec]") {
  if (!requires_busybox() || !requires_many_ids()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer()});
  const Container container = Container::launch(
      images.shell("app", "echo 'late:x:123:0::/late:/bin/sh' >> /etc/passwd; touch /ready; exec sleep 100"));
  REQUIRE(eventually([&] { return outcome_of(container, {.argv = {"test", "-e", "/ready"}}).status.success(); }));
  CHECK(outcome_of(container, {.argv = {"id", "-u"}, .user = "late"}).out == "123\n");
  CHECK(outcome_of(container, {.argv = {"id", "-G"}, .user = "app"}).out == "1001 50\n");
  CHECK(code_of([&] { (void)container.exec({.argv = {"id"}, .user = "nobody"}); }) == errc::user_unknown);
}

TEST_CASE("a place an image declares as a volume gets one, and the launch has the last word",
          "[container][image][volume]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer(), {directory("data"), directory("logs")}},
             R"({"Volumes": {"/data/": {}, "/logs": {}}})");
  const std::string look =
      "for d in /data /logs; do grep -q \" $d \" /proc/self/mountinfo && echo mount || echo root; done";
  {
    LaunchSpec spec = images.shell("app", look + "; exec sleep 100");
    Collector out;
    spec.out = out.stdio();
    const Container container = Container::launch(std::move(spec));
    CHECK(out.wait_for("mount\nmount\n"));
    CHECK(ground.volumes().list().size() == 2);
    CHECK(ground.volumes().list({.anonymous = true}).size() == 2);
    CHECK(container.plan()["/data"].kind == MountKind::Volume);
  }
  CHECK(ground.volumes().list().empty());
  const auto logs = ground.directory().make("logs");
  (void)output_of(images.shell("app", "echo x > /logs/file", {BindMount{logs, "/logs"}}));
  CHECK(fs::exists(logs / "file"));
  LaunchSpec spec = images.shell("app", look);
  spec.image_volumes = ImageVolumes::Ignore;
  CHECK(output_of(std::move(spec)) == "root\nroot\n");
  spec = images.shell("app", "grep -c ' /data .* tmpfs ' /proc/self/mountinfo");
  spec.image_volumes = ImageVolumes::Tmpfs;
  CHECK(output_of(std::move(spec)) == "1\n");
}

TEST_CASE("an image cannot have the container's own places as volumes", "[container][image][volume]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  for (const char* place : {"/", "/proc", "/proc/self/attr", "sys", "/dev/shm", "/x/../proc", ""}) {
    INFO(place);
    images.add("app", {base_layer()}, R"({"Volumes": {")" + std::string{place} + "\": {}}}");
    CHECK(code_of([&] { (void)Container::launch(images.shell("app", "true")); }) == errc::target_conflict);
  }
  images.add("app", {base_layer()}, R"({"Volumes": {"/x/../../../../srv/canary": {}}})");
  CHECK(output_of(images.shell("app", "grep -c ' /srv/canary ' /proc/self/mountinfo")) == "1\n");
  CHECK_FALSE(fs::exists("/srv/canary"));
}

TEST_CASE("stages know the image too", "[container][image][volume]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  images.add("app", {base_layer()}, R"({"Volumes": {"/data": {}}})");
  const MountPlan plan = MountSet{}.resolve({.store = ground.store_path(), .rootfs = Rootfs::image("app")});
  REQUIRE(plan.size() == 1);
  CHECK(plan[0].target == "/data");
  CHECK(plan[0].reasons.back() == "the image \"app\" declares a volume here");
  LaunchSpec spec = images.shell("app", "touch /data/file");
  spec.mounts = PreparedMounts{};
  CHECK(code_of([&] { (void)Container::launch(std::move(spec)); }) == errc::invalid_argument);
  spec = images.shell("app", "touch /data/file");
  spec.mounts = plan.prepare({.rootfs = Rootfs::image("app"), .store = ground.store_path()});
  (void)output_of(std::move(spec));
  CHECK(code_of([&] { (void)MountSet{}.resolve({.store = ground.store_path(), .rootfs = Rootfs::image("none")}); }) ==
        errc::image_missing);
}

TEST_CASE("an image that is not there is missed by name", "[container][image]") {
  const Ground ground;
  TestImages images{ground};
  images.add("postgres:16", {{{.path = "file", .content = "x"}}});
  CHECK_THAT(message_of([&] { (void)Container::launch(images.spec("postgers:16", {"true"})); }),
             Catch::Contains("did you mean \"postgres:16\"?"));
}
