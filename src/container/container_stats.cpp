// SPDX-License-Identifier: Apache-2.0
#include <dunnage/container.hpp>
#include <dunnage/error.hpp>

#include "cgroup/usage.hpp"
#include "container/failure.hpp"
#include "container/running.hpp"
#include "container/state.hpp"

#include <cerrno>

namespace dunnage {

ContainerStats Container::stats() const {
  const auto run = state_->run();
  const container::Deed deed{Stage::Run, "measure container", run->subject()};
  ContainerStats stats;
  for (int number = 0;; ++number) {
    launcher::Message question;
    question.kind = launcher::MessageKind::Cgroup;
    question.number = number;
    const launcher::Received answer = run->ask(question, {}, deed.operation);
    if (answer.message.failure.error == 0 && answer.descriptors.empty()) {
      throw container::call_failure(deed, kernel::CallError{"receive", EMFILE});
    }
    if (answer.descriptors.empty()) {
      if (number == 0) {
        throw container::failure(deed, "it has no cgroup, so nothing of it is counted", errc::not_supported,
                                 "launch it with a limit, or with Resources::statistics");
      }
      return stats;
    }
    try {
      cgroup::add_usage(answer.descriptors.front().get(), stats);
    } catch (const kernel::CallError& error) {
      if (error.code().value() != ENODEV) {
        throw container::call_failure(deed, error);
      }
      throw container::failure(deed, {}, errc::not_running, "launch it again");
    }
  }
}

}  // namespace dunnage
