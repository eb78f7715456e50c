// SPDX-License-Identifier: Apache-2.0
#include "kernel/file_descriptor.hpp"
#include "kernel/lock.hpp"
#include "support/leak_guard.hpp"
#include "unit/image_support.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <thread>

using namespace dunnage;
using test::code_of;
using test::entries_of;
using test::json;
using test::message_of;
using test::OciLayout;
using test::TemporaryImages;

namespace {

/// A layer that seems to have been unpacked for root.
void unpack(const TemporaryImages& images, const std::string& chain_id, const std::vector<std::string>& below = {}) {
  std::string text;
  for (const std::string& layer : below) text += layer.substr(7) + "\n";
  const std::string directory = "store/images/trees/root/" + chain_id.substr(7);
  images.directory.write(directory + "/tree/file", "content");
  images.directory.write(directory + "/below", text);
  images.directory.write(directory + "/lock", "");
}

std::vector<std::string> trees_of(const TemporaryImages& images) {
  return entries_of(images.root / "images/trees/root");
}

/// A container that seems to have been made of the image.
void use(const TemporaryImages& images, const std::string& container, const std::string& image_id) {
  const std::string place = "store/images/changes/" + container;
  images.directory.write(place + "/lock", json{{"Image", image_id}, {"Container", container}, {"Boot", ""}}.dump());
  images.directory.write(place + "/kept", "");
}

std::string digits(const std::string& digest) { return digest.substr(7); }

}  // namespace

TEST_CASE("an image goes with its last name, and what only it needed goes with it", "[image][removal]") {
  TemporaryImages images;
  OciLayout layout;
  const std::string shared = test::small_layer("shared");
  layout.name(layout.image({shared, test::small_layer("a")}), "one:1");
  layout.name(layout.image({shared, test::small_layer("b")}), "two:1");
  images.store.load(layout.write(images.directory));
  const Image one = images.store.get("one:1");
  const Image two = images.store.get("two:1");
  images.store.tag("one:1", "other:1");
  for (const Image& image : {one, two}) {
    unpack(images, image.info().layers[0].chain_id);
    unpack(images, image.info().layers[1].chain_id, {image.info().layers[0].chain_id});
  }
  CHECK(trees_of(images).size() == 3);

  test::LeakGuard guard;
  images.store.remove("one:1");
  CHECK_FALSE(images.store.find("one:1"));
  CHECK(images.store.get("other:1").id() == one.id());
  CHECK(images.blobs().size() == 7);
  images.store.remove("other:1");
  CHECK_FALSE(images.store.find(one.id()));
  CHECK(images.blobs().size() == 4);
  CHECK(trees_of(images) == [&] {
    std::vector<std::string> left{digits(two.info().layers[0].chain_id), digits(two.info().layers[1].chain_id)};
    std::sort(left.begin(), left.end());
    return left;
  }());
  images.store.tag("two:1", "three:1");
  images.store.remove(two.id());
  CHECK(images.store.list().empty());
  CHECK(images.blobs().empty());
  CHECK(trees_of(images).empty());
  CHECK(images.is_tidy());
  guard.check();
  CHECK(message_of([&] { images.store.remove("two:1"); }) ==
        "cannot remove image \"two:1\": no such image [ENOENT]; pull or load it first, or list the images");
}

TEST_CASE("an image a container is made of is not removed", "[image][removal]") {
  TemporaryImages images;
  const Image image = images.store.load(test::small_layout("small:1").write(images.directory)).front();
  use(images, "db", image.id());
  CHECK(message_of([&] { images.store.remove("small:1"); }) ==
        "cannot remove image \"small:1\": used by container \"db\": the image is in use [EBUSY]; remove it first");
  try {
    images.store.remove(image.id());
    FAIL("it was removed");
  } catch (const ImageError& error) {
    CHECK(error.code() == errc::image_in_use);
    CHECK(error.users() == std::vector<std::string>{"db"});
  }
  images.store.tag("small:1", "other:1");
  images.store.remove("small:1");
  CHECK(code_of([&] { images.store.remove("other:1"); }) == errc::image_in_use);
  CHECK(images.store.prune(true).removed.empty());
  CHECK(images.store.get("other:1").id() == image.id());
  std::filesystem::remove_all(images.root / "images/changes/db");
  images.store.remove("other:1");
  CHECK(images.blobs().empty());
}

TEST_CASE("a tree that is used, or below one that is, stays until it is not", "[image][removal]") {
  TemporaryImages images;
  OciLayout layout;
  layout.name(layout.image({test::small_layer("a"), test::small_layer("b"), test::small_layer("c")}), "app:1");
  const Image image = images.store.load(layout.write(images.directory)).front();
  const auto& layers = image.info().layers;
  unpack(images, layers[0].chain_id);
  unpack(images, layers[1].chain_id, {layers[0].chain_id});
  unpack(images, layers[2].chain_id, {layers[0].chain_id, layers[1].chain_id});
  const auto lock = images.root / "images/trees/root" / digits(layers[1].chain_id) / "lock";
  {
    const kernel::FileDescriptor held{::open(lock.c_str(), O_RDWR | O_CLOEXEC)};
    REQUIRE(kernel::try_lock(held.get(), kernel::LockKind::Shared));
    images.store.remove("app:1");
    std::vector<std::string> left{digits(layers[0].chain_id), digits(layers[1].chain_id)};
    std::sort(left.begin(), left.end());
    CHECK(trees_of(images) == left);
  }
  (void)images.store.prune();
  CHECK(trees_of(images).empty());
}

TEST_CASE("a prune removes what has no tag, and with all what no container uses", "[image][removal]") {
  TemporaryImages images;
  OciLayout layout;
  layout.name(layout.image({test::small_layer("a")}), "one:1");
  layout.name(layout.image({test::small_layer("b")}), "");
  layout.name(layout.image({test::small_layer("c")}), "");
  const auto loaded = images.store.load(layout.write(images.directory));
  use(images, "db", loaded[2].id());
  images.directory.write("store/images/blobs/sha256/" + std::string(64, 'f'), "left by a killed process");
  images.directory.write("store/images/blobs/sha256/README", "not ours");
  const ImagePruneResult pruned = images.store.prune();
  CHECK(pruned.removed == std::vector<std::string>{loaded[1].id()});
  CHECK(pruned.bytes > 0);
  CHECK(images.blobs().size() == 7);
  CHECK(images.store.prune(true).removed == std::vector<std::string>{loaded[0].id()});
  CHECK(images.store.list() == std::vector<Image>{loaded[2]});
  CHECK(images.store.prune(true).bytes == 0);
  CHECK(images.is_tidy());
}

TEST_CASE("while an image is damaged nothing it may need is taken away, and it can be removed", "[image][removal]") {
  TemporaryImages images;
  OciLayout layout;
  layout.name(layout.image({test::small_layer("a")}), "good:1");
  layout.name(layout.image({test::small_layer("b")}), "bad:1");
  const auto loaded = images.store.load(layout.write(images.directory));
  std::filesystem::resize_file(images.root / "images/blobs/sha256" / digits(loaded[1].info().digest), 3);
  CHECK(images.store.damaged() == std::vector<std::string>{"docker.io/library/bad:1"});
  images.store.remove("good:1");
  CHECK(images.blobs().size() == 6);
  images.store.remove("bad:1");
  CHECK(images.blobs().empty());
}

TEST_CASE("processes load, tag, remove and prune one store at once", "[image][removal][concurrency]") {
  TemporaryImages images;
  OciLayout layout;
  const std::string shared = test::small_layer("shared");
  for (int image = 0; image < 3; ++image) {
    layout.name(layout.image({shared, test::small_layer(std::to_string(image))}), "app:" + std::to_string(image));
  }
  const auto path = layout.write(images.directory);
  std::vector<pid_t> processes;
  for (int process = 0; process < 4; ++process) {
    processes.push_back(test::start_process([&] {
      ImageStore store = ImageStore::open(images.root);
      for (int round = 0; round < 15; ++round) {
        const auto loaded = store.load(path);
        if (loaded.size() != 3) throw std::runtime_error{"not all were loaded"};
        try {
          store.tag("app:1", "p" + std::to_string(process) + ":" + std::to_string(round));
          store.remove("app:" + std::to_string(round % 3));
        } catch (const ImageError& error) {
          if (error.code() != errc::image_missing) throw;
        }
        if (round % 5 == process) (void)store.prune();
        if (!store.damaged().empty()) throw std::runtime_error{"an image is damaged"};
      }
    }));
  }
  for (const pid_t process : processes) CHECK(test::wait_for(process) == 0);
  for (const Image& image : images.store.list()) images.store.remove(image.id());
  CHECK(images.blobs().empty());
  CHECK(images.is_tidy());
}

TEST_CASE("a store whose process is killed at any moment is whole", "[image][removal][crash]") {
  TemporaryImages images;
  OciLayout layout;
  const std::string shared = test::small_layer("shared", std::string(100'000, 's'));
  layout.name(layout.image({shared, test::small_layer("a")}), "one:1");
  layout.name(layout.image({shared, test::small_layer("b")}), "two:1");
  const auto path = layout.write(images.directory);
  const auto tar = images.directory.write("layout.tar", layout.tar());
  std::mt19937 random{20'261'126};
  std::uniform_int_distribution<int> microseconds{0, 100'000};
  for (int round = 0; round < 40; ++round) {
    const pid_t process = test::start_process([&] {
      for (;;) {
        ImageStore store = ImageStore::open(images.root);
        store.load(path);
        store.tag("one:1", "three:1");
        store.remove("two:1");
        store.load(tar);
        store.remove("three:1");
        store.remove("one:1");
        (void)store.prune(true);
      }
    });
    std::this_thread::sleep_for(std::chrono::microseconds{microseconds(random)});
    ::kill(process, SIGKILL);
    CHECK(WIFSIGNALED(test::wait_for(process)));

    INFO(round);
    ImageStore store = ImageStore::open(images.root);
    CHECK(images.is_tidy());
    CHECK(store.damaged().empty());
    for (const Image& image : store.list()) {
      for (const ImageLayer& layer : image.info().layers) {
        CHECK(image::digest_of(images.directory.read("store/images/blobs/sha256/" + digits(layer.digest))) ==
              layer.digest);
      }
    }
    (void)store.prune();
    const std::size_t count = store.list().size();
    CHECK(images.blobs().size() == (count == 0 ? 0 : count * 3 + 1));
    CHECK(store.load(path).size() == 2);
  }
}
