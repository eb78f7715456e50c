// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// How far a plan is, on standard error: one line for each container and volume, which is redrawn on a terminal; plain
/// lines elsewhere, as Docker Compose has them:
///
///      Container shop-web-1  Started

#include <dunnage/project_plan.hpp>

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace cli {

/// Thread safety: show() may be called from any thread.
class StepsPrinter {
 public:
  StepsPrinter();

  /// What is left as it is, and why that matters to somebody.
  void show_kept(const dunnage::ProjectPlan& plan);
  void show(const dunnage::ApplyEvent& event);
  /// It has been done: what was waited for has come.
  void finish();
  void show(const dunnage::Progress& now);

 private:
  struct Line {
    std::string name{};
    std::string word{};
    bool done = false;
    bool failed = false;
    std::chrono::steady_clock::time_point begin{};
    std::chrono::steady_clock::time_point end{};
  };

  void wait_for(const std::string& name, const std::string& word);
  void put(const std::string& name, const std::string& word, bool done, bool failed = false);
  void draw();

  std::mutex mutex_;
  bool terminal_;
  std::vector<Line> lines_;
  std::map<std::string, std::size_t> places_;
  std::map<std::string, std::string> awaited_;  ///< by name, what they are when it is over
  std::size_t drawn_ = 0;
};

}  // namespace cli
