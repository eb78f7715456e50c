// SPDX-License-Identifier: Apache-2.0
// P-25 of the catalogue of attacks: copying into and out of containers that have volumes, while the places the volumes
// are mounted on, and what they are in, are swapped for links. Nothing is made, mounted or changed outside.
//
// That the race is run is seen with the weakened build copy-by-path, which takes the belt of confine_to() away, too:
// out of the place of a volume in the store, links climb to the canary then, and the first test fails. With the belt,
// where the kernel has Landlock, they climb and can do nothing there. Those of containers lead nowhere even so.

#include "container/image_support.hpp"
#include "container/records_support.hpp"
#include "image/archive.hpp"
#include "kernel/file_descriptor.hpp"
#include "support/tree.hpp"

#include <fcntl.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

namespace dunnage::test {
namespace {

/// What of the mounts of this machine lies in the ground of the test: others mount elsewhere at the same time.
std::string mounts_in(const std::filesystem::path& ground) {
  std::ifstream file{"/proc/self/mountinfo"};
  std::string mounts;
  for (std::string line; std::getline(file, line);) {
    if (line.find(ground.string()) != std::string::npos) mounts += line + "\n";
  }
  return mounts;
}

/// A canary beside the store, with what would be taken from it or put into it.
class Swapping {
 public:
  Swapping() {
    images_.add("app", {base_layer()});
    ground_.directory().write("canary/v/file", "CANARY");
    ground_.directory().write("canary/file", "CANARY");
    mine_ = ground_.directory().write("mine", "mine");
    ground_.directory().write("mine.tar", Archive{}.file("new", "mine").tar());
    before_ = snapshot();
  }
  [[nodiscard]] const Ground& ground() const { return ground_; }
  [[nodiscard]] std::string canary() const { return ground_.path("canary").string(); }
  [[nodiscard]] LaunchSpec spec(const std::string& name, const std::string& script, MountSet mounts) const {
    LaunchSpec spec = images_.shell("app", script, std::move(mounts));
    spec.name = name;
    spec.remove_on_exit = false;
    return spec;
  }
  /// Copies both ways by the paths, and asks what is there. \return how often that went well
  template <typename Store>
  [[nodiscard]] int copy(const Store& store, const std::string& name,
                         const std::vector<std::string>& directories) const {
    int done = 0;
    for (const std::string& directory : directories) {
      std::filesystem::remove_all(ground_.path("got"));
      done += tried([&] { copy_out(store, name, directory + "/file", ground_.path("got")); });
      CHECK(ground_.directory().read("got").find("CANARY") == std::string::npos);
      done += tried([&] { copy_in(store, name, mine_, directory + "/new"); });
      done += tried([&] { copy_in(store, name, mine_, directory + "/"); });
      std::filesystem::remove_all(ground_.path("all"));
      done += tried([&] { copy_out(store, name, directory + "/.", ground_.path("all")); });
      CHECK(ground_.directory().read("all/file").find("CANARY") == std::string::npos);
      done +=
          tried([&] { copy_out(store, name, directory + "/.", open("packed", O_WRONLY | O_CREAT | O_TRUNC).get()); });
      CHECK(ground_.directory().read("packed").find("CANARY") == std::string::npos);
      done += tried([&] { copy_in(store, name, open("mine.tar", O_RDONLY).get(), directory); });
    }
    return done;
  }
  void check_outside() const { CHECK(snapshot() == before_); }

 private:
  [[nodiscard]] kernel::FileDescriptor open(const std::string& name, int flags) const {
    return kernel::FileDescriptor{::open(ground_.path(name).c_str(), flags | O_CLOEXEC, 0600)};
  }
  /// 1 if it went well. At that moment there may have been nothing, or a link that leads nowhere.
  static int tried(const std::function<void()>& work) {
    try {
      work();
      return 1;
    } catch (const Error&) {
      return 0;
    }
  }
  [[nodiscard]] std::string snapshot() const {
    return tree_of(ground_.path("canary")) + mounts_in(ground_.directory().path());
  }

  Ground ground_;
  TestImages images_{ground_};
  std::filesystem::path mine_;
  std::string before_;
};

/// Shell that swaps directories, one after the other and without end, for links that lead to the canary from the root,
/// from the place in the store, and past all roots.
std::string swap(const std::vector<std::string>& directories, const std::string& canary) {
  std::string script = "while :; do for to in " + canary + " ../../../../canary /proc/1/root" + canary + "; do ";
  for (const std::string& directory : directories) {
    const std::string link = directory + ".link";
    const std::string aside = directory + ".aside";
    script += "ln -sfn $to " + link + "; mv -T " + directory + " " + aside + "; mv -T " + link + " " + directory +
              "; mv -T " + directory + " " + link + "; mv -T " + aside + " " + directory + "; ";
  }
  return script + "done; done";
}

}  // namespace

TEST_CASE("P-25: a container that swaps what its volume is mounted in, while files are copied, leads nowhere",
          "[cp][attack][one-user]") {
  if (!requires_busybox()) return;
  const Swapping swapping;
  const Container container =
      Container::launch(swapping.spec("box",
                                      "echo harmless > /p/v/file; mkdir /p/v/d; echo harmless > /p/v/d/file; " +
                                          swap({"/p", "/p/v/d"}, swapping.canary()),
                                      {VolumeMount{"data", "/p/v"}}));
  int done = 0;
  const auto patience = std::chrono::steady_clock::now() + kPatience;
  for (int round = 0; round < 40 || (done == 0 && std::chrono::steady_clock::now() < patience); ++round) {
    done += swapping.copy(swapping.ground().containers(), "box", {"/p/v", "/p", "/p/v/d"});
    done += swapping.copy(swapping.ground().volumes(), "data", {"/d"});
    if (round % 10 == 0) swapping.check_outside();
  }
  CHECK(done > 0);
  container.kill();
  (void)container.wait();
  swapping.check_outside();
}

TEST_CASE("P-25: another container that swaps the place of a volume, while files of one that has ended are copied",
          "[cp][ended][attack][one-user]") {
  if (!requires_busybox()) return;
  const Swapping swapping;
  {
    const Container box =
        Container::launch(swapping.spec("box", "echo harmless > /outer/p/v/file",
                                        {VolumeMount{"outer", "/outer"}, VolumeMount{"inner", "/outer/p/v"}}));
    REQUIRE(box.wait().success());
  }
  const Container swapper =
      Container::launch(swapping.spec("swapper", swap({"/x/p"}, swapping.canary()), {VolumeMount{"outer", "/x"}}));
  int done = 0;
  const auto patience = std::chrono::steady_clock::now() + kPatience;
  for (int round = 0; round < 40 || (done == 0 && std::chrono::steady_clock::now() < patience); ++round) {
    done += swapping.copy(swapping.ground().containers(), "box", {"/outer/p/v", "/outer/p"});
    done += swapping.copy(swapping.ground().volumes(), "outer", {"/p"});
    if (round % 10 == 0) swapping.check_outside();
  }
  CHECK(done > 0);
  swapper.kill();
  (void)swapper.wait();
  swapping.check_outside();
  // it may have been killed while the link was there
  LaunchSpec repair =
      swapping.spec("repair", "cd /x; test ! -L p || rm p; test -e p || mv p.aside p", {VolumeMount{"outer", "/x"}});
  CHECK(run(std::move(repair)).success());
  std::filesystem::remove_all(swapping.ground().path("got"));
  copy_out(swapping.ground().containers(), "box", "/outer/p/v/file", swapping.ground().path("got"));
  CHECK(swapping.ground().directory().read("got") == "harmless\n");
}

}  // namespace dunnage::test
