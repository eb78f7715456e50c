// SPDX-License-Identifier: Apache-2.0
// Another name for a volume, whoever uses it, and whoever knows it by its old one.

#include "container/support.hpp"
#include "support/tree.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace dunnage::test {
namespace {

LaunchSpec recorded(const Ground& ground, const std::string& name, const std::string& script, MountSet mounts) {
  LaunchSpec spec = ground.shell(script, std::move(mounts));
  spec.name = name;
  spec.remove_on_exit = false;
  spec.lifetime = Lifetime::Detached;
  spec.out = Stdio::log();
  spec.err = Stdio::log();
  return spec;
}

std::string volume_of(const Container& container) { return container.plan().begin()->volume; }

std::filesystem::path log_of_renames(const Ground& ground) { return ground.store_path() / "volume-renames"; }

/// As a process leaves it that was killed after it wrote down what it was about to do.
void begin_rename(const Ground& ground, const std::string& from, const std::string& to) {
  struct stat status {};
  REQUIRE(::stat((ground.store_path() / "volumes" / from).c_str(), &status) == 0);
  std::ofstream{log_of_renames(ground), std::ios::app} << "rename " << from << " " << to << " " << status.st_ino
                                                       << "\n";
}

}  // namespace

TEST_CASE("a renamed volume is the same under another name", "[volume][rename]") {
  const Ground ground;
  VolumeStore store = ground.volumes();
  const Volume old = store.create("old", {.labels = {{"app", "shop"}}});
  (void)store.create("taken");
  CHECK(store.list().size() == 2);  // which makes the index
  const Volume renamed = store.rename("old", "new");
  CHECK(renamed.name() == "new");
  CHECK(renamed.labels() == Labels{{"app", "shop"}});
  CHECK(renamed.info().created_at == old.info().created_at);
  CHECK(renamed.mountpoint() == ground.store_path() / "volumes/new/_data");
  CHECK(store.get("new") == renamed);
  CHECK_FALSE(store.find("old"));
  CHECK(store.list().front().name() == "new");
  CHECK(store.list({.labels = {{"app", "shop"}}}).size() == 1);
  CHECK(store.damaged().empty());
  CHECK(store.check().findings.empty());
  CHECK(code_of([&] { (void)store.rename("old", "other"); }) == errc::volume_missing);
  CHECK(code_of([&] { (void)store.rename("new", "taken"); }) == errc::volume_exists);
  CHECK(code_of([&] { (void)store.rename("new", "new"); }) == errc::volume_exists);
  CHECK(code_of([&] { (void)store.rename("new", "a/b"); }) == errc::invalid_argument);
  (void)store.rename("new", "old");
  CHECK(store.get("old").info().created_at == old.info().created_at);
}

TEST_CASE("a container goes on undisturbed while its volume is renamed, and is restarted with it", "[volume][rename]") {
  const Ground ground;
  VolumeStore store = ground.volumes();
  Container container = Container::launch(
      recorded(ground, "box", "echo start >> /data/log; exec sleep 1000", {VolumeMount{"old", "/data"}}));
  const auto log = [&](const std::string& name) {
    return ground.directory().read("store/volumes/" + name + "/_data/log");
  };
  REQUIRE(eventually([&] { return log("old") == "start\n"; }));
  (void)store.rename("old", "new");
  CHECK(outcome_of(container, {.argv = {"sh", "-c", "echo more >> /data/log; cat /data/log"}}).out == "start\nmore\n");
  CHECK(store.users("new") == std::vector<std::string>{"box"});
  CHECK(code_of([&] { store.remove("new"); }) == errc::volume_in_use);
  CHECK(volume_of(container) == "new");
  CHECK(ground.containers().inspect("box").mounts.begin()->volume == "new");
  // the name is free again, and somebody else's
  (void)store.create("old");
  container.restart(0ms);
  REQUIRE(eventually([&] { return log("new") == "start\nmore\nstart\n"; }));
  (void)store.rename("new", "newer");
  container.kill();
  (void)container.wait();
  Container again = ground.containers().start("box");
  REQUIRE(eventually([&] { return log("newer") == "start\nmore\nstart\nstart\n"; }));
  CHECK(volume_of(again) == "newer");
  CHECK(store.users("newer") == std::vector<std::string>{"box"});
  CHECK(std::filesystem::is_empty(store.get("old").mountpoint()));
  again.kill();
  (void)again.wait();
  ground.containers().remove("box");
}

TEST_CASE("a container without a record follows its volume too", "[volume][rename]") {
  const Ground ground;
  Container container =
      Container::launch(ground.shell("echo start >> /data/log; exec sleep 1000", {VolumeMount{"old", "/data"}}));
  (void)ground.volumes().rename("old", "new");
  container.restart(0ms);
  REQUIRE(eventually([&] { return ground.directory().read("store/volumes/new/_data/log").ends_with("start\n"); }));
  CHECK_FALSE(ground.volumes().find("old"));
  container.kill();
  (void)container.wait();
}

TEST_CASE("what was renamed before a container was launched is not followed", "[volume][rename]") {
  const Ground ground;
  VolumeStore store = ground.volumes();
  (void)store.create("a");
  (void)store.rename("a", "b");
  (void)store.create("a");
  Container container = Container::launch(recorded(ground, "box", "exec sleep 1000", {VolumeMount{"a", "/data"}}));
  CHECK(volume_of(container) == "a");
  CHECK(ground.containers().inspect("box").mounts.begin()->volume == "a");
  (void)store.rename("b", "c");
  CHECK(ground.containers().inspect("box").mounts.begin()->volume == "a");
  (void)store.rename("a", "b");
  CHECK(ground.containers().inspect("box").mounts.begin()->volume == "b");
  (void)store.rename("b", "a");
  CHECK(volume_of(container) == "a");
  container.kill();
  (void)container.wait();
  ground.containers().remove("box");
}

TEST_CASE("an anonymous volume that was renamed still goes with its container", "[volume][rename]") {
  const Ground ground;
  const Container container = Container::launch(recorded(ground, "box", "exec sleep 1000", {VolumeMount{"", "/data"}}));
  const std::string name = volume_of(container);
  (void)ground.volumes().rename(name, "kept");
  CHECK(ground.volumes().get("kept").info().owner == "box");
  container.kill();
  (void)container.wait();
  CHECK(ground.volumes().find("kept"));
  ground.containers().remove("box", false, true);
  CHECK_FALSE(ground.volumes().find("kept"));
}

TEST_CASE("a rename whose process was killed has happened or has not, for everybody", "[volume][rename]") {
  const Ground ground;
  VolumeStore store = ground.volumes();
  Container container = Container::launch(
      recorded(ground, "box", "echo start >> /data/log; exec sleep 1000", {VolumeMount{"old", "/data"}}));
  begin_rename(ground, "old", "new");
  CHECK(volume_of(container) == "old");
  const bool happened = GENERATE(false, true);
  const std::string name = happened ? "new" : "old";
  if (happened) {
    std::filesystem::rename(ground.store_path() / "volumes/old", ground.store_path() / "volumes/new");
  }
  CHECK(store.get(name).name() == name);  // its metadata still says "old"
  CHECK(store.list().size() == 1);
  CHECK(store.damaged().empty());
  CHECK(volume_of(container) == name);
  container.restart(0ms);
  CHECK(volume_of(container) == name);
  (void)ground.volumes();  // whoever opens the store writes down what became of it
  CHECK(ground.directory().read("store/volume-renames").ends_with(happened ? "\ndone\n" : "\nvoid\n"));
  std::ofstream{log_of_renames(ground), std::ios::app} << "rename cut o";
  (void)store.rename(name, "last");
  CHECK(volume_of(container) == "last");
  CHECK(store.get("last").name() == "last");
  container.kill();
  (void)container.wait();
  ground.containers().remove("box");
}

TEST_CASE("a copy of a volume is another volume with the same content and labels", "[volume][copy]") {
  const Ground ground;
  VolumeStore store = ground.volumes();
  (void)store.create("data", {.labels = {{"app", "shop"}}});
  (void)output_of(ground.shell("cd /data; mkdir d; echo one > d/f; ln d/f g; ln -s d l; chmod 4755 g; truncate -s 1M h",
                               {VolumeMount{"data", "/data"}}));
  const Volume copy = store.copy("data", "copy");
  CHECK(copy.labels() == Labels{{"app", "shop"}});
  CHECK(tree_of(copy.mountpoint()) == tree_of(store.get("data").mountpoint()));
  CHECK(code_of([&] { (void)store.copy("data", "copy"); }) == errc::volume_exists);
  CHECK(code_of([&] { (void)store.copy("none", "other"); }) == errc::volume_missing);
  VolumeStore other = VolumeStore::open(ground.path("other"));
  CHECK(tree_of(store.copy_to("data", other, "data").mountpoint()) == tree_of(copy.mountpoint()));
  CHECK(code_of([&] { (void)store.copy("data", "late", {.watch = {.deadline = std::chrono::steady_clock::now()}}); }) ==
        errc::timed_out);
  CHECK_FALSE(store.find("late"));
  CHECK(std::filesystem::is_empty(ground.store_path() / "staging"));
}

}  // namespace dunnage::test
