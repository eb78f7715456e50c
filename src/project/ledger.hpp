// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Who does steps keeps a ledger: what is done, and what is told about it.

#include <dunnage/project_plan.hpp>

#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace dunnage::project {

/// Thread safety: all members may be called from any thread.
class Ledger {
 public:
  Ledger(std::string project, std::string operation, const ApplyOptions& options)
      : project_{std::move(project)}, operation_{std::move(operation)}, options_{options} {}

  /// Does one step, and tells. Throws: what `work` throws, LaunchError(cancelled, timed_out) before it begins.
  void run(const ProjectStep& step, const std::function<void()>& work);
  void wait(const ProjectStep& step, const std::string& what, const std::function<void()>& work);

  /// Throws: ApplyError, if there are failures or something of the plan was not begun.
  void finish(const std::vector<ProjectStep>& plan, const std::vector<std::exception_ptr>& failures) const;

 private:
  void tell(ApplyEvent::Phase phase, const ProjectStep& step, const std::string& text = {});
  void check_time() const;

  std::string project_;
  std::string operation_;
  const ApplyOptions& options_;
  mutable std::mutex mutex_;
  std::mutex telling_;
  std::vector<ProjectStep> done_;
};

}  // namespace dunnage::project
