// SPDX-License-Identifier: Apache-2.0
// What a launch costs: from the call to the end of a program that ends at once, beside the least the kernel can do and
// beside what people use today. One run, rounds in which every row is measured once in an order of chance; a ratio is
// the median of the ratios within the rounds, so that a busy machine slows both. Run it as root; --help has the
// options.

#include "bench/launch/floor.hpp"
#include "bench/launch/host.hpp"
#include "bench/launch/peer.hpp"
#include "bench/launch/worker.hpp"
#include "support/oci_image.hpp"
#include "support/temporary_directory.hpp"

#include <dunnage/container.hpp>
#include <dunnage/image_store.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace dunnage::bench;
namespace fs = std::filesystem;

struct Options {
  unsigned rounds = 100;
  unsigned peer_rounds = 20;
  bool json = false;
  bool peers = true;
  bool hosts = true;
};

/// A target is about the ratio of two rows.
struct Target {
  std::string sentence;
  std::string row;
  std::string reference;
  double least;
  double most;
};

struct Row {
  std::string name;
  std::string reference;  ///< the row its ratio is taken to
  bool peer = false;
  std::function<Launch()> make{};
  std::optional<Worker> worker{};
  std::vector<std::optional<double>> milliseconds{};  ///< one per round
};

constexpr const char* kFloor = "floor: clone3, execve, wait";
constexpr const char* kOurs = "dunnage";
constexpr const char* kImage = "dunnage, an image of 10 layers";
constexpr const char* kPlainHost = "dunnage, a host of nothing special";

double median(std::vector<double> values) {
  if (values.empty()) {
    return 0;
  }
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::vector<double> times_of(const Row& row) {
  std::vector<double> times;
  for (const auto& time : row.milliseconds) {
    if (time) {
      times.push_back(*time);
    }
  }
  return times;
}

double ratio_of(const Row& row, const Row& reference) {
  std::vector<double> ratios;
  for (std::size_t round = 0; round < row.milliseconds.size() && round < reference.milliseconds.size(); ++round) {
    if (row.milliseconds[round] && reference.milliseconds[round]) {
      ratios.push_back(*row.milliseconds[round] / *reference.milliseconds[round]);
    }
  }
  return median(ratios);
}

/// The root file system everybody gets, and directories to show in it.
struct Stage {
  dunnage::test::TemporaryDirectory directory{};
  fs::path root = directory.make("root");
  std::vector<fs::path> sources{};
  fs::path store = directory.path() / "store";

  /// The same content in ten layers.
  void make_image() const {
    std::ifstream file{DUNNAGE_BENCH_TRUE, std::ios::binary};
    dunnage::test::Layer first{{.path = "true", .content = {std::istreambuf_iterator<char>{file}, {}}, .mode = 0755}};
    for (const char* place : {"proc", "sys", "dev", "etc", "m"}) {
      first.push_back(dunnage::test::directory(place));
    }
    std::vector<dunnage::test::Layer> layers{std::move(first)};
    for (int index = 1; index < 10; ++index) {
      dunnage::test::Layer layer;
      for (int number = (index - 1) * 12; number < std::min(index * 12, 100); ++number) {
        layer.push_back(dunnage::test::directory("m/" + std::to_string(number)));
      }
      layers.push_back(std::move(layer));
    }
    dunnage::test::write_image(directory.path() / "layout", layers);
    dunnage::ImageStore images = dunnage::ImageStore::open(store);
    (void)images.load(directory.path() / "layout", {.name = "ten"});
  }

  Stage() {
    make_image();
    fs::copy_file(DUNNAGE_BENCH_TRUE, root / "true");
    for (const char* place : {"proc", "sys", "dev", "etc", "m"}) {
      directory.make(std::string{"root/"} + place);
    }
    for (int index = 0; index < 100; ++index) {
      sources.push_back(directory.make("sources/" + std::to_string(index)));
      directory.make("root/m/" + std::to_string(index));
    }
  }

  [[nodiscard]] std::vector<fs::path> some(std::size_t count) const {
    return {sources.begin(), sources.begin() + static_cast<std::ptrdiff_t>(count)};
  }
};

Launch floor_launch(std::string program, FloorOptions options) {
  auto floor = std::make_shared<Floor>(std::move(program), std::move(options));
  return [floor] { floor->launch(); };
}

Launch our_launch(dunnage::Rootfs rootfs, std::string program, const std::vector<fs::path>& binds) {
  dunnage::MountSet mounts;
  for (std::size_t index = 0; index < binds.size(); ++index) {
    mounts.add(dunnage::BindMount{binds[index], "/m/" + std::to_string(index)});
  }
  return [rootfs = std::move(rootfs), program = std::move(program), mounts = std::move(mounts)] {
    if (!dunnage::run({.rootfs = rootfs, .argv = {program}, .mounts = mounts}).success()) {
      throw std::runtime_error{"the program failed"};
    }
  };
}

Launch image_launch(const fs::path& store, dunnage::RootChanges changes) {
  return [=] {
    dunnage::LaunchSpec spec{.rootfs = dunnage::Rootfs::image("ten"), .argv = {"/true"}};
    spec.root_changes = changes;
    spec.store = store;
    if (!dunnage::run(std::move(spec)).success()) {
      throw std::runtime_error{"the program failed"};
    }
  };
}

std::vector<Row> make_rows(const Options& options, const Stage& stage) {
  std::vector<Row> rows;
  const auto add = [&rows](std::string name, std::string reference, std::function<Launch()> make, bool peer = false) {
    rows.push_back({.name = std::move(name), .reference = std::move(reference), .peer = peer, .make = std::move(make)});
  };
  const auto root = dunnage::Rootfs::directory(stage.root);
  add(kFloor, kFloor, [&] { return floor_launch(DUNNAGE_BENCH_TRUE, {}); });
  add("floor without a network namespace", kFloor,
      [&] { return floor_launch(DUNNAGE_BENCH_TRUE, {.network = false}); });
  for (const std::size_t count : {0U, 10U, 100U}) {
    add("floor, root changed, " + std::to_string(count) + " binds", kFloor, [&stage, count] {
      make_mounts_private();
      return floor_launch("/true", {.root = stage.root, .binds = stage.some(count)});
    });
  }
  add(kOurs, kFloor, [=] { return our_launch(root, "/true", {}); });
  for (const std::size_t count : {10U, 100U}) {
    add("dunnage, " + std::to_string(count) + " binds", kFloor,
        [&stage, root, count] { return our_launch(root, "/true", stage.some(count)); });
  }
  add(kImage, kOurs, [&stage] { return image_launch(stage.store, {}); });
  add("dunnage, the same with changes in memory", kOurs,
      [&stage] { return image_launch(stage.store, {.kind = dunnage::RootChanges::Kind::Memory}); });
  add("dunnage, Rootfs::host(), /bin/true", kFloor,
      [] { return our_launch(dunnage::Rootfs::host(), "/bin/true", {}); });
  add("dunnage, first launch of a process", kFloor, [=] { return first_launch(our_launch(root, "/true", {})); });
  if (options.peers) {
    add(
        "bwrap", kOurs, [&] { return bubblewrap(stage.root); }, true);
    const fs::path bundles = stage.directory.path();
    add(
        "crun run, no cgroup", kOurs,
        [&stage, bundles] { return oci_runtime("crun", bundles / "lean", stage.root, Cgroup::Disabled); }, true);
    add(
        "crun run", kOurs,
        [&stage, bundles] { return oci_runtime("crun", bundles / "crun", stage.root, Cgroup::Default); }, true);
    add(
        "runc run", kOurs,
        [&stage, bundles] { return oci_runtime("runc", bundles / "runc", stage.root, Cgroup::Default); }, true);
  }
  if (options.hosts) {
    const auto plain = [=] { return our_launch(root, "/true", {}); };
    add(kPlainHost, kPlainHost, plain);
    const unsigned memory = affordable_memory();
    add("dunnage, " + std::to_string(memory) + " GiB of memory in the host", kPlainHost, [=] {
      touch_memory(memory);
      return plain();
    });
    add("dunnage, 1,000 mounts more in the host", kPlainHost, [=] {
      add_mounts(1000);
      return plain();
    });
    add("dunnage, 10,000 descriptors in the host", kPlainHost, [=] {
      open_descriptors(10'000);
      return plain();
    });
  }
  return rows;
}

void measure(std::vector<Row>& rows, const Options& options) {
  for (Row& row : rows) {
    row.worker.emplace(row.make);
  }
  std::mt19937 chance{1};
  const unsigned every = std::max(1U, options.rounds / std::max(1U, options.peer_rounds));
  for (unsigned round = 0; round < options.rounds; ++round) {
    std::vector<Row*> order;
    for (Row& row : rows) {
      row.milliseconds.emplace_back();
      if (row.worker->trouble().empty() && (!row.peer || round % every == 0)) {
        order.push_back(&row);
      }
    }
    std::shuffle(order.begin(), order.end(), chance);
    for (Row* row : order) {
      row->milliseconds.back() = row->worker->measure();
    }
  }
}

const Row& row_of(const std::vector<Row>& rows, std::string_view name) {
  return *std::find_if(rows.begin(), rows.end(), [name](const Row& row) { return row.name == name; });
}

std::vector<Target> make_targets(const std::vector<Row>& rows) {
  std::vector<Target> targets{{"a launch takes at most twice the floor", kOurs, kFloor, 0, 2.0},
                              {"an image takes at most 1.5 times a directory", kImage, kOurs, 0, 1.5}};
  for (const Row& row : rows) {
    if (row.name == "crun run" && !times_of(row).empty()) {
      targets.push_back({"crun run takes at least six times as long", row.name, kOurs, 6.0, 1e9});
    } else if (row.reference == kPlainHost && row.name != kPlainHost) {
      targets.push_back({"flat: " + row.name, row.name, kPlainHost, 0, 1.15});
    }
  }
  return targets;
}

void print_json(const std::vector<Row>& rows) {
  auto list = nlohmann::json::array();
  for (const Row& row : rows) {
    nlohmann::json entry{{"name", row.name}};
    if (!row.worker->trouble().empty()) {
      entry["trouble"] = row.worker->trouble();
    } else {
      entry["samples_ms"] = times_of(row);
      entry["median_ms"] = median(times_of(row));
      entry["reference"] = row.reference;
      entry["ratio"] = ratio_of(row, row_of(rows, row.reference));
      entry["ratio_to_floor"] = ratio_of(row, row_of(rows, kFloor));
    }
    list.push_back(entry);
  }
  std::printf("%s\n", list.dump(2).c_str());
}

void print_table(const std::vector<Row>& rows) {
  std::printf(
      "| launch, start to end of a static `true` | median ms | × floor | × plain dunnage |\n|---|--:|--:|--:|\n");
  for (const Row& row : rows) {
    if (!row.worker->trouble().empty()) {
      std::printf("| %s | %s | | |\n", row.name.c_str(), row.worker->trouble().c_str());
      continue;
    }
    const Row& ours = row_of(rows, row.reference == kPlainHost ? kPlainHost : kOurs);
    std::printf("| %s | %.3f | %.2f | %.2f |\n", row.name.c_str(), median(times_of(row)),
                ratio_of(row, row_of(rows, kFloor)), ratio_of(row, ours));
  }
  std::printf("\n");
  for (const Target& target : make_targets(rows)) {
    const double ratio = ratio_of(row_of(rows, target.row), row_of(rows, target.reference));
    std::printf("%-60s %6.2f  %s\n", target.sentence.c_str(), ratio,
                ratio >= target.least && ratio <= target.most ? "met" : "NOT MET");
  }
}

[[noreturn]] void usage(int code) {
  std::fputs("usage: launch_bench [--rounds N] [--peer-rounds N] [--no-peers] [--no-hosts] [--json]\n",
             code == 0 ? stdout : stderr);
  std::exit(code);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int index = 1; index < argc; ++index) {
    const std::string_view word = argv[index];
    const auto number = [&] {
      const int value = index + 1 < argc ? std::atoi(argv[++index]) : 0;
      return value > 0 ? static_cast<unsigned>(value) : (usage(2), 0U);
    };
    if (word == "--rounds") {
      options.rounds = number();
    } else if (word == "--peer-rounds") {
      options.peer_rounds = number();
    } else if (word == "--json") {
      options.json = true;
    } else if (word == "--no-peers") {
      options.peers = false;
    } else if (word == "--no-hosts") {
      options.hosts = false;
    } else {
      usage(word == "--help" ? 0 : 2);
    }
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  try {
    const Stage stage;
    std::vector<Row> rows = make_rows(options, stage);
    measure(rows, options);
    options.json ? print_json(rows) : print_table(rows);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "launch_bench: %s\n", error.what());
    return 1;
  }
}
