// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "container.hpp"

#include <dunnage/live_mounts.hpp>

#include <pybind11/pybind11.h>

#include <mutex>
#include <optional>

namespace dunnage::python {

/// The iterator of a container's mount events. Any thread may read and close it, one event at a time.
class MountEventIterator {
 public:
  explicit MountEventIterator(MountEvents events);
  MountEventIterator(const MountEventIterator&) = delete;
  MountEventIterator& operator=(const MountEventIterator&) = delete;
  ~MountEventIterator();

  /// Called with the GIL, which it lets go. Empty at the end. Throws: what reading throws; what a signal handler
  /// raised.
  [[nodiscard]] std::optional<MountEvent> next();
  /// The same without waiting: empty if there is none now.
  [[nodiscard]] std::optional<MountEvent> poll();
  [[nodiscard]] bool ended() const;
  [[nodiscard]] int descriptor() const;
  void close();

 private:
  int owner_;  ///< process
  mutable std::mutex mutex_;
  MountEvents events_;
  bool closed_ = false;
  int closing_;  ///< an eventfd that can be read when it is closed
};

/// Its values, before the class of containers; and the members of that one.
void define_live_mount_values(pybind11::module_& module);
void define_live_mounts(pybind11::class_<ContainerHandle>& cls);

}  // namespace dunnage::python
