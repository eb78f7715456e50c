// SPDX-License-Identifier: Apache-2.0
#include "image/archive.hpp"
#include "image/registry.hpp"
#include "support/find_program.hpp"
#include "support/leak_guard.hpp"
#include "support/requires.hpp"
#include "unit/image_support.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>

using namespace dunnage;
using test::code_of;
using test::entries_of;
using test::json;
using test::message_of;
using test::OciLayout;
using test::tar_entry;
using test::tar_of;
using test::TemporaryImages;

namespace {

/// An archive as `docker save` wrote them for ten years: every layer a directory, the same layer a link.
struct DockerArchive {
  std::vector<std::string> entries{};
  json manifest = json::array();

  void add(const std::vector<std::string>& layers, const std::string& name, json more = json::object()) {
    json config = {{"os", "linux"}, {"architecture", "amd64"}, {"config", {{"Cmd", {"sh"}}}}};
    config["rootfs"] = {{"type", "layers"}, {"diff_ids", json::array()}};
    json image = {{"RepoTags", json::array()}, {"Layers", json::array()}};
    for (const std::string& layer : layers) {
      config["rootfs"]["diff_ids"].push_back(image::digest_of(layer));
      const std::string directory = image::digest_of(name + layer).substr(7);
      image["Layers"].push_back(directory + "/layer.tar");
      entries.push_back(tar_entry(directory + "/", "", '5'));
      entries.push_back(tar_entry(directory + "/VERSION", "1.0"));
      entries.push_back(tar_entry(directory + "/layer.tar", layer));
    }
    config.update(more);
    image["Config"] = image::digest_of(config.dump()).substr(7) + ".json";
    entries.push_back(tar_entry(image["Config"].get<std::string>(), config.dump()));
    if (!name.empty()) image["RepoTags"].push_back(name);
    manifest.push_back(std::move(image));
  }
  [[nodiscard]] std::string tar() const {
    std::vector<std::string> all = entries;
    all.push_back(tar_entry("manifest.json", manifest.dump()));
    return tar_of(all);
  }
};

std::error_code code_of_loading(TemporaryImages& images, const std::string& archive, const LoadOptions& options = {}) {
  const auto path = images.directory.write("archive", archive);
  const auto code = code_of([&] { images.store.load(path, options); });
  INFO(archive.size());
  CHECK(images.is_tidy());
  if (code) CHECK(images.blobs().empty());
  return code;
}

/// The read end of a pipe that a thread writes to.
class Writer {
 public:
  explicit Writer(std::string text, bool endless = false) {
    REQUIRE(::pipe2(ends_.data(), O_CLOEXEC) == 0);
    thread_ = std::thread{[this, text = std::move(text), endless] {
      sigset_t broken_pipe;
      ::sigemptyset(&broken_pipe);
      ::sigaddset(&broken_pipe, SIGPIPE);
      ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
      std::size_t done = 0;
      for (bool again = true; again; again = endless, done = 0) {
        while (done < text.size()) {
          const ssize_t wrote = ::write(ends_[1], text.data() + done, text.size() - done);
          if (wrote <= 0) return;
          done += static_cast<std::size_t>(wrote);
        }
      }
      ::close(ends_[1]);
    }};
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() {
    ::close(ends_[0]);
    thread_.join();
  }
  [[nodiscard]] int fd() const noexcept { return ends_[0]; }

 private:
  std::array<int, 2> ends_{-1, -1};
  std::thread thread_;
};

/// A layout whose archive is small, so that all of its parts can be tried.
OciLayout tiny_layout() {
  OciLayout layout;
  layout.name(layout.image({test::small_layer()}), "tiny:1");
  return layout;
}

}  // namespace

TEST_CASE("an archive of an image layout is loaded from a file, however it is packed", "[image][load]") {
  const std::string tar = test::small_layout().tar();
  TemporaryImages reference;
  const auto expected = reference.store.load(test::small_layout().write(reference.directory)).front();
  TemporaryImages images;
  images.directory.write("plain.tar", tar);
  images.directory.write("packed.tar.gz", test::gzip(tar));
  images.directory.write("packed.tar.zst", test::zstd(tar));
  std::vector<std::string> files{"plain.tar", "packed.tar.gz", "packed.tar.zst"};
  for (const char* program : {"xz", "bzip2", "lz4"}) {
    if (!test::find_program(program)) continue;
    files.push_back(std::string{"packed."} + program);
    images.directory.write(files.back(), test::run_tool({program, "-c", images.directory.path() / "plain.tar"}));
  }
  for (const std::string& file : files) {
    INFO(file);
    test::LeakGuard guard;
    CHECK(images.store.load(images.directory.path() / file) == std::vector<Image>{expected});
    guard.check();
    CHECK(images.is_tidy());
  }
  CHECK(images.blobs().size() == 3);
}

TEST_CASE("an archive is loaded from a pipe, and from the middle of a file", "[image][load]") {
  TemporaryImages images;
  const std::string tar = test::small_layout().tar();
  {
    const Writer writer{test::gzip(tar)};
    CHECK(images.store.load(writer.fd()).front().info().names == std::vector<std::string>{"docker.io/library/small:1"});
  }
  const auto path = images.directory.write("behind", "something else" + tar);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(::lseek(fd, 14, SEEK_SET) == 14);
  CHECK(images.store.load(fd).size() == 1);
  ::close(fd);
  const int from_start = ::open(images.directory.write("plain", tar).c_str(), O_RDONLY | O_CLOEXEC);
  CHECK(images.store.load(from_start).size() == 1);
  ::close(from_start);
  CHECK(images.is_tidy());
}

TEST_CASE("what docker save wrote for years is loaded, links among its layers included", "[image][load]") {
  TemporaryImages images;
  const std::string below = test::small_layer("below");
  const std::string above = test::small_layer("above");
  DockerArchive archive;
  archive.add({below, above}, "app:1");
  archive.add({above}, "quay.io/other/app:2");
  // the second image's copy of the layer is a link to the first one's
  const std::string first = archive.manifest[0]["Layers"][1];
  const std::string second = archive.manifest[1]["Layers"][0];
  for (std::string& entry : archive.entries) {
    if (entry.compare(0, second.size(), second) == 0) entry = tar_entry(second, "", '2', "../" + first);
  }
  const auto loaded = images.store.load(images.directory.write("docker.tar", archive.tar()));
  REQUIRE(loaded.size() == 2);
  CHECK(loaded[0].info().names == std::vector<std::string>{"docker.io/library/app:1"});
  CHECK(loaded[1].info().names == std::vector<std::string>{"quay.io/other/app:2"});
  CHECK(loaded[0].info().layers[1].digest == image::digest_of(above));
  CHECK(loaded[1].info().layers[0].digest == image::digest_of(above));
  CHECK(loaded[0].id() == "sha256:" + archive.manifest[0]["Config"].get<std::string>().substr(0, 64));
  CHECK(loaded[0].config().cmd == std::vector<std::string>{"sh"});

  DockerArchive nameless;
  nameless.add({below}, "");
  const auto path = images.directory.write("nameless.tar", nameless.tar());
  CHECK(images.store.load(path, {.name = "given"}).front().info().names ==
        std::vector<std::string>{"docker.io/library/given:latest"});
  CHECK(images.is_tidy());
}

TEST_CASE("packed layers of a Docker archive are kept as they are", "[image][load]") {
  TemporaryImages images;
  const std::string layer = test::small_layer();
  for (const bool zstd : {false, true}) {
    DockerArchive archive;
    archive.add({layer}, "app:1");
    const std::string packed = zstd ? test::zstd(layer) : test::gzip(layer);
    const std::string name = archive.manifest[0]["Layers"][0];
    for (std::string& entry : archive.entries) {
      if (entry.compare(0, name.size(), name) == 0) entry = tar_entry(name, packed);
    }
    const auto loaded = images.store.load(images.directory.write("docker.tar", archive.tar())).front();
    CHECK(loaded.info().layers[0].digest == image::digest_of(packed));
    CHECK(loaded.info().layers[0].diff_id == image::digest_of(layer));
    CHECK(loaded.info().layers[0].media_type ==
          std::string{"application/vnd.oci.image.layer.v1.tar"} + (zstd ? "+zstd" : "+gzip"));
  }
}

TEST_CASE("what other programs write is loaded, and what is kept they read", "[image][load]") {
  if (!test::requires_program("skopeo")) return;
  TemporaryImages images;
  const std::string layout = "oci:" + test::small_layout("small:1").write(images.directory).string() + ":small:1";
  const auto expected = images.store.load(images.directory.path() / "layout").front();
  const std::string at = images.directory.path();
  test::run_tool({"skopeo", "--insecure-policy", "copy", "-q", layout, "docker-archive:" + at + "/docker.tar:small:2"});
  test::run_tool({"skopeo", "--insecure-policy", "copy", "-q", layout, "oci-archive:" + at + "/oci.tar:small:3"});
  const Image docker = images.store.load(at + "/docker.tar").front();
  CHECK(docker.info().names.back() == "docker.io/library/small:2");
  CHECK(docker.info().layers[0].diff_id == expected.info().layers[0].diff_id);
  const Image oci = images.store.load(at + "/oci.tar").front();
  CHECK(oci.info().names.back() == "docker.io/library/small:3");
  CHECK(oci.id() == expected.id());
  for (const char* name : {"docker.io/library/small:1", "docker.io/library/small:2", "docker.io/library/small:3"}) {
    const json inspected =
        json::parse(test::run_tool({"skopeo", "inspect", "oci:" + (images.root / "images").string() + ":" + name}));
    CHECK(inspected["Layers"].size() == 1);
  }
}

TEST_CASE("an archive that ends at any of its bytes is refused, and the next one is loaded", "[image][load][hostile]") {
  TemporaryImages images;
  const std::string tar = tiny_layout().tar();
  const std::string packed = test::gzip(tar);
  for (std::size_t size = 0; size < packed.size(); ++size) {
    INFO(size);
    CHECK(code_of_loading(images, packed.substr(0, size)) == errc::image_invalid);
  }
  // Plain, around each of its blocks. What ends it, and the padding of the last file, may be missing.
  const std::size_t last = tar.size() - 1024 - 512 + tiny_layout().version.size();
  for (std::size_t block = 0; block < last; block += 512) {
    for (const std::size_t size : {block, block + 1, block + 100, block + 511}) {
      INFO(size);
      if (size < last) CHECK(code_of_loading(images, tar.substr(0, size)) == errc::image_invalid);
    }
  }
  CHECK(code_of_loading(images, packed + "x") == errc::image_invalid);
  CHECK(code_of_loading(images, packed + std::string(512, 'x')) == errc::image_invalid);
  CHECK(code_of_loading(images, tar + "x") == errc::image_invalid);
  CHECK(code_of_loading(images, tar + tar) == errc::image_invalid);
  CHECK(code_of_loading(images, tar + std::string(10240, '\0')) == std::error_code{});
}

TEST_CASE("an archive in which a byte is wrong is refused or means the same", "[image][load][hostile]") {
  TemporaryImages images;
  const std::string packed = test::zstd(tiny_layout().tar());
  for (std::size_t at = 0; at < packed.size(); ++at) {
    std::string wrong = packed;
    wrong[at] = static_cast<char>(wrong[at] ^ 0x55);
    INFO(at);
    const auto path = images.directory.write("archive", wrong);
    const auto code = code_of([&] { images.store.load(path); });
    CHECK((!code || code == errc::image_invalid || code == errc::digest_mismatch || code == errc::limit_exceeded ||
           code == errc::not_supported));
  }
  CHECK(images.is_tidy());
}

TEST_CASE("an archive that is not what its manifest says is refused", "[image][load][hostile]") {
  TemporaryImages images;
  const std::string layer = test::small_layer();
  const auto refused = [&](const std::function<void(DockerArchive&)>& spoil) {
    DockerArchive archive;
    archive.add({layer}, "app:1");
    spoil(archive);
    return code_of_loading(images, archive.tar());
  };
  json& (*image)(DockerArchive&) = [](DockerArchive& archive) -> json& { return archive.manifest[0]; };
  CHECK(refused([&](DockerArchive& archive) { archive.manifest = json::array(); }) == errc::image_invalid);
  CHECK(refused([&](DockerArchive& archive) { archive.manifest = json::object(); }) == errc::image_invalid);
  CHECK(refused([&](DockerArchive& archive) { image(archive)["Layers"] = json::array(); }) == errc::image_invalid);
  CHECK(refused([&](DockerArchive& archive) { image(archive)["Layers"].push_back(image(archive)["Layers"][0]); }) ==
        errc::image_invalid);
  CHECK(refused([&](DockerArchive& archive) { image(archive)["Layers"][0] = "../../../../etc/passwd"; }) ==
        errc::image_invalid);
  CHECK(refused([&](DockerArchive& archive) { image(archive)["Layers"][0] = "/etc/passwd"; }) == errc::image_invalid);
  CHECK(refused([&](DockerArchive& archive) { image(archive)["Config"] = "none.json"; }) == errc::image_invalid);
  CHECK(refused([&](DockerArchive& archive) { image(archive)["RepoTags"][0] = "../x"; }) == errc::image_invalid);
  CHECK(refused([&](DockerArchive& archive) {  // once more, and not the same
          archive.entries.push_back(
              tar_entry(image(archive)["Layers"][0].get<std::string>(), test::small_layer("other")));
        }) == errc::image_invalid);
  CHECK(refused([&](DockerArchive& archive) { archive.entries.push_back(tar_entry("../x", "")); }) ==
        errc::image_invalid);
  CHECK(refused([&](DockerArchive& archive) {  // another layer in its place
          const std::string name = image(archive)["Layers"][0];
          archive.entries[2] = tar_entry(name, test::small_layer("other"));
        }) == errc::digest_mismatch);
  for (const auto& [type, link] : std::vector<std::pair<char, std::string>>{{'2', "../../../../etc/passwd"},
                                                                            {'2', "/etc/passwd"},
                                                                            {'1', "/etc/passwd"},
                                                                            {'2', "layer.tar"},
                                                                            {'6', ""},
                                                                            {'3', ""}}) {
    INFO(type << link);
    CHECK(refused([&, type = type, link = link](DockerArchive& archive) {
            const std::string name = image(archive)["Layers"][0];
            archive.entries[2] = tar_entry(name, "", type, link);
          }) == errc::image_invalid);
  }
  CHECK(code_of_loading(images, tar_of({tar_entry("hello", "world")})) == errc::image_invalid);
  CHECK(code_of_loading(images, "") == errc::image_invalid);
  CHECK(code_of_loading(images, "PK\x03\x04 not a tar at all") == errc::image_invalid);
  OciLayout wrong = tiny_layout();
  std::string tar = wrong.tar();
  tar[tar.find("hi\n")] = 'H';
  CHECK(code_of_loading(images, tar) == errc::digest_mismatch);
}

TEST_CASE("an archive that says it is huge is refused without the memory or the disk for it",
          "[image][load][hostile]") {
  TemporaryImages images;
  constexpr std::uint64_t kHuge = std::uint64_t{2} << 30U;
  for (const char* name : {"index.json", "manifest.json", "oci-layout"}) {
    INFO(name);
    const std::string header = test::tar_header('0', name, "", kHuge, {});
    CHECK(code_of_loading(images, header + std::string(4096, ' ')) == errc::limit_exceeded);
  }
  OciLayout layout = tiny_layout();
  layout.index["manifests"][0]["size"] = kHuge;
  CHECK(code_of_loading(images, layout.tar()) == errc::limit_exceeded);
  CHECK(code_of_loading(images, test::tar_header('0', "x", "", kHuge, {}) + "short") == errc::image_invalid);

  LoadOptions limited;
  limited.limits.bytes = std::uint64_t{1} << 20U;
  CHECK(code_of_loading(images, test::gzip(tar_of({tar_entry("x", std::string(2 << 20, '\0'))})), limited) ==
        errc::limit_exceeded);
  const Writer endless{tar_entry("x", std::string(4096, 'x')), true};
  CHECK(code_of([&] { images.store.load(endless.fd(), limited); }) == errc::limit_exceeded);
  CHECK(images.is_tidy());
  std::string many;
  for (int entry = 0; entry < 100'001; ++entry) many += tar_entry("d" + std::to_string(entry), "", '5');
  CHECK(code_of_loading(images, many) == errc::limit_exceeded);
}

TEST_CASE("manifests nested a hundred thousand deep are refused", "[image][load][hostile]") {
  TemporaryImages images;
  const std::string deep(100'000, '[');
  CHECK(code_of_loading(images, tar_of({tar_entry("manifest.json", deep)})) == errc::image_invalid);
  CHECK(code_of_loading(images, tar_of({tar_entry("oci-layout", "{}"), tar_entry("index.json", deep)})) !=
        std::error_code{});
}

TEST_CASE("a pipe that says nothing more is given up when its time is over", "[image][load]") {
  TemporaryImages images;
  std::array<int, 2> ends{-1, -1};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  REQUIRE(::write(ends[1], "x", 1) == 1);
  LoadOptions options;
  options.watch.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds{300};
  CHECK(code_of([&] { images.store.load(ends[0], options); }) == errc::timed_out);
  std::stop_source stop;
  options.watch = {.stop = stop.get_token()};
  std::thread stopper{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
    stop.request_stop();
  }};
  CHECK(code_of([&] { images.store.load(ends[0], options); }) == errc::cancelled);
  stopper.join();
  ::close(ends[0]);
  ::close(ends[1]);
  CHECK(images.is_tidy());
  CHECK(code_of([&] { images.store.load("/dev/zero"); }) == errc::image_invalid);
  CHECK(code_of([&] { images.store.load(images.directory.path() / "none"); }) == std::errc::no_such_file_or_directory);
}
