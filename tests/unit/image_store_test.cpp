// SPDX-License-Identifier: Apache-2.0
#include "support/leak_guard.hpp"
#include "unit/image_support.hpp"

#include <sys/stat.h>

#include <thread>

using namespace dunnage;
using test::code_of;
using test::entries_of;
using test::json;
using test::message_of;
using test::OciLayout;
using test::TemporaryImages;

namespace {

std::vector<std::string> names_of(const std::vector<Image>& images) {
  std::vector<std::string> names;
  for (const Image& image : images) names.insert(names.end(), image.info().names.begin(), image.info().names.end());
  return names;
}

}  // namespace

TEST_CASE("opening a store of images makes an empty image layout in it", "[image][store]") {
  TemporaryImages images;
  CHECK(images.store.root() == images.root);
  CHECK(entries_of(images.root / "images") ==
        std::vector<std::string>{"blobs", "changes", "oci-layout", "staging", "trees"});
  CHECK(images.directory.read("store/images/oci-layout") == R"({"imageLayoutVersion":"1.0.0"})");
  CHECK(images.store.list().empty());
  CHECK_FALSE(images.store.find("busybox"));
}

TEST_CASE("a part of the store that others could change is refused", "[image][store]") {
  TemporaryImages images;
  for (const char* part : {"images", "images/blobs", "images/blobs/sha256", "images/staging", "images/trees"}) {
    INFO(part);
    REQUIRE(::chmod((images.root / part).c_str(), 0755) == 0);
    CHECK(code_of([&] { (void)ImageStore::open(images.root); }) == errc::store_unusable);
    REQUIRE(::chmod((images.root / part).c_str(), 0700) == 0);
  }
  std::filesystem::remove_all(images.root / "images/trees");
  std::filesystem::create_directory_symlink(images.directory.path(), images.root / "images/trees");
  CHECK(code_of([&] { (void)ImageStore::open(images.root); }) == errc::store_unusable);
}

TEST_CASE("an image layout is loaded, and its image found by name and id", "[image][store]") {
  TemporaryImages images;
  OciLayout layout;
  const std::string below = test::small_layer("a", "1");
  const std::string above = test::small_layer("b", "2");
  layout.name(layout.image({below, above}, {{"Cmd", {"sh"}}}, {{"created", "2024-01-02T03:04:05Z"}}),
              "docker.io/library/app:1");
  test::LeakGuard guard;
  const auto loaded = images.store.load(layout.write(images.directory));
  guard.check();
  REQUIRE(loaded.size() == 1);
  const ImageInfo& info = loaded.front().info();
  CHECK(info.names == std::vector<std::string>{"docker.io/library/app:1"});
  CHECK(info.id == image::digest_of(layout.blobs[2]));
  CHECK(info.digest == image::digest_of(layout.blobs[3]));
  CHECK(info.size == below.size() + above.size() + layout.blobs[2].size() + layout.blobs[3].size());
  CHECK(info.platform == Platform{"linux", "amd64", ""});
  REQUIRE(info.layers.size() == 2);
  CHECK(info.layers[0].digest == image::digest_of(below));
  CHECK(info.layers[0].chain_id == image::digest_of(below));
  CHECK(info.layers[1].chain_id == image::digest_of(image::digest_of(below) + " " + image::digest_of(above)));
  CHECK(info.config.cmd == std::vector<std::string>{"sh"});

  for (const std::string& name :
       {std::string{"app:1"}, std::string{"docker.io/library/app:1"}, info.id, info.id.substr(7), info.id.substr(7, 12),
        "app@" + info.digest, "app:other@" + info.digest}) {
    INFO(name);
    const auto found = ImageStore::open(images.root).find(name);
    REQUIRE(found);
    CHECK(*found == loaded.front());
  }
  CHECK_FALSE(images.store.find("app"));
  CHECK_FALSE(images.store.find("other@" + info.digest));
  CHECK(images.is_tidy());
  CHECK(images.blobs().size() == 4);
  for (const std::string& blob : images.blobs()) {
    struct stat status {};
    REQUIRE(::stat((images.root / "images/blobs/sha256" / blob).c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0600);
  }
}

TEST_CASE("an image is described in Docker's words", "[image][store]") {
  TemporaryImages images;
  OciLayout layout;
  layout.name(layout.image({test::small_layer()}, {{"Env", {"A=b"}}, {"Volumes", {{"/data", json::object()}}}},
                           {{"created", "2024-01-02T03:04:05Z"}, {"author", "me"}}),
              "docker.io/library/app:1");
  const auto image = images.store.load(layout.write(images.directory)).front();
  const json described = json::parse(to_json(image.info()));
  CHECK(described == json{{"Id", image.id()},
                          {"RepoTags", {"app:1"}},
                          {"RepoDigests", json::array()},
                          {"Created", "2024-01-02T03:04:05.000000000Z"},
                          {"Author", "me"},
                          {"Architecture", "amd64"},
                          {"Os", "linux"},
                          {"Size", image.info().size},
                          {"Config", {{"Env", {"A=b"}}, {"Volumes", {{"/data", json::object()}}}}},
                          {"RootFS", {{"Type", "layers"}, {"Layers", {image.info().layers[0].diff_id}}}}});
}

TEST_CASE("an unknown image is an error that names the nearest one", "[image][store]") {
  TemporaryImages images;
  images.store.load(test::small_layout("docker.io/library/postgres:16").write(images.directory));
  images.store.load(test::small_layout("docker.io/library/busybox:latest").write(images.directory, "other"));
  CHECK(message_of([&] { (void)images.store.get("postgrs:16"); }) ==
        "cannot get image \"postgrs:16\": no such image [ENOENT]; did you mean \"postgres:16\"?");
  CHECK(message_of([&] { (void)images.store.get("bussybox"); }) ==
        "cannot get image \"bussybox\": no such image [ENOENT]; did you mean \"busybox\"?");
  CHECK(message_of([&] { (void)images.store.get("nothing-like-it"); }) ==
        "cannot get image \"nothing-like-it\": no such image [ENOENT]; pull or load it first, or list the images");
  CHECK(code_of([&] { (void)images.store.get("x"); }) == errc::image_missing);
  CHECK(message_of([&] { (void)images.store.get("Postgres"); }) ==
        "cannot get image \"Postgres\": capital letters in the name: invalid argument [EINVAL]; write it in small "
        "letters; only tags may have capitals");
}

TEST_CASE("a tag is a further name, and takes the name from who had it", "[image][store]") {
  TemporaryImages images;
  OciLayout layout;
  layout.name(layout.image({test::small_layer("a")}, {}, {{"created", "2024-01-01T00:00:00Z"}}), "one:1");
  layout.name(layout.image({test::small_layer("b")}, {}, {{"created", "2025-01-01T00:00:00Z"}}), "two:1");
  images.store.load(layout.write(images.directory));
  CHECK(names_of(images.store.list()) ==
        std::vector<std::string>{"docker.io/library/two:1", "docker.io/library/one:1"});
  images.store.tag("one:1", "quay.io/mine:2");
  CHECK(images.store.get("quay.io/mine:2").info().names ==
        std::vector<std::string>{"docker.io/library/one:1", "quay.io/mine:2"});
  images.store.tag("two:1", "one:1");
  CHECK(images.store.get("one:1").id() == images.store.get("two:1").id());
  CHECK(images.store.get("quay.io/mine:2").info().names == std::vector<std::string>{"quay.io/mine:2"});
  images.store.tag("two:1", "quay.io/mine:2");
  CHECK(images.store.list().size() == 2);
  CHECK(images.store.list()[1].info().names.empty());
  images.store.tag(images.store.list()[1].id(), "back");
  CHECK(images.store.get("back").info().names == std::vector<std::string>{"docker.io/library/back:latest"});
  CHECK(code_of([&] { images.store.tag("none", "x"); }) == errc::image_missing);
  CHECK(code_of([&] { images.store.tag("back", "X"); }) == errc::invalid_argument);
  CHECK(code_of([&] { images.store.tag("back", "x@sha256:" + std::string(64, 'a')); }) == errc::invalid_argument);
}

TEST_CASE("an image that a layout knows by a tag only is given the name it is loaded with", "[image][store]") {
  TemporaryImages images;
  const auto path = test::small_layout("7").write(images.directory);
  CHECK(images.store.load(path).front().info().names.empty());
  CHECK(images.store.load(path, {.name = "app"}).front().info().names ==
        std::vector<std::string>{"docker.io/library/app:7"});
  CHECK(images.store.load(path, {.name = "app:8"}).front().info().names ==
        std::vector<std::string>{"docker.io/library/app:7", "docker.io/library/app:8"});
  CHECK(images.store.list().size() == 1);

  OciLayout two;
  two.name(two.image({test::small_layer("a")}), "");
  two.name(two.image({test::small_layer("b")}), "");
  CHECK(code_of([&] { images.store.load(two.write(images.directory, "two"), {.name = "app:9"}); }) ==
        errc::invalid_argument);
  CHECK(images.store.load(images.directory.path() / "two").size() == 2);
}

TEST_CASE("of an image for several platforms the wanted one is loaded", "[image][store]") {
  TemporaryImages images;
  OciLayout layout;
  json entries = json::array();
  for (const char* architecture : {"amd64", "arm64"}) {
    json manifest = layout.image({test::small_layer(architecture)}, {}, {{"architecture", architecture}});
    manifest["platform"] = {{"os", "linux"}, {"architecture", architecture}};
    entries.push_back(std::move(manifest));
  }
  layout.name(layout.add(test::kIndexType, json{{"schemaVersion", 2}, {"manifests", entries}}.dump()), "app:1");
  const auto path = layout.write(images.directory);
  CHECK(images.store.load(path, {.platform = parse_platform("linux/arm64")}).front().info().platform.architecture ==
        "arm64");
  CHECK(images.blobs().size() == 3);
  CHECK(message_of([&] { images.store.load(path, {.platform = parse_platform("linux/s390x")}); }) ==
        "cannot load image \"" + path.string() +
            "\": there is none for linux/s390x: no such image [ENOENT]; choose a platform that is there: linux/amd64, "
            "linux/arm64");

  OciLayout flat;  // some write the platforms into index.json itself
  for (const json& entry : entries) flat.name(entry, "flat:1");
  flat.blobs = layout.blobs;
  CHECK(images.store.load(flat.write(images.directory, "flat"), {.platform = parse_platform("arm64")}).size() == 1);
  CHECK(images.store.get("flat:1").info().platform.architecture == "arm64");

  const auto single = test::small_layout("single:1").write(images.directory, "single");
  CHECK(code_of([&] { images.store.load(single, {.platform = parse_platform("linux/arm64")}); }) ==
        errc::image_missing);
}

TEST_CASE("a layout that is not whole is refused, and nothing of it stays", "[image][store][hostile]") {
  TemporaryImages images;
  const auto refused = [&](const std::function<void(OciLayout&)>& spoil,
                           const std::function<void(const std::filesystem::path&)>& spoil_files = {}) {
    OciLayout layout = test::small_layout();
    spoil(layout);
    std::filesystem::remove_all(images.directory.path() / "layout");
    const auto path = layout.write(images.directory);
    if (spoil_files) spoil_files(path);
    const auto code = code_of([&] { images.store.load(path); });
    CHECK(images.is_tidy());
    CHECK(images.blobs().empty());
    CHECK(images.store.list().empty());
    return code;
  };
  const auto nothing = [](OciLayout&) {};
  const auto manifest_blob = [](const std::filesystem::path& path) {
    return path / "blobs/sha256" / image::digest_of(test::small_layout().blobs[2]).substr(7);
  };
  CHECK(refused([](OciLayout& layout) { layout.version = "{}"; }) == errc::not_supported);
  CHECK(refused([](OciLayout& layout) { layout.version = "x"; }) == errc::image_invalid);
  CHECK(refused([](OciLayout& layout) { layout.index = json::array(); }) == errc::image_invalid);
  CHECK(refused([](OciLayout& layout) { layout.index["manifests"] = json::array(); }) == errc::image_invalid);
  for (std::size_t blob = 0; blob < 3; ++blob) {
    CHECK(refused([&](OciLayout& layout) { layout.blobs.erase(layout.blobs.begin() + static_cast<long>(blob)); }) ==
          errc::image_invalid);
  }
  CHECK(refused(nothing, [&](const auto& path) {
          std::ofstream{manifest_blob(path), std::ios::app} << " ";
        }) == errc::digest_mismatch);
  CHECK(refused(nothing, [&](const auto& path) { std::filesystem::resize_file(manifest_blob(path), 10); }) ==
        errc::digest_mismatch);
  CHECK(refused([](OciLayout& layout) { layout.index["manifests"][0]["size"] = 1; }) == errc::digest_mismatch);
  CHECK(refused([](OciLayout& layout) { layout.index["manifests"][0]["size"] = std::uint64_t{2} << 30U; }) ==
        errc::limit_exceeded);
  CHECK(refused([](OciLayout& layout) { layout.index["manifests"][0]["digest"] = "sha256:../../../etc/passwd"; }) ==
        errc::image_invalid);
  CHECK(refused([](OciLayout& layout) {
          layout.index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"] = "../x:1";
        }) == errc::image_invalid);
  CHECK_FALSE(images.store.load(test::small_layout().write(images.directory, "good")).empty());
}

TEST_CASE("a layout with links, FIFOs or devices in place of files is refused at once", "[image][store][hostile]") {
  TemporaryImages images;
  const std::string layer = image::digest_of(test::small_layer()).substr(7);
  for (const std::string& file : {std::string{"index.json"}, std::string{"oci-layout"}, "blobs/sha256/" + layer}) {
    INFO(file);
    const auto path = test::small_layout().write(images.directory);
    std::filesystem::rename(path / file, path / "elsewhere");
    std::filesystem::create_symlink(path / "elsewhere", path / file);
    CHECK(code_of([&] { images.store.load(path); }) == errc::image_invalid);
    std::filesystem::remove(path / file);
    REQUIRE(::mkfifo((path / file).c_str(), 0600) == 0);
    CHECK(code_of([&] { images.store.load(path); }) == errc::image_invalid);
    std::filesystem::remove(path / file);
    std::filesystem::create_symlink("/dev/zero", path / file);
    CHECK(code_of([&] { images.store.load(path); }) == errc::image_invalid);
    std::filesystem::remove(path / file);
    std::filesystem::create_directory(path / file);
    CHECK(code_of([&] { images.store.load(path); }) == errc::image_invalid);
    std::filesystem::remove(path / file);
    CHECK(images.is_tidy());
  }
  CHECK_FALSE(images.store.load(test::small_layout().write(images.directory)).empty());
}

TEST_CASE("a manifest that lists more or fewer layers than there are is refused", "[image][store][hostile]") {
  for (const int difference : {-1, 1}) {
    TemporaryImages images;
    OciLayout layout;
    std::vector<std::string> diff_ids;
    for (int layer = 0; layer < 2 + difference; ++layer) diff_ids.push_back(image::digest_of(test::small_layer("a")));
    layout.name(layout.image({test::small_layer("a"), test::small_layer("b")}, {},
                             {{"rootfs", {{"type", "layers"}, {"diff_ids", diff_ids}}}}),
                "app:1");
    CHECK(code_of([&] { images.store.load(layout.write(images.directory)); }) == errc::image_invalid);
    CHECK(images.blobs().empty());
  }
}

TEST_CASE("loading is watched, and ended by its caller", "[image][store]") {
  TemporaryImages images;
  const auto path = test::small_layout().write(images.directory);
  std::vector<Progress> seen;
  images.store.load(path, {.watch = {.progress = [&](const Progress& now) { seen.push_back(now); }}});
  REQUIRE_FALSE(seen.empty());
  CHECK(seen.front().step == "load");
  std::stop_source stop;
  stop.request_stop();
  CHECK(code_of([&] { images.store.load(path, {.watch = {.stop = stop.get_token()}}); }) == errc::cancelled);
  CHECK(code_of([&] { images.store.load(path, {.watch = {.deadline = std::chrono::steady_clock::now()}}); }) ==
        errc::timed_out);
  struct Own {};
  CHECK_THROWS_AS(images.store.load(path, {.watch = {.progress = [](const Progress&) { throw Own{}; }}}), Own);
  CHECK(images.is_tidy());
}

TEST_CASE("a damaged image is reported by name and does not hide the others", "[image][store]") {
  TemporaryImages images;
  OciLayout layout;
  layout.name(layout.image({test::small_layer("a")}), "good:1");
  layout.name(layout.image({test::small_layer("b")}), "bad:1");
  const auto path = layout.write(images.directory);
  const auto loaded = images.store.load(path);
  std::ofstream{images.root / "images/blobs/sha256" / loaded[1].id().substr(7)} << "{}";
  CHECK(names_of(images.store.list()) == std::vector<std::string>{"docker.io/library/good:1"});
  CHECK(images.store.damaged() == std::vector<std::string>{"docker.io/library/bad:1"});
  CHECK(code_of([&] { (void)images.store.get("bad:1"); }) == errc::digest_mismatch);
  images.store.load(path);
  CHECK(images.store.damaged().empty());
  CHECK(images.store.list().size() == 2);

  for (const char* text : {"", "{", "[]", R"({"manifests":[{"digest":"x"}]})"}) {
    std::ofstream{images.root / "images/index.json"} << text;
    CHECK(code_of([&] { (void)images.store.list(); }) == errc::image_invalid);
    CHECK(code_of([&] { images.store.load(path); }) == errc::image_invalid);
  }
}

TEST_CASE("threads and processes load, tag and read one store at a time", "[image][store][concurrency]") {
  TemporaryImages images;
  const auto path = test::small_layout().write(images.directory);
  std::vector<pid_t> processes;
  for (int process = 0; process < 3; ++process) {
    processes.push_back(test::start_process([&] {
      ImageStore store = ImageStore::open(images.root);
      for (int round = 0; round < 10; ++round) {
        store.load(path);
        store.tag("small:1", "p" + std::to_string(process) + ":" + std::to_string(round));
        (void)store.list();
      }
    }));
  }
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&, thread] {
      for (int round = 0; round < 10; ++round) {
        images.store.load(path);
        images.store.tag("small:1", "t" + std::to_string(thread) + ":" + std::to_string(round));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const pid_t process : processes) CHECK(test::wait_for(process) == 0);
  CHECK(images.store.list().size() == 1);
  CHECK(images.store.get("small:1").info().names.size() == 61);
  CHECK(images.is_tidy());
}
