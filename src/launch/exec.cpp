// SPDX-License-Identifier: Apache-2.0
// A further program in a running container.

#include <dunnage/container.hpp>
#include <dunnage/error.hpp>

#include "container/failure.hpp"
#include "container/running.hpp"
#include "container/state.hpp"
#include "launch/accounts.hpp"
#include "launch/check.hpp"
#include "launch/environment.hpp"
#include "launch/failure.hpp"
#include "launch/payload.hpp"
#include "launch/root.hpp"
#include "launch/started.hpp"
#include "launch/streams.hpp"
#include "launch/user.hpp"
#include "prepare/user.hpp"

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dunnage {
namespace {

using State = ContainerAccess::ContainerState;

constexpr auto kTimeout = std::chrono::seconds{60};

struct Account {
  launch::User user;
  Environment environment;
};

/// An image's containers may have changed theirs.
launch::Accounts accounts_of(const State& state) {
  if (state.rootfs.kind() != Rootfs::Kind::Image) {
    return launch::read_accounts(state.rootfs);
  }
  const auto run = state.run();
  const auto answer = run->command(launcher::MessageKind::Query, 0, "execute in container");
  return launch::read_accounts_of(answer.descriptors.empty() ? -1 : answer.descriptors.front().get(), run->subject());
}

Account account_of(const State& state, const ExecSpec& spec) {
  Account account;
  account.environment = state.env;
  if (spec.user.empty()) {
    const prepare::Ids ids = prepare::parse_ids(state.user);
    account.user.uid = ids.uid;
    account.user.gid = ids.gid;
    account.user.groups = state.groups;
  } else {
    account.user = launch::resolve_user(spec.user, {}, accounts_of(state));
    account.environment.insert_or_assign("HOME", account.user.home);
  }
  if (spec.terminal) {
    account.environment.emplace("TERM", "xterm");
  }
  for (const auto& [name, value] : spec.env) {
    account.environment.insert_or_assign(name, value);
  }
  return account;
}

launcher::Request describe(const State& state, const ExecSpec& spec, const launch::OpenStreams& streams) {
  const Account account = account_of(state, spec);
  launch::Payload payload;
  launcher::LaunchPayload& fixed = payload.fixed;
  fixed.flags = launcher::kExec | (state.no_new_privileges ? launcher::kNoNewPrivileges : 0U);
  fixed.uid = account.user.uid;
  fixed.gid = account.user.gid;
  fixed.capabilities = state.capabilities;
  payload.filter(state.seccomp, state.capabilities);
  fixed.groups = payload.numbers(account.user.groups);
  fixed.argv = payload.texts(spec.argv);
  fixed.environment = payload.texts(launch::lines_of(account.environment));
  fixed.anonymous_volumes = payload.texts({});
  fixed.working_directory = payload.text(spec.cwd.empty() ? state.working_directory : spec.cwd);
  streams.describe(payload);
  return payload.finish();
}

LaunchError exec_error(const std::string& subject, std::error_code code, std::string remedy) {
  return LaunchError{{.stage = Stage::Launch,
                      .operation = "execute in container",
                      .subject = subject,
                      .detail = {},
                      .cause = {},
                      .code = code,
                      .remedy = std::move(remedy)}};
}

/// One that ends while a program is started in it: its process is gone, or the kernel takes no more into its namespace.
bool has_ended(const container::Running& run, const launcher::Failure& failure) {
  constexpr auto kPatience =
      std::chrono::seconds{2};  // its end is on its way then, and may have to wait for a processor
  if (failure.step != launcher::Step::StartProcess && failure.step != launcher::Step::JoinNamespaces) {
    return false;
  }
  return failure.error == ESRCH ||
         (failure.error == ENOMEM && run.wait_until(std::chrono::steady_clock::now() + kPatience).has_value());
}

std::shared_ptr<container::Running> start(const State& state, const ExecSpec& spec) {
  const auto run = state.run();
  const std::string& subject = run->subject();
  run->require_ours("execute in container");
  launch::check(spec, subject);
  if (run->wait_until(launcher::Deadline{})) {
    throw exec_error(subject, errc::not_running, "launch the container again");
  }
  const launcher::Deadline deadline = std::chrono::steady_clock::now() + kTimeout;
  launch::OpenStreams streams{{spec.in, spec.out, spec.err, spec.terminal, false}};
  auto [ours, theirs] =
      container::explained({Stage::Launch, "execute in container", subject}, [] { return launcher::make_channel(); });
  const int sent = launcher::send_request(run->channel(), launcher::MessageKind::Exec, describe(state, spec, streams),
                                          theirs.get(), ours.get(), deadline);
  theirs.reset();
  auto answer = sent == 0 ? launcher::receive(ours.get(), deadline) : std::optional{launcher::Received{}};
  if (!answer) {
    throw exec_error(subject, errc::timed_out, "try again; the machine is very busy");
  }
  if (answer->message.kind == launcher::MessageKind::Failed && !has_ended(*run, answer->message.failure)) {
    launch::throw_failure({"execute in container", subject, spec.argv.front(), spec.cwd, nullptr},
                          answer->message.failure);
  }
  if (answer->message.kind != launcher::MessageKind::Started) {
    if (sent == 0 && container::is_dropped(*run)) {
      launch::throw_failure({"execute in container", subject, spec.argv.front(), spec.cwd, nullptr},
                            {.step = launcher::Step::ReceiveDescriptors, .error = EMFILE});
    }
    throw exec_error(subject, errc::not_running, "launch the container again");
  }
  return launch::take_started(subject, std::move(ours), std::move(*answer), streams, deadline);
}

}  // namespace

Process Container::exec(ExecSpec spec) const {
  auto process = std::make_shared<ContainerAccess::ProcessState>();
  process->run = start(*state_, spec);
  return ContainerAccess::make(std::move(process));
}

}  // namespace dunnage
