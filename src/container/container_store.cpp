// SPDX-License-Identifier: Apache-2.0
#include <dunnage/container_store.hpp>

#include <dunnage/error.hpp>

#include "container/changes.hpp"
#include "container/config.hpp"
#include "container/control.hpp"
#include "container/failure.hpp"
#include "container/inspection.hpp"
#include "container/listing.hpp"
#include "container/lookup.hpp"
#include "container/record.hpp"
#include "container/record_lock.hpp"
#include "container/removal.hpp"
#include "container/running.hpp"
#include "container/store_state.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "volume/volume_store_access.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <utility>

namespace dunnage {

namespace {

using container::Contact;
using container::Deed;
using container::explained;
using container::Found;
using container::kPatience;
using container::Listener;
using container::reading;
using launcher::Deadline;

Deadline after(std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; }

Deed deed_of(const char* operation, std::string_view name) { return {Stage::Store, operation, std::string{name}}; }

/// Kills a container through its launcher and waits for its end.
void kill_and_wait(const Deed& deed, const Contact& found) {
  launcher::Message message;
  message.kind = launcher::MessageKind::Signal;
  message.number = SIGKILL;
  const Deadline deadline = after(container::kEndTimeout);
  // that it cannot be sent, because the container has ended by itself, is heard by who waits
  const int sent = found.socket ? launcher::send(found.socket.get(), message, {}, deadline) : ETIMEDOUT;
  if (sent == ETIMEDOUT || !container::wait_for_end(found.socket.get(), deadline)) {
    throw container::silent_failure(deed);
  }
}

/// What goes with a record. A damaged one can be removed; prune() finds its volumes. One that cannot be read now is
/// not damaged: its volumes would stay without a word.
struct Belongings {
  std::vector<std::string> volumes;
  std::string id;

  static Belongings of(int record, bool with_volumes) {
    try {
      const container::Config config = container::read_config(record);
      return {config.anonymous_volumes, config.id};
    } catch (const std::invalid_argument&) {
    } catch (const kernel::CallError& error) {
      const int number = error.code().value();
      if (number == EMFILE || number == ENFILE || number == ENOMEM || (number == EIO && with_volumes)) {
        throw;
      }
    }
    return {};
  }
  void remove(const volume::Layout& layout, bool with_volumes) const {
    container::remove_volumes(layout, with_volumes ? volumes : std::vector<std::string>{});
    container::remove_changes(layout, id);
  }
};

}  // namespace

ContainerStore::ContainerStore(std::shared_ptr<State> state) : state_{std::move(state)} {}

ContainerStore ContainerStore::open(const std::filesystem::path& root) {
  auto state = std::make_shared<State>(State{VolumeStore::open(root)});
  explained(deed_of("open store", state->volumes.root().string()),
            [&] { container::sweep_unfinished(state->layout(), state->containers().get()); });
  return ContainerStore{std::move(state)};
}

const std::filesystem::path& ContainerStore::root() const noexcept { return state_->volumes.root(); }

std::vector<ContainerInfo> ContainerStore::list() const {
  return explained(deed_of("list containers of", root().string()), [&] {
    const kernel::FileDescriptor directory = state_->containers();
    return container::list_records(directory.get(), root() / "containers", after(kPatience));
  });
}

std::optional<ContainerInfo> ContainerStore::find(std::string_view name) const {
  const Deed deed = deed_of("inspect container", name);
  return reading(deed, [&]() -> std::optional<ContainerInfo> {
    const kernel::FileDescriptor containers = state_->containers();
    const auto found = container::find_record(deed, containers.get(), name);
    if (!found) {
      return std::nullopt;
    }
    return container::inspect_record(containers.get(), found->name, found->directory.get(),
                                     state_->path_of(found->name), after(kPatience));
  });
}

ContainerInfo ContainerStore::inspect(std::string_view name) const {
  if (auto info = find(name)) {
    return std::move(*info);
  }
  const Deed deed = deed_of("inspect container", name);
  throw explained(
      deed, [&] { return container::missing_failure(deed, container::record_names(state_->containers().get())); });
}

Container ContainerStore::get(std::string_view name) const {
  const Deed deed = deed_of("get container", name);
  return reading(deed, [&] {
    container::Met met = container::meet(deed, state_->containers().get(), name);
    if (met.contact.listener == Listener::Nobody) {
      throw container::failure(deed, {}, errc::not_running,
                               "start it with ContainerStore::start(); its log is still there");
    }
    return container::handle_of(std::move(met), root());
  });
}

void ContainerStore::remove(std::string_view name, bool force, bool volumes) {
  const Deed deed = deed_of("remove container", name);
  explained(deed, [&] {
    const kernel::FileDescriptor containers = state_->containers();
    const Found record = container::get_record(deed, containers.get(), name);
    const int directory = record.directory.get();
    const Belongings belongings = Belongings::of(directory, volumes);
    try {
      Contact found = container::contact(directory, after(kPatience));
      if (found.listener != Listener::Nobody && force) {
        kill_and_wait(deed, found);
      }
      const container::RecordLock lock{directory};
      // who has told the end of a container lets go of its socket only then
      found = container::contact(directory, after(kPatience));
      if (found.listener != Listener::Nobody) {
        throw container::failure(deed, "it is running", std::make_error_code(std::errc::device_or_resource_busy),
                                 "stop it first, or use force");
      }
      belongings.remove(state_->layout(), volumes);
      container::take_away(state_->layout(), containers.get(), record.name, directory);
    } catch (const kernel::CallError& error) {
      // its launcher, or somebody else, removed it meanwhile, which is what was asked for
      if (error.code() != std::errc::no_such_file_or_directory ||
          kernel::is_at(containers.get(), record.name, directory)) {
        throw;
      }
      belongings.remove(state_->layout(), volumes);
    }
  });
}

}  // namespace dunnage
