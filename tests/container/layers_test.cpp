// SPDX-License-Identifier: Apache-2.0
// Overlays of many layers, as the root file systems of images are: what they show, and where what is written goes.

#include "container/support.hpp"

#include "kernel/file_descriptor.hpp"
#include "launcher/identity.hpp"
#include "launcher/protocol.hpp"
#include "prepare/detach_mount.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fstream>

using namespace dunnage;
using namespace dunnage::test;
using launcher::UpperKind;

namespace {

namespace fs = std::filesystem;

/// Trees with names as long as those of a store.
class Layers {
 public:
  explicit Layers(const Ground& ground)
      : directory_{ground.directory().make("images")}, opened_{::open(directory_.c_str(), O_PATH | O_CLOEXEC)} {}

  fs::path add() {
    const std::string number = std::to_string(names_.size());
    names_.push_back("trees/range-100000/" + std::string(64 - number.size(), 'a') + number + "/tree");
    fs::create_directories(directory_ / names_.back());
    return directory_ / names_.back();
  }
  [[nodiscard]] fs::path path(const std::string& name) const { return directory_ / name; }

  [[nodiscard]] launcher::DetachResult mount(launcher::DetachRequest request, const std::string& upper = {},
                                             const std::string& work = {}) const {
    prepare::MountSource source{identity_};
    return source.layers(
        request, {.directory = directory_, .opened = opened_.get(), .layers = names_, .upper = upper, .work = work});
  }

 private:
  launcher::Identity identity_ = launcher::identity_for(0, 0);
  fs::path directory_;
  kernel::FileDescriptor opened_;
  std::vector<std::string> names_;
};

void write(const fs::path& path, const std::string& text) { std::ofstream{path} << text; }

/// What a file in a mount says; "-" if there is none.
std::string read(const kernel::FileDescriptor& mount, const char* path) {
  const kernel::FileDescriptor file{::openat(mount.get(), path, O_RDONLY | O_CLOEXEC)};
  if (!file) return "-";
  std::string text(64, '\0');
  text.resize(static_cast<std::size_t>(::read(file.get(), text.data(), text.size())));
  return text;
}

int create(const kernel::FileDescriptor& mount, const char* path) {
  const kernel::FileDescriptor file{::openat(mount.get(), path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644)};
  return file ? 0 : errno;
}

kernel::FileDescriptor opened(const launcher::DetachResult& result) {
  CHECK(result.failure.error == 0);
  REQUIRE(result.fd >= 0);
  return kernel::FileDescriptor{result.fd};
}

}  // namespace

TEST_CASE("500 layers are one root, in which the top one wins and a whiteout hides", "[container][layers]") {
  const Ground ground;
  Layers layers{ground};
  for (int index = 0; index < 500; ++index) {
    const fs::path tree = layers.add();
    write(tree / "common", std::to_string(index));
    write(tree / ("own" + std::to_string(index)), "x");
    fs::create_directory(tree / "directory");
    write(tree / "directory" / std::to_string(index), "y");
    if (index == 250) REQUIRE(::mknod((tree / "own7").c_str(), S_IFCHR, makedev(0, 0)) == 0);
    if (index == 300) {
      const char* const mark = who() == Launcher::Root ? "trusted.overlay.opaque" : "user.overlay.opaque";
      REQUIRE(::setxattr((tree / "directory").c_str(), mark, "y", 1, 0) == 0);
    }
  }
  const auto mount = opened(layers.mount({}));
  CHECK(read(mount, "common") == "499");
  CHECK(read(mount, "own6") == "x");
  CHECK(read(mount, "own7") == "-");
  CHECK(read(mount, "directory/299") == "-");
  CHECK(read(mount, "directory/300") == "y");
  CHECK(create(mount, "new") == EROFS);
}

TEST_CASE("one layer that nobody writes to is shown as it is", "[container][layers]") {
  const Ground ground;
  Layers layers{ground};
  write(layers.add() / "file", "text");
  const auto mount = opened(layers.mount({}));
  CHECK(read(mount, "file") == "text");
  CHECK(create(mount, "new") == EROFS);
}

TEST_CASE("what is written goes to memory, or to the directory it is to go to", "[container][layers]") {
  const Ground ground;
  Layers layers{ground};
  const fs::path top = layers.add();
  write(top / "file", "text");
  ::chmod(top.c_str(), 0751);
  launcher::DetachRequest request;
  request.upper = UpperKind::Memory;
  request.size = 1U << 20U;
  {
    const auto mount = opened(layers.mount(request));
    CHECK(create(mount, "new") == 0);
    CHECK(read(mount, "file") == "text");
    struct stat status {};
    REQUIRE(::fstat(mount.get(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0751);
  }
  fs::create_directories(layers.path("changes/upper"));
  fs::create_directories(layers.path("changes/work"));
  request.is_volatile = 1;
  for (const UpperKind kind : {UpperKind::Fresh, UpperKind::Kept, UpperKind::Kept}) {
    request.upper = kind;
    const auto mount = opened(layers.mount(request, "changes/upper", "changes/work"));
    CHECK(read(mount, "new") == (kind == UpperKind::Fresh ? "-" : ""));
    CHECK(create(mount, "new") == 0);
  }
  CHECK(fs::exists(layers.path("changes/upper/new")));
  CHECK((static_cast<unsigned>(fs::status(layers.path("changes/upper")).permissions()) & 07777U) == 0751);
  CHECK_FALSE(fs::exists(top / "new"));
}

TEST_CASE("a layer that says where its content really is is not obeyed", "[container][layers]") {
  const Ground ground;
  Layers layers{ground};
  const fs::path bottom = layers.add();
  fs::create_directories(bottom / "secret");
  write(bottom / "secret" / "file", "text");
  const fs::path top = layers.add();
  fs::create_directory(top / "innocent");
  const char* const mark = who() == Launcher::Root ? "trusted.overlay.redirect" : "user.overlay.redirect";
  REQUIRE(::setxattr((top / "innocent").c_str(), mark, "/secret", 7, 0) == 0);
  const auto mount = opened(layers.mount({}));
  CHECK(read(mount, "innocent/file") == "-");
}

TEST_CASE("a layer that is missing, or is a link, is named by its number, and nothing is made", "[container][layers]") {
  const Ground ground;
  Layers layers{ground};
  (void)layers.add();
  const fs::path middle = layers.add();
  (void)layers.add();
  fs::remove_all(middle);
  auto result = layers.mount({});
  CHECK(result.fd == -1);
  CHECK(result.failure.step == launcher::Step::OpenLayer);
  CHECK(result.failure.mount == 1);
  CHECK(result.failure.error == ENOENT);
  fs::create_directory_symlink("/etc", middle);
  result = layers.mount({});
  CHECK(result.failure.mount == 1);
  CHECK(result.failure.error == ELOOP);
}

TEST_CASE("more layers than the kernel takes are refused", "[container][layers]") {
  const Ground ground;
  Layers layers{ground};
  for (int index = 0; index < 501; ++index) (void)layers.add();
  const auto result = layers.mount({});
  CHECK(result.fd == -1);
  CHECK(result.failure.step == launcher::Step::AddLayer);
  CHECK(result.failure.error == E2BIG);
}
