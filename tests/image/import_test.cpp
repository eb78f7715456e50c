// SPDX-License-Identifier: Apache-2.0
#include "image/archive.hpp"
#include "image/registry.hpp"
#include "support/leak_guard.hpp"
#include "support/requires.hpp"
#include "unit/image_support.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

using namespace dunnage;
using test::code_of;
using test::entries_of;
using test::TemporaryDirectory;
using test::TemporaryImages;

namespace {

std::filesystem::path blob_of(const TemporaryImages& images, const Image& image) {
  return images.root / "images/blobs/sha256" / image.info().layers.at(0).digest.substr(7);
}

}  // namespace

TEST_CASE("files of any size are imported from a tar", "[image][import]") {
  TemporaryImages images;
  const std::string large(std::size_t{5} << 20U, 'x');
  const std::string tar = test::Archive{}.file("./large", large).file("./small", "y").file("./other", large).tar();
  const Image image = images.store.import(images.directory.write("plain.tar", tar), "base:1");
  CHECK(image.info().layers.at(0).diff_id == image::digest_of(tar));
  images.store.unpack("base:1");
}

TEST_CASE("a root file system is imported from a tar, however it is packed", "[image][import]") {
  TemporaryImages images;
  const std::string tar = test::Archive{}.directory("./").directory("./bin").file("./bin/sh", "#!").tar();
  ImportOptions options;
  options.config.cmd = {"/bin/sh"};
  options.config.env = {{"A", "b"}};
  options.platform = parse_platform("linux/arm64");
  const auto plain = images.directory.write("plain.tar", tar);
  test::LeakGuard guard;
  const Image image = images.store.import(plain, "base:1", options);
  guard.check();
  CHECK(image.info().names == std::vector<std::string>{"docker.io/library/base:1"});
  CHECK(image.info().layers.size() == 1);
  CHECK(image.info().layers[0].digest == image::digest_of(tar));
  CHECK(image.info().layers[0].diff_id == image::digest_of(tar));
  CHECK(image.info().platform == parse_platform("linux/arm64"));
  CHECK(image.config() == options.config);
  CHECK(images.store.get("base:1") == image);

  const Image gzip = images.store.import(images.directory.write("packed.gz", test::gzip(tar)), "gzip");
  CHECK(gzip.info().layers[0].digest == image::digest_of(test::gzip(tar)));
  CHECK(gzip.info().layers[0].diff_id == image::digest_of(tar));
  CHECK(gzip.info().layers[0].media_type == "application/vnd.oci.image.layer.v1.tar+gzip");
  CHECK(
      images.store.import(images.directory.write("packed.zst", test::zstd(tar)), "zstd").info().layers[0].media_type ==
      "application/vnd.oci.image.layer.v1.tar+zstd");
  for (const char* program : {"xz", "bzip2"}) {  // no layer is packed so
    if (!test::requires_program(program)) continue;
    const auto packed = images.directory.write(program, test::run_tool({program, "-c", plain}));
    CHECK(images.store.import(packed, "").info().layers[0] == image.info().layers[0]);
  }
  CHECK(images.is_tidy());
}

TEST_CASE("what is no root file system is not imported", "[image][import][hostile]") {
  TemporaryImages images;
  const auto refused = [&](const std::string& archive, const ImportOptions& options = {}) {
    const auto path = images.directory.write("archive", archive);
    const auto code = code_of([&] { images.store.import(path, "base:1", options); });
    CHECK(images.is_tidy());
    CHECK(images.blobs().empty());
    return code;
  };
  const std::string tar = test::Archive{}.file("a", "x").tar();
  CHECK(refused("") == errc::image_invalid);
  CHECK(refused("hello") == errc::image_invalid);
  CHECK(refused(std::string(1024, '\0')) == errc::image_invalid);
  CHECK(refused(tar + "x") == errc::image_invalid);
  const std::string packed = test::gzip(tar);
  for (std::size_t size = 0; size < packed.size(); ++size)
    CHECK(refused(packed.substr(0, size)) == errc::image_invalid);
  CHECK(refused(test::Archive{}.file("../x").tar()) == errc::image_invalid);
  ImportOptions small;
  small.limits.bytes = 4096;
  CHECK(refused(test::gzip(test::Archive{}.file("a", std::string(65536, 'x')).tar()), small) == errc::limit_exceeded);
  small = {};
  small.limits.entries = 2;
  CHECK(refused(test::Archive{}.file("a").file("b").file("c").tar(), small) == errc::limit_exceeded);
  const auto path = images.directory.write("archive", tar);
  CHECK(code_of([&] { images.store.import(path, "Base"); }) == errc::invalid_argument);
  CHECK(code_of([&] { images.store.import(path, "a@sha256:" + std::string(64, 'a')); }) == errc::invalid_argument);
  CHECK(code_of([&] { images.store.import("/dev/zero", "a"); }) == errc::image_invalid);
  ImportOptions not_text;
  not_text.config.labels = {{"a", "\xff"}};
  CHECK(refused(tar, not_text) == errc::invalid_argument);
}

TEST_CASE("a directory is imported with all that tar would keep of it", "[image][import]") {
  if (!test::requires_program("tar")) return;
  TemporaryImages images;
  const auto root = images.directory.make("root");
  images.directory.write("root/usr/file", "content");
  images.directory.write("root/caf\xc3\xa9", "accent");
  images.directory.write("root/\xff\xfe", "bytes");
  images.directory.write(std::string{"root/"} + std::string(200, 'n') + "/" + std::string(200, 'm'), "long");
  images.directory.write("canary", "canary");
  std::filesystem::create_hard_link(root / "usr/file", root / "usr/other");
  std::filesystem::create_symlink(images.directory.path() / "canary", root / "out");
  std::filesystem::create_directory_symlink("/", root / "slash");
  REQUIRE(::chmod((root / "usr/file").c_str(), 04711) == 0);
  REQUIRE(::mkfifo((root / "fifo").c_str(), 0640) == 0);
  const bool attributes = ::setxattr((root / "usr/file").c_str(), "user.note", "a\0b", 3, 0) == 0;
  const int sparse = ::open((root / "sparse").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  REQUIRE(::ftruncate(sparse, 8 << 20) == 0);
  REQUIRE(::pwrite(sparse, "island", 6, 4 << 20) == 6);
  ::close(sparse);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s/root/socket", images.directory.path().c_str());
  REQUIRE(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  ::close(socket);
  const timespec times[2] = {{1, 0}, {1'500'000'000, 0}};
  REQUIRE(::utimensat(AT_FDCWD, (root / "usr/file").c_str(), times, 0) == 0);

  test::LeakGuard guard;
  const Image image = images.store.import(root, "base:1");
  guard.check();
  CHECK(images.is_tidy());
  CHECK(std::filesystem::file_size(blob_of(images, image)) < (1U << 20U));
  CHECK(image.info().layers[0].diff_id == image.info().layers[0].digest);

  const auto out = images.directory.make("out");
  test::run_tool({"tar", "--xattrs", "-xpf", blob_of(images, image), "-C", out});
  CHECK(entries_of(out) == std::vector<std::string>{"caf\xc3\xa9", "fifo", std::string(200, 'n'), "out", "slash",
                                                    "sparse", "usr", "\xff\xfe"});
  CHECK(images.directory.read("out/usr/file") == "content");
  CHECK(images.directory.read("out/caf\xc3\xa9") == "accent");
  CHECK(images.directory.read("out/\xff\xfe") == "bytes");
  CHECK(images.directory.read(std::string{"out/"} + std::string(200, 'n') + "/" + std::string(200, 'm')) == "long");
  CHECK(std::filesystem::read_symlink(out / "out") == images.directory.path() / "canary");
  CHECK(std::filesystem::hard_link_count(out / "usr/file") == 2);
  struct stat status {};
  REQUIRE(::stat((out / "usr/file").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 04711);
  CHECK(status.st_mtim.tv_sec == 1'500'000'000);
  REQUIRE(::lstat((out / "fifo").c_str(), &status) == 0);
  CHECK(S_ISFIFO(status.st_mode));
  REQUIRE(::stat((out / "sparse").c_str(), &status) == 0);
  CHECK(status.st_size == 8 << 20);
  CHECK(status.st_blocks * 512 < 1 << 20);
  CHECK(images.directory.read("out/sparse").substr(4 << 20, 6) == "island");
  if (attributes) {
    char value[8] = {};
    CHECK(::getxattr((out / "usr/file").c_str(), "user.note", value, sizeof value) == 3);
    CHECK(std::string_view(value, 3) == std::string_view("a\0b", 3));
  }
  CHECK(images.store.import(root, "").info().layers == image.info().layers);
}

TEST_CASE("a directory too deep or too large is not imported", "[image][import][hostile]") {
  TemporaryImages images;
  auto deep = images.directory.make("deep");
  std::string inner;
  for (int level = 0; level < 300; ++level) inner += "/d";
  images.directory.make("deep" + inner);
  CHECK(code_of([&] { images.store.import(deep, "a"); }) == errc::limit_exceeded);
  ImportOptions small;
  small.limits.file_bytes = 3;
  images.directory.write("large/file", "four");
  CHECK(code_of([&] { images.store.import(images.directory.path() / "large", "a", small); }) == errc::limit_exceeded);
  CHECK(images.is_tidy());
  CHECK(images.blobs().empty());
}
