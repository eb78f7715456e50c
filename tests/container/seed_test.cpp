// SPDX-License-Identifier: Apache-2.0
// What a new volume has in it from the beginning: all of it, once, or there is no volume.

#include "container/history_support.hpp"

#include <thread>

namespace dunnage::test {

TEST_CASE("a volume is seeded with files, a directory, or a snapshot") {
  const Ground ground;
  VolumeStore store = ground.volumes();
  const Volume files = store.create("files", {.seed = SeedFiles{{{"a", "one"}, {"conf/deep/b", "two"}, {"z", ""}}}});
  CHECK(read_text(files.mountpoint() / "a") == "one");
  CHECK(read_text(files.mountpoint() / "conf/deep/b") == "two");
  CHECK(output_of(ground.shell("stat -c '%n %a %u' /d/a /d/conf", MountSet{files.at("/d")})) ==
        "/d/a 644 0\n/d/conf 755 0\n");

  make_tree(ground.path("source"));
  std::filesystem::create_symlink("/etc", ground.path("source/outwards"));
  const Volume directory = store.create("directory", {.seed = SeedDirectory{ground.path("source"), true}});
  CHECK(tree_of(directory.mountpoint()) == tree_of(ground.path("source")));

  (void)store.history("files").snapshot({.name = "s"});
  write_text(files.mountpoint() / "a", "changed");
  const Volume kept = store.create("kept", {.labels = {{"k", "v"}}, .seed = SeedSnapshot{"files", "s"}});
  CHECK(read_text(kept.mountpoint() / "a") == "one");
  CHECK(kept.labels() == Labels{{"k", "v"}});
  CHECK(store.create_anonymous({}, {.seed = SeedFiles{{{"x", "y"}}}}).info().anonymous);
}

TEST_CASE("a seed that cannot be one makes no volume") {
  const Ground ground;
  VolumeStore store = ground.volumes();
  const auto refused = [&](VolumeSeed seed) {
    return code_of([&] { (void)store.create("new", {.seed = std::move(seed)}); });
  };
  CHECK(refused(SeedFiles{{{"../x", ""}}}) == errc::invalid_argument);
  CHECK(refused(SeedFiles{{{"/x", ""}}}) == errc::invalid_argument);
  CHECK(refused(SeedFiles{{{"a//x", ""}}}) == errc::invalid_argument);
  CHECK(refused(SeedFiles{{{"a", ""}, {"a/x", ""}}}) == errc::invalid_argument);
  CHECK(refused(SeedDirectory{ground.path("absent")}) == std::errc::no_such_file_or_directory);
  CHECK(refused(SeedSnapshot{"absent", "s"}) == errc::volume_missing);
  (void)store.create("old");
  CHECK(refused(SeedSnapshot{"old", "s"}) == errc::snapshot_missing);
  CHECK(code_of([&] {
          (void)store.create(
              "new", {.driver_options = {{"type", "tmpfs"}, {"device", "tmpfs"}}, .seed = SeedFiles{{{"a", "b"}}}});
        }) == errc::invalid_argument);
  std::stop_source stop;
  stop.request_stop();
  CHECK(code_of([&] {
          (void)store.create("new", {.seed = SeedFiles{{{"a", "b"}}}}, {.stop = stop.get_token()});
        }) == errc::cancelled);
  CHECK_FALSE(store.find("new"));
  CHECK(std::filesystem::is_empty(ground.store_path() / "staging"));
}

TEST_CASE("of those who seed a volume at once one does, and all find the whole of it") {
  const Ground ground;
  VolumeStore store = ground.volumes();
  std::vector<std::thread> threads;
  std::atomic<int> whole{0};
  for (int number = 0; number < 6; ++number) {
    threads.emplace_back([&, number] {
      const std::string mine(20'000, static_cast<char>('a' + number));
      VolumeStore own = VolumeStore::open(ground.store_path());
      const Volume volume = own.get_or_create("db", {.seed = SeedFiles{{{"one", mine}, {"two/three", mine}}}});
      const std::string one = read_text(volume.mountpoint() / "one");
      whole += one.size() == 20'000 && one == read_text(volume.mountpoint() / "two/three") ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(whole == 6);
}

}  // namespace dunnage::test
