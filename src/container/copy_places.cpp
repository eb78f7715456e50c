// SPDX-License-Identifier: Apache-2.0
// The places there are to copy from and to.

#include "container/copy.hpp"
#include "container/state.hpp"
#include "kernel/random_hex.hpp"
#include "launcher/identity.hpp"
#include "prepare/user.hpp"
#include "volume/failure.hpp"
#include "volume/local_driver.hpp"
#include "volume/use.hpp"
#include "volume/volume_store_access.hpp"

#include <dunnage/error.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace dunnage {
namespace {

using container::CopyFault;
using container::CopyPlace;

/// Where the container's processes have their root now; the launcher alone knows which process that is.
template <typename Work>
void with_container(const Container& handle, const std::string& operation, Work&& work) {
  const ContainerAccess::ContainerState& state = ContainerAccess::state(handle);
  const auto run = state.run();
  const launcher::Received answer = run->command(launcher::MessageKind::Root, 0, operation);
  const auto fail = [&](const CopyFault& fault) {
    throw LaunchError{{.stage = Stage::Run,
                       .operation = operation,
                       .subject = run->subject(),
                       .detail = fault.detail,
                       .cause = fault.cause,
                       .code = fault.code,
                       .remedy = fault.remedy}};
  };
  if (answer.descriptors.empty()) {
    fail({{}, "open its root", make_error_code(errc::not_running), "start it first"});
  }
  const prepare::Ids ids = prepare::parse_ids(state.user);
  const auto connection = launcher::Connection::get(launcher::identity_for(ids.uid, ids.gid));
  work(CopyPlace{*connection, answer.descriptors.front().get(), fail});
}

template <typename Work>
void with_volume(const VolumeStore& store, const std::string& name, const std::string& operation, Work&& work) {
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
  const auto connection = launcher::Connection::get(launcher::identity_for(0, 0));
  work(CopyPlace{*connection, use.data_fd(), fail});
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

}  // namespace dunnage
