// SPDX-License-Identifier: Apache-2.0
// Images that lack something are told by name, and nothing else suffers.

#include "support/tree.hpp"
#include "unit/image_support.hpp"
#include "unit/store_check_support.hpp"

#include <csignal>

using namespace dunnage;
using test::OciLayout;
using test::overwrite;
using test::problems_of;
using test::TemporaryImages;
using Names = std::vector<std::string>;

namespace {

/// "victim:1" and "other:1", which share a layer.
struct TwoImages : TemporaryImages {
  TwoImages() {
    const std::string shared = test::small_layer("shared");
    layout.name(layout.image({shared, test::small_layer("a")}), "victim:1");
    layout.name(layout.image({shared, test::small_layer("b")}), "other:1");
    path = layout.write(directory);
    store.load(path);
  }

  [[nodiscard]] std::filesystem::path blob(const std::string& digest) const {
    return root / "images/blobs/sha256" / digest.substr(7);
  }
  [[nodiscard]] ImageInfo victim() const { return store.get("victim:1").info(); }

  OciLayout layout;
  std::filesystem::path path;
};

const Names kNothing;
const std::string kVictim = "docker.io/library/victim:1: its blob ";

void overwrite_byte(const std::filesystem::path& file) { overwrite(file, test::damaged_byte(test::content_of(file))); }

}  // namespace

TEST_CASE("a whole store of images is clean, and where there is none nothing is made", "[image][check]") {
  const TwoImages images;
  CHECK(problems_of(images.store.check({.contents = true})) == kNothing);
  const test::TemporaryStore volumes;
  CHECK(check_store(volumes.root, {.contents = true}).findings.empty());
  CHECK_FALSE(std::filesystem::exists(volumes.root / "images"));
}

TEST_CASE("blobs that are gone, cut off or changed are told with the images that need them", "[image][check]") {
  TwoImages images;
  const ImageInfo victim = images.victim();
  const std::string layer = victim.layers.at(1).digest;
  std::filesystem::rename(images.blob(layer), images.directory.path() / "kept");
  CHECK(problems_of(images.store.check()) == Names{kVictim + layer + " is not there"});
  CHECK_FALSE(images.store.repair().is_clean());
  std::filesystem::rename(images.directory.path() / "kept", images.blob(layer));

  overwrite_byte(images.blob(layer));
  CHECK(problems_of(images.store.check()) == kNothing);  // it has its size
  const std::string before = test::tree_of(images.root);
  CHECK(problems_of(images.store.check({.contents = true})) == Names{kVictim + layer + " was changed on the disk"});
  CHECK(problems_of(check_store(images.root, {.contents = true})) ==
        Names{kVictim + layer + " was changed on the disk"});
  CHECK(test::tree_of(images.root) == before);
  CHECK(images.store.repair({.contents = true}).is_clean());
  CHECK(problems_of(images.store.check({.contents = true})) == Names{kVictim + layer + " is not there"});
  CHECK(std::filesystem::exists(images.blob(layer).string() + ".damaged-1"));
  images.store.load(images.path);  // as the report says
  CHECK(problems_of(images.store.check({.contents = true})) == kNothing);

  std::filesystem::resize_file(images.blob(layer), 5);
  CHECK(images.store.repair().is_clean());
  images.store.load(images.path);
  CHECK(problems_of(images.store.check({.contents = true})) == kNothing);
  CHECK(images.store.list().size() == 2);
}

TEST_CASE("a manifest or a configuration that was changed is found without reading all", "[image][check]") {
  for (const bool manifest : {true, false}) {
    TwoImages images;
    const ImageInfo victim = images.victim();
    const std::string digest = manifest ? victim.digest : victim.id;
    overwrite_byte(images.blob(digest));
    CHECK(problems_of(images.store.check()) == Names{kVictim + digest + " was changed on the disk"});
    CHECK(images.store.list().size() == 1);
    CHECK(images.store.get("other:1").id() != victim.id);
    CHECK(images.store.repair().is_clean());
    images.store.load(images.path);
    CHECK(problems_of(images.store.check({.contents = true})) == kNothing);
    CHECK(images.victim().id == victim.id);
  }
}

TEST_CASE("a blob that is a link or a FIFO is not followed and not waited for", "[image][check]") {
  for (const char* kind : {"link", "fifo", "directory"}) {
    CAPTURE(kind);
    TwoImages images;
    const std::string layer = images.victim().layers.at(1).digest;
    test::replace_by(images.blob(layer), kind);
    CHECK(images.store.check({.contents = true}).findings.size() == 1);
    CHECK(images.store.repair().is_clean());
    images.store.load(images.path);
    CHECK(problems_of(images.store.check({.contents = true})) == kNothing);
  }
}

// It finds something when one look is believed: confirmed_faults() in blob_check.cpp.
TEST_CASE("a check beside processes that load and remove images finds nothing", "[image][check]") {
  TwoImages images;
  std::vector<pid_t> processes;
  for (int number = 0; number < 3; ++number) {
    processes.push_back(test::start_process([&] {
      ImageStore store = ImageStore::open(images.root);
      while (true) {
        try {
          store.remove("victim:1");
        } catch (const ImageError&) {  // another one was faster
        }
        store.load(images.path);
      }
    }));
  }
  Names found;
  for (int number = 0; number < 1000 && found.empty(); ++number) {
    found = problems_of(images.store.check({.contents = number % 2 == 0}));
  }
  for (const pid_t process : processes) CHECK(::kill(process, SIGKILL) == 0);
  for (const pid_t process : processes) CHECK(WIFSIGNALED(test::wait_for(process)));
  CHECK(found == kNothing);
}

TEST_CASE("an index of images that cannot be read is told, and volumes are not concerned", "[image][check]") {
  const TwoImages images;
  VolumeStore volumes = VolumeStore::open(images.root);
  volumes.create("data");
  overwrite(images.root / "images/index.json", "{");
  const StoreReport report = check_store(images.root);
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings.front().name == "index.json");
  CHECK_FALSE(report.findings.front().repairable);
  CHECK(repair_store(images.root) == report);
  CHECK(volumes.list().size() == 1);
}

TEST_CASE("an unpacked layer that cannot be used is removed, so that it is unpacked again", "[image][check]") {
  TwoImages images;
  const std::string hex(64, 'a');
  const std::string whole(64, 'b');
  for (const std::string& name : {hex, whole}) {
    images.directory.write("store/images/trees/root/" + name + "/tree/file", "content");
    images.directory.write("store/images/trees/root/" + name + "/lock", "");
    images.directory.write("store/images/trees/root/" + name + "/below", "");
  }
  CHECK(problems_of(images.store.check()) == kNothing);
  images.directory.write("store/images/trees/root/" + hex + "/below", "no digest\n");
  CHECK(problems_of(images.store.check()) == Names{"unpacked layer " + hex + ": what it lies upon cannot be read"});
  CHECK(images.store.repair().is_clean());
  CHECK(test::entries_of(images.root / "images/trees/root") == Names{whole});
}

TEST_CASE("directories of images that others can enter, and what is left over, are told", "[image][check]") {
  TwoImages images;
  std::filesystem::permissions(images.root / "images/trees", std::filesystem::perms{0755});
  std::filesystem::create_directory(images.root / "images/staging/left-over");
  CHECK(problems_of(images.store.check(test::kAtOnce)) ==
        Names{"trees: its mode is 0755, so that other users may enter it",
              "left-over: a process that was killed was making it, and nobody goes on with it"});
  CHECK(images.store.repair(test::kRepairAtOnce).is_clean());
  CHECK(problems_of(images.store.check(test::kAtOnce)) == kNothing);
}
