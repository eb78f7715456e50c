// SPDX-License-Identifier: Apache-2.0
#include "launch/check.hpp"

#include <dunnage/error.hpp>

#include "container/signal.hpp"
#include "model/volume_name.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace dunnage::launch {
namespace {

class Checker {
 public:
  Checker(std::string operation, std::string subject)
      : operation_{std::move(operation)}, subject_{std::move(subject)} {}

  [[noreturn]] void refuse(std::string cause, std::string remedy) const {
    throw LaunchError{{.stage = Stage::Launch,
                       .operation = operation_,
                       .subject = subject_,
                       .detail = {},
                       .cause = std::move(cause),
                       .code = errc::invalid_argument,
                       .remedy = std::move(remedy)}};
  }

  void no_zero(std::string_view what, std::string_view text) const {
    if (text.find('\0') != std::string_view::npos) {
      refuse(fmt::format("{} holds a zero byte", what), "leave it out");
    }
  }

  void arguments(const std::vector<std::string>& argv) const {
    for (const std::string& argument : argv) {
      no_zero("argv", argument);
    }
  }

  void program(const std::vector<std::string>& argv, std::string remedy) const {
    if (argv.empty() || argv.front().empty()) {
      refuse("argv has no program", std::move(remedy));
    }
    arguments(argv);
  }

  void environment(const Environment& environment) const {
    for (const auto& [name, value] : environment) {
      no_zero("env", name);
      no_zero("env", value);
      if (name.empty() || name.find('=') != std::string::npos) {
        refuse(fmt::format("\"{}\" is no name of a variable", name), "use a name without \"=\"");
      }
    }
  }

  void working_directory(const std::string& path) const {
    no_zero("cwd", path);
    if (!path.starts_with('/')) {
      refuse(fmt::format("the working directory \"{}\" is not absolute", path), "begin it with \"/\"");
    }
  }

 private:
  std::string operation_;
  std::string subject_;
};

void check_stop_signal(const Checker& checker, int signal) {
  if (!container::is_signal(signal)) {
    checker.refuse(fmt::format("the stop signal {} is no signal", signal),
                   "give a number from 1 to 64, or a name to parse_signal()");
  }
}

void check_record(const Checker& checker, const LaunchSpec& spec) {
  if (!spec.name.empty() && !model::is_valid_volume_name(spec.name)) {
    checker.refuse(fmt::format("\"{}\" is not a name of a container", spec.name),
                   "use letters, digits, \"_\", \".\" and \"-\", at most 128, a letter or digit first");
  }
  if (spec.lifetime == Lifetime::Detached && !spec.terminal) {
    for (const Stdio* stdio : {&spec.in, &spec.out, &spec.err}) {
      if (stdio->kind() == Stdio::Kind::Callback) {
        checker.refuse("a callback cannot outlive this process", "use Stdio::log() for a detached container");
      }
    }
  }
}

void check_replace(const Checker& checker, const LaunchSpec& spec) {
  if (spec.replace == Replace::No) {
    return;
  }
  if (spec.name.empty()) {
    checker.refuse("without a name it takes nobody's place", "give it the name of the one it replaces");
  }
  if (std::holds_alternative<PreparedMounts>(spec.mounts)) {
    checker.refuse("mounts that are prepared take no volumes over", "give the mounts as a MountSet or a MountPlan");
  }
}

void check_volumes_from(const Checker& checker, const LaunchSpec& spec) {
  if (!spec.volumes_from.empty() && std::holds_alternative<PreparedMounts>(spec.mounts)) {
    checker.refuse("mounts that are prepared take no more from other containers",
                   "give the mounts as a MountSet or a MountPlan, or leave volumes_from out");
  }
  for (const VolumesFrom& from : spec.volumes_from) {
    checker.no_zero("volumes_from", from.container);
  }
}

void check_terminal(const Checker& checker, const LaunchSpec& spec) {
  if (spec.terminal && spec.restart.kind != RestartPolicy::Kind::No && spec.lifetime == Lifetime::WithHost) {
    checker.refuse("a restart gets another terminal than the one terminal_fd() gives out",
                   "leave out the terminal, or the restart policy");
  }
}

void check_root(const Checker& checker, const LaunchSpec& spec) {
  if (spec.rootfs.kind() != Rootfs::Kind::Image) {
    if (spec.root_changes.kind == RootChanges::Kind::Memory) {
      checker.refuse("changes of the root go to memory with an image only",
                     "use Rootfs::image(), or leave root_changes out");
    }
    if (spec.root_changes.limit) {
      checker.refuse("changes of the root have a limit with an image only",
                     "use Rootfs::image(), or leave the limit of root_changes out");
    }
    return;
  }
  checker.no_zero("the name of the image", spec.rootfs.name());
  if (spec.root_changes.kind == RootChanges::Kind::Memory && spec.root_changes.size == 0) {
    checker.refuse("root_changes in memory have no size", "give the bytes they may take");
  }
  if (spec.root_changes.kind == RootChanges::Kind::Memory && spec.root_changes.limit) {
    checker.refuse("root_changes in memory have a limit for the disk", "give their size, and no limit");
  }
}

}  // namespace

void check(const LaunchSpec& spec) {
  const Checker checker{"launch container", spec.name};
  checker.arguments(spec.argv);
  checker.arguments(spec.entrypoint.value_or(std::vector<std::string>{}));
  checker.environment(spec.env);
  if (!spec.cwd.empty()) {
    checker.working_directory(spec.cwd);
  }
  checker.no_zero("user", spec.user);
  checker.no_zero("hostname", spec.hostname);
  constexpr std::size_t kLongestHostname = 64;
  if (spec.hostname.size() > kLongestHostname) {
    checker.refuse("the host name is longer than 64 bytes", "choose a shorter one");
  }
  if (spec.stop_signal != 0) {
    check_stop_signal(checker, spec.stop_signal);
  }
  check_root(checker, spec);
  check_record(checker, spec);
  check_terminal(checker, spec);
  check_volumes_from(checker, spec);
  check_replace(checker, spec);
}

void check_complete(const LaunchSpec& spec) {
  const Checker checker{"launch container", spec.name};
  checker.program(spec.argv, spec.rootfs.kind() == Rootfs::Kind::Image
                                 ? "set argv to the program and its arguments; the image names none"
                                 : "set argv to the program and its arguments");
  checker.environment(spec.env);
  checker.working_directory(spec.cwd);
  checker.no_zero("user", spec.user);
}

void check(const ExecSpec& spec, const std::string& container) {
  const Checker checker{"execute in container", container};
  checker.program(spec.argv, "set argv to the program and its arguments");
  checker.environment(spec.env);
  if (!spec.cwd.empty()) {
    checker.working_directory(spec.cwd);
  }
  checker.no_zero("user", spec.user);
}

}  // namespace dunnage::launch
