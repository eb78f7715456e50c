// SPDX-License-Identifier: Apache-2.0
// Launches of each kind, and what is asked of containers that run.

#include "crash/launch_attempt.hpp"

#include <dunnage/container_store.hpp>
#include <dunnage/image_store.hpp>
#include <dunnage/launch_template.hpp>

#include "launcher/connection.hpp"
#include "support/host.hpp"
#include "support/loop_devices.hpp"
#include "support/oci_image.hpp"
#include "support/read_to_end.hpp"

#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace dunnage::test {

namespace {

namespace fs = std::filesystem;
using Place = StoreOperation::Place;
using Launch = std::function<Container()>;
using Held = std::shared_ptr<std::optional<Container>>;

constexpr auto kLong = std::chrono::hours{24};

std::string unlike(const ExitStatus& status, const ExitStatus& expected) {
  return status == expected ? "" : "it " + status.to_string() + ", and not " + expected.to_string() + "\n";
}

/// What a program that is started again has said, if it could not be, which its exit status tells: all of it once.
bool is_start_refused(const ExitStatus& status) { return status == ExitStatus::exited(127); }

/// A launch of the program that says the facts. It ends by itself.
Attempt launch_of_facts(const Place& place, const std::string& name, Launch launch, bool until_the_end = false,
                        const ExitStatus& expected = ExitStatus::exited(0)) {
  const auto held = std::make_shared<std::optional<Container>>();
  return {.call =
              [held, launch = std::move(launch), until_the_end] {
                held->reset();
                held->emplace(launch());
                if (until_the_end) (void)(*held)->wait();
              },
          .judge =
              [held, place, name, expected] {
                const bool terminal = (*held)->terminal_fd() >= 0;
                const std::string facts = read_to_end(terminal ? (*held)->terminal_fd() : (*held)->stdout_fd());
                const ExitStatus status = (*held)->wait();
                held->reset();
                const bool refused = expected != ExitStatus::exited(0) && is_start_refused(status);
                return wrong_facts(place, name, refused ? facts + facts : facts) +
                       (refused ? "" : unlike(status, expected));
              }};
}

using Change = std::function<void(LaunchSpec&)>;

Launch launch_changed(const Place& place, Change change = {}) {
  return [place, mounts = mounts_of_everything(place), change = std::move(change)] {
    LaunchSpec spec = facts_spec(place, mounts);
    if (change) change(spec);
    return Container::launch(std::move(spec));
  };
}

StoreOperation of_directory() {
  return attempt_operation(
      "launch a container of a directory",
      [](const Place& place) { return launch_of_facts(place, "a directory", launch_changed(place)); }, make_sources);
}

/// The first thing it needs is a new launcher.
StoreOperation with_its_launcher() {
  return attempt_operation(
      "start a launcher, and launch a container",
      [](const Place& place) {
        const auto old = launcher::connection_of_containers();
        (void)::kill(old->pid(), SIGKILL);
        if (!becomes_true([&] { return !old->alive(); }, std::chrono::seconds{20})) {
          throw std::runtime_error{"the old launcher is there"};
        }
        return launch_of_facts(place, "a directory", launch_changed(place));
      },
      make_sources);
}

/// With a record, an anonymous volume and a log, all of which go with it.
StoreOperation until_its_end() {
  return attempt_operation(
      "run a container that is removed at its end",
      [](const Place& place) {
        const Change change = [](LaunchSpec& spec) {
          std::get<MountSet>(spec.mounts).add(VolumeMount{.name = "", .target = "/own"});
          spec.name = kAttempted;
          spec.err = Stdio::log();
        };
        return launch_of_facts(place, "one that is removed", launch_changed(place, change), true);
      },
      make_sources);
}

StoreOperation restarted() {
  return attempt_operation(
      "run a container that is started again",
      [](const Place& place) {
        const Change change = [](LaunchSpec& spec) {
          spec.argv.back() += "exit 1";
          spec.restart = {.kind = RestartPolicy::Kind::OnFailure, .max_retries = 1};
        };
        return launch_of_facts(place, "one that is started again", launch_changed(place, change), true,
                               ExitStatus::exited(1));
      },
      make_sources);
}

StoreOperation with_a_terminal() {
  return attempt_operation(
      "launch a container with a terminal",
      [](const Place& place) {
        const Change change = [](LaunchSpec& spec) {
          spec.terminal = true;
          if (::geteuid() == 0) spec.user = "1000:1000";  // who has one id needs a launcher of its own for each user
          spec.no_new_privileges = false;
        };
        return launch_of_facts(place, "one with a terminal", launch_changed(place, change));
      },
      make_sources);
}

/// An image whose programs are mounted.
void make_image(const Place& place) {
  make_sources(place);
  (void)mounts_of_everything(place);
  Layer layer{directory("usr"), directory("etc")};
  for (const auto& entry : fs::directory_iterator{place / "root"}) {
    layer.push_back({.path = entry.path().filename(), .content = fs::read_symlink(entry.path()), .type = '2'});
  }
  write_image(place / "layout", {layer, {{.path = "etc/passwd", .content = "root:x:0:0::/root:/bin/sh\n"}}});
  ImageStore store = ImageStore::open(place / "store");
  (void)store.load(place / "layout", {.name = "box:1"});
  store.unpack("box:1");
}

StoreOperation of_image() {
  return attempt_operation(
      "launch a container of an image",
      [](const Place& place) {
        const Change change = [](LaunchSpec& spec) { spec.rootfs = Rootfs::image("box:1"); };
        return launch_of_facts(place, "an image", launch_changed(place, change));
      },
      make_image);
}

/// A device goes a moment after the last who had it.
std::string devices_of(const Place& place) {
  const bool gone = becomes_true([&] { return devices_below(place) == 0; }, std::chrono::seconds{20});
  return gone ? "no device" : "LEFT a loop device";
}

StoreOperation from_template() {
  return attempt_operation(
      "launch a container from a template",
      [](const Place& place) {
        const LaunchTemplate shell{facts_spec(place, mounts_of_everything(place))};
        return launch_of_facts(place, "a template", [shell] { return shell.launch(); });
      },
      make_sources);
}

StoreOperation making_a_template() {
  return attempt_operation(
      "make a template",
      [](const Place& place) {
        return launch_of_facts(place, "a template", [place, mounts = mounts_of_everything(place)] {
          return LaunchTemplate{facts_spec(place, mounts)}.launch();
        });
      },
      make_sources);
}

/// One that ends with 3 when it is told to end, and is ready for that.
Container launch_waiting(const Place& place, const std::vector<std::string>& capabilities = {}) {
  LaunchSpec spec = facts_spec(place, mounts_of_everything(place));
  spec.argv = {"sh", "-c", "trap 'exit 3' TERM; echo ready; read line"};
  spec.in = Stdio::pipe();
  spec.add_capabilities = capabilities;
  Container container = Container::launch(std::move(spec));
  std::array<char, 6> word{};
  if (::read(container.stdout_fd(), word.data(), word.size()) != 6) throw std::runtime_error{"it is not ready"};
  return container;
}

StoreOperation executing(const std::string& name, const std::vector<std::string>& capabilities) {
  return attempt_operation(
      name,
      [name, capabilities](const Place& place) -> Attempt {
        const auto container = std::make_shared<Container>(launch_waiting(place, capabilities));
        const auto held = std::make_shared<std::optional<Process>>();
        return {.call =
                    [container, held] {
                      held->emplace(container->exec(
                          {.argv = {"sh", "-c", facts_script()}, .out = Stdio::pipe(), .err = Stdio::null()}));
                    },
                .judge =
                    [container, held, place, name] {
                      const std::string facts = read_to_end((*held)->stdout_fd());
                      return wrong_facts(place, name, facts) + unlike((*held)->wait(), ExitStatus::exited(0));
                    }};
      },
      make_sources);
}

/// \param ask  what is asked; the container has to end as `expected` then
StoreOperation ending(std::string name, const std::function<void(const Container&)>& ask, const ExitStatus& expected) {
  return attempt_operation(
      std::move(name),
      [ask, expected](const Place& place) -> Attempt {
        const auto container = std::make_shared<Container>(launch_waiting(place));
        const auto asked = std::make_shared<bool>(false);
        return {.call =
                    [container, ask, asked] {
                      const bool again = std::exchange(*asked, true);
                      try {
                        ask(*container);
                      } catch (const Error& error) {  // the first one did it, and only its answer was lost
                        if (!again || error.code() != errc::not_running) throw;
                      }
                    },
                .judge = [container, expected] { return unlike(container->wait(), expected); }};
      },
      make_sources);
}

void launch_detached(const Place& place) {
  if (ContainerStore::open(place / "store").find(kAttempted)) return;
  LaunchSpec spec = facts_spec(place, mounts_of_everything(place));
  spec.argv = {"sleep", "100000"};
  spec.out = Stdio::log();
  spec.name = kAttempted;
  spec.lifetime = Lifetime::Detached;
  (void)Container::launch(std::move(spec));
}

/// The container runs, and is in the store when nothing has happened to it.
StoreOperation removing() {
  return attempt_operation(
      "remove a container that runs",
      [](const Place& place) -> Attempt {
        launch_detached(place);
        return {.call =
                    [place] {
                      ContainerStore store = ContainerStore::open(place / "store");
                      if (store.find(kAttempted)) store.remove(kAttempted, true);
                    },
                .judge =
                    [place] {
                      const bool there = ContainerStore::open(place / "store").find(kAttempted).has_value();
                      return std::string{there ? "the container is there\n" : ""};
                    }};
      },
      make_sources);
}

}  // namespace

StoreOperation limited_launch_operation() {
  StoreOperation operation = attempt_operation(
      "launch a container whose changes have a limit",
      [](const Place& place) {
        const Change change = [](LaunchSpec& spec) {
          spec.rootfs = Rootfs::image("box:1");
          spec.root_changes.limit = std::uint64_t{16} << 20U;
        };
        return launch_of_facts(place, "an image with a limit", launch_changed(place, change));
      },
      make_image);
  operation.tells_cause = false;  // what makes the file system has words of its own
  operation.passes_later = true;
  operation.beside = devices_of;
  return operation;
}

std::vector<StoreOperation> launch_operations() {
  return {of_directory(),    with_its_launcher(), until_its_end(), restarted(),
          with_a_terminal(), of_image(),          from_template(), making_a_template()};
}

std::vector<StoreOperation> asking_operations() {
  return {
      executing("execute in a container", {}), executing("execute where programs may trace", {"SYS_PTRACE"}),
      ending(
          "stop a container", [](const Container& container) { (void)container.stop(kLong); }, ExitStatus::exited(3)),
      ending(
          "kill a container", [](const Container& container) { container.kill(SIGKILL); },
          ExitStatus::signaled(SIGKILL)),
      removing()};
}

}  // namespace dunnage::test
