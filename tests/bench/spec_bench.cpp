// SPDX-License-Identifier: Apache-2.0
// Reading 100,000 `--mount` texts: as this library's mounts, and as Docker would answer. `allocations` is per text;
// those that remain are for the strings a mount keeps.

#include <dunnage/mount_set.hpp>
#include <dunnage/spec.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

namespace {

std::atomic<std::size_t> allocations{0};

}  // namespace

// Not inlined: GCC would see free() for what it takes for the ordinary operator new.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }

namespace {

constexpr std::size_t kTexts = 100'000;

std::vector<std::string> bind_texts() {
  std::vector<std::string> texts;
  for (std::size_t number = 0; number < kTexts; ++number) {
    const std::string name = std::to_string(number);
    texts.push_back("type=bind,source=/srv/" + name + ",target=/data/" + name + ",readonly,bind-propagation=rslave");
  }
  return texts;
}

std::vector<std::string> volume_texts() {
  std::vector<std::string> texts;
  for (std::size_t number = 0; number < kTexts; ++number) {
    const std::string name = std::to_string(number);
    texts.push_back("type=volume,source=db-" + name + ",target=/data/" + name + ",readonly,volume-nocopy");
  }
  return texts;
}

std::vector<std::string> tmpfs_texts() {
  std::vector<std::string> texts;
  for (std::size_t number = 0; number < kTexts; ++number) {
    texts.push_back("type=tmpfs,target=/run/" + std::to_string(number) + ",tmpfs-size=64m,tmpfs-mode=1770");
  }
  return texts;
}

template <typename Read>
void measure(benchmark::State& state, const std::vector<std::string>& texts, Read read) {
  const std::size_t before = allocations.load();
  for (auto _ : state) {
    for (const std::string& text : texts) benchmark::DoNotOptimize(read(text));
  }
  const auto count = static_cast<double>(state.iterations() * texts.size());
  state.SetItemsProcessed(static_cast<std::int64_t>(count));
  state.counters["allocations"] = static_cast<double>(allocations.load() - before) / count;
}

const auto kOwn = [](const std::string& text) { return dunnage::parse_mount_flag(text); };
const auto kDocker = [](const std::string& text) {
  static const dunnage::SpecContext kContext{.working_directory = "/srv",
                                             .exists = [](const std::string&) { return true; }};
  return dunnage::read_docker_mount(text, kContext);
};

void bind_as_mount(benchmark::State& state) { measure(state, bind_texts(), kOwn); }
void volume_as_mount(benchmark::State& state) { measure(state, volume_texts(), kOwn); }
void tmpfs_as_mount(benchmark::State& state) { measure(state, tmpfs_texts(), kOwn); }
void bind_as_docker(benchmark::State& state) { measure(state, bind_texts(), kDocker); }
void volume_as_docker(benchmark::State& state) { measure(state, volume_texts(), kDocker); }

BENCHMARK(bind_as_mount)->Unit(benchmark::kMillisecond);
BENCHMARK(volume_as_mount)->Unit(benchmark::kMillisecond);
BENCHMARK(tmpfs_as_mount)->Unit(benchmark::kMillisecond);
BENCHMARK(bind_as_docker)->Unit(benchmark::kMillisecond);
BENCHMARK(volume_as_docker)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
