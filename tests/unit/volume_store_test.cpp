// SPDX-License-Identifier: Apache-2.0
#include "unit/volume_support.hpp"

#include <dunnage/error.hpp>

#include "volume/use.hpp"

#include <sys/stat.h>

#include <chrono>
#include <fstream>

using namespace dunnage;
using test::entries_of;
using test::message_of;
using test::names_of;
using test::TemporaryStore;

TEST_CASE("a created volume is found under its name with all it was given", "[volume]") {
  TemporaryStore temporary;
  const auto before = std::chrono::system_clock::now();
  const Volume made = temporary.store.create("db-data", {.labels = {{"app", "shop"}, {"note", "\"ä\"\n,="}}});
  const auto after = std::chrono::system_clock::now();

  CHECK(made.name() == "db-data");
  CHECK(made.mountpoint() == temporary.root / "volumes" / "db-data" / "_data");
  CHECK(made.labels() == Labels{{"app", "shop"}, {"note", "\"ä\"\n,="}});
  CHECK(made.info().created_at >= before);
  CHECK(made.info().created_at <= after);
  CHECK_FALSE(made.info().anonymous);
  CHECK(made.info().owner.empty());

  CHECK(temporary.store.get("db-data") == made);
  CHECK(temporary.store.find("db-data") == made);
  CHECK(VolumeStore::open(temporary.root).get("db-data") == made);
}

TEST_CASE("a volume's data directory is open to a container's users, and all around it is closed", "[volume]") {
  TemporaryStore temporary;
  const auto mode_of = [](const std::filesystem::path& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777U;
  };
  const Volume volume = temporary.store.create("v");
  CHECK(mode_of(volume.mountpoint()) == 0755U);
  CHECK(mode_of(volume.mountpoint().parent_path()) == 0700U);
  CHECK(mode_of(temporary.root / "volumes") == 0700U);
  CHECK(mode_of(temporary.root) == 0700U);
  CHECK(mode_of(volume.mountpoint().parent_path() / "metadata") == 0600U);
}

TEST_CASE("modes do not depend on the umask of the host program", "[volume]") {
  for (const mode_t mask : {mode_t{0}, mode_t{077}, mode_t{0277}}) {
    TemporaryStore temporary;
    CHECK(test::wait_for(test::start_process([&] {
            ::umask(mask);
            (void)VolumeStore::open(temporary.directory.path() / "other").create("v");
          })) == 0);
    struct stat status {};
    REQUIRE(::stat((temporary.directory.path() / "other/volumes/v/_data").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0755U);
    REQUIRE(::stat((temporary.directory.path() / "other/volumes/v").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0700U);
    CHECK(names_of(VolumeStore::open(temporary.directory.path() / "other").list()) == std::vector<std::string>{"v"});
  }
}

TEST_CASE("names follow Docker's rule", "[volume]") {
  TemporaryStore temporary;
  const std::string longest(128, 'a');
  for (const std::string name : {"a", "0", "A.b_c-d", "a..b", "a.", longest.c_str()}) {
    CAPTURE(name);
    CHECK(temporary.store.create(name).name() == name);
  }
  const std::vector<std::string> bad{"",   ".",   "..",  ".a", "-a",           "_a",          "a/b",
                                     "/a", "a b", "a\n", "ä",  "../volumes/a", longest + "a", std::string{"a\0b", 3}};
  for (const std::string& name : bad) {
    CAPTURE(name);
    CHECK_THROWS_AS(temporary.store.create(name), VolumeError);
    CHECK_FALSE(temporary.store.find(name));
    CHECK_THROWS_AS(temporary.store.remove(name), VolumeError);
    CHECK_THROWS_AS(temporary.store.users(name), VolumeError);
  }
  CHECK(temporary.store.list().size() == 6);
  CHECK(message_of([&] { temporary.store.create("a b"); }) ==
        "cannot create volume \"a b\": not a name for a volume: invalid argument [EINVAL]; use 1 to 128 letters, "
        "digits, \"_\", \".\" or \"-\", a letter or digit first");
  CHECK(message_of([&] { temporary.store.create("/srv/data"); }) ==
        "cannot create volume \"/srv/data\": not a name for a volume: invalid argument [EINVAL]; use 1 to 128 "
        "letters, digits, \"_\", \".\" or \"-\", a letter or digit first; a directory of the host is a bind mount");
}

TEST_CASE("a name can be taken once", "[volume]") {
  TemporaryStore temporary;
  const Volume first = temporary.store.create("db-data", {.labels = {{"n", "1"}}});
  try {
    temporary.store.create("db-data", {.labels = {{"n", "2"}}});
    FAIL("the second create() succeeded");
  } catch (const VolumeError& error) {
    CHECK(error.code() == errc::volume_exists);
    CHECK(error.code() == std::errc::file_exists);
    CHECK(error.subject() == "db-data");
    CHECK(error.stage() == Stage::Store);
    CHECK(std::string{error.what()} ==
          "cannot create volume \"db-data\": the volume exists [EEXIST]; choose another name, or use get_or_create");
  }
  CHECK(temporary.store.get("db-data") == first);
  CHECK(temporary.store.get_or_create("db-data", {.labels = {{"n", "3"}}}) == first);
  CHECK(entries_of(temporary.root / "staging").empty());
}

TEST_CASE("get_or_create makes a volume that is absent, with its labels", "[volume]") {
  TemporaryStore temporary;
  const Volume made = temporary.store.get_or_create("cache", {.labels = {{"a", "b"}}});
  CHECK(made.labels() == Labels{{"a", "b"}});
  CHECK(temporary.store.get("cache") == made);
}

TEST_CASE("a missing volume is reported with the nearest name", "[volume]") {
  TemporaryStore temporary;
  temporary.store.create("db-data");
  CHECK_FALSE(temporary.store.find("db-dat"));
  CHECK(message_of([&] { (void)temporary.store.get("db-dat"); }) ==
        "cannot get volume \"db-dat\": no such volume [ENOENT]; did you mean \"db-data\"?");
  CHECK(message_of([&] { temporary.store.remove("logs"); }) ==
        "cannot remove volume \"logs\": no such volume [ENOENT]; create it first, or list the volumes");
  CHECK(message_of([&] { (void)temporary.store.users("db_data"); }) ==
        "cannot list users of volume \"db_data\": no such volume [ENOENT]; did you mean \"db-data\"?");
  try {
    (void)temporary.store.get("db-dat");
    FAIL("it was found");
  } catch (const VolumeError& error) {
    CHECK(error.code() == errc::volume_missing);
    CHECK(error.code() == std::errc::no_such_file_or_directory);
  }
}

TEST_CASE("volumes are listed by name and by filter", "[volume]") {
  TemporaryStore temporary;
  temporary.store.create("web", {.labels = {{"app", "shop"}, {"tier", "front"}}});
  temporary.store.create("db", {.labels = {{"app", "shop"}}});
  temporary.store.create("Zoo");
  const Volume anonymous = temporary.store.create_anonymous();
  const auto named = [&](const VolumeFilter& filter) { return names_of(temporary.store.list(filter)); };
  using Names = std::vector<std::string>;

  Names all{"web", "db", "Zoo", anonymous.name()};
  std::sort(all.begin(), all.end());
  CHECK(named({}) == all);
  CHECK(named({.labels = {{"app", std::nullopt}}}) == Names{"db", "web"});
  CHECK(named({.labels = {{"app", "shop"}, {"tier", "front"}}}) == Names{"web"});
  CHECK(named({.labels = {{"app", "bank"}}}).empty());
  CHECK(named({.anonymous = true}) == Names{anonymous.name()});
  CHECK(named({.anonymous = false}) == Names{"Zoo", "db", "web"});

  const auto use = volume::VolumeUse::acquire(temporary.root, "db", "c1", "shop-db");
  CHECK(named({.in_use = true}) == Names{"db"});
  CHECK(named({.anonymous = false, .in_use = false}) == Names{"Zoo", "web"});
}

TEST_CASE("an anonymous volume has a random name, Docker's label and an owner", "[volume]") {
  TemporaryStore temporary;
  const Volume first = temporary.store.create_anonymous("c0ffee", {.labels = {{"a", "b"}}});
  const Volume second = temporary.store.create_anonymous();
  CHECK(first.name().size() == 64);
  CHECK(first.name().find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(first.name() != second.name());
  CHECK(first.labels() == Labels{{"a", "b"}, {"com.docker.volume.anonymous", ""}});
  CHECK(first.info().anonymous);
  CHECK(first.info().owner == "c0ffee");
  CHECK(temporary.store.get(first.name()) == first);
}

TEST_CASE("a removed volume is gone with its data, and its name is free", "[volume]") {
  TemporaryStore temporary;
  const Volume volume = temporary.store.create("v");
  std::ofstream{volume.mountpoint() / "file"} << "old";
  temporary.store.remove("v");
  CHECK_FALSE(temporary.store.find("v"));
  CHECK(entries_of(temporary.root / "volumes").empty());
  CHECK(entries_of(temporary.root / "trash").empty());
  CHECK(entries_of(temporary.store.create("v").mountpoint()).empty());
}

TEST_CASE("prune takes anonymous volumes only, unless told otherwise", "[volume]") {
  TemporaryStore temporary;
  temporary.store.create("named", {.labels = {{"keep", "no"}}});
  temporary.store.create("other");
  const std::string loose = temporary.store.create_anonymous().name();
  const std::string orphan = temporary.store.create_anonymous("gone").name();
  const std::string owned = temporary.store.create_anonymous("stopped").name();
  std::filesystem::create_directory(temporary.root / "containers" / "stopped");

  PruneResult result = temporary.store.prune();
  std::vector<std::string> expected{loose, orphan};
  std::sort(expected.begin(), expected.end());
  CHECK(result.removed == expected);
  CHECK(result.kept ==
        std::vector<std::pair<std::string, std::string>>{{owned, "it belongs to container \"stopped\""}});
  CHECK(names_of(temporary.store.list({.anonymous = false})) == std::vector<std::string>{"named", "other"});

  const auto use = volume::VolumeUse::acquire(temporary.root, "other", "c1", "web");
  result = temporary.store.prune(true, {.labels = {{"keep", "no"}}});
  CHECK(result.removed == std::vector<std::string>{"named"});
  CHECK(result.kept.empty());
  result = temporary.store.prune(true, {.anonymous = false});
  CHECK(result.removed.empty());
  CHECK(result.kept == std::vector<std::pair<std::string, std::string>>{{"other", "it is used by \"web\""}});
  CHECK(entries_of(temporary.root / "trash").empty());
}

TEST_CASE("labels that cannot be written are refused before anything is made", "[volume]") {
  TemporaryStore temporary;
  const std::string text =
      "cannot create volume \"v\": labels: invalid argument [EINVAL]; make them UTF-8 and less "
      "than 1024 KiB together";
  CHECK(message_of([&] { temporary.store.create("v", {.labels = {{"a", "\xff"}}}); }) == text);
  CHECK(message_of([&] { temporary.store.create("v", {.labels = {{"a", std::string(1U << 20U, 'x')}}}); }) == text);
  CHECK(temporary.store.list().empty());
  const std::string big(900000, 'x');
  CHECK(temporary.store.create("v", {.labels = {{"a", big}}}).labels().at("a") == big);
  CHECK(temporary.store.get("v").labels().at("a") == big);
}

TEST_CASE("a volume mounts at a place", "[volume]") {
  TemporaryStore temporary;
  const VolumeMount mount = temporary.store.create("v").at("/data", {.read_only = true});
  CHECK(mount.name == "v");
  CHECK(mount.target == "/data");
  CHECK(mount.options.read_only);
  CHECK(mount.store == temporary.root);
}

TEST_CASE("a volume's description has Docker's members", "[volume]") {
  VolumeInfo info{.name = "v",
                  .mountpoint = "/s/volumes/v/_data",
                  .created_at = {},
                  .labels = {{"a", "b"}},
                  .anonymous = false,
                  .owner = {}};
  info.created_at += std::chrono::milliseconds{1700000000123};
  CHECK(to_json(info) ==
        R"({"CreatedAt":"2023-11-14T22:13:20Z","Driver":"local","Labels":{"a":"b"},"Mountpoint":"/s/volumes/v/_data",)"
        R"("Name":"v","Options":null,"Scope":"local"})");
}

TEST_CASE("the default store follows the environment", "[volume]") {
  const auto in_child = [](const std::function<bool()>& check) {
    return test::wait_for(test::start_process([&] {
      ::unsetenv("DUNNAGE_STORE");
      ::unsetenv("XDG_DATA_HOME");
      ::setenv("HOME", "/home/someone", 1);
      if (!check()) throw std::runtime_error{"default_store() is " + default_store().string()};
    }));
  };
  const bool root = ::geteuid() == 0;
  CHECK(in_child([&] {
          return default_store() == (root ? "/var/lib/dunnage" : "/home/someone/.local/share/dunnage");
        }) == 0);
  CHECK(in_child([&] {
          ::setenv("XDG_DATA_HOME", "/xdg", 1);
          return default_store() == (root ? "/var/lib/dunnage" : "/xdg/dunnage");
        }) == 0);
  CHECK(in_child([&] {
          ::setenv("DUNNAGE_STORE", "/srv/store", 1);
          return default_store() == "/srv/store";
        }) == 0);
}
