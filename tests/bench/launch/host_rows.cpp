// SPDX-License-Identifier: Apache-2.0
// Ours, in hosts that have much: it must not show.

#include "bench/launch/floor.hpp"
#include "bench/launch/host.hpp"
#include "bench/launch/our_rows.hpp"
#include "bench/launch/row.hpp"

#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace dunnage::bench {
namespace {

constexpr unsigned kMuch = 10'000;

Specify plain(const Stage& stage, bool network) {
  return [root = Rootfs::directory(stage.root), network] {
    return LaunchSpec{.rootfs = root,
                      .argv = {"/true"},
                      .network = network ? Network::Private : Network::Host,
                      .seccomp = Seccomp::unconfined()};
  };
}

/// The launches of one are shared by many.
Launch by_threads(std::vector<Launch> launches) {
  return [launches = std::move(launches)](unsigned count) {
    std::exception_ptr failure;
    std::mutex mutex;
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::thread> threads;
    for (const Launch& launch : launches) {
      threads.emplace_back([&failure, &mutex, &launch, each = count / static_cast<unsigned>(launches.size())] {
        try {
          (void)launch(each);
        } catch (...) {
          const std::scoped_lock lock{mutex};
          failure = std::current_exception();
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    if (failure) {
      std::rethrow_exception(failure);
    }
    return Milliseconds{std::chrono::steady_clock::now() - begin};
  };
}

std::function<Launch()> floors(const Stage& stage, bool network, unsigned threads) {
  return [root = stage.root, network, threads] {
    std::vector<Launch> launches;
    for (unsigned index = 0; index < threads; ++index) {
      auto made = std::make_shared<Floor>(FloorOptions{.network = network, .tree = {.root = root}});
      launches.push_back(timed([made] { made->launch(); }));
    }
    return by_threads(std::move(launches));
  };
}

std::function<Launch()> ours(const Stage& stage, bool network, unsigned threads) {
  return [specify = plain(stage, network), threads] {
    return by_threads(std::vector<Launch>(threads, our_launch(specify)()));
  };
}

}  // namespace

void add_host_rows(std::vector<Row>& rows, const Stage& stage) {
  const std::string small = "dunnage, 10 MiB in the host";
  const auto add = [&](std::string name, std::function<void()> grow) {
    rows.push_back({.name = std::move(name),
                    .ours = small,
                    .make =
                        [grow = std::move(grow), launch = our_launch(plain(stage, true))] {
                          grow();
                          return launch();
                        },
                    .hot = {}});
  };
  add(small, [] { touch_memory(10); });
  const unsigned memory = affordable_memory();
  add("dunnage, " + std::to_string(memory) + " GiB in the host", [memory] { touch_memory(memory * 1024); });
  add("dunnage, 10,000 descriptors in the host", [] { open_descriptors(kMuch); });
  add("dunnage, 10,000 mounts in the host", [] { add_mounts(kMuch); });
}

void add_thread_rows(std::vector<Row>& rows, const Stage& stage) {
  for (const bool network : {true, false}) {
    const std::string which = network ? ", network" : ", host's network";
    for (const unsigned threads : {1U, 2U, 4U, 8U}) {
      const std::string how = ", " + std::to_string(threads) + (threads == 1 ? " thread" : " threads") + which;
      rows.push_back({.name = "floor" + how,
                      .floor = "floor" + how,
                      .make = floors(stage, network, threads),
                      .hot = {.warm = 16, .count = 320}});
      rows.push_back({.name = "dunnage" + how,
                      .floor = "floor" + how,
                      .ours = "dunnage" + how,
                      .make = ours(stage, network, threads),
                      .hot = {.warm = 16, .count = 320}});
    }
  }
}

}  // namespace dunnage::bench
