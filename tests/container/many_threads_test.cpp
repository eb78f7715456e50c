// SPDX-License-Identifier: Apache-2.0
// Sixty-four threads that use everything at once: launches, stores, one template, one handle. Under the thread
// sanitizer any race ends the process; without it this says that nothing gets lost, mixed up or stuck.

#include "container/support.hpp"
#include "support/sanitized.hpp"

#include <algorithm>
#include <csignal>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

using namespace dunnage;
using namespace dunnage::test;

namespace {

constexpr int kThreads = 64;
constexpr int kRounds = kSanitized ? 24 : 8;

void require(bool so, const std::string& what) {
  if (!so) throw std::runtime_error{what};
}

/// What others do to the same thing at the same time may have come first.
template <typename Work>
void allowing(std::initializer_list<errc> codes, Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    if (std::ranges::none_of(codes, [&](errc code) { return error.code() == code; })) throw;
  }
}

/// What all threads share.
class Company {
 public:
  explicit Company(const Ground& ground)
      : ground_{ground},
        volumes_{ground.volumes()},
        containers_{ground.containers()},
        mounts_{volumes_.create("common").at("/common"), Tmpfs{"/scratch"}},
        shared_{[&] {
          LaunchSpec spec = ground.program({"sleep", "1000"}, mounts_);
          spec.name = "shared";
          return Container::launch(std::move(spec));
        }()},
        restarted_{Container::launch(ground.program({"sleep", "1000"}))},
        shell_{ground.shell("exit 0", mounts_)} {}

  void act(int thread, int round) {
    const std::string own = std::to_string(thread) + "-" + std::to_string(round);
    switch ((thread + round) % 12) {
      case 0:
        return launch(thread);
      case 1:
        return launch_and_kill();
      case 2:
        return launch_of_template(thread);
      case 3:
        return ask_shared();
      case 4:
        return run_further_programs(thread);
      case 5:
        return own_volumes(own);
      case 6:
        return fought_over_volume();
      case 7:
        return list();
      case 8:
        return plan();
      case 9:
        return recorded_container(own);
      case 10:
        return restart();
      default:
        return read_output(own);
    }
  }

  void end() {
    require(shared_.status() == ContainerStatus::Running, "the shared container has ended");
    shared_.kill();
    require(shared_.wait() == ExitStatus::signaled(SIGKILL), "the shared container ended otherwise");
    restarted_.kill();
    (void)restarted_.wait();
  }

 private:
  void launch(int thread) {
    require(run(ground_.shell("exit " + std::to_string(thread))) == ExitStatus::exited(thread), "a launch went wrong");
  }

  void launch_and_kill() {
    const Container container = Container::launch(ground_.program({"sleep", "1000"}));
    require(!container.wait_for(std::chrono::milliseconds{0}), "it has ended by itself");
    container.kill();
    require(container.wait() == ExitStatus::signaled(SIGKILL), "it did not end by the signal");
  }

  void launch_of_template(int thread) {
    const LaunchTemplate copy = shell_;
    const Container container = copy.launch({.argv = {"sh", "-c", "exit " + std::to_string(thread)}});
    require(container.wait() == ExitStatus::exited(thread), "a launch of the template went wrong");
    require(copy.plan().size() == 2, "the template lost its mounts");
  }

  void ask_shared() {
    require(shared_.status() == ContainerStatus::Running, "the shared container does not run");
    require(shared_.pid() > 0 && shared_.exit_fd() >= 0 && shared_.plan().size() == 2, "the handle lost something");
    require(!shared_.wait_for(std::chrono::milliseconds{1}), "the shared container has ended");
    shared_.kill(SIGCONT);
    require(shared_.name() == "shared" && shared_.id().size() == 64, "the handle has another name");
  }

  void run_further_programs(int thread) {
    const Process process =
        shared_.exec({.argv = {"sh", "-c", "exit " + std::to_string(thread)}, .out = Stdio::null()});
    require(process.wait() == ExitStatus::exited(thread), "a further program went wrong");
  }

  void own_volumes(const std::string& own) {
    VolumeStore store = VolumeStore::open(ground_.store_path());
    const Volume volume = store.create("own-" + own);
    require(store.get(volume.name()).name() == "own-" + own, "another volume was found");
    require(run(ground_.shell("echo x > /data/file", MountSet{volume.at("/data")})).success(), "no use of the volume");
    require(store.users(volume.name()).empty(), "somebody else uses the volume");
    store.remove(volume.name());
    require(!store.find("own-" + own), "a removed volume is there");
  }

  void fought_over_volume() {
    allowing({errc::volume_missing, errc::volume_exists}, [&] { (void)volumes_.create("fought"); });
    allowing({errc::volume_missing, errc::volume_in_use}, [&] {
      const Volume volume = volumes_.get_or_create("fought");
      require(run(ground_.program({"true"}, MountSet{volume.at("/data")})).success(), "no use of the volume");
    });
    allowing({errc::volume_missing, errc::volume_in_use}, [&] { volumes_.remove("fought"); });
  }

  void list() {
    require(!volumes_.list().empty(), "a volume is missing");
    require(volumes_.users("common").size() >= 1, "nobody uses the volume");
    (void)volumes_.create_anonymous();
    (void)volumes_.prune();
    require(containers_.inspect("shared").status == ContainerStatus::Running, "the record says otherwise");
    const auto found = ContainerStore::open(ground_.store_path()).list();
    require(std::ranges::any_of(found, [](const ContainerInfo& info) { return info.name == "shared"; }),
            "a container is missing");
  }

  void plan() {
    MountSet more = mounts_;
    more.add_spec("-v common:/again:ro");
    const MountPlan plan = more.resolve({.store = ground_.store_path(), .current_directory = {}});
    require(plan.size() == 3 && !plan.explain("/again/file").to_string().empty() && !plan.to_string().empty(),
            "another plan");
    (void)plan.prepare();
    require(support().can_launch(), "nothing can be launched");
  }

  void recorded_container(const std::string& own) {
    LaunchSpec spec = ground_.shell("echo " + own);
    spec.name = "own-" + own;
    spec.out = Stdio::log();
    spec.remove_on_exit = false;
    ContainerStore store = containers_;
    require(Container::launch(std::move(spec)).wait().success(), "a recorded container failed");
    std::string text;
    store.logs("own-" + own, [&](const LogEntry& entry) { text += entry.data; });
    require(text == own + "\n", "another log: " + text);
    require(store.start("own-" + own).wait().success(), "it does not start again");
    store.remove("own-" + own);
    require(!store.find("own-" + own), "a removed container is there");
  }

  void restart() {
    allowing({errc::not_running}, [&] { (void)restarted_.exec({.argv = {"true"}, .out = Stdio::null()}).wait(); });
    restarted_.restart(std::chrono::milliseconds{0});
    (void)restarted_.wait_for(std::chrono::milliseconds{0});
    (void)restarted_.status();
    require(restarted_.exit_fd() >= 0 && restarted_.plan().empty(), "the handle lost something");
  }

  void read_output(const std::string& own) {
    const Outcome outcome = outcome_of(ground_.shell("echo " + own + "; echo error-" + own + " >&2"));
    require(outcome.out == own + "\n" && outcome.err == "error-" + own + "\n", "another output: " + outcome.out);
  }

  const Ground& ground_;
  VolumeStore volumes_;
  ContainerStore containers_;
  MountSet mounts_;
  Container shared_;
  Container restarted_;
  LaunchTemplate shell_;
};

}  // namespace

TEST_CASE("sixty-four threads launch, wait, kill, list, create and remove at once, and each has its own result",
          "[container][threads]") {
  const Ground ground;
  Company company{ground};
  std::mutex mutex;
  std::string complaint;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      try {
        for (int round = 0; round < kRounds; ++round) company.act(thread, round);
      } catch (const std::exception& error) {
        const std::scoped_lock lock{mutex};
        complaint += std::string{error.what()} + "\n";
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(complaint == "");
  company.end();
}
