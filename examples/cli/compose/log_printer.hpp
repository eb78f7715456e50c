// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Lines of several containers, each behind the name of its own, in its own colour on a terminal:
///
///     db-1   | ready
///     web-1  | listening

#include <dunnage/project_plan.hpp>

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace cli {

struct LogStyle {
  bool color = true;  ///< on a terminal
  bool prefix = true;
  bool timestamps = false;
};

/// Thread safety: all members may be called from any thread.
class LogPrinter {
 public:
  LogPrinter(const std::string& project, const std::vector<std::string>& containers, LogStyle style);

  void print(const dunnage::ProjectLogLine& line);
  /// "web-1 exited with code 0"
  void print_end(const std::string& container, int code);
  /// "web-1" of "shop-web-1"
  [[nodiscard]] std::string short_name(const std::string& container) const;

 private:
  std::string project_;
  LogStyle style_;
  std::map<std::string, std::string> prefixes_;
  std::mutex mutex_;
};

}  // namespace cli
