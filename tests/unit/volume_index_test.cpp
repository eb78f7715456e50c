// SPDX-License-Identifier: Apache-2.0
#include "unit/volume_index_support.hpp"

#include <dunnage/error.hpp>

#include "volume/index_bytes.hpp"
#include "volume/index_log.hpp"
#include "volume/metadata.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <random>

using namespace dunnage;
using test::has_index;
using test::index_of;
using test::list_with_index;
using test::names_of;
using test::TemporaryStore;
using test::truth_of;
using volume::IndexPlace;
using volume::IndexWriter;

namespace {

const IndexPlace kPlace{.boot = "a-start", .device = 1, .volumes = 2, .file = 3};

VolumeInfo some_volume(const std::string& name) {
  return {.name = name,
          .mountpoint = {},
          .created_at = std::chrono::system_clock::time_point{std::chrono::nanoseconds{1'700'000'000'123'456'789}},
          .labels = {{"", "empty key"}, {"app", "shop"}, {"empty", ""}, {"of", name}},
          .driver_options = {{"o", "size=1m"}, {"type", "tmpfs"}},
          .anonymous = name.size() > 2,
          .owner = "web"};
}

std::string some_index(const std::vector<std::string>& names) {
  IndexWriter writer;
  for (const std::string& name : names) writer.add(17, some_volume(name));
  return writer.finish(kPlace).value();
}

VolumeInfo info_of(const volume::IndexedVolume& volume) {
  VolumeInfo info;
  volume.write_to(info);
  return info;
}

/// With the checksum its bytes have now.
std::string summed(std::string bytes) {
  const std::uint64_t sum = launcher::check_sum(bytes.data() + 16, bytes.size() - 16);
  bytes.replace(8, 8, reinterpret_cast<const char*>(&sum), 8);
  return bytes;
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

/// Three volumes, and an index of them.
void make_three(TemporaryStore& temporary) {
  for (const char* name : {"one", "three", "two"}) temporary.store.create(name, {.labels = {{"of", name}}});
  REQUIRE(list_with_index(temporary.store).size() == 3);
  REQUIRE(has_index(temporary.store));
}

/// A new index, made when the last change lay back far enough, so that the next one by hand shows in the times.
void settle(TemporaryStore& temporary) {
  std::filesystem::remove_all(temporary.root / "volume-index");
  do {
    (void)temporary.store.list();
  } while (!has_index(temporary.store));
}

}  // namespace

TEST_CASE("an index gives back what it was given", "[volume][index]") {
  const std::vector<std::string> names{"a", "b.c", "volume-10", std::string(128, 'z')};
  const std::string bytes = some_index(names);
  const auto volumes = volume::read_index(bytes, kPlace);
  REQUIRE(volumes.has_value());
  REQUIRE(volumes->size() == names.size());
  for (std::size_t index = 0; index < names.size(); ++index) {
    CHECK((*volumes)[index].inode == 17);
    CHECK(info_of((*volumes)[index]) == some_volume(names[index]));
    CHECK((*volumes)[index].labels.find("empty") == "");
    CHECK((*volumes)[index].labels.find("app") == "shop");
    CHECK_FALSE((*volumes)[index].labels.find("shop"));
  }
  CHECK(volume::read_index(some_index({}), kPlace).value().empty());
}

TEST_CASE("an index of another place, cut, longer or with a changed bit is none", "[volume][index]") {
  const std::string bytes = some_index({"a", "b"});
  for (const auto& other : {IndexPlace{.boot = "a-star", .device = 1, .volumes = 2, .file = 3},
                            IndexPlace{.boot = "a-start", .device = 9, .volumes = 2, .file = 3},
                            IndexPlace{.boot = "a-start", .device = 1, .volumes = 9, .file = 3},
                            IndexPlace{.boot = "a-start", .device = 1, .volumes = 2, .file = 9}}) {
    CHECK_FALSE(volume::read_index(bytes, other));
  }
  IndexWriter writer;
  CHECK_FALSE(volume::read_index(writer.finish({}).value(), {}));  // of no known start
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    CHECK_FALSE(volume::read_index(std::string_view{bytes}.substr(0, index), kPlace));
    for (const int bit : {0, 3, 7}) {
      std::string text = bytes;
      text[index] = static_cast<char>(text[index] ^ (1 << bit));
      CHECK_FALSE(volume::read_index(text, kPlace));
    }
  }
  CHECK_FALSE(volume::read_index(bytes + '\0', kPlace));
  CHECK_FALSE(volume::read_index(summed(bytes + '\0'), kPlace));
}

TEST_CASE("an index that lies with the right checksum names no impossible volume and leads nowhere",
          "[volume][index]") {
  CHECK_FALSE(volume::read_index(some_index({"b", "a"}), kPlace));
  CHECK_FALSE(volume::read_index(some_index({"a", "a"}), kPlace));
  for (const char* name : {"", "..", "a/b", "-a"}) CHECK_FALSE(volume::read_index(some_index({name}), kPlace));

  const std::string bytes = some_index({"a", "bb", "ccc"});
  std::mt19937 random{42};
  int read = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = bytes;
    for (unsigned change = random() % 3 + 1; change > 0; --change) {
      const auto at = 24 + random() % (text.size() - 24);  // the length is checked before
      text[at] = static_cast<char>(random() % 2 == 0 ? 0xff : random());
    }
    if (const auto volumes = volume::read_index(summed(text), kPlace)) {
      ++read;
      for (const auto& volume : *volumes) (void)info_of(volume);
    }
  }
  CHECK(read > 0);  // a label may be anything
}

TEST_CASE("a log is read up to a record that is being written, and not at all if it is damaged", "[volume][index]") {
  const auto text_of = [](const launcher::VolumeLogRecord& record) { return std::string(record.bytes, record.size); };
  const std::string names = text_of(volume::log_record("b")) + text_of(volume::log_record("a"));
  const std::string all = names + text_of(volume::log_record(volume::ChangeTime{1, 2, 3, 4})) +
                          text_of(volume::log_record("c")) + text_of(volume::log_record("a"));
  const auto log = volume::read_log(all);
  REQUIRE(log.has_value());
  CHECK(log->names == std::vector<std::string>{"a", "b", "c"});
  CHECK(log->right_at == std::vector<volume::ChangeTime>{{1, 2, 3, 4}});
  for (std::size_t index = 0; index < all.size(); ++index) {
    CHECK(volume::read_log(all.substr(0, index)).has_value());
    std::string text = all;
    text[index] = static_cast<char>(text[index] ^ 0x10);
    const auto damaged = volume::read_log(text);
    CHECK((!damaged || damaged->names.size() < 3 || index >= all.size() - 7));  // a length that is too long by now
  }
  CHECK_FALSE(volume::read_log(text_of(volume::log_record("..")) + names));
}

TEST_CASE("a listing leaves an index, and the next one says the same from it", "[volume][index]") {
  TemporaryStore temporary;
  make_three(temporary);
  temporary.store.create_anonymous("web", {.labels = {{"of", "web"}}});
  temporary.store.create("tmp", {.driver_options = {{"type", "tmpfs"}, {"device", "tmpfs"}}});
  CHECK(has_index(temporary.store));
  CHECK(temporary.store.list() == truth_of(temporary.store));
  std::filesystem::remove_all(index_of(temporary.store).parent_path());
  CHECK_FALSE(has_index(temporary.store));
  CHECK(list_with_index(temporary.store) == truth_of(temporary.store));
  REQUIRE(has_index(temporary.store));
  CHECK(temporary.store.list() == truth_of(temporary.store));
  for (const Volume& volume : temporary.store.list()) CHECK(volume == temporary.store.get(volume.name()));

  CHECK(names_of(temporary.store.list({.labels = {{"of", "two"}}})) == std::vector<std::string>{"two"});
  CHECK(temporary.store.list({.labels = {{"of", std::nullopt}}}).size() == 4);
  CHECK(temporary.store.list({.anonymous = true}).size() == 1);
  CHECK(temporary.store.list({.anonymous = false, .in_use = false}).size() == 4);
  CHECK(temporary.store.list({.in_use = true}).empty());
  CHECK(has_index(temporary.store));
}

TEST_CASE("the index is closed to others", "[volume][index]") {
  TemporaryStore temporary;
  const mode_t before = ::umask(0);
  make_three(temporary);
  ::umask(before);
  struct stat status {};
  for (const char* file : {"list", "changed"}) {
    REQUIRE(::stat((temporary.root / "volume-index" / file).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);
  }
  REQUIRE(::stat((temporary.root / "volume-index").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0700U);
  CHECK(test::entries_of(temporary.root / "volume-index") == std::vector<std::string>{"changed", "list"});
}

TEST_CASE("what the store changes is in the next listing, with the index of before", "[volume][index]") {
  TemporaryStore temporary;
  make_three(temporary);
  const std::string before = content_of(index_of(temporary.store));
  temporary.store.remove("two");
  CHECK(names_of(temporary.store.list()) == std::vector<std::string>{"one", "three"});
  temporary.store.create("two", {.labels = {{"of", "another"}}});
  CHECK(temporary.store.list().back().labels() == Labels{{"of", "another"}});
  temporary.store.create("four");
  CHECK(names_of(temporary.store.list()) == std::vector<std::string>{"four", "one", "three", "two"});
  CHECK(names_of(temporary.store.list({.labels = {{"of", "another"}}})) == std::vector<std::string>{"two"});
  CHECK(temporary.store.prune(true).removed.size() == 4);
  CHECK(temporary.store.list().empty());
  CHECK(content_of(index_of(temporary.store)) == before);
  CHECK(has_index(temporary.store));
}

TEST_CASE("what was changed by hand is in the next listing", "[volume][index]") {
  TemporaryStore temporary;
  make_three(temporary);
  settle(temporary);
  const auto volumes = temporary.root / "volumes";
  std::filesystem::rename(volumes / "two", temporary.root / "elsewhere");
  CHECK(names_of(temporary.store.list()) == std::vector<std::string>{"one", "three"});
  settle(temporary);
  temporary.store.create("new");  // so that the log explains a change
  std::filesystem::rename(temporary.root / "elsewhere", volumes / "two");
  CHECK(names_of(temporary.store.list()) == std::vector<std::string>{"new", "one", "three", "two"});
  settle(temporary);
  temporary.store.remove("new");
  std::filesystem::remove_all(volumes / "one");
  CHECK(names_of(temporary.store.list()) == std::vector<std::string>{"three", "two"});
}

TEST_CASE("an index that is stale is not believed, whatever in it is wrong, and made again", "[volume][index]") {
  TemporaryStore temporary;
  make_three(temporary);
  const std::string good = content_of(index_of(temporary.store));
  const auto put = [&](const std::string& bytes) {
    std::ofstream{index_of(temporary.store), std::ios::binary} << bytes;  // the same inode
    return has_index(temporary.store);
  };
  const std::string other_boot = [&] {
    std::string bytes = good;
    bytes[56] = bytes[56] == 'x' ? 'y' : 'x';
    return summed(bytes);
  }();
  CHECK(put(good));
  for (const std::string& bad : {std::string{}, good.substr(0, good.size() - 1), good + "x", std::string(1000, '\0'),
                                 summed(good.substr(0, 120)), other_boot}) {
    CHECK_FALSE(put(bad));
    CHECK(temporary.store.list() == truth_of(temporary.store));
    CHECK(list_with_index(temporary.store).size() == 3);
    CHECK(has_index(temporary.store));
  }
  // A copy, a link, and what others could write.
  const auto list = index_of(temporary.store);
  const auto copy = temporary.root / "copy";
  std::filesystem::copy_file(list, copy);
  std::filesystem::rename(copy, list);
  REQUIRE(::chmod(list.c_str(), 0600) == 0);
  CHECK_FALSE(has_index(temporary.store));
  CHECK(list_with_index(temporary.store).size() == 3);
  REQUIRE(::chmod(list.c_str(), 0644) == 0);
  CHECK_FALSE(has_index(temporary.store));
  CHECK(list_with_index(temporary.store).size() == 3);
  std::filesystem::rename(list, copy);
  std::filesystem::create_symlink("../copy", list);
  CHECK_FALSE(has_index(temporary.store));
  std::filesystem::remove(list);
  REQUIRE(::mkfifo(list.c_str(), 0600) == 0);
  CHECK_FALSE(has_index(temporary.store));
  CHECK(list_with_index(temporary.store).size() == 3);
  CHECK(has_index(temporary.store));
}

TEST_CASE("a store without its log, with a damaged or an endless one, lists from the directories", "[volume][index]") {
  TemporaryStore temporary;
  make_three(temporary);
  const auto log = temporary.root / "volume-index" / "changed";
  for (const std::string& text : {std::string{}, std::string{"N\2ab----"}, std::string(2'000'000, 'x')}) {
    std::ofstream{log, std::ios::binary} << text;
    CHECK_FALSE(has_index(temporary.store));
    CHECK(list_with_index(temporary.store).size() == 3);
    CHECK(has_index(temporary.store));
  }
  std::filesystem::remove(log);
  CHECK_FALSE(has_index(temporary.store));
  CHECK(list_with_index(temporary.store).size() == 3);
  std::filesystem::remove(log);
  std::filesystem::create_directory(log);
  temporary.store.create("new");  // cannot write the log, so it puts the index away
  CHECK_FALSE(std::filesystem::exists(log));
  CHECK(temporary.store.list().size() == 4);
}

TEST_CASE("a log that grows without a listing is put away with its index", "[volume][index]") {
  TemporaryStore temporary;
  make_three(temporary);
  const auto log = temporary.root / "volume-index" / "changed";
  std::filesystem::resize_file(log, (std::size_t{1} << 20U) - 3);
  temporary.store.create("new");
  CHECK_FALSE(std::filesystem::exists(log));
  CHECK(test::entries_of(temporary.root / "trash").empty());
  CHECK(temporary.store.list().size() == 4);
}

TEST_CASE("a copied store does not believe the copied index", "[volume][index]") {
  TemporaryStore temporary;
  make_three(temporary);
  const auto copied = temporary.directory.path() / "copy";
  std::filesystem::copy(temporary.root, copied, std::filesystem::copy_options::recursive);
  for (const auto& entry : std::filesystem::recursive_directory_iterator{copied}) {
    REQUIRE(::chmod(entry.path().c_str(), entry.is_directory() ? 0700 : 0600) == 0);
  }
  REQUIRE(::chmod(copied.c_str(), 0700) == 0);
  const VolumeStore copy = VolumeStore::open(copied);
  CHECK_FALSE(has_index(copy));
  std::filesystem::remove_all(copied / "volumes" / "one");
  CHECK(names_of(copy.list()) == std::vector<std::string>{"three", "two"});
}

TEST_CASE("damage that is found is left out of every later listing, and healing by hand is seen", "[volume][index]") {
  TemporaryStore temporary;
  make_three(temporary);
  const auto metadata = temporary.root / "volumes" / "two" / "metadata";
  const std::string whole = content_of(metadata);
  std::ofstream{metadata} << "x";
  SECTION("by asking for it") { CHECK_THROWS_AS(temporary.store.get("two"), VolumeError); }
  SECTION("by asking for all that are damaged") { CHECK(temporary.store.damaged() == std::vector<std::string>{"two"}); }
  CHECK(names_of(temporary.store.list()) == std::vector<std::string>{"one", "three"});
  CHECK(list_with_index(temporary.store).size() == 2);
  std::filesystem::remove_all(temporary.root / "volume-index");
  CHECK(list_with_index(temporary.store).size() == 2);
  REQUIRE(has_index(temporary.store));
  CHECK(names_of(temporary.store.list()) == std::vector<std::string>{"one", "three"});
  std::ofstream{metadata} << whole;
  CHECK(has_index(temporary.store));
  CHECK(names_of(temporary.store.list()) == std::vector<std::string>{"one", "three", "two"});
}

TEST_CASE("looking at a store that exists makes no index, and uses one", "[volume][index]") {
  TemporaryStore temporary;
  temporary.store.create("one");
  const auto looking = VolumeStoreAccess::open_existing(temporary.root);
  REQUIRE(looking);
  CHECK(looking->list().size() == 1);
  CHECK_FALSE(std::filesystem::exists(temporary.root / "volume-index"));
  CHECK(list_with_index(temporary.store).size() == 1);
  CHECK(has_index(*looking));
  CHECK(looking->list() == truth_of(temporary.store));
}

TEST_CASE("whoever makes an index while a volume is changed leaves none", "[volume][index]") {
  TemporaryStore temporary;
  make_three(temporary);
  std::filesystem::remove_all(temporary.root / "volume-index");
  {
    const volume::VolumeChange change{VolumeStoreAccess::layout(temporary.store), "two"};
    CHECK(list_with_index(temporary.store).size() == 3);
    CHECK_FALSE(std::filesystem::exists(index_of(temporary.store)));
  }
  CHECK(list_with_index(temporary.store).size() == 3);
  CHECK(has_index(temporary.store));
}

TEST_CASE("a change that begins while an index is made is looked at by who uses it", "[volume][index]") {
  TemporaryStore temporary;
  make_three(temporary);
  std::filesystem::remove_all(temporary.root / "volume-index");
  const auto& layout = VolumeStoreAccess::layout(temporary.store);
  auto draft = volume::IndexDraft::begin(layout, volume::Settled::NotRequired);
  REQUIRE(draft);
  std::vector<Volume> found = truth_of(temporary.store);
  temporary.store.remove("two");
  temporary.store.create("four");
  CHECK_FALSE(volume::IndexDraft::begin(layout, volume::Settled::NotRequired));  // one at a time
  for (const auto& entry : kernel::entries_in(layout.volumes.get())) {
    for (const Volume& volume : found) {
      if (volume.name() == entry.name) draft->add(entry.inode, volume.info());
    }
  }
  SECTION("it was put away meanwhile") {
    std::filesystem::rename(temporary.root / "volume-index", temporary.root / "away");
    draft->finish(layout);
    CHECK_FALSE(std::filesystem::exists(index_of(temporary.store)));
  }
  SECTION("it is there") { draft->finish(layout); }
  CHECK(names_of(temporary.store.list()) == std::vector<std::string>{"four", "one", "three"});
}

TEST_CASE("handles of a listing are values like all others", "[volume][index]") {
  TemporaryStore temporary;
  make_three(temporary);
  std::vector<Volume> volumes = temporary.store.list();
  const Volume first = std::move(volumes.front());
  CHECK(volumes.front().name() == "one");
  volumes.clear();
  CHECK(first == temporary.store.get("one"));
  CHECK(first.mountpoint() == temporary.root / "volumes" / "one" / "_data");
  CHECK(first.at("/data").store == temporary.root);
}
