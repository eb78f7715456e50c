// SPDX-License-Identifier: Apache-2.0
#include "image/unpack_layers.hpp"

#include "image/blob.hpp"
#include "image/digest.hpp"
#include "image/failure.hpp"
#include "image/unpack/unpack.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/quiet_thread.hpp"
#include "volume/layout.hpp"
#include "volume/private_directory.hpp"
#include "volume/stage.hpp"
#include "volume/trash.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <exception>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace dunnage::image {
namespace {

/// Layers in the making hold descriptors, and a program may have few.
constexpr std::size_t kMostAtOnce = 16;

/// A layer in the making.
struct Making {
  Making(const ImageLayer& made, kernel::FileDescriptor staging) : layer{made}, stage{std::move(staging)} {}

  const ImageLayer& layer;
  volume::Stage stage;
  kernel::FileDescriptor tree{};
  kernel::FileDescriptor blob{};
  std::unique_ptr<LayerUnpacking> unpacking{};
  std::exception_ptr failure{};
};

/// Thrown into the threads that shall not go on because another one has failed.
struct Abandoned {};

/// The layers that are in the making at one time.
class LayerGroup {
 public:
  LayerGroup(const UnpackRequest& request, std::span<const ImageLayer> layers, const Advance& advance)
      : request_{request}, advance_{advance} {
    for (const ImageLayer& layer : layers) {
      makings_.push_back(std::make_unique<Making>(layer, request.layout.open_staging()));
      prepare(*makings_.back());
    }
  }

  void run();
  void settle(std::vector<std::string>& below, std::vector<int>& lowers, const Watch& watch);
  /// \return whether all of them are ours; else somebody was faster with some
  [[nodiscard]] bool publish();
  /// Hands over the trees, which are the lowers of what comes next.
  void keep_trees(std::vector<kernel::FileDescriptor>& kept);

 private:
  void prepare(Making& making);
  void work() noexcept;
  void throw_first_failure() const;

  const UnpackRequest& request_;
  const Advance& advance_;
  std::vector<std::unique_ptr<Making>> makings_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> abandoned_{false};
};

void LayerGroup::prepare(Making& making) {
  const int directory = making.stage.directory();
  if (!kernel::make_directory(directory, kTreeName, volume::kPrivateDirectory)) {
    throw kernel::CallError{"mkdir", EEXIST};
  }
  making.tree = kernel::open_beneath(directory, kTreeName, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!making.tree) {
    throw kernel::CallError{"open directory", errno};
  }
  making.blob = open_blob(request_.layout, making.layer.digest);
  making.unpacking = std::make_unique<LayerUnpacking>(making.blob.get(), making.layer.media_type, making.tree.get(),
                                                      request_.identity, request_.limits, [this](std::uint64_t bytes) {
                                                        if (abandoned_) {
                                                          throw Abandoned{};
                                                        }
                                                        advance_(bytes);
                                                      });
}

void LayerGroup::work() noexcept {
  for (std::size_t index = next_++; index < makings_.size() && !abandoned_; index = next_++) {
    try {
      makings_[index]->unpacking->run();
    } catch (...) {
      makings_[index]->failure = std::current_exception();
      abandoned_ = true;
    }
  }
}

void LayerGroup::run() {
  const std::size_t processors = std::max(std::thread::hardware_concurrency(), 1U);
  std::vector<std::thread> threads;
  std::exception_ptr failure;
  try {
    while (threads.size() < std::min(processors, makings_.size())) {
      threads.push_back(kernel::start_quiet_thread([this] { work(); }));
    }
  } catch (...) {
    failure = threads.empty() ? std::current_exception() : nullptr;  // fewer will do
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
  throw_first_failure();
}

void LayerGroup::throw_first_failure() const {
  for (const auto& making : makings_) {
    try {
      if (making->failure) {
        std::rethrow_exception(making->failure);
      }
    } catch (const Abandoned&) {  // another one knows why
    } catch (const Fault& fault) {
      if (fault.code() == errc::cancelled || fault.code() == errc::timed_out) {
        throw;
      }
      throw Fault{fault.code(), fmt::format("its layer {}: {}", making->layer.digest, fault.cause()), fault.remedy()};
    }
  }
}

/// What has to wait for the layers below. \param below, lowers  of the first one, lowest first; then of what is above
/// all
void LayerGroup::settle(std::vector<std::string>& below, std::vector<int>& lowers, const Watch& watch) {
  for (const auto& making : makings_) {
    LayerUnpacking& unpacking = *making->unpacking;
    if (unpacking.diff_id() != making->layer.diff_id) {
      throw Fault{errc::digest_mismatch,
                  fmt::format("its layer {} unpacks to {} and not to {}", making->layer.digest, unpacking.diff_id(),
                              making->layer.diff_id),
                  "load or pull the image again"};
    }
    const std::vector<int> nearest_first(lowers.rbegin(), lowers.rend());
    unpacking.settle(nearest_first, watch);
    if (is_opaque(making->tree.get(), request_.identity)) {  // an overlay does not look at the root for that
      below.clear();
      lowers.clear();
    }
    const int directory = making->stage.directory();
    kernel::replace_file(directory, kBelowName, fmt::format("{}{}", fmt::join(below, "\n"), below.empty() ? "" : "\n"),
                         volume::kPrivateFile);
    if (unpacking.losses() != UnpackLosses{}) {
      kernel::replace_file(directory, kLossesName, losses_text(unpacking.losses()), volume::kPrivateFile);
    }
    below.push_back(hex_of(making->layer.chain_id));
    lowers.push_back(making->tree.get());
  }
}

bool LayerGroup::publish() {
  if (::syncfs(request_.layout.images.get()) != 0) {
    throw kernel::CallError{"syncfs", errno};
  }
  bool all = true;
  for (const auto& making : makings_) {
    all = making->stage.publish_unsynced(request_.store.directory(), hex_of(making->layer.chain_id)) && all;
  }
  kernel::sync(request_.store.directory());
  return all;
}

void LayerGroup::keep_trees(std::vector<kernel::FileDescriptor>& kept) {
  for (const auto& making : makings_) {
    kept.push_back(std::move(making->tree));
  }
}

/// Deletes what a stage could not, because it belongs to other ids by now.
void give_back(const UnpackRequest& request) noexcept {
  if (request.identity.privilege != launcher::Privilege::Range) {
    return;
  }
  try {
    volume::sweep_staging(request.layout.open_staging().get(), request.layout.open_trash().get());
    volume::sweep_trash_of_ids(request.layout.store.root.get(), request.identity);
  } catch (const std::exception&) {  // a later sweep tries again
  }
}

}  // namespace

void unpack_layers(const UnpackRequest& request, const Trees& base, std::span<const ImageLayer> layers,
                   TreeClaim& claim, Watching& watching) {
  std::uint64_t total = 0;
  for (const ImageLayer& layer : layers) {
    total += layer.size;
  }
  std::atomic<std::uint64_t> done{0};
  const Advance advance = [&](std::uint64_t bytes) {
    const std::uint64_t now = done += bytes;
    claim.tell(now, total);
    watching.at(request.subject, now, total);
  };
  std::vector<std::string> below;
  std::vector<kernel::FileDescriptor> kept;
  std::vector<int> lowers;
  for (std::size_t index = 0; index < base.names.size(); ++index) {
    below.push_back(base.names[index].substr(request.store.name().size() + 1, kHexDigits));
    lowers.push_back(base.trees[index].get());
  }
  bool all_ours = true;
  try {
    while (!layers.empty()) {
      const auto now = layers.first(std::min(layers.size(), kMostAtOnce));
      layers = layers.subspan(now.size());
      LayerGroup group{request, now, advance};
      group.run();
      group.settle(below, lowers, watching.watch());
      watching.check();
      all_ours = group.publish() && all_ours;
      group.keep_trees(kept);
    }
  } catch (...) {
    give_back(request);
    throw;
  }
  if (!all_ours) {
    give_back(request);
  }
}

}  // namespace dunnage::image
