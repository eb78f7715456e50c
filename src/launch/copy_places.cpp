// SPDX-License-Identifier: Apache-2.0
// The places there are to copy from and to.

#include <dunnage/copy.hpp>
#include <dunnage/error.hpp>

#include "container/copy.hpp"
#include "container/copy_archive.hpp"
#include "container/failure.hpp"
#include "container/lookup.hpp"
#include "container/running.hpp"
#include "container/state.hpp"
#include "kernel/random_hex.hpp"
#include "launch/ended_container.hpp"
#include "launch/find_recorded.hpp"
#include "launcher/identity.hpp"
#include "prepare/user.hpp"
#include "volume/failure.hpp"
#include "volume/limit_choice.hpp"
#include "volume/limit_mark.hpp"
#include "volume/limited_data.hpp"
#include "volume/local_driver.hpp"
#include "volume/use.hpp"
#include "volume/volume_store_access.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace dunnage {
namespace {

using container::CopyFault;
using container::CopyPlace;

using container::Deed;

/// Work on a place of any kind.
using PlaceWork = std::function<void(const CopyPlace&)>;

std::function<void(const CopyFault&)> failing(const Deed& deed) {
  return [deed](const CopyFault& fault) {
    throw LaunchError{{.stage = deed.stage,
                       .operation = deed.operation,
                       .subject = deed.subject,
                       .detail = fault.detail,
                       .cause = fault.cause,
                       .code = fault.code,
                       .remedy = fault.remedy}};
  };
}

/// Where the container's processes have their root now; the launcher alone knows which process that is.
/// \return false if it has ended
bool with_running(const Container& handle, const Deed& deed, const PlaceWork& work) {
  const ContainerAccess::ContainerState& state = ContainerAccess::state(handle);
  launcher::Received answer;
  try {
    answer = state.run()->command(launcher::MessageKind::Root, 0, deed.operation);
  } catch (const LaunchError& error) {
    if (error.code() != errc::not_running) {
      throw;
    }
  }
  if (answer.descriptors.empty()) {
    return false;
  }
  const prepare::Ids ids = prepare::parse_ids(state.user);
  const auto connection = launcher::Connection::get(launcher::identity_for(ids.uid, ids.gid));
  work({.connection = *connection, .root = answer.descriptors.front().get(), .fail = failing(deed)});
  return true;
}

/// \return false if it runs
bool with_ended(const std::filesystem::path& store, int containers, const container::Found& record, const Deed& deed,
                const PlaceWork& work) {
  const auto ended = launch::EndedContainer::open(deed, store, containers, record);
  if (ended == nullptr) {
    return false;
  }
  work({.connection = ended->connection(),
        .root = ended->root(),
        .fail = failing(deed),
        .locks = ended->locks(),
        .read_only_remedy = "choose a target that is not mounted read-only; what is in memory is so until it runs"});
  return true;
}

/// Of a container that has a record. \param id empty: whichever has the name
void with_recorded(const std::filesystem::path& store, const std::string& name, const std::string& id, const Deed& deed,
                   const PlaceWork& work) {
  launch::find_recorded(
      {store, name, id}, deed,
      {.running = [&](const Container& handle) { return with_running(handle, deed, work); },
       .ended = [&](int containers,
                    const container::Found& record) { return with_ended(store, containers, record, deed, work); }});
}

void with_container(const Container& handle, const std::string& operation, const PlaceWork& work) {
  const ContainerAccess::ContainerState& state = ContainerAccess::state(handle);
  const Deed deed{Stage::Run, operation, state.run()->subject()};
  if (with_running(handle, deed, work)) {
    return;
  }
  try {
    if (state.recorded) {
      with_recorded(state.store, state.name, state.id, deed, work);
      return;
    }
  } catch (const LaunchError& error) {
    if (error.code() != errc::container_missing) {
      throw;
    }
  }
  throw container::failure(deed, "it has ended, and nothing of it was kept", errc::not_running,
                           "launch it with a name and remove_on_exit = false to keep its files");
}

void with_volume(const VolumeStore& store, const std::string& name, const std::string& operation,
                 const PlaceWork& work) {
  constexpr std::size_t kIdDigits = 64;
  const auto fail = [&](const CopyFault& fault) {
    throw VolumeError{{.stage = Stage::Store,
                       .operation = operation,
                       .subject = name,
                       .detail = fault.detail,
                       .cause = fault.cause,
                       .code = fault.code,
                       .remedy = fault.remedy}};
  };
  const Volume volume = store.get(name);
  volume::LocalDriver driver;
  const auto fault = volume::read_driver_options(volume.info().driver_options, driver);
  if (fault || driver.kind != volume::LocalDriver::Kind::Directory) {
    fail({{},
          "its data is where its driver's options say",
          make_error_code(errc::not_supported),
          "copy into and out of a container that uses it"});
  }
  const volume::VolumeUse use =
      volume::VolumeUse::acquire(VolumeStoreAccess::layout(store), name, kernel::random_hex(kIdDigits), "a copy");
  const auto connection = launcher::connection_of_containers();
  const kernel::FileDescriptor image = volume::explained(operation.c_str(), name, [&] {
    const LimitWay way = volume::limit_way_of(use.volume_fd());
    return volume::is_image(way) ? volume::open_limited_data({operation, name}, use.volume_fd(), way)
                                 : kernel::FileDescriptor{};
  });
  work({.connection = *connection, .root = image ? image.get() : use.data_fd(), .fail = fail});
}

constexpr const char* kInContainer = "copy into container";
constexpr const char* kOutOfContainer = "copy out of container";
constexpr const char* kInVolume = "copy into volume";
constexpr const char* kOutOfVolume = "copy out of volume";

}  // namespace

void copy_in(const Container& container, const std::filesystem::path& source, const std::string& target,
             const CopyOptions& options) {
  with_container(container, kInContainer,
                 [&](const CopyPlace& place) { container::copy_in(place, source, target, options); });
}

void copy_out(const Container& container, const std::string& source, const std::filesystem::path& target,
              const CopyOptions& options) {
  with_container(container, kOutOfContainer,
                 [&](const CopyPlace& place) { container::copy_out(place, source, target, options); });
}

void copy_in(const Container& container, int archive, const std::string& target, const CopyOptions& options) {
  const VolumeStore store = VolumeStore::open(ContainerAccess::state(container).store);
  with_container(container, kInContainer, [&](const CopyPlace& place) {
    container::unpack_in(place, VolumeStoreAccess::layout(store), archive, target, options);
  });
}

void copy_out(const Container& container, const std::string& source, int archive, const CopyOptions& options) {
  with_container(container, kOutOfContainer,
                 [&](const CopyPlace& place) { container::pack_out(place, source, archive, options); });
}

void copy_in(const ContainerStore& store, const std::string& container, const std::filesystem::path& source,
             const std::string& target, const CopyOptions& options) {
  with_recorded(store.root(), container, {}, {Stage::Store, kInContainer, container},
                [&](const CopyPlace& place) { container::copy_in(place, source, target, options); });
}

void copy_out(const ContainerStore& store, const std::string& container, const std::string& source,
              const std::filesystem::path& target, const CopyOptions& options) {
  with_recorded(store.root(), container, {}, {Stage::Store, kOutOfContainer, container},
                [&](const CopyPlace& place) { container::copy_out(place, source, target, options); });
}

void copy_in(const ContainerStore& store, const std::string& container, int archive, const std::string& target,
             const CopyOptions& options) {
  const VolumeStore volumes = VolumeStore::open(store.root());
  with_recorded(store.root(), container, {}, {Stage::Store, kInContainer, container}, [&](const CopyPlace& place) {
    container::unpack_in(place, VolumeStoreAccess::layout(volumes), archive, target, options);
  });
}

void copy_out(const ContainerStore& store, const std::string& container, const std::string& source, int archive,
              const CopyOptions& options) {
  with_recorded(store.root(), container, {}, {Stage::Store, kOutOfContainer, container},
                [&](const CopyPlace& place) { container::pack_out(place, source, archive, options); });
}

void copy_in(const VolumeStore& store, const std::string& volume, const std::filesystem::path& source,
             const std::string& target, const CopyOptions& options) {
  with_volume(store, volume, kInVolume,
              [&](const CopyPlace& place) { container::copy_in(place, source, target, options); });
}

void copy_out(const VolumeStore& store, const std::string& volume, const std::string& source,
              const std::filesystem::path& target, const CopyOptions& options) {
  with_volume(store, volume, kOutOfVolume,
              [&](const CopyPlace& place) { container::copy_out(place, source, target, options); });
}

void copy_in(const VolumeStore& store, const std::string& volume, int archive, const std::string& target,
             const CopyOptions& options) {
  with_volume(store, volume, kInVolume, [&](const CopyPlace& place) {
    container::unpack_in(place, VolumeStoreAccess::layout(store), archive, target, options);
  });
}

void copy_out(const VolumeStore& store, const std::string& volume, const std::string& source, int archive,
              const CopyOptions& options) {
  with_volume(store, volume, kOutOfVolume,
              [&](const CopyPlace& place) { container::pack_out(place, source, archive, options); });
}

}  // namespace dunnage
