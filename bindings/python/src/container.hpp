// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fields.hpp"
#include "progress.hpp"
#include "streams.hpp"

#include <dunnage/container.hpp>
#include <dunnage/launch_template.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace dunnage::python {

/// A container and its streams until close(); then an exception for what needs them. Used with the GIL; calls that may
/// block hold a reference of their own and let the GIL go.
class ContainerHandle {
 public:
  /// `owned`: it ends with this handle. `store`: where its record is, if it has one.
  ContainerHandle(Container container, bool owned, TextMode mode, std::filesystem::path store);
  ContainerHandle(ContainerHandle&&) = delete;
  ContainerHandle& operator=(ContainerHandle&&) = delete;
  ~ContainerHandle();

  /// Throws: Closed.
  [[nodiscard]] std::shared_ptr<Container> get() const;
  [[nodiscard]] bool closed() const noexcept { return container_ == nullptr; }
  /// Whether it ends with this handle.
  [[nodiscard]] bool owned() const noexcept { return owned_; }
  [[nodiscard]] const std::string& id() const noexcept { return id_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::filesystem::path& store() const noexcept { return store_; }
  [[nodiscard]] Streams& streams() noexcept { return streams_; }
  [[nodiscard]] const std::optional<ExitStatus>& last_status() const noexcept { return status_; }
  void remember(const ExitStatus& status) { status_ = status; }

  void detach();
  void restart(std::chrono::milliseconds grace);
  [[nodiscard]] pybind11::object input();
  void close_input();
  /// Ends the container if it is ours to end, and lets go. Twice is once.
  void close();

 private:
  std::shared_ptr<Container> container_;
  bool owned_;
  std::string id_;
  std::string name_;
  TextMode mode_;
  std::filesystem::path store_;
  Streams streams_;
  std::optional<ExitStatus> status_;
};

/// Container.launch()'s keywords.
struct LaunchCall {
  LaunchSpec spec{};
  TextMode mode{};
  pybind11::object mounts = pybind11::none{};
  Watching watching{};
};
[[nodiscard]] const Fields<LaunchCall>& launch_fields();
/// The keywords that say the same, without those that have their defaults.
[[nodiscard]] pybind11::dict launch_keywords(LaunchSpec spec);
[[nodiscard]] std::unique_ptr<ContainerHandle> launch(const pybind11::args& args, const pybind11::kwargs& kwargs);

/// The arguments of Container.launch() and LaunchTemplate().
[[nodiscard]] LaunchCall launch_call_from(const pybind11::args& args, const pybind11::kwargs& kwargs);

/// LaunchTemplate.launch()'s keywords.
struct TemplateCall {
  TemplateLaunch spec{};
  TextMode mode{};
};
[[nodiscard]] const Fields<TemplateCall>& template_fields();

struct ExecCall {
  ExecSpec spec{};
  TextMode mode{};
};
[[nodiscard]] const Fields<ExecCall>& exec_fields();

/// Class Process: a further program in a container.
class ProcessHandle {
 public:
  ProcessHandle(Process process, TextMode mode);

  [[nodiscard]] std::shared_ptr<Process> get() const;
  [[nodiscard]] bool closed() const noexcept { return process_ == nullptr; }
  [[nodiscard]] Streams& streams() noexcept { return streams_; }
  [[nodiscard]] const std::optional<ExitStatus>& last_status() const noexcept { return status_; }
  void remember(const ExitStatus& status) { status_ = status; }
  [[nodiscard]] pybind11::object input();
  void close_input();
  /// Kills the program if it still runs.
  void close();

 private:
  std::shared_ptr<Process> process_;
  Streams streams_;
  std::optional<ExitStatus> status_;
};

void bind_exec(pybind11::module_& module);

}  // namespace dunnage::python
