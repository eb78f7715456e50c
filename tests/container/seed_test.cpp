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

TEST_CASE("a volume is seeded with a tar archive, packed or not, or there is no volume") {
  const Ground ground;
  VolumeStore store = ground.volumes();
  const Volume old = store.create("old", {.seed = SeedFiles{{{"a", "one"}, {"conf/deep/b", "two"}}}});
  for (const auto compression : {ArchiveCompression::None, ArchiveCompression::Gzip, ArchiveCompression::Zstd}) {
    const std::string name{"of-" + std::string{to_string(compression)}};
    const auto done = store.export_to("old", ground.path(name), {.compression = compression});
    const Volume made =
        store.create(name, {.labels = {{"k", "v"}}, .seed = SeedArchive{ground.path(name), done.digest}});
    CHECK(tree_of(made.mountpoint()) == tree_of(old.mountpoint()));
    CHECK(made.labels() == Labels{{"k", "v"}});
  }
  const SeedArchive seed{ground.path("of-none")};
  CHECK(store.create_anonymous({}, {.seed = seed}).info().anonymous);
  write_text(store.get_or_create("of-none", {.seed = seed}).mountpoint() / "a", "changed");
  CHECK(read_text(store.get_or_create("of-none", {.seed = seed}).mountpoint() / "a") == "changed");

  const auto refused = [&](VolumeOptions options, const Watch& watch = {}) {
    return code_of([&] { (void)store.create("new", options, watch); });
  };
  const std::string whole = read_text(ground.path("of-gzip"));
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    write_text(ground.path("cut"), whole.substr(0, size));
    CHECK(refused({.seed = SeedArchive{ground.path("cut")}}) == errc::image_invalid);
  }
  write_text(ground.path("text"), "this is no archive");
  CHECK(refused({.seed = SeedArchive{ground.path("text")}}) == errc::image_invalid);
  CHECK(refused({.seed = SeedArchive{ground.path("absent")}}) == std::errc::no_such_file_or_directory);
  CHECK(refused({.seed = SeedArchive{seed.path, "sha256:" + std::string(64, '0')}}) == errc::digest_mismatch);
  CHECK(refused({.seed = SeedArchive{seed.path, "sha256:x"}}).value() != 0);
  CHECK(refused({.driver_options = {{"type", "tmpfs"}, {"device", "tmpfs"}}, .seed = seed}) == errc::invalid_argument);
  std::stop_source stop;
  stop.request_stop();
  CHECK(refused({.seed = seed}, {.stop = stop.get_token()}) == errc::cancelled);
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
