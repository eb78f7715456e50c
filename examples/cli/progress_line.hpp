// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// One line on the user's terminal that says how far a long operation is:
///
///     pull  sha256:0a1b2c3d4e5f  12.3MB of 45.6MB
///
/// Nothing is printed where standard error is no terminal.

#include <dunnage/progress.hpp>

#include <mutex>
#include <string>

namespace cli {

/// The line is gone when this goes. Used by one operation at a time.
class ProgressLine {
 public:
  /// \param quiet print nothing
  explicit ProgressLine(bool quiet = false);
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine();

  /// For an operation that ends before this does.
  [[nodiscard]] dunnage::Watch watch();
  void clear();

 private:
  void show(const dunnage::Progress& now);

  std::mutex mutex_;
  bool shown_;  ///< whether there is a terminal to show it on
  bool drawn_ = false;
};

}  // namespace cli
