// SPDX-License-Identifier: Apache-2.0
// A project of a hundred small services: what planning it costs, and what bringing it up costs beside launching the
// same containers one by one with the library. Each iteration of `up` measures both, one right after the other, so that
// a busy machine slows both; `ratio` is the median of the pairs.

#include <dunnage/container_store.hpp>
#include <dunnage/project_plan.hpp>

#include "bench/statistics.hpp"
#include "bench/stopwatch.hpp"
#include "support/temporary_directory.hpp"

#include <benchmark/benchmark.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using dunnage::ContainerStore;
using dunnage::Project;
using dunnage::ProjectPlan;
using dunnage::bench::median;
using dunnage::bench::seconds_of;
using dunnage::test::TemporaryDirectory;

constexpr int kServices = 100;

std::string text_of(int services) {
  std::string text = "name: bench\nservices:\n";
  for (int number = 0; number < services; ++number) {
    const std::string name = "s" + std::to_string(number);
    text += "  " + name +
            ":\n    x-dunnage: {rootfs: host}\n    command: [sleep, infinity]\n    stop_signal: SIGKILL\n" +
            "    environment: {NUMBER: \"" + std::to_string(number) + "\"}\n    volumes: [\"data:/data\"]\n";
    if (number % 10 != 0) text += "    depends_on: [s" + std::to_string(number / 10 * 10) + "]\n";
  }
  return text + "volumes:\n  data:\n";
}

/// A project and a store of its own; what runs is removed at the end.
class Shop {
 public:
  Shop() : store_{directory_.path() / "store"}, project_{loaded()} {}
  Shop(const Shop&) = delete;
  Shop& operator=(const Shop&) = delete;
  ~Shop() { down(); }

  [[nodiscard]] Project loaded() const {
    return Project::load(
        {.text = text_of(kServices), .directory = directory_.path(), .grants = dunnage::ProjectGrants::all()});
  }
  [[nodiscard]] ProjectPlan plan_with(const Project& project) const { return project.plan_up({.store = store_}); }
  [[nodiscard]] ProjectPlan plan() const { return project_.plan_up({.store = store_}); }
  void up() const { plan().apply(); }
  void down() const {
    project_.plan_down({.volumes = true, .store = store_}).apply({.destroy_data = true, .parallel = 16});
  }

  /// What up() launches, by hand and in order.
  void launch_one_by_one() const {
    for (int number = 0; number < kServices; ++number) {
      dunnage::LaunchSpec spec = project_.launch_spec("s" + std::to_string(number));
      spec.name = "alone-" + std::to_string(number);
      spec.lifetime = dunnage::Lifetime::Detached;
      spec.in = dunnage::Stdio::null();
      spec.out = spec.err = dunnage::Stdio::log();
      spec.store = store_;
      (void)dunnage::Container::launch(std::move(spec));
    }
  }
  void remove_those() const {
    auto containers = ContainerStore::open(store_);
    for (const auto& info : containers.list()) {
      if (info.name.starts_with("alone-")) containers.remove(info.name, true);
    }
  }

 private:
  TemporaryDirectory directory_;
  std::filesystem::path store_;
  Project project_;
};

void load(benchmark::State& state) {
  const std::string text = text_of(kServices);
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(Project::load({.text = text, .grants = dunnage::ProjectGrants::all()}));
  }
}

void plan_of_nothing(benchmark::State& state) {
  const Shop shop;
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(shop.plan());
}

void plan_of_what_runs(benchmark::State& state) {
  const Shop shop;
  shop.up();
  if (shop.plan().changes_something()) throw std::runtime_error{"there is something to do"};
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(shop.plan());
}

/// A plan computes what the services' configurations are known by once for each project that is loaded.
void first_plan_of_what_runs(benchmark::State& state) {
  const Shop shop;
  shop.up();
  for ([[maybe_unused]] auto _ : state) {
    const Project project = shop.loaded();
    state.SetIterationTime(seconds_of([&] { benchmark::DoNotOptimize(shop.plan_with(project)); }));
  }
}

void up(benchmark::State& state) {
  std::vector<double> ratios;
  for ([[maybe_unused]] auto _ : state) {
    const Shop shop;
    const bool first = ratios.size() % 2 == 0;  // who comes second finds the caches warm; so they take turns
    double alone = 0;
    const auto by_hand = [&] {
      alone = seconds_of([&] { shop.launch_one_by_one(); });
      shop.remove_those();
    };
    if (first) by_hand();
    const double together = seconds_of([&] { shop.up(); });
    shop.down();
    if (!first) by_hand();
    ratios.push_back(together / alone);
    state.SetIterationTime(together);
  }
  state.counters["ratio"] = median(ratios);
}

BENCHMARK(load)->Unit(benchmark::kMillisecond);
BENCHMARK(plan_of_nothing)->Unit(benchmark::kMillisecond);
BENCHMARK(plan_of_what_runs)->Unit(benchmark::kMillisecond);
BENCHMARK(first_plan_of_what_runs)->Unit(benchmark::kMillisecond)->UseManualTime();
BENCHMARK(up)->Unit(benchmark::kMillisecond)->UseManualTime()->Iterations(5);

}  // namespace

BENCHMARK_MAIN();
