// SPDX-License-Identifier: Apache-2.0
// P-27 and P-29: entries of a volume are exchanged with links to a canary, as fast as a container can, while the volume
// is packed, and while it is removed.
//
// That the races are run is seen in the weakened builds pack-over-links and removal-over-links.

#include "container/records_support.hpp"
#include "kernel/file_descriptor.hpp"
#include "support/canary.hpp"
#include "support/rounds.hpp"

#include <dunnage/copy.hpp>

#include <fcntl.h>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;

/// Makes files, directories and a link for each, and exchanges each pair again and again (RENAME_EXCHANGE).
constexpr const char* kExchange = R"(
import ctypes, os, sys
libc = ctypes.CDLL(None)
os.chdir("/data")
names = []
for number in range(12):
  canary = sys.argv[1 + number % 2]
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

/// A volume's directory in the hands of a container that the store does not know as its user.
class Exchanging {
 public:
  Exchanging(const Ground& ground, const Canary& canary, const fs::path& data) {
    LaunchSpec spec = ground.program({"python3", "-c", kExchange, canary.path().string(), canary.climbing().string()},
                                     {BindMount{data, "/data"}});
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

}  // namespace

TEST_CASE(
    "P-27: a volume whose entries are exchanged with links is packed with the links, never with what they lead to",
    "[cp][attack]") {
  if (!requires_program("python3")) return;
  const Ground ground;
  const Canary canary;
  VolumeStore volumes = ground.volumes();
  const Exchanging exchanging{ground, canary, volumes.create("v").mountpoint()};
  int packed = 0;
  int links = 0;
  Rounds rounds{60};
  while (rounds.next(packed > 0 && links > 0)) {
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
    REQUIRE_FALSE(canary.is_in(tar));
    links += tar.find(canary.path().string()) != std::string::npos ? 1 : 0;
  }
  CHECK(packed > 0);
  CHECK(links > 0);
  canary.verify();
}

TEST_CASE("P-29: a volume whose entries are exchanged with links is removed, and nothing they lead to",
          "[volume][attack]") {
  if (!requires_program("python3")) return;
  const Ground ground;
  const Canary canary;
  VolumeStore volumes = ground.volumes();
  Rounds rounds{8};
  while (rounds.next()) {
    const Exchanging exchanging{ground, canary, volumes.create("v").mountpoint()};
    try {
      volumes.remove("v");
    } catch (const VolumeError&) {  // an entry was something else when it was about to go
    }
    REQUIRE_FALSE(volumes.find("v"));
    REQUIRE(canary.changes() == "");
  }
  (void)ground.volumes();  // sweeps what was something else while it was about to go
  CHECK(fs::is_empty(ground.store_path() / "trash"));
  canary.verify();
}

}  // namespace dunnage::test
