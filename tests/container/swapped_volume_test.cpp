// SPDX-License-Identifier: Apache-2.0
// P-27 and P-29: entries of a volume are exchanged with links to a canary, as fast as a container can, while the volume
// is packed, and while it is removed.
//
// That the races are run is seen with a weakened library: take O_NOFOLLOW away where launcher/program/pack.cpp opens
// what it packs, or where kernel/remove_tree.cpp enters a directory, and the tests fail.

#include "container/records_support.hpp"
#include "kernel/file_descriptor.hpp"
#include "support/tree.hpp"

#include <dunnage/copy.hpp>

#include <fcntl.h>

#include <cstdlib>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCanary = "CANARY-of-the-host";

/// Makes files, directories and a link for each, and exchanges each pair again and again (RENAME_EXCHANGE).
constexpr const char* kExchange = R"(
import ctypes, os, sys
libc = ctypes.CDLL(None)
os.chdir("/data")
canary = sys.argv[1]
names = []
for number in range(12):
  name = "d%d" % number
  os.makedirs(name + "/sub")
  for inner in ("file", "sub/file"):
    open(name + "/" + inner, "w").write("harmless")
  os.symlink(canary, name + ".link")
  names.append(name)
  name = "f%d" % number
  open(name, "w").write("harmless")
  os.symlink(canary + "/file", name + ".link")
  names.append(name)
pairs = [(name.encode(), (name + ".link").encode()) for name in names]
print("ready", flush=True)
while True:
  for name, link in pairs:
    libc.renameat2(-100, name, -100, link, 2)
)";

/// How often: seconds' worth unless more is asked for.
int rounds(int usual) {
  const char* asked = std::getenv("DUNNAGE_SWAP_ROUNDS");
  return asked != nullptr ? std::atoi(asked) : usual;
}

/// A volume's directory in the hands of a container that the store does not know as its user.
class Exchanging {
 public:
  Exchanging(const Ground& ground, const fs::path& data) {
    LaunchSpec spec =
        ground.program({"python3", "-c", kExchange, ground.path("canary").string()}, {BindMount{data, "/data"}});
    spec.out = out_.stdio();
    container_.emplace(Container::launch(std::move(spec)));
    REQUIRE(out_.wait_for("ready"));
  }
  ~Exchanging() {
    container_->kill();
    (void)container_->wait();
  }

 private:
  Collector out_;
  std::optional<Container> container_;
};

std::string make_canary(const Ground& ground) {
  ground.directory().write("canary/file", kCanary);
  ground.directory().write("canary/sub/file", kCanary);
  return tree_of(ground.path("canary"));
}

}  // namespace

TEST_CASE(
    "P-27: a volume whose entries are exchanged with links is packed with the links, never with what they lead to",
    "[cp][attack]") {
  if (!requires_program("python3")) return;
  const Ground ground;
  const std::string canary = make_canary(ground);
  VolumeStore volumes = ground.volumes();
  const Exchanging exchanging{ground, volumes.create("v").mountpoint()};
  int packed = 0;
  int links = 0;
  const auto end = std::chrono::steady_clock::now() + kPatience;
  for (int round = 0; round < rounds(60) || (packed == 0 && std::chrono::steady_clock::now() < end); ++round) {
    {
      const kernel::FileDescriptor archive{
          ::open(ground.path("packed").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
      try {
        copy_out(volumes, "v", "/.", archive.get());
        ++packed;
      } catch (const Error&) {  // what was listed may be something else by now
      }
    }
    const std::string tar = ground.directory().read("packed");
    REQUIRE(tar.find(kCanary) == std::string::npos);
    links += tar.find(ground.path("canary").string()) != std::string::npos ? 1 : 0;
  }
  CHECK(packed > 0);
  CHECK(links > 0);
  CHECK(tree_of(ground.path("canary")) == canary);
}

TEST_CASE("P-29: a volume whose entries are exchanged with links is removed, and nothing they lead to",
          "[volume][attack]") {
  if (!requires_program("python3")) return;
  const Ground ground;
  const std::string canary = make_canary(ground);
  VolumeStore volumes = ground.volumes();
  for (int round = 0; round < rounds(8); ++round) {
    const Exchanging exchanging{ground, volumes.create("v").mountpoint()};
    try {
      volumes.remove("v");
    } catch (const VolumeError&) {  // an entry was something else when it was about to go
    }
    REQUIRE_FALSE(volumes.find("v"));
    REQUIRE(tree_of(ground.path("canary")) == canary);
  }
  (void)ground.volumes();  // sweeps what was something else while it was about to go
  CHECK(fs::is_empty(ground.store_path() / "trash"));
  CHECK(tree_of(ground.path("canary")) == canary);
}

}  // namespace dunnage::test
