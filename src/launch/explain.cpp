// SPDX-License-Identifier: Apache-2.0
// Paths of containers, explained.

#include "launch/explain.hpp"

#include <dunnage/container.hpp>
#include <dunnage/container_store.hpp>
#include <dunnage/error.hpp>

#include "container/failure.hpp"
#include "container/lookup.hpp"
#include "container/running.hpp"
#include "container/specification.hpp"
#include "container/state.hpp"
#include "container/store_state.hpp"
#include "launch/accounts.hpp"
#include "launch/ended_container.hpp"
#include "launch/find_recorded.hpp"
#include "launch/user.hpp"
#include "model/target.hpp"
#include "plan/access_rules.hpp"
#include "prepare/user.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace dunnage {
namespace launch {
namespace {

using container::Deed;

/// A file system of a container may answer as late as it likes.
constexpr auto kLookPatience = std::chrono::seconds{20};

constexpr const char* kExplain = "explain path in container";

/// Who a container runs as, and what it may do.
struct Inhabitant {
  std::string user;
  std::vector<std::uint32_t> groups;
  std::uint64_t capabilities = 0;
};

/// The names are those of the container's own files by now.
launcher::AskedUser asked_user(const std::string& asked, const Inhabitant& own, int root) {
  launcher::AskedUser user;
  if (asked.empty()) {
    const prepare::Ids ids = prepare::parse_ids(own.user);
    user = {.uid = ids.uid, .gid = ids.gid, .groups = own.groups};
  } else {
    User found = resolve_user(asked, {}, read_accounts_in(root));
    user = {.uid = found.uid, .gid = found.gid, .groups = std::move(found.groups)};
  }
  user.capabilities = plan::in_effect(user.uid, own.capabilities);
  return user;
}

void require_absolute(const Deed& deed, std::string_view path) {
  constexpr std::size_t kMostPathBytes = 4095;
  if (!path.starts_with('/') || path.size() > kMostPathBytes || path.find('\0') != std::string_view::npos) {
    throw container::failure(deed, "the path is not absolute, or is none", errc::invalid_argument,
                             "begin it with \"/\", and give at most 4095 bytes");
  }
}

std::string without_last_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') {
    path.pop_back();
  }
  return path;
}

PathExplanation explain_at(const Deed& deed, const ExplainedPlace& place, const std::string& path) {
  PathExplanation told;
  told.path = without_last_slash(path);
  told.user = fmt::format("{}:{}", place.user.uid, place.user.gid);
  launcher::Examination examined;
  Watch watch;
  watch.deadline = std::chrono::steady_clock::now() + kLookPatience;
  const auto outcome = launcher::examine(place.connection, place.root, told.path, place.user, examined, watch);
  if (!outcome.done()) {
    throw container::failure(deed, outcome.cause(), outcome.code(),
                             "a file system on the way does not answer as it should; look at what serves it");
  }
  told.presence = examined.report.error == 0 ? PathExplanation::Presence::There : PathExplanation::Presence::Missing;
  told.leads_to = examined.resolved.empty() ? without_last_slash("/" + told.path.substr(0, examined.report.found_size))
                                            : examined.resolved;
  told.leads_to = told.leads_to.starts_with("//") ? told.leads_to.substr(1) : told.leads_to;
  const ResolvedMount* mount = explain_mount(place, told.path, examined, told);
  explain_access(place, examined, mount, told);
  explain_hidden(place, examined, mount, told);
  return told;
}

/// \return nothing if it has ended
std::optional<PathExplanation> explain_running(const Container& handle, const Deed& deed, const std::string& path,
                                               const ExplainOptions& options) {
  const ContainerAccess::ContainerState& state = ContainerAccess::state(handle);
  launcher::Received root;
  launcher::Received process;
  try {
    root = state.run()->command(launcher::MessageKind::Root, 0, deed.operation);
    process = state.run()->command(launcher::MessageKind::Query, 0, deed.operation);
  } catch (const LaunchError& error) {
    if (error.code() != errc::not_running) {
      throw;
    }
  }
  if (root.descriptors.empty() || process.descriptors.empty()) {
    return std::nullopt;
  }
  const int opened = root.descriptors.front().get();
  const prepare::Ids ids = prepare::parse_ids(state.user);
  const auto connection = launcher::Connection::get(launcher::identity_for(ids.uid, ids.gid));
  const container::Storage storage = container::present_storage(state);
  return explain_at(deed,
                    {.connection = *connection,
                     .root = opened,
                     .plan = *storage.plan,
                     .running = true,
                     .table = MountTable::of(process.descriptors.front().get()),
                     .rootfs = state.rootfs,
                     .image_id = state.image_id,
                     .store = state.store,
                     .user = asked_user(options.user, {state.user, state.groups, state.capabilities}, opened)},
                    path);
}

/// What is left to say where nobody has the files.
PathExplanation explain_planned(const container::Config& config, const std::string& path, const std::string& why) {
  PathExplanation told = config.mounts.explain(path);
  told.notes.push_back("the container has ended, and this is what its plan says: " + why);
  return told;
}

std::optional<PathExplanation> explain_ended(const std::filesystem::path& store, int containers,
                                             const container::Found& record, const Deed& deed, const std::string& path,
                                             const ExplainOptions& options) {
  const container::Config config = container::read_config(record.directory.get());
  std::unique_ptr<EndedContainer> ended;
  try {
    ended = EndedContainer::open(deed, store, containers, record);
  } catch (const LaunchError& error) {
    if (error.code() != errc::not_supported) {
      throw;
    }
    return explain_planned(config, path, error.what());
  }
  if (ended == nullptr) {
    return std::nullopt;
  }
  return explain_at(
      deed,
      {.connection = ended->connection(),
       .root = ended->root(),
       .plan = config.mounts,
       .rootfs = container::rootfs_of(config),
       .image_id = config.image_id,
       .store = store,
       .user = asked_user(options.user, {config.user, config.groups, config.capabilities}, ended->root())},
      path);
}

PathExplanation explain_recorded(const Recorded& which, const Deed& deed, const std::string& path,
                                 const ExplainOptions& options) {
  std::optional<PathExplanation> told;
  find_recorded(which, deed,
                {.running =
                     [&](const Container& handle) {
                       told = explain_running(handle, deed, path, options);
                       return told.has_value();
                     },
                 .ended =
                     [&](int containers, const container::Found& record) {
                       told = explain_ended(which.store, containers, record, deed, path, options);
                       return told.has_value();
                     }});
  return *std::move(told);
}

}  // namespace
}  // namespace launch

PathExplanation Container::explain(std::string_view path, const ExplainOptions& options) const {
  const container::Deed deed{Stage::Run, launch::kExplain, state_->run()->subject()};
  launch::require_absolute(deed, path);
  state_->run()->require_ours(deed.operation);
  if (auto told = launch::explain_running(*this, deed, std::string{path}, options)) {
    return *std::move(told);
  }
  if (state_->recorded) {
    return launch::explain_recorded({state_->store, state_->name, state_->id}, deed, std::string{path}, options);
  }
  throw container::failure(deed, "it has ended, and nothing of it was kept", errc::not_running,
                           "launch it with a name and remove_on_exit = false to keep its files");
}

PathExplanation ContainerStore::explain(std::string_view name, std::string_view path,
                                        const ExplainOptions& options) const {
  const container::Deed deed{Stage::Store, launch::kExplain, std::string{name}};
  launch::require_absolute(deed, path);
  return launch::explain_recorded({root(), std::string{name}}, deed, std::string{path}, options);
}

}  // namespace dunnage
