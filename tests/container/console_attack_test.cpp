// SPDX-License-Identifier: Apache-2.0
// P-6: the console of a container with a terminal, while another container exchanges what an image has in its /dev.

#include "container/rootfs_support.hpp"
#include "container/swap_inside.hpp"
#include "support/rounds.hpp"
#include "support/snapshot.hpp"

#include <unistd.h>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

/// What a program finds at its console: file system, kind and number, and whether it is its terminal.
constexpr auto kConsole =
    "echo $(stat -f -c %t /dev/console) $(stat -L -c '%F %t' /dev/console) "
    "$(test $(stat -L -c %T /dev/console) = $(stat -L -c %T /proc/self/fd/0) && echo mine) $(tty); "
    "grep -c ' /dev/console devpts' /proc/mounts";

/// Runs it with a terminal, and reads what it writes there.
std::string seen_at_terminal(LaunchSpec spec) {
  spec.terminal = true;
  const Container container = Container::launch(std::move(spec));
  std::string text;
  char bytes[512];
  for (ssize_t size = 0; (size = ::read(container.terminal_fd(), bytes, sizeof bytes)) > 0;) {
    text.append(bytes, static_cast<std::size_t>(size));
  }
  CHECK(container.wait().success());
  return text;
}

constexpr auto kRightConsole = "1cd1 character special file 88 mine /dev/pts/0\r\n1\r\n";

}  // namespace

TEST_CASE("P-6: the console is the container's own terminal, whatever another one puts where an image has its devices",
          "[container][rootfs][attack][race]") {
  const Ground ground;
  const Canary canary;
  const DirectoryRoot root{ground};
  CHECK(seen_at_terminal(ground.shell(kConsole)) == kRightConsole);
  const Snapshot before{canary, ground.store_path()};
  for (const std::string name : {"pts", "console", "ptmx"}) {
    INFO(name);
    const std::string path = "dev/" + name;
    ground.directory().make("root/" + path);
    fs::create_symlink(canary.path("dev") / name, root.path() / (path + ".0"));
    fs::create_symlink("/proc/sys/kernel/core_pattern", root.path() / (path + ".1"));
    ground.directory().write("root/" + path + ".2", "a file");
    const SwapInside swap{ground,
                          {BindMount{root.path(), "/r"}},
                          "/r/" + path,
                          {"/r/" + path + ".0", "/r/" + path + ".1", "/r/" + path + ".2"}};
    for (Rounds rounds{8}; rounds.next();) {
      CHECK(seen_at_terminal(root.shell(kConsole)) == kRightConsole);
    }
  }
  before.verify();
}
