// SPDX-License-Identifier: Apache-2.0
// What the upper directory of an overlay changes, as `docker diff` tells it.

#include "launcher/changes.hpp"
#include "container/support.hpp"
#include "kernel/file_descriptor.hpp"
#include "launcher/identity.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <set>
#include <string>
#include <vector>

namespace dunnage::test {
namespace {

using kernel::FileDescriptor;
using launcher::ChangeKind;

class Layers {
 public:
  explicit Layers(int count) : count_{count} {
    (void)ground_.directory().make("upper");
    for (int number = 0; number < count; ++number) (void)ground_.directory().make("lower" + std::to_string(number));
  }
  void write(const std::string& path) const { ground_.directory().write(path, path); }
  void white_out(const std::string& path) const {
    std::filesystem::create_directories(ground_.path(path).parent_path());
    REQUIRE(::mknod(ground_.path(path).c_str(), S_IFCHR, makedev(0, 0)) == 0);
  }
  void make_opaque(const std::string& path) const {
    std::filesystem::create_directories(ground_.path(path));
    const char* name = who() == Launcher::Root ? "trusted.overlay.opaque" : "user.overlay.opaque";
    REQUIRE(::setxattr(ground_.path(path).c_str(), name, "y", 1, 0) == 0);
  }
  /// As overlayfs copies a directory up, it has the attributes of the lower one.
  void copy_up(const std::string& path, const std::string& from) const {
    std::filesystem::create_directories(ground_.path("upper/" + path));
    std::filesystem::last_write_time(ground_.path("upper/" + path),
                                     std::filesystem::last_write_time(ground_.path(from + "/" + path)));
  }
  [[nodiscard]] std::set<std::string> changes() const {
    const FileDescriptor upper = open("upper");
    std::vector<FileDescriptor> lowers;
    std::vector<int> numbers;
    for (int number = 0; number < count_; ++number) {
      lowers.push_back(open("lower" + std::to_string(number)));
      numbers.push_back(lowers.back().get());
    }
    std::vector<std::string> told;
    const auto connection = launcher::Connection::get(launcher::identity_for(0, 0));
    const auto outcome = launcher::list_changes(*connection, upper.get(), numbers,
                                                [&](ChangeKind kind, std::string_view path) {
                                                  told.push_back(static_cast<char>(kind) + (" " + std::string{path}));
                                                },
                                                {});
    INFO(outcome.cause() << ": " << outcome.code().message());
    CHECK(outcome.done());
    const std::set<std::string> set{told.begin(), told.end()};
    CHECK(set.size() == told.size());  // nothing twice
    return set;
  }
  [[nodiscard]] const TemporaryDirectory& directory() const { return ground_.directory(); }

 private:
  [[nodiscard]] FileDescriptor open(const std::string& name) const {
    return FileDescriptor{::open(ground_.path(name).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  }
  Ground ground_;
  int count_;
};

using Told = std::set<std::string>;

}  // namespace

TEST_CASE("what was added, changed and deleted is told, with the directories it is in", "[changes]") {
  const Layers layers{2};
  layers.write("lower1/etc/passwd");
  layers.write("lower1/etc/old");
  layers.write("lower0/usr/lib/a");
  layers.write("lower1/usr/lib/b");
  layers.write("lower1/quiet/file");
  layers.copy_up("etc", "lower1");
  layers.write("upper/etc/passwd");
  layers.write("upper/etc/new/file");
  layers.white_out("upper/etc/old");
  layers.copy_up("usr", "lower0");
  layers.copy_up("usr/lib", "lower0");
  layers.white_out("upper/usr/lib/b");
  layers.copy_up("quiet", "lower1");
  CHECK(layers.changes() ==
        Told{"C etc", "C etc/passwd", "A etc/new", "A etc/new/file", "D etc/old", "C usr", "C usr/lib", "D usr/lib/b"});
}

TEST_CASE("nothing changed is told as nothing", "[changes]") {
  CHECK(Layers{0}.changes().empty());
  CHECK(Layers{3}.changes().empty());
}

TEST_CASE("a directory that was replaced tells what it hides", "[changes]") {
  const Layers layers{3};
  layers.write("lower0/app/a");
  layers.write("lower1/app/b");
  layers.white_out("lower0/app/c");
  layers.write("lower2/app/c");
  layers.write("lower2/app/sub/x");
  layers.write("lower2/app/sub/y");
  layers.write("lower2/gone/z");
  layers.make_opaque("upper/app");
  layers.write("upper/app/a");
  layers.write("upper/app/sub/x");
  layers.white_out("upper/gone");
  CHECK(layers.changes() == Told{"C app", "C app/a", "D app/b", "C app/sub", "C app/sub/x", "D app/sub/y", "D gone"});
}

TEST_CASE("lower marks hide what is below them", "[changes]") {
  const Layers layers{2};
  layers.make_opaque("lower0/d");
  layers.write("lower0/d/seen");
  layers.write("lower1/d/unseen");
  layers.white_out("lower0/w");
  layers.write("lower1/w");
  layers.copy_up("d", "lower0");
  layers.write("upper/d/unseen");
  layers.write("upper/w");
  CHECK(layers.changes() == Told{"C d", "A d/unseen", "A w"});
}

TEST_CASE("files and directories that take each other's place are changes", "[changes]") {
  const Layers layers{1};
  layers.write("lower0/file");
  layers.write("lower0/directory/in");
  layers.write("upper/file/in");
  layers.write("upper/directory");
  CHECK(layers.changes() == Told{"C file", "A file/in", "C directory"});
}

TEST_CASE("any number of lower directories and of changes is told", "[changes]") {
  const Layers layers{600};
  layers.write("lower599/deep/file");
  for (int number = 0; number < 1500; ++number) {
    layers.write("upper/a rather long name of a directory/" + std::string(100, 'n') + std::to_string(number));
  }
  layers.white_out("upper/deep");
  CHECK(layers.changes().size() == 1502);
}

}  // namespace dunnage::test
