// SPDX-License-Identifier: Apache-2.0
#include "prepare/relabel.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace {

using dunnage::Relabel;
using dunnage::prepare::label_for;

std::string label_of(const std::filesystem::path& path) {
  char text[256];
  const ssize_t size = ::getxattr(path.c_str(), "user.dunnage", text, sizeof text);
  return size < 0 ? "" : std::string{text, static_cast<std::size_t>(size)};
}

TEST_CASE("a shared label is one for all, a private one is the container's own", "[prepare][relabel]") {
  CHECK(label_for(Relabel::Shared, "a") == "system_u:object_r:container_file_t:s0");
  CHECK(label_for(Relabel::Private, "a") == label_for(Relabel::Private, "a"));
  CHECK(label_for(Relabel::Private, "a") != label_for(Relabel::Private, "b"));
  CHECK_THAT(label_for(Relabel::Private, "a"), Catch::StartsWith("system_u:object_r:container_file_t:s0:c"));
}

TEST_CASE("labels are set on a whole tree and on nothing a link leads to", "[prepare][relabel]") {
  const dunnage::test::TemporaryDirectory directory;
  directory.write("tree/a/b/file", "");
  const auto outside = directory.write("outside", "");
  std::filesystem::create_symlink("../outside", directory.path() / "tree/link");
  const int top = ::open((directory.path() / "tree/a").c_str(), O_PATH | O_CLOEXEC);
  // an attribute any user may set stands for the label, which needs SELinux
  if (::setxattr(outside.c_str(), "user.dunnage", "x", 1, 0) != 0) {
    ::close(top);
    return;  // this file system has no attributes
  }
  CHECK(dunnage::prepare::label_tree(top, "user.dunnage", "label").error == 0);
  ::close(top);
  CHECK(label_of(directory.path() / "tree/a") == "label");
  CHECK(label_of(directory.path() / "tree/a/b/file") == "label");
  CHECK(label_of(directory.path() / "tree").empty());
  CHECK(label_of(outside) == "x");
}

TEST_CASE("a label that was asked for without SELinux changes nothing, and the plan says so", "[plan][relabel]") {
  const dunnage::test::TemporaryDirectory directory;
  const auto plan =
      dunnage::MountSet{dunnage::BindMount{directory.path(), "/x", {.relabel = Relabel::Shared}}}.resolve();
  const bool on = ::access("/sys/fs/selinux/enforce", F_OK) == 0;
  CHECK_THAT(plan.to_string(),
             Catch::Contains(on ? "a label that containers may use" : "SELinux is off on this machine"));
  for (const char* path : {"/", "/usr", "/etc", "/home"}) {
    CHECK_THROWS(dunnage::MountSet{dunnage::BindMount{path, "/x", {.relabel = Relabel::Private}}}.resolve());
  }
}

}  // namespace
