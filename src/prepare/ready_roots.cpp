// SPDX-License-Identifier: Apache-2.0
#include "prepare/ready_roots.hpp"

#include <dunnage/container.hpp>

#include "image/layout.hpp"
#include "kernel/calls.hpp"
#include "kernel/per_process.hpp"
#include "kernel/quiet_thread.hpp"
#include "kernel/random_hex.hpp"
#include "prepare/image_root.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

namespace dunnage::prepare {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostOfOne = 3;  ///< of one image: who launches a few in a row finds them
constexpr std::size_t kMostReady = 6;
constexpr std::size_t kMostUsed = 16;  ///< images it is remembered of that they were used
constexpr std::size_t kNameDigits = 32;
constexpr std::chrono::milliseconds kQuietMoment{10};  ///< without a launch; the last one is replaced at once

struct Entry {
  ReadyKind kind;
  ReadyRoot root;
};

struct Use {
  ReadyKind kind;
  unsigned times = 0;
  Clock::time_point last{};
};

void discard(Entry entry) noexcept {
  entry.root.mount.reset();
  try {
    if (const auto layout = image::open_existing_layout(entry.kind.store)) {
      image::remove_changes(layout->open_ahead().get(), entry.root.name, layout->open_trash().get());
    }
  } catch (const std::exception&) {
    // the next sweep takes it
  }
}

/// What there is, and who makes it. A forked copy of the process has its own: it shares the locks of the old one.
class Stock {
 public:
  [[nodiscard]] std::optional<Entry> take(const ReadyKind& kind) {
    const std::scoped_lock lock{mutex_};
    note_use(kind);
    const auto found = std::ranges::find(entries_, kind, &Entry::kind);
    if (found == entries_.end()) {
      return std::nullopt;
    }
    Entry entry = std::move(*found);
    entries_.erase(found);
    return entry;
  }

  /// Has `start` start a thread that calls await_turn(), unless there is one or nothing to do.
  template <typename Start>
  void start_maker(const ReadyKind& kind, Start&& start) {
    const std::scoped_lock lock{mutex_};
    const auto use = std::ranges::find(used_, kind, &Use::kind);
    if (!making_ && use != used_.end() && use->times > 1 && count(kind) < kMostOfOne) {
      start();
      making_ = true;
    }
  }

  /// Until one shall be made. \return false: the thread is over
  [[nodiscard]] bool await_turn(const ReadyKind& kind) {
    std::unique_lock lock{mutex_};
    for (;;) {
      const auto use = std::ranges::find(used_, kind, &Use::kind);
      if (use == used_.end() || count(kind) >= kMostOfOne) {
        end_making();
        return false;
      }
      if (count(kind) == 0 || Clock::now() >= use->last + kQuietMoment) {
        return true;
      }
      changed_.wait_until(lock, use->last + kQuietMoment);
    }
  }

  /// \param entry none: it could not be made, and the thread ends. \return what had to go for it, if anything
  [[nodiscard]] std::optional<Entry> add(std::optional<Entry> entry) {
    const std::scoped_lock lock{mutex_};
    std::optional<Entry> surplus;
    if (!entry) {
      used_.clear();  // await_turn() ends the thread, and a launch has to succeed twice before another is tried
      return surplus;
    }
    entries_.push_back(std::move(*entry));
    if (entries_.size() > kMostReady) {
      surplus = std::move(entries_.front());
      entries_.pop_front();
    }
    return surplus;
  }

  [[nodiscard]] std::deque<Entry> take_all() {
    std::unique_lock lock{mutex_};
    used_.clear();
    changed_.notify_all();
    changed_.wait(lock, [&] { return !making_; });
    return std::exchange(entries_, {});
  }

 private:
  [[nodiscard]] std::size_t count(const ReadyKind& kind) const {
    return static_cast<std::size_t>(std::ranges::count(entries_, kind, &Entry::kind));
  }

  void end_making() {
    making_ = false;
    changed_.notify_all();
  }

  void note_use(const ReadyKind& kind) {
    const auto found = std::ranges::find(used_, kind, &Use::kind);
    Use use{kind, 1, Clock::now()};
    if (found != used_.end()) {
      use.times += found->times;
      used_.erase(found);
    }
    used_.push_front(std::move(use));
    if (used_.size() > kMostUsed) {
      used_.pop_back();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool making_ = false;
  std::deque<Entry> entries_;
  std::deque<Use> used_;
};

constinit kernel::PerProcess<Stock> stock_of_process;

std::vector<std::pair<dev_t, ino_t>> layers_of(const image::Trees& trees) {
  std::vector<std::pair<dev_t, ino_t>> layers;
  for (const kernel::FileDescriptor& tree : trees.trees) {
    struct stat status {};
    (void)::fstat(tree.get(), &status);
    layers.emplace_back(status.st_dev, status.st_ino);
  }
  return layers;
}

/// What is looked up once in an overlay is found at once the next time, whatever the number of its layers.
void warm_up(int root, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    const kernel::FileDescriptor opened{
        kernel::open_at2(root, path.c_str(), O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)};
  }
}

ReadyRoot make(const image::Layout& layout, const ReadyKind& kind, const ReadyOrder& order) {
  const ImageRoot root{layout, order.image, kind.identity, {}};
  ReadyRoot ready;
  ready.name = kernel::random_hex(kNameDigits);
  ready.changes = image::Changes::make_ahead(layout.open_ahead().get(), ready.name, kind.image_id);
  MountSource source{kind.identity};
  RootUpper upper;
  upper.kind = launcher::UpperKind::Fresh;
  upper.place = image::ahead_path(ready.name);
  upper.is_volatile = true;
  ready.mount = root.mount(source, upper);
  ready.layers = layers_of(root.trees());
  warm_up(ready.mount.get(), order.paths);
  return ready;
}

std::optional<Entry> try_to_make(const ReadyKind& kind, const ReadyOrder& order) noexcept {
  try {
    if (const auto layout = image::open_existing_layout(kind.store)) {
      return Entry{kind, make(*layout, kind, order)};
    }
  } catch (const std::exception&) {
    // the next launch makes its own, and says what is wrong
  }
  return std::nullopt;
}

}  // namespace

std::optional<ReadyRoot> take_ready_root(const ReadyKind& kind, const image::Trees& trees) {
  auto entry = stock_of_process.get().take(kind);
  if (!entry) {
    return std::nullopt;
  }
  if (entry->root.layers != layers_of(trees)) {
    discard(std::move(*entry));
    return std::nullopt;
  }
  return std::move(entry->root);
}

void make_ready_roots(const ReadyKind& kind, const ReadyOrder& order) noexcept {
  Stock& stock = stock_of_process.get();
  const auto work = [&stock, kind, order] {
    while (stock.await_turn(kind)) {
      if (auto surplus = stock.add(try_to_make(kind, order))) {
        discard(std::move(*surplus));
      }
    }
  };
  try {
    stock.start_maker(kind, [&] { kernel::start_quiet_thread(work).detach(); });
  } catch (const std::exception&) {
    // the next launch makes its own
  }
}

}  // namespace dunnage::prepare

namespace dunnage {

void drop_ready_roots() noexcept {
  for (prepare::Entry& entry : prepare::stock_of_process.get().take_all()) {
    prepare::discard(std::move(entry));
  }
}

}  // namespace dunnage
