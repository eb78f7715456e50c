// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunnage/project_plan.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace dunnage::python {

/// The iterator of several containers' logs: project_logs() pushes, Python pulls. A thread reads ahead, a little.
class ProjectLogLines {
 public:
  ProjectLogLines(ContainerStore store, std::vector<std::string> containers, LogOptions options);
  ProjectLogLines(const ProjectLogLines&) = delete;
  ProjectLogLines& operator=(const ProjectLogLines&) = delete;
  ~ProjectLogLines();  ///< without the GIL

  /// Called with the GIL, which it lets go. Empty at the end. Throws: what reading threw; what a signal handler raised.
  [[nodiscard]] std::optional<ProjectLogLine> next();
  /// Called with the GIL, which it lets go. Ends the reading and its thread; twice is once.
  void close();

  /// A fork has no such thread, and the lock and the condition may be in use by it for ever: there it stays.
  struct Drop {
    void operator()(ProjectLogLines* lines) const;
  };
  using Owner = std::unique_ptr<ProjectLogLines, Drop>;

 private:
  void read(const ContainerStore& store, const std::vector<std::string>& containers, const LogOptions& options);
  void push(const ProjectLogLine& line);
  void end();

  int owner_;  ///< process
  int ready_;  ///< an eventfd that can be read while there is a line or the end
  std::mutex mutex_;
  std::condition_variable room_;
  std::deque<ProjectLogLine> lines_;
  std::size_t bytes_ = 0;  ///< of them
  bool closing_ = false;
  bool ended_ = false;
  std::exception_ptr failure_;
  std::stop_source stop_;
  std::thread reader_;  ///< last: it uses the others
};

}  // namespace dunnage::python
