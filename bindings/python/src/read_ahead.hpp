// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// An iterator over what the library hands to a function: the library pushes, Python pulls. A thread reads ahead, a
/// little.

#include "closed.hpp"
#include "gil.hpp"
#include "strings.hpp"

#include <pybind11/pybind11.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

namespace dunnage::python {

/// The part that knows nothing of the items.
class ReadAheadThread {
 public:
  ReadAheadThread(const ReadAheadThread&) = delete;
  ReadAheadThread& operator=(const ReadAheadThread&) = delete;

  /// Called without the GIL. Ends the reading and its thread; twice is once.
  void close();

 protected:
  ReadAheadThread();
  ~ReadAheadThread();

  void start(std::function<void()> read);
  /// In the reading thread: returns when there is room. Throws what ends the reading if nobody wants more.
  void wait_for_room(std::unique_lock<std::mutex>& lock);
  /// Called with the GIL, which it lets go. True with the lock held and an item there, false at the end.
  /// Throws: what reading threw; what a signal handler raised.
  [[nodiscard]] bool wait_for_item(std::unique_lock<std::mutex>& lock);
  virtual void drop_items() = 0;
  [[nodiscard]] virtual bool has_items() const = 0;

  std::mutex mutex_;
  std::condition_variable room_;
  std::size_t bytes_ = 0;  ///< of the items that nobody has taken
  std::stop_source stop_;
  int ready_;  ///< an eventfd that can be read while there is an item or the end

 private:
  void run(const std::function<void()>& read);

  int owner_;  ///< process
  bool closing_ = false;
  bool ended_ = false;
  std::exception_ptr failure_;
  std::unique_ptr<std::thread> reader_;
};

template <class Item>
class ReadAhead final : public ReadAheadThread {
 public:
  using Push = std::function<void(Item item, std::size_t bytes)>;
  using Read = std::function<void(const Push& push, const std::stop_token& stop)>;

  /// `read` is called in a thread of its own, and calls `push`, which throws when nobody wants more.
  explicit ReadAhead(Read read) {
    start([this, read = std::move(read)] {
      read([this](Item item, std::size_t bytes) { push(std::move(item), bytes); }, stop_.get_token());
    });
  }
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  ~ReadAhead() {
    if (PyGILState_Check() != 0) {
      const Unlocked released;
      close();
    } else {
      close();
    }
  }

  /// Called with the GIL, which it lets go. Empty at the end. Throws: as wait_for_item().
  [[nodiscard]] std::optional<Item> next() {
    std::unique_lock lock{mutex_, std::defer_lock};
    if (!wait_for_item(lock)) return std::nullopt;
    auto [item, bytes] = std::move(items_.front());
    items_.pop_front();
    bytes_ -= bytes;
    room_.notify_one();
    return std::move(item);
  }

 private:
  void push(Item item, std::size_t bytes) {
    std::unique_lock lock{mutex_};
    wait_for_room(lock);
    items_.emplace_back(std::move(item), bytes);
    bytes_ += bytes;
  }
  void drop_items() override { items_.clear(); }
  [[nodiscard]] bool has_items() const override { return !items_.empty(); }

  std::deque<std::pair<Item, std::size_t>> items_;
};

/// A class of Python: iterator, close(), with block.
template <class Item>
py::class_<ReadAhead<Item>> define_read_ahead(py::module_& module, const char* name, const char* doc) {
  using Self = ReadAhead<Item>;
  const auto close = [](Self& self) {
    const Unlocked released;
    self.close();
  };
  py::class_<Self> cls{module, name, doc};
  adopt(cls);
  cls.def(
         "__iter__", [](Self& self) -> Self& { return self; }, py::return_value_policy::reference)
      .def("__next__",
           [](Self& self) {
             auto item = self.next();
             if (!item) throw py::stop_iteration{};
             return std::move(*item);
           })
      .def("close", close, "close(self)\n--\n\nEnds the iteration, a waiting one, too.")
      .def(
          "__enter__", [](Self& self) -> Self& { return self; }, py::return_value_policy::reference)
      .def("__exit__", [close](Self& self, const py::args&) { close(self); });
  return cls;
}

}  // namespace dunnage::python
