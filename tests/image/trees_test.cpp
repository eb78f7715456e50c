// SPDX-License-Identifier: Apache-2.0
// Trees of layers: unpacked once, whole or not at all, by any number of processes.

#include <dunnage/error.hpp>

#include "container/support.hpp"
#include "image/archive.hpp"
#include "image/digest.hpp"
#include "image/layers.hpp"
#include "image/tree_store.hpp"
#include "kernel/lock.hpp"
#include "support/catch.hpp"
#include "support/leak_guard.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <stop_token>
#include <thread>
#include <utility>

namespace dunnage::test {
namespace {

using namespace std::chrono_literals;

std::error_code code_of_failure(const std::function<void()>& work, std::string* words = nullptr) {
  try {
    work();
  } catch (const Error& error) {
    if (words != nullptr) *words = error.what();
    return error.code();
  }
  return {};
}

std::string small_layer(const std::string& name) { return Archive{}.file(name, name).tar(); }

/// Much data, so that there is time for something to happen; few files, as some disks are slow to delete them.
std::string large_layer(int files, const std::string& prefix = "d") {
  Archive archive;
  for (int index = 0; index < files; ++index) {
    archive.file(prefix + std::to_string(index % 5) + "/" + std::to_string(index), std::string(200'000, 'x'));
  }
  return archive.tar();
}

/// Runs `work` in another process. \return its pid; exit status 0 if it did not throw
pid_t in_another_process(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  try {
    work();
    ::_exit(0);
  } catch (...) {
    ::_exit(1);
  }
}

int status_of_process(pid_t child) {
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return status;
}

}  // namespace

TEST_CASE("layers are unpacked once, for all images that share them", "[image][trees]") {
  const Layers store;
  const ImageLayer low = store.layer(gzip(small_layer("low")), small_layer("low"));
  const ImageLayer middle = store.layer(small_layer("middle"));
  const ImageInfo first = store.image({low, middle, store.layer(small_layer("first"))});
  const ImageInfo second = store.image({low, middle, store.layer(small_layer("second"))});
  CHECK(image::count_unpacked(store.layout(), first, store.identity()) == 0);
  {
    const image::Trees trees = store.open(first);
    REQUIRE(trees.names.size() == 3);
    REQUIRE(trees.trees.size() == 3);
    CHECK(store.content(trees.names[0] + "/low") == "low");
    CHECK(store.content(trees.names[1] + "/middle") == "middle");
    CHECK(store.content(trees.names[2] + "/first") == "first");
    CHECK(::faccessat(trees.trees[1].get(), "middle", F_OK, 0) == 0);
    CHECK(store.content(trees.names[2] + "/../below") ==
          first.layers[0].chain_id.substr(7) + "\n" + first.layers[1].chain_id.substr(7) + "\n");
  }
  CHECK(image::count_unpacked(store.layout(), first, store.identity()) == 3);
  CHECK(image::count_unpacked(store.layout(), second, store.identity()) == 2);
  struct stat before {};
  REQUIRE(::stat(store.path(store.open(first).names[0] + "/low").c_str(), &before) == 0);
  const image::Trees trees = store.open(second);
  struct stat after {};
  REQUIRE(::stat(store.path(trees.names[0] + "/low").c_str(), &after) == 0);
  CHECK(after.st_ino == before.st_ino);
  CHECK(store.count() == 4);
  CHECK(store.is_tidy());
}

TEST_CASE("trees are locked as long as somebody uses them, and closed to other users", "[image][trees]") {
  const Layers store;
  const ImageInfo info = store.image({store.layer(small_layer("f"))});
  image::Trees trees = store.open(info);
  const std::string directory = trees.names[0].substr(0, trees.names[0].rfind('/'));
  const kernel::FileDescriptor lock{::open(store.path(directory + "/lock").c_str(), O_RDWR | O_CLOEXEC)};
  REQUIRE(lock);
  CHECK_FALSE(kernel::try_lock(lock.get(), kernel::LockKind::Exclusive));
  trees.locks.clear();
  CHECK(kernel::try_lock(lock.get(), kernel::LockKind::Exclusive));
  struct stat status {};
  for (const std::string& name : {std::string{"trees"}, directory}) {
    REQUIRE(::stat(store.path(name).c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0700U);
  }
}

TEST_CASE("a layer that is not what its diff-id says is never seen", "[image][trees]") {
  const Layers store;
  ImageLayer wrong = store.layer(small_layer("wrong"));
  wrong.diff_id = image::digest_of("something else");
  const ImageInfo info = store.image({store.layer(small_layer("low")), wrong});
  std::string words;
  CHECK(code_of_failure([&] { (void)store.open(info); }, &words) == errc::digest_mismatch);
  INFO(words);
  CHECK_THAT(words, Catch::Contains("docker.io/library/test:latest"));
  CHECK_THAT(words, Catch::Contains(wrong.digest));
  CHECK(store.count() == 0);
  CHECK(store.is_tidy());
}

TEST_CASE("P-49: a layer that is cut off anywhere, or followed by anything, is an error, and the next try works",
          "[image][trees][attack]") {
  const std::string tar = Archive{}.directory("d/").file("d/f", "content").symbolic_link("l", "d").tar();
  for (const std::string& blob : {gzip(tar), zstd(tar), tar}) {
    const Layers store;
    const ImageLayer whole = store.layer(blob, tar);
    for (std::size_t size = 0; size <= blob.size(); size += blob.size() > 1000 ? 64 : 1) {
      ImageLayer cut = store.layer(blob.substr(0, size), tar);
      if (size == blob.size()) cut = store.layer(blob + "x", tar);
      const auto code = code_of_failure([&] { (void)store.open(store.image({cut})); });
      INFO(size << " of " << blob.size());
      CHECK((code == errc::image_invalid || code == errc::digest_mismatch));
    }
    CHECK(store.count() == 0);
    CHECK(store.is_tidy());
    CHECK(store.open(store.image({whole})).names.size() == 1);
  }
}

TEST_CASE("what an operation that is ended has made goes away", "[image][trees]") {
  const Layers store;
  const std::string tar = large_layer(100);
  const ImageInfo info = store.image({store.layer(small_layer("low")), store.layer(tar)});
  std::stop_source stop;
  std::atomic<unsigned> calls{0};
  const Watch stopping{.progress =
                           [&](const Progress& now) {
                             ++calls;
                             CHECK(now.step == "unpack");
                             CHECK(now.subject == "docker.io/library/test:latest");
                             CHECK(now.done <= now.total);
                             stop.request_stop();
                           },
                       .stop = stop.get_token()};
  CHECK(code_of_failure([&] { (void)store.open(info, stopping); }) == errc::cancelled);
  CHECK(calls > 0U);
  CHECK(store.is_tidy());
  CHECK(code_of_failure([&] { (void)store.open(info, {.deadline = std::chrono::steady_clock::now() + 2ms}); }) ==
        errc::timed_out);
  CHECK(store.is_tidy());
  struct Own {};
  CHECK_THROWS_AS(store.open(info, {.progress = [](const Progress&) { throw Own{}; }}), Own);
  CHECK(store.is_tidy());
  CHECK(store.count() == 0);
  CHECK(store.open(info).names.size() == 2);
}

TEST_CASE("many processes and threads may want the same image at once, and one unpacks it", "[image][trees]") {
  const Layers store;
  const std::string tar = large_layer(100);
  const ImageInfo info = store.image({store.layer(gzip(tar), tar), store.layer(small_layer("top"))});
  std::vector<pid_t> children;
  for (int index = 0; index < 4; ++index) {
    children.push_back(in_another_process([&] {
      if (store.open(info).names.size() != 2) throw 1;
    }));
  }
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int index = 0; index < 3; ++index) {
    threads.emplace_back([&] { good += store.open(info).names.size() == 2 ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  for (const pid_t child : children) CHECK(status_of_process(child) == 0);
  CHECK(good == 3);
  CHECK(store.count() == 2);
  CHECK(store.is_tidy());
}

TEST_CASE("a process that is killed while it unpacks leaves whole trees or none", "[image][trees]") {
  const Layers store;
  const std::string tar = large_layer(60);
  const std::string other = large_layer(30, "e");
  int killed = 0;
  for (int round = 0; round < 12; ++round) {
    const std::string mark = small_layer("round" + std::to_string(round));
    const ImageInfo info = store.image({store.layer(mark), store.layer(tar), store.layer(other)});
    const pid_t child = in_another_process([&] { (void)store.open(info); });
    std::this_thread::sleep_for(std::chrono::milliseconds{4 * round});
    ::kill(child, SIGKILL);
    killed += WIFSIGNALED(status_of_process(child)) ? 1 : 0;
    const image::Trees trees = store.open(info);
    REQUIRE(trees.names.size() == 3);
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{store.path(trees.names[1])}) {
      files += entry.is_regular_file() ? 1 : 0;
    }
    CHECK(files == 60);
    (void)ImageStore::open(store.directory().path() / "store");  // sweeps
    CHECK(store.is_tidy());
  }
  CHECK(killed > 0);
}

TEST_CASE("whoever waits for another process gives up when that one does not get on", "[image][trees][one-user]") {
  const Layers store;
  const std::string tar = large_layer(100);
  const ImageInfo info = store.image({store.layer(tar)});
  const pid_t child = in_another_process([&] {
    (void)store.open(info, {.progress = [stopped = false](const Progress&) mutable {
                       if (!std::exchange(stopped, true)) ::raise(SIGSTOP);
                     }});
  });
  int status = 0;
  REQUIRE(::waitpid(child, &status, WUNTRACED) == child);
  REQUIRE(WIFSTOPPED(status));
  CHECK(code_of_failure([&] { (void)store.open(info, {.deadline = std::chrono::steady_clock::now() + 100ms}); }) ==
        errc::timed_out);
  CHECK(store.open(info).names.size() == 1);
  ::kill(child, SIGCONT);
  CHECK(status_of_process(child) == 0);
  CHECK(store.count() == 1);
}

TEST_CASE("a layer whose root is opaque needs nothing below it", "[image][trees]") {
  const Layers store;
  const ImageInfo info =
      store.image({store.layer(small_layer("low")), store.layer(Archive{}.file(".wh..wh..opq").tar()),
                   store.layer(small_layer("top"))});
  const image::Trees trees = store.open(info);
  REQUIRE(trees.names.size() == 2);
  CHECK(store.content(trees.names[1] + "/top") == "top");
  CHECK(store.open(info).names == trees.names);
}

TEST_CASE("more layers than there may be open files for are unpacked", "[image][trees]") {
  const Layers store;
  std::vector<ImageLayer> layers;
  for (int index = 0; index < 60; ++index) layers.push_back(store.layer(small_layer("f" + std::to_string(index))));
  const ImageInfo info = store.image(layers);
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit few{220, limit.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  CHECK(store.open(info).names.size() == 60);
  CHECK(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(store.count() == 60);
}

TEST_CASE("what an ordinary user cannot have of an image is told", "[image][trees]") {
  const Layers store;
  const std::string low = Archive{}.node("null", '3', {.major = 1, .minor = 3}).file("f", "", {.uid = 7}).tar();
  const std::string top = Archive{}.file("g", "", {.attributes = {{"trusted.x", "x"}}}).tar();
  const ImageInfo info = store.image({store.layer(low), store.layer(top)});
  (void)store.open(info);
  const image::UnpackLosses losses = image::losses_of(store.layout(), info, store.identity());
  CHECK(losses.devices == (who() == Launcher::Root ? 0U : 1U));
  CHECK(losses.owners == (who() == Launcher::Single ? 1U : 0U));
  CHECK(losses.attributes == 1U);
}

TEST_CASE("unpacking leaves no descriptor, no process and no thread behind", "[image][trees]") {
  const Layers store;
  LeakGuard guard{[&] { (void)store.open(store.image({store.layer(Archive{}.file("w", "", {.uid = 1}).tar())})); }};
  const std::string tar = large_layer(20);
  (void)store.open(store.image({store.layer(tar), store.layer(small_layer("top"))}));
  (void)code_of_failure([&] { (void)store.open(store.image({store.layer("nonsense")})); });
  guard.check();
}

}  // namespace dunnage::test
