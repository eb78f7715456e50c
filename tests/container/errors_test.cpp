// SPDX-License-Identifier: Apache-2.0
// Errors are sentences: what, on what, why, and what to do. Each stage's are pinned here to the letter.

#include "container/support.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace dunnage;
using namespace dunnage::test;

namespace {

/// The sentence a launch fails with. The name makes the subject the same each time.
std::string failure_of(LaunchSpec spec) {
  spec.name = "box";
  return message_of([&] { (void)Container::launch(std::move(spec)); });
}

}  // namespace

TEST_CASE("a program that cannot be executed is told apart by why", "[container][errors]") {
  const Ground ground;
  CHECK(
      failure_of(ground.program({"no-such-program"})) ==
      "cannot launch container \"box\": execute \"no-such-program\": no such program in the container [ENOENT]; check "
      "its name, and PATH inside the container");
  CHECK(failure_of(ground.program({"/bin/no-such-program"})) ==
        "cannot launch container \"box\": execute \"/bin/no-such-program\": no such program in the container [ENOENT]; "
        "check its path inside the container, and that the interpreter it names is there too");
  CHECK(failure_of(ground.program({"/etc/passwd"})) ==
        "cannot launch container \"box\": execute \"/etc/passwd\": the program cannot be executed [EACCES]; make it "
        "executable (chmod +x), for this user, and not on a noexec mount");
  CHECK(
      failure_of(ground.program({"/usr"})) ==
      "cannot launch container \"box\": execute \"/usr\": the program cannot be executed [EACCES]; make it executable "
      "(chmod +x), for this user, and not on a noexec mount");
  const auto text = ground.directory().write("text", "no program\n");
  ::chmod(text.c_str(), 0755);
  CHECK(failure_of(ground.program({"/text"}, {BindMount{text, "/text"}})) ==
        "cannot launch container \"box\": execute \"/text\" (not a program, nor a script that begins with #!): the "
        "program cannot be executed [EACCES]; give a program this machine can execute");
  const auto script = ground.directory().write("script", "#!/no/interpreter\n");
  ::chmod(script.c_str(), 0755);
  CHECK(failure_of(ground.program({"/script"}, {BindMount{script, "/script"}})).find("; check its path") !=
        std::string::npos);
  CHECK(ground.containers().list().empty());  // nothing of them has stayed
  CHECK(ground.volumes().list().empty());
}

TEST_CASE("a specification that makes no sense is refused before anything is done", "[container][errors]") {
  const Ground ground;
  CHECK(failure_of(ground.program({})) ==
        "cannot launch container \"box\": argv has no program: invalid argument [EINVAL]; set argv to the program and "
        "its arguments");
  LaunchSpec spec = ground.program({"true"});
  spec.cwd = "relative";
  CHECK(failure_of(std::move(spec)) ==
        "cannot launch container \"box\": the working directory \"relative\" is not absolute: invalid argument "
        "[EINVAL]; begin it with \"/\"");
  spec = ground.program({"true"});
  spec.env = {{"A=B", "x"}};
  CHECK(failure_of(std::move(spec)) ==
        "cannot launch container \"box\": \"A=B\" is no name of a variable: invalid argument [EINVAL]; use a name "
        "without \"=\"");
  spec = ground.program({"true", std::string{"a\0b", 3}});
  CHECK(failure_of(std::move(spec)) ==
        "cannot launch container \"box\": argv holds a zero byte: invalid argument [EINVAL]; leave it out");
  spec = ground.program({"true"});
  spec.hostname = std::string(65, 'h');
  CHECK(failure_of(std::move(spec)) ==
        "cannot launch container \"box\": the host name is longer than 64 bytes: invalid argument [EINVAL]; choose a "
        "shorter one");
  spec = ground.program({"true"});
  spec.name = "../box";
  CHECK(message_of([&] { (void)Container::launch(std::move(spec)); }) ==
        "cannot launch container \"../box\": \"../box\" is not a name of a container: invalid argument [EINVAL]; use "
        "letters, digits, \"_\", \".\" and \"-\", at most 128, a letter or digit first");
  spec = ground.program({"true"});
  spec.add_capabilities = {"NET_ADMN"};
  CHECK(failure_of(std::move(spec)) ==
        "cannot use the capability \"NET_ADMN\": invalid argument [EINVAL]; did you mean \"NET_ADMIN\"?");
  spec = ground.program({"true"});
  spec.lifetime = Lifetime::Detached;
  spec.out = Stdio::callback([](std::string_view) {});
  CHECK(failure_of(std::move(spec)) ==
        "cannot launch container \"box\": a callback cannot outlive this process: invalid argument [EINVAL]; use "
        "Stdio::log() for a detached container");
}

TEST_CASE("a stop signal that is none is refused at launch", "[container][errors]") {
  const Ground ground;
  for (const int signal : {-1, 65, 1000}) {  // 0 leaves it to the image
    INFO(signal);
    LaunchSpec spec = ground.program({"true"});
    spec.stop_signal = signal;
    CHECK(code_of([&] { (void)Container::launch(std::move(spec)); }) == errc::invalid_argument);
  }
}

TEST_CASE("a signal that is none is refused by kill", "[container][errors]") {
  const Ground ground;
  const Container container = Container::launch(ground.program({"sleep", "1000"}));
  const Process process = container.exec({.argv = {"sleep", "1000"}});
  for (const int signal : {-1, 65, 1000}) {  // 0 leaves it to the image
    INFO(signal);
    CHECK(code_of([&] { container.kill(signal); }) == errc::invalid_argument);
    CHECK(code_of([&] { process.kill(signal); }) == errc::invalid_argument);
  }
  CHECK(
      message_of([&] { container.kill(1000); }) ==
      "cannot signal container \"" + container.id().substr(0, 12) +
          "\": 1000 is no signal: invalid argument [EINVAL]; give a number from 1 to 64, or a name to parse_signal()");
  CHECK(message_of([] { (void)parse_signal("SIGTREM"); }) ==
        "cannot use the signal \"SIGTREM\": invalid argument [EINVAL]; did you mean SIGTERM?");
}

TEST_CASE("a root file system that cannot be used is named", "[container][errors]") {
  const Ground ground;
  LaunchSpec spec = ground.program({"true"});
  spec.rootfs = Rootfs::directory(ground.path("absent"));
  CHECK(failure_of(std::move(spec)) ==
        "cannot use root file system \"" + ground.path("absent").string() +
            "\": open: no such file or directory [ENOENT]; create it, or unpack an image "
            "there");
  spec = ground.program({"true"});
  spec.rootfs = Rootfs::directory(ground.directory().write("file", ""));
  CHECK(failure_of(std::move(spec)) == "cannot use root file system \"" + ground.path("file").string() +
                                           "\": open: not a directory [ENOTDIR]; give a directory");
}

TEST_CASE("a source that is gone is told at resolve and at prepare", "[container][errors]") {
  const Ground ground;
  const auto source = ground.directory().make("source");
  const MountSet mounts{BindMount{source, "/data"}};
  const MountPlan plan = mounts.resolve();
  std::filesystem::remove(source);
  CHECK(message_of([&] { (void)mounts.resolve(); }) ==
        "cannot resolve bind mount \"" + source.string() +
            "\" -> \"/data\": the source does not exist [ENOENT]; create it or set create_source");
  CHECK(message_of([&] { (void)plan.prepare(); }) ==
        "cannot prepare bind mount \"" + source.string() +
            "\" -> \"/data\": open_tree: the source does not exist [ENOENT]; create it or set create_source");
  ground.directory().write("source", "a file now");
  CHECK(message_of([&] { (void)plan.prepare(); }) ==
        "cannot prepare bind mount \"" + source.string() +
            "\" -> \"/data\": the source is of another kind than when the plan was made: not a directory [ENOTDIR]; "
            "resolve the mounts again");
}

TEST_CASE("a mount on the container's own places is refused at resolve", "[container][errors]") {
  const Ground ground;
  CHECK(
      failure_of(ground.program({"true"}, {Tmpfs{"/proc/sys"}})) ==
      "cannot resolve tmpfs \"/proc/sys\": \"/proc\" belongs to the container itself: the target cannot be mounted on "
      "[EINVAL]; choose a target outside of /proc, /sys, /dev/pts and /dev/console");
}

TEST_CASE("a name that is taken is an error until it is free again", "[container][errors]") {
  const Ground ground;
  LaunchSpec spec = ground.program({"sleep", "1000"});
  spec.name = "box";
  const Container container = Container::launch(std::move(spec));
  const std::string message = failure_of(ground.program({"true"}));
  CHECK(message.starts_with("cannot launch container \"box\": "));
  CHECK(message.find("the container exists [EEXIST]; ") != std::string::npos);
  container.kill();
  (void)container.wait();
  CHECK(failure_of(ground.program({"true"})).empty());
}

TEST_CASE("a handle on a container that has ended says so", "[container][errors]") {
  const Ground ground;
  LaunchSpec spec = ground.program({"true"});
  spec.name = "box";
  Container container = Container::launch(std::move(spec));
  (void)container.wait();
  CHECK(message_of([&] { container.kill(); }) ==
        "cannot signal container \"box\": the container is not running [ESRCH]; launch it again");
  CHECK(message_of([&] { container.pause(); }) ==
        "cannot pause container \"box\": the container is not running [ESRCH]; launch it again");
  CHECK(message_of([&] { (void)container.exec({.argv = {"true"}}); }) ==
        "cannot execute in container \"box\": the container is not running [ESRCH]; launch the container again");
  Container unnamed = Container::launch(ground.program({"true"}));
  CHECK(message_of([&] { unnamed.detach(); }) ==
        "cannot detach container \"" + unnamed.id().substr(0, 12) +
            "\": it has no record, so nobody could find it: invalid argument [EINVAL]; launch it with a name, or with "
            "record");
}

TEST_CASE("volumes that are missing, taken or in use are told with a remedy", "[container][errors]") {
  const Ground ground;
  auto store = ground.volumes();
  store.create("db-data");
  CHECK(message_of([&] { (void)store.get("db-dat"); }) ==
        "cannot get volume \"db-dat\": no such volume [ENOENT]; did you mean \"db-data\"?");
  CHECK(message_of([&] { store.create("db-data"); }).starts_with("cannot create volume \"db-data\": "));
  const Container container = Container::launch(ground.program({"sleep", "1000"}, {VolumeMount{"db-data", "/data"}}));
  CHECK(message_of([&] { store.remove("db-data"); }) == "cannot remove volume \"db-data\": used by container \"" +
                                                            container.id().substr(0, 12) +
                                                            "\": the volume is in use [EBUSY]; stop it first");
}

TEST_CASE("a launch that takes too long ends with its deadline", "[container][errors]") {
  const Ground ground;
  LaunchSpec spec = ground.program({"true"});
  spec.launch_timeout = 0ms;
  CHECK(code_of([&] { (void)Container::launch(std::move(spec)); }) == errc::timed_out);
}

TEST_CASE("control characters of a name do not reach the terminal", "[container][errors]") {
  const Ground ground;
  const std::string message = failure_of(ground.program({"\x1b[31mred\n"}));
  CHECK(message.find('\x1b') == std::string::npos);
  CHECK(message.find('\n') == std::string::npos);
  CHECK(message.find("\\x1b[31mred\\x0a") != std::string::npos);
}
