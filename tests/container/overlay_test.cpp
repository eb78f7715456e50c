// SPDX-License-Identifier: Apache-2.0
// Mounts whose changes go elsewhere, and mounts that hide a part of their source.

#include "container/support.hpp"

#include <sys/stat.h>

#include <fstream>

using namespace dunnage;
using namespace dunnage::literals;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("changes to an overlay leave the source alone and go with the container", "[container][mounts][overlay]") {
  const Ground ground;
  const auto source = ground.directory().write("source/sub/file", "old").parent_path().parent_path();
  std::ofstream{source / "gone"} << "";
  ::chmod(source.c_str(), 0751);
  const auto data = ground.volumes().create("data").mountpoint();
  std::ofstream{data / "file"} << "old";
  const MountSet mounts{BindMount{source, "/b", {.overlay = OverlayOptions{}}},
                        VolumeMount{"data", "/v", {.overlay = OverlayOptions{}}},
                        BindMount{source, "/r", {.read_only = true, .overlay = OverlayOptions{}}}};
  for (int round = 0; round < 2; ++round) {
    const Outcome outcome = outcome_of(ground.shell(
        "stat -c %a /b; cat /b/sub/file; echo new > /b/sub/file; cat /b/sub/file; rm /b/gone; mkdir /b/made; "
        "echo x > /v/file; cat /v/file; touch /r/new",
        mounts));
    CHECK(outcome.out == "751\noldnew\nx\n");
    CHECK(outcome.err == "touch: cannot touch '/r/new': Read-only file system\n");
  }
  CHECK(ground.directory().read("source/sub/file") == "old");
  CHECK(fs::exists(source / "gone"));
  CHECK_FALSE(fs::exists(source / "made"));
  CHECK(ground.directory().read("store/volumes/data/_data/file") == "old");
}

TEST_CASE("an overlay in memory holds as much as it may", "[container][mounts][overlay]") {
  const Ground ground;
  const auto source = ground.directory().make("source");
  const Outcome outcome = outcome_of(ground.shell(
      "head -c 3000000 /dev/zero > /b/big", {BindMount{source, "/b", {.overlay = OverlayOptions{.size = 1_MiB}}}}));
  CHECK_FALSE(outcome.status.success());
  CHECK_THAT(outcome.err, Catch::Contains("No space left on device"));
}

TEST_CASE("a given upper directory keeps the changes for the next container, and one container at a time",
          "[container][mounts][overlay]") {
  const Ground ground;
  const auto source = ground.directory().write("source/file", "old").parent_path();
  const OverlayOptions overlay{.upper = ground.directory().make("upper"), .work = ground.directory().make("work")};
  const MountSet mounts{BindMount{source, "/b", {.overlay = overlay}}};
  (void)output_of(ground.shell("echo new > /b/file; echo made > /b/made", mounts));
  CHECK(output_of(ground.shell("cat /b/file /b/made", mounts)) == "new\nmade\n");
  CHECK(ground.directory().read("upper/made") == "made\n");
  CHECK(ground.directory().read("source/file") == "old");
  {
    const Container first = Container::launch(ground.program({"sleep", "100"}, mounts));
    CHECK_THAT(message_of([&] { (void)Container::launch(ground.program({"true"}, mounts)); }),
               Catch::Contains("another container writes to it"));
  }
  (void)output_of(ground.program({"true"}, mounts));
}

TEST_CASE("an overlay keeps its changes over restarts of the policy", "[container][mounts][overlay][restart]") {
  const Ground ground;
  ground.directory().write("source/file", "old\n");
  const auto out = ground.directory().make("out");
  LaunchSpec spec =
      ground.shell("echo new >> /b/file; wc -l < /b/file >> /out/lines; exit 1",
                   {BindMount{ground.path("source"), "/b", {.overlay = OverlayOptions{}}}, BindMount{out, "/out"}});
  spec.restart = {.kind = RestartPolicy::Kind::OnFailure, .max_retries = 2};
  CHECK(Container::launch(std::move(spec)).wait() == ExitStatus::exited(1));
  CHECK(ground.directory().read("out/lines") == "2\n3\n4\n");
  CHECK(ground.directory().read("source/file") == "old\n");
}

TEST_CASE("what is excluded is empty and read-only inside, and whole outside", "[container][mounts][exclude]") {
  const Ground ground;
  const auto source = ground.directory().make("source");
  for (const char* file : {"node_modules/dep/index", "src/.git/config", "src/main", ".git/config", "secret.key",
                           "deep/a/b/secret.key", "keep/node_modules/kept"}) {
    ground.directory().write("source/" + std::string{file}, "text");
  }
  fs::create_symlink("src", source / "link.key");
  const std::vector<std::string> exclude{"node_modules", "**/.git", "**/*.key"};
  const Paths masked{".git", "deep/a/b/secret.key", "node_modules", "secret.key", "src/.git"};
  const char* const look =
      "cd /b; ls -A node_modules .git src/.git | grep -v :; cat secret.key deep/a/b/secret.key src/main "
      "keep/node_modules/kept; ls link.key; touch node_modules/new .git/new secret.key 2>&1 | grep -c Read-only";
  (void)ground.volumes().create("data");
  (void)output_of(ground.shell("cp -a /from/. /to", {BindMount{source, "/from"}, VolumeMount{"data", "/to"}}));
  for (const MountSet& mounts : {MountSet{BindMount{source, "/b", {.exclude = exclude}}},
                                 MountSet{BindMount{source, "/b", {.exclude = exclude, .overlay = OverlayOptions{}}}},
                                 MountSet{VolumeMount{"data", "/b", {.exclude = exclude}}}}) {
    Collector out;
    LaunchSpec spec = ground.shell(look, mounts);
    spec.out = out.stdio();
    {
      const Container container = Container::launch(std::move(spec));
      CHECK(container.plan()[0].masked == masked);
      CHECK(container.plan()[0].exclude == exclude);
      (void)container.wait();
    }
    CHECK(out.text() == "\n\ntexttextmain\n3\n");
  }
  CHECK(ground.directory().read("source/secret.key") == "text");
  CHECK(fs::exists(source / "node_modules/dep/index"));
}

TEST_CASE("what is excluded stays so after a restart of the policy", "[container][mounts][exclude][restart]") {
  const Ground ground;
  ground.directory().write("source/secret/file", "text");
  LaunchSpec spec = ground.shell("ls -A /b/secret >> /b/seen; echo round >> /b/seen; exit 1",
                                 {BindMount{ground.path("source"), "/b", {.exclude = {"secret"}}}});
  spec.restart = {.kind = RestartPolicy::Kind::OnFailure, .max_retries = 2};
  CHECK(Container::launch(std::move(spec)).wait() == ExitStatus::exited(1));
  CHECK(ground.directory().read("source/seen") == "round\nround\nround\n");
}
