// SPDX-License-Identifier: Apache-2.0
// What a worker of the launcher keeps itself to before it touches a tree (launcher/program/confine.hpp), in a process
// of its own, for there is no way back.
#include "launcher/program/confine.hpp"

#include "kernel/file_descriptor.hpp"
#include "support/apart.hpp"
#include "support/catch.hpp"
#include "support/requires.hpp"
#include "support/temporary_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444
#endif

bool has_landlock() { return ::syscall(__NR_landlock_create_ruleset, nullptr, 0, 1U) >= 2; }

kernel::FileDescriptor tree(const fs::path& path) {
  return kernel::FileDescriptor{::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
}

/// "read, made, removed", of what can be done with the directory and its file.
std::string rights_on(const fs::path& directory) {
  std::string rights;
  const kernel::FileDescriptor file{::open((directory / "file").c_str(), O_RDONLY | O_CLOEXEC)};
  rights += file ? "read " : "";
  const kernel::FileDescriptor made{::open((directory / "made").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
  rights += made ? "made " : "";
  rights += ::mkdir((directory / "sub").c_str(), 0700) == 0 ? "directory " : "";
  rights += ::unlink((directory / "old").c_str()) == 0 ? "removed " : "";
  return rights;
}

}  // namespace

TEST_CASE("a worker that keeps itself to its trees reads, makes, moves and removes nothing outside of them",
          "[launcher][security]") {
  if (!has_landlock()) return skip("this kernel has no Landlock that knows renaming");
  const TemporaryDirectory directory;
  for (const char* name : {"source", "target", "outside"}) {
    directory.write(std::string{name} + "/file", "content");
    directory.write(std::string{name} + "/old", "content");
  }
  const fs::path top = directory.path();
  const kernel::FileDescriptor outside = tree(top / "outside");  // a worker may hold more than it is given
  const DoneApart done = do_apart([&]() -> std::string {
    const kernel::FileDescriptor source = tree(top / "source");
    const kernel::FileDescriptor target = tree(top / "target");
    std::array<int, 2> pipe{-1, -1};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return "no pipe";
    const std::array<int, 3> given{source.get(), target.get(), pipe[0]};  // what is no tree does no harm
    launcher::confine_to(given.data(), given.size(), launcher::Use::Reading, launcher::Use::Both);
    std::string words = "source: " + rights_on(top / "source") + "\ntarget: " + rights_on(top / "target") +
                        "\noutside: " + rights_on(top / "outside") + "\n";
    const int by_descriptor = ::openat(outside.get(), "file", O_RDONLY | O_CLOEXEC);
    words += by_descriptor < 0 && errno == EACCES ? "nor by a descriptor\n" : "by a descriptor\n";
    const bool moved = ::renameat(target.get(), "file", outside.get(), "moved") == 0 ||
                       ::linkat(outside.get(), "file", target.get(), "linked", 0) == 0;
    words += moved ? "moved\n" : "not moved\n";
    words += ::write(pipe[1], "x", 1) == 1 ? "what is open stays so\n" : "no pipe any more\n";
    return words;
  });
  CHECK(done.status == 0);
  CHECK(done.words ==
        "source: read \ntarget: read made directory removed \noutside: \nnor by a descriptor\nnot moved\n"
        "what is open stays so\n");
  CHECK(fs::exists(top / "outside/old"));
  CHECK_FALSE(fs::exists(top / "outside/made"));
}

TEST_CASE("a worker that only writes reads no file of its tree", "[launcher][security]") {
  if (!has_landlock()) return skip("this kernel has no Landlock that knows renaming");
  const TemporaryDirectory directory;
  directory.write("tree/file", "content");
  directory.write("tree/old", "content");
  const DoneApart done = do_apart([&]() -> std::string {
    const kernel::FileDescriptor given = tree(directory.path() / "tree");
    const int number = given.get();
    launcher::confine_to(&number, 1, launcher::Use::Writing, launcher::Use::Both);
    return rights_on(directory.path() / "tree");
  });
  CHECK(done.words == "made directory removed ");
}
