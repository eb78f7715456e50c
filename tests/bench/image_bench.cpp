// SPDX-License-Identifier: Apache-2.0
// Unpacking an image beside what else unpacks images: image_bench ROOTFS.tar [--rounds N] [--no-peers]
// with TMPDIR on the disk that is of interest. Each round measures every row once, in another order; the ratios are the
// medians of the rounds' own. Between measurements what was made is deleted and the disk is left to finish.

#include <dunnage/image_store.hpp>

#include "bench/statistics.hpp"
#include "image/layout.hpp"
#include "image/trees.hpp"
#include "image/unpack/unpack.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/quiet_thread.hpp"
#include "launcher/identity.hpp"
#include "support/temporary_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace dunnage;
using bench::median;

struct Row {
  std::string name;
  std::function<void()> prepare;
  std::function<void()> work;
  std::vector<double> seconds{};
};

void shell(const std::string& command) {
  if (std::system(("{ " + command + "; } >/dev/null 2>&1").c_str()) != 0) throw std::runtime_error{command};
}

bool installed(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

/// Everything that is measured, of one image of one layer.
class Bench {
 public:
  explicit Bench(const fs::path& rootfs) {
    const std::string tar = fs::absolute(rootfs).string();
    shell(fmt::format("gzip -c '{}' > '{}'", tar, path("layer.gz")));
    shell(
        fmt::format("umoci init --layout '{0}' && umoci new --image '{0}:base' && "
                    "umoci raw add-layer --image '{0}:base' '{1}' && umoci gc --layout '{0}'",
                    path("oci"), tar));
    shell(fmt::format("tar -C '{}' -cf '{}' oci-layout index.json blobs", path("oci"), path("oci.tar")));
  }

  [[nodiscard]] std::vector<Row> rows(bool peers) {
    std::vector<Row> rows;
    rows.push_back({"dunnage, verified and synced", [this] { new_store(true); }, [this] { unpack(); }});
    rows.push_back({"dunnage, writing alone", [this] { new_directory("alone"); }, [this] { write_alone(); }});
    rows.push_back({"dunnage, load, verified and synced", [this] { new_store(false); },
                    [this] {
                      load();
                      unpack();
                    }});
    rows.push_back(
        {"tar -xpf", [this] { new_directory("tar"); },
         [this] { shell(fmt::format("tar --numeric-owner -C '{}' -xpzf '{}'", path("tar"), path("layer.gz"))); }});
    rows.push_back({"tar -xpf; sync -f", [this] { new_directory("tar"); },
                    [this] {
                      shell(fmt::format("tar --numeric-owner -C '{0}' -xpzf '{1}' && sync -f '{0}'", path("tar"),
                                        path("layer.gz")));
                    }});
    if (peers && installed("umoci")) {
      rows.push_back(
          {"umoci unpack", [this] { fs::remove_all(path("umoci")); },
           [this] { shell(fmt::format("umoci unpack --image '{}:base' '{}'", path("oci"), path("umoci"))); }});
    }
    if (peers && installed("podman")) {
      rows.push_back({"podman load", [this] { new_directory("podman"); },
                      [this] {
                        shell(
                            fmt::format("podman --root '{0}/root' --runroot '{0}/run' --storage-driver overlay "
                                        "load -i '{1}'",
                                        path("podman"), path("oci.tar")));
                      }});
    }
    return rows;
  }

  /// What it costs when all is unpacked.
  double reopen() {
    new_store(true);
    unpack();
    const image::Layout layout = image::open_layout(path("store"));
    constexpr int kTimes = 2000;
    const auto begin = std::chrono::steady_clock::now();
    for (int time = 0; time < kTimes; ++time) (void)image::open_trees(layout, info_, identity_, {}, {});
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count() / kTimes;
  }

  [[nodiscard]] std::string path(const std::string& name) const { return (directory_.path() / name).string(); }

 private:
  void new_directory(const std::string& name) const {
    fs::remove_all(path(name));
    fs::create_directory(path(name));
    fs::permissions(path(name), fs::perms::owner_all);
  }
  void load() { info_ = ImageStore::open(path("store")).load(path("oci")).at(0).info(); }
  void new_store(bool loaded) {
    fs::remove_all(path("store"));
    if (loaded) load();
  }
  void unpack() {
    const image::Layout layout = image::open_layout(path("store"));
    (void)image::open_trees(layout, info_, identity_, {}, {});
  }
  void write_alone() {
    const kernel::FileDescriptor blob{::open(path("layer.gz").c_str(), O_RDONLY | O_CLOEXEC)};
    const kernel::FileDescriptor tree{::open(path("alone").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    const ImageLimits limits;
    image::LayerUnpacking layer{blob.get(), {}, tree.get(), identity_, limits, [](std::uint64_t) {}};
    std::exception_ptr failure;
    kernel::start_quiet_thread([&] {
      try {
        layer.run();
      } catch (...) {
        failure = std::current_exception();
      }
    }).join();
    if (failure) std::rethrow_exception(failure);
    layer.settle({}, {});
  }

  test::TemporaryDirectory directory_;
  launcher::Identity identity_ = launcher::identity_for(0, 0);
  ImageInfo info_;
};

void measure(const Bench& bench, Row& row) {
  row.prepare();
  shell(fmt::format("sync -f '{}'", bench.path(".")));
  const auto begin = std::chrono::steady_clock::now();
  row.work();
  row.seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
}

void print(const std::vector<Row>& rows) {
  fmt::print("| unpacking | median s | × dunnage |\n|---|--:|--:|\n");
  for (const Row& row : rows) {
    std::vector<double> ratios;
    for (std::size_t round = 0; round < row.seconds.size(); ++round) {
      ratios.push_back(row.seconds[round] / rows.front().seconds[round]);
    }
    fmt::print("| {} | {:.2f} | {:.2f} |\n", row.name, median(row.seconds), median(ratios));
  }
}

int run(const std::vector<std::string>& words) {
  std::string rootfs;
  int rounds = 7;
  bool peers = true;
  for (std::size_t index = 0; index < words.size(); ++index) {
    if (words[index] == "--no-peers") {
      peers = false;
    } else if (words[index] == "--rounds" && index + 1 < words.size()) {
      rounds = std::stoi(words[++index]);
    } else {
      rootfs = words[index];
    }
  }
  if (rootfs.empty()) {
    fmt::print(stderr, "usage: image_bench ROOTFS.tar [--rounds N] [--no-peers]\n");
    return 2;
  }
  Bench bench{rootfs};
  std::vector<Row> rows = bench.rows(peers);
  std::mt19937 random{1};
  std::vector<std::size_t> order(rows.size());
  for (std::size_t index = 0; index < order.size(); ++index) order[index] = index;
  for (int round = 0; round < rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (const std::size_t index : order) measure(bench, rows[index]);
  }
  print(rows);
  fmt::print("open what is unpacked: {:.1f} µs\n", bench.reopen());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "image_bench: {}\n", error.what());
    return 1;
  }
}
