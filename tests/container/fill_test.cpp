// SPDX-License-Identifier: Apache-2.0
// An empty volume takes what an image has at its target: once, whole or not at all, and never over data.

#include "container/support.hpp"
#include "kernel/file_descriptor.hpp"
#include "launcher/connection.hpp"
#include "launcher/identity.hpp"
#include "launcher/own_list.hpp"
#include "plan/copy_up.hpp"
#include "prepare/prepare.hpp"
#include "support/tree.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>

namespace dunnage::test {
namespace {

using kernel::FileDescriptor;

constexpr const char* kData = "/var/lib/data";

FileDescriptor open_root(const std::filesystem::path& path) {
  return FileDescriptor{::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
}

MountPlan plan_of(const std::filesystem::path& store, VolumeMount mount) {
  const MountPlan plan = MountSet{std::move(mount)}.resolve({.store = store});
  std::vector<ResolvedMount> mounts{plan.begin(), plan.end()};
  plan::decide_copy_up(mounts.front());  // as for an image
  return MountPlan{std::move(mounts)};
}

PreparedMounts prepare_with(const MountPlan& plan, const std::filesystem::path& image, const Watch& watch = {}) {
  const FileDescriptor root = open_root(image);
  return prepare::prepare(plan, launcher::identity_for(0, 0), {.id = "0123456789ab", .name = "test", .user = {}},
                          {.root = root.get(), .watch = watch});
}

/// A store, and a tree that stands for the root of an image.
class Filling {
 public:
  Filling() {
    for (int number = 0; number < 300; ++number) {
      const std::string name = "image/var/lib/data/d" + std::to_string(number % 10) + "/f" + std::to_string(number);
      ground_.directory().write(name, name + std::string(2000, '.'));
    }
    std::filesystem::create_symlink("f0", image("var/lib/data/link"));
    ::chmod(image("var/lib/data").c_str(), 01751);
    expected_ = tree_of(image("var/lib/data"));
  }
  ~Filling() {
    if (who() == Launcher::Range) {
      const FileDescriptor top{::open(ground_.directory().path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
      const auto connection = launcher::Connection::get(launcher::identity_for(0, 0));
      for (const char* name : {"store", "image"}) {
        (void)connection->remove_tree(top.get(), name, std::chrono::steady_clock::now() + 60s);
      }
    }
  }
  Filling(const Filling&) = delete;
  Filling& operator=(const Filling&) = delete;

  [[nodiscard]] std::filesystem::path image(std::string_view path = {}) const { return ground_.path("image") / path; }
  [[nodiscard]] std::filesystem::path data(const std::string& volume) const {
    return ground_.store_path() / "volumes" / volume / "_data";
  }
  [[nodiscard]] MountPlan plan(const std::string& volume, VolumeMountOptions options = {}) const {
    return plan_of(ground_.store_path(), {.name = volume, .target = kData, .options = std::move(options), .store = {}});
  }
  /// Prepares, lets go, and answers with the last reason.
  std::string prepare(const MountPlan& plan) const {
    const PreparedMounts prepared = prepare_with(plan, image());
    return prepared.plan()[0].reasons.back();
  }
  [[nodiscard]] const Ground& ground() const { return ground_; }
  [[nodiscard]] const std::string& expected() const { return expected_; }

 private:
  Ground ground_;
  std::string expected_;
};

constexpr const char* kCopied = "the volume was empty, and got what the image has at \"/var/lib/data\"";
constexpr const char* kHasData = "there is data in the volume, so nothing of the image was copied into it";

/// In a copy of this process: prepares, and ends with 0 if it was the one that copied, else with 1; 2 is a failure.
pid_t fork_filler(const std::filesystem::path& store, const std::filesystem::path& image, const std::string& volume,
                  const int* gate = nullptr) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  int code = 2;
  try {
    char byte = 0;
    if (gate != nullptr) {
      ::close(gate[1]);  // the parent's is the last
      (void)!::read(gate[0], &byte, 1);
    }
    const MountPlan plan = plan_of(store, {.name = volume, .target = kData, .options = {}, .store = {}});
    const PreparedMounts prepared = prepare_with(plan, image);
    const std::string& reason = prepared.plan()[0].reasons.back();
    code = reason == kCopied ? 0 : 1;
  } catch (const std::exception& error) {
    (void)!::write(2, error.what(), std::strlen(error.what()));
  }
  ::_exit(code);
}

int exit_code_of(pid_t child) {
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

TEST_CASE("a new volume has the image's content from its first instant, and keeps what it has from then on", "[fill]") {
  const Filling filling;
  const MountPlan plan = filling.plan("db");
  CHECK(plan[0].copy_up);
  CHECK(plan[0].reasons.back() ==
        "if it is empty and nobody uses it, preparing fills it with what the image has there, if it has a directory "
        "there");
  CHECK(filling.prepare(plan) == kCopied);
  CHECK(tree_of(filling.data("db")) == filling.expected());
  std::filesystem::remove_all(filling.data("db") / "d3");
  CHECK(filling.prepare(filling.plan("db")) == kHasData);
  CHECK_FALSE(std::filesystem::exists(filling.data("db") / "d3"));
}

TEST_CASE("a volume that is there and empty is filled, one with a single entry is not", "[fill]") {
  const Filling filling;
  (void)filling.ground().volumes().create("empty");
  CHECK(filling.prepare(filling.plan("empty")) == kCopied);
  CHECK(tree_of(filling.data("empty")) == filling.expected());

  (void)filling.ground().volumes().create("dotfile");
  (void)filling.ground().directory().write("store/volumes/dotfile/_data/.keep", "mine");
  const std::string before = tree_of(filling.data("dotfile"));
  CHECK(filling.prepare(filling.plan("dotfile")) == kHasData);
  CHECK(tree_of(filling.data("dotfile")) == before);

  SECTION("and again when it was emptied, as Docker does") {
    for (const auto& entry : std::filesystem::directory_iterator{filling.data("empty")}) {
      std::filesystem::remove_all(entry.path());
    }
    CHECK(filling.prepare(filling.plan("empty")) == kCopied);
    CHECK(tree_of(filling.data("empty")) == filling.expected());
  }
}

TEST_CASE("an empty volume that another container uses stays as it is, and the plan says so", "[fill]") {
  const Filling filling;
  (void)filling.ground().volumes().create("used");
  const MountPlan plain = MountSet{VolumeMount{.name = "used", .target = "/x", .options = {}, .store = {}}}.resolve(
      {.store = filling.ground().store_path(), .current_directory = {}});
  const PreparedMounts other = plain.prepare();
  CHECK(filling.prepare(filling.plan("used")) ==
        "another container uses the volume, so it was left as it is, and nothing of the image was copied into it");
  CHECK(std::filesystem::is_empty(filling.data("used")));
}

TEST_CASE("a volume at several places of one container is filled by the first that has something for it", "[fill]") {
  const Filling filling;
  const auto mount = [](const std::string& target, VolumeMountOptions options = {}) {
    return VolumeMount{"data", target, std::move(options)};
  };
  const auto prepared = [&](const VolumeMount& first, const VolumeMount& second) {
    const MountPlan plan = MountSet{first, second}.resolve({.store = filling.ground().store_path()});
    return prepare_with(plan::with_copy_up(plan), filling.image());
  };
  const auto reason = [](const PreparedMounts& mounts, std::string_view target) {
    return mounts.plan()[target].reasons.back();
  };
  SECTION("the first") {
    const PreparedMounts mounts = prepared(mount(kData), mount("/var/lib/data/d1"));
    CHECK_THAT(reason(mounts, "/var/lib/data/d1"), Catch::StartsWith("there is data in the volume"));
  }
  SECTION("the second, where the image has nothing for the first") {
    const PreparedMounts mounts = prepared(mount("/nothing/there"), mount(kData));
    CHECK_THAT(reason(mounts, "/nothing/there"), Catch::StartsWith("the image has no directory"));
    CHECK_THAT(reason(mounts, kData), Catch::StartsWith("the volume was empty, and got"));
  }
  SECTION("the second, where the first is not to be copied") {
    const PreparedMounts mounts = prepared(mount("/a", {.no_copy = true}), mount(kData));
    CHECK_THAT(reason(mounts, kData), Catch::StartsWith("the volume was empty, and got"));
  }
  SECTION("the second, where the first changes owners") {
    const PreparedMounts mounts = prepared(mount("/a", {.chown = true}), mount(kData));
    CHECK_THAT(reason(mounts, kData), Catch::StartsWith("the volume was empty, and got"));
  }
  SECTION("the second, below a directory that was made for it") {
    const PreparedMounts mounts = prepared(mount("/var/lib"), mount(kData, {.subpath = "data"}));
    CHECK_THAT(reason(mounts, kData), Catch::StartsWith("there is data in the volume"));
    CHECK(std::filesystem::exists(filling.data("data") / "data/d1/f1"));
    return;
  }
  CHECK(std::filesystem::exists(filling.data("data") / "d1/f1"));
  CHECK(filling.ground().volumes().users("data").empty());
}

TEST_CASE("what is not to be copied is not, and the plan says why", "[fill]") {
  const Filling filling;
  CHECK(filling.prepare(filling.plan("no", {.no_copy = true})) ==
        "nothing of the image is copied into it, because no_copy is set");
  CHECK(std::filesystem::is_empty(filling.data("no")));
  CHECK(filling.prepare(filling.plan("no")) == kCopied);  // a later container wants it

  const auto elsewhere = filling.ground().directory().make("elsewhere");
  (void)filling.ground().volumes().create(
      "bound", {.labels = {}, .driver_options = {{"type", "none"}, {"device", elsewhere.string()}, {"o", "bind,ro"}}});
  const MountPlan bound = filling.plan("bound");
  CHECK_FALSE(bound[0].copy_up);
  CHECK(bound[0].reasons.back() == "nothing of the image is copied into it, because what it shows is read-only");
  (void)filling.prepare(bound);
  CHECK(std::filesystem::is_empty(elsewhere));
  (void)filling.ground().volumes().create(
      "machine", {.labels = {}, .driver_options = {{"type", "none"}, {"device", "/home"}, {"o", "bind"}}});
  CHECK(filling.plan("machine")[0].reasons.back() ==
        "nothing of the image is copied into it, because what it shows is a directory of the machine itself");

  const MountPlan for_directory =
      MountSet{VolumeMount{.name = "x", .target = kData, .options = {}, .store = {}}}.resolve(
          {.store = filling.ground().store_path(), .current_directory = {}});
  CHECK_FALSE(for_directory[0].copy_up);
  (void)filling.prepare(for_directory);
  CHECK(std::filesystem::is_empty(filling.data("x")));
}

TEST_CASE("where the image has no directory there is nothing to copy, and links of the image stay in it", "[fill]") {
  const Filling filling;
  const auto canary = filling.ground().directory().make("canary");
  filling.ground().directory().write("canary/secret", "CANARY");
  filling.ground().directory().write("image/file", "a file");
  std::filesystem::create_symlink(canary, filling.image("out"));
  std::filesystem::create_symlink("../../../../../../../../" + canary.string(), filling.image("dots"));
  std::filesystem::create_symlink("/var/lib/data", filling.image("within"));
  const auto fill_at = [&](const std::string& target, const std::string& volume) {
    const MountPlan plan =
        plan_of(filling.ground().store_path(), {.name = volume, .target = target, .options = {}, .store = {}});
    return filling.prepare(plan);
  };
  for (const std::string target : {"/missing", "/file", "/file/below", "/out", "/dots", "/out/x", "/proc/../out"}) {
    INFO(target);
    std::string volume = "v" + std::to_string(std::hash<std::string>{}(target));
    CHECK(fill_at(target, volume).starts_with("the image has no directory at"));
    CHECK(std::filesystem::is_empty(filling.data(volume)));
  }
  CHECK(fill_at("/within", "within").starts_with("the volume was empty"));
  CHECK(tree_of(filling.data("within")) == filling.expected());
}

TEST_CASE("an empty directory of the image gives the volume its owner and mode", "[fill]") {
  const Filling filling;
  std::filesystem::create_directories(filling.image("run/app"));
  const std::uint32_t owner = who() == Launcher::Single ? 0 : 999;
  launcher::OwnList list;
  list.add("run/app", {.uid = owner, .gid = owner, .mode = 0700, .modified = {}, .capability = {}});
  const FileDescriptor top{::open(filling.image().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  REQUIRE(list.apply(*launcher::Connection::get(launcher::identity_for(0, 0)), top.get(), {}).done());
  (void)filling.ground().volumes().create("there");
  for (const char* name : {"fresh", "there", "there"}) {  // the second time its own owner has shut it to this user
    const MountPlan plan =
        plan_of(filling.ground().store_path(), {.name = name, .target = "/run/app", .options = {}, .store = {}});
    CHECK(filling.prepare(plan).starts_with("the volume was empty"));
    struct stat image {};
    struct stat volume {};
    REQUIRE(::stat(filling.image("run/app").c_str(), &image) == 0);
    REQUIRE(::stat(filling.data(name).c_str(), &volume) == 0);
    CHECK(volume.st_uid == image.st_uid);
    CHECK((volume.st_mode & 07777U) == 0700U);
  }
}

TEST_CASE("with a subpath its directory is filled, if it is there", "[fill]") {
  const Filling filling;
  CHECK(filling.prepare(filling.plan("fresh", {.subpath = "a/b"})) ==
        "there is no directory at the subpath yet, so nothing of the image was copied into it");
  (void)filling.ground().volumes().create("v");
  std::filesystem::create_directories(filling.data("v") / "a/b");
  filling.ground().directory().write("store/volumes/v/_data/a/other", "stays");
  CHECK(filling.prepare(filling.plan("v", {.subpath = "a/b"})) == kCopied);
  CHECK(tree_of(filling.data("v") / "a/b") == filling.expected());
  CHECK(filling.ground().directory().read("store/volumes/v/_data/a/other") == "stays");
  CHECK(filling.prepare(filling.plan("v", {.subpath = "a/b"})) == kHasData);
}

TEST_CASE("anonymous volumes are filled, read-only ones too", "[fill]") {
  const Filling filling;
  const PreparedMounts prepared = prepare_with(filling.plan("", {.read_only = true}), filling.image());
  CHECK(prepared.plan()[0].reasons.back() == kCopied);
  CHECK(tree_of(filling.data(prepared.plan()[0].volume)) == filling.expected());
  CHECK_FALSE(prepared.plan()[0].copy_up);
}

TEST_CASE("a filling that is cancelled leaves no volume and nothing of it", "[fill]") {
  const Filling filling;
  std::stop_source stop;
  stop.request_stop();
  const Watch watch{.progress = {}, .stop = stop.get_token(), .deadline = {}};
  CHECK(code_of([&] { (void)prepare_with(filling.plan("db"), filling.image(), watch); }) == errc::cancelled);
  CHECK_FALSE(filling.ground().volumes().find("db"));
  CHECK(std::filesystem::is_empty(filling.ground().store_path() / "staging"));
}

TEST_CASE("of any number of processes that start at the same instant one fills, and all find it whole", "[fill]") {
  const Filling filling;
  const bool there = GENERATE(false, true);
  const auto store = filling.ground().store_path();
  if (there) (void)filling.ground().volumes().create("shared");
  int gate[2];
  REQUIRE(::pipe2(gate, O_CLOEXEC) == 0);
  std::vector<pid_t> children;
  for (int number = 0; number < 8; ++number) {
    children.push_back(fork_filler(store, filling.image(), "shared", gate));
  }
  ::close(gate[1]);
  ::close(gate[0]);
  int copied = 0;
  for (const pid_t child : children) {
    const int code = exit_code_of(child);
    CHECK(code < 2);
    copied += code == 0 ? 1 : 0;
  }
  CHECK(copied == 1);
  CHECK(tree_of(filling.data("shared")) == filling.expected());
}

TEST_CASE("a process that is killed while it fills a volume leaves all of it or nothing", "[fill][one-user]") {
  const Filling filling;
  const auto store = filling.ground().store_path();
  std::mt19937 random{std::random_device{}()};
  for (int round = 0; round < 30; ++round) {
    const std::string volume = "v" + std::to_string(round);
    if (round % 2 == 0) (void)filling.ground().volumes().create(volume);
    const pid_t child = fork_filler(store, filling.image(), volume);
    std::this_thread::sleep_for(std::chrono::microseconds{random() % 60'000});
    ::kill(child, SIGKILL);
    (void)exit_code_of(child);
    const bool exists = filling.ground().volumes().find(volume).has_value();  // opening sweeps what it left
    if (exists && !std::filesystem::is_empty(filling.data(volume))) {
      CHECK(tree_of(filling.data(volume)) == filling.expected());
    }
    const int code = exit_code_of(fork_filler(store, filling.image(), volume));
    CHECK(code < 2);
    CHECK(tree_of(filling.data(volume)) == filling.expected());
  }
}

/// Run below strace by the test that follows, which kills it at its every step.
TEST_CASE("fills the volume it is told of", "[.fill-child]") {
  const char* store = std::getenv("DUNNAGE_TEST_STORE");
  const char* image = std::getenv("DUNNAGE_TEST_IMAGE");
  if (store == nullptr || image == nullptr) return skip("is run by another test");
  const MountPlan plan = plan_of(store, {.name = "v", .target = kData, .options = {}, .store = {}});
  CHECK_FALSE(prepare_with(plan, image).plan().empty());
}

TEST_CASE("a process that is killed at any call leaves all of the volume or nothing", "[fill]") {
  if (!requires_program("strace")) return;
  if (who() == Launcher::Range) return skip("newuidmap gains no rights below strace");
  const bool there = GENERATE(false, true);
  const Filling filling;
  const auto store = filling.ground().store_path();
  ::setenv("DUNNAGE_TEST_STORE", store.c_str(), 1);
  ::setenv("DUNNAGE_TEST_IMAGE", filling.image().c_str(), 1);
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  int whole = 0;
  int empty = 0;
  for (const char* call : {"renameat2", "mkdirat", "fsync", "syncfs", "openat2", "sendmsg", "fcntl", "unlinkat"}) {
    for (int step = 1; step <= 7; step += 3) {
      if (there) (void)filling.ground().volumes().get_or_create("v");
      const std::string command = std::string{"strace -f -qq -o /dev/null -e trace="} + call + " -e inject=" + call +
                                  ":signal=KILL:when=" + std::to_string(step) + " '" + self +
                                  "' '[.fill-child]' >/dev/null 2>&1";
      (void)!std::system(command.c_str());
      VolumeStore volumes = filling.ground().volumes();
      if (!volumes.find("v")) {
        ++empty;
        continue;
      }
      INFO(call << " " << step);
      if (std::filesystem::is_empty(filling.data("v"))) {
        ++empty;
      } else {
        ++whole;
        CHECK(tree_of(filling.data("v")) == filling.expected());
      }
      CHECK(eventually([&] { return volumes.users("v").empty(); }));
      volumes.remove("v");
    }
  }
  CHECK(whole > 0);
  CHECK(empty > 0);
}

}  // namespace dunnage::test
