// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunnage/prepared_mounts.hpp>

#include <pybind11/pybind11.h>

#include <memory>
#include <string>

namespace dunnage::python {

/// Prepared mounts until a container takes them or close() gives them back; then, and in a fork, an exception for every
/// use.
class PreparedHandle {
 public:
  explicit PreparedHandle(PreparedMounts mounts);

  [[nodiscard]] const PreparedMounts& get() const;
  [[nodiscard]] bool open() const noexcept { return mounts_ != nullptr; }
  /// What launch() consumes.
  [[nodiscard]] PreparedMounts take();
  void close();

 private:
  /// Dropping them may remove volumes and has to ask the launcher: never with the GIL.
  struct Drop {
    int owner;  ///< process; what a fork inherits is not its own to give back
    void operator()(PreparedMounts* mounts) const;
  };
  std::unique_ptr<PreparedMounts, Drop> mounts_;
  std::string why_;  ///< they are gone
};

}  // namespace dunnage::python
