// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Making a volume: whole, with what is in it from the beginning, or not at all.

#include <dunnage/progress.hpp>
#include <dunnage/volume_store.hpp>

#include "kernel/file_descriptor.hpp"
#include "volume/layout.hpp"
#include "volume/stage.hpp"

#include <functional>
#include <optional>
#include <string>

namespace dunnage::volume {

/// Makes the data directory of a volume that nobody sees yet, with open_data(), and fills it; it is on the disk on
/// return. What it throws ends the making. Empty: there is nothing in it.
using Content = std::function<void(const Stage& stage)>;

/// \param watch  of what a limit takes
/// Throws: VolumeError(volume_exists), VolumeError(invalid_argument), VolumeError with the errno of what failed; what
/// choose_limit() and make_limited_data() throw.
VolumeInfo create(const Layout& layout, const std::string& name, const VolumeOptions& options,
                  const Content& content = {}, const Watch& watch = {});
VolumeInfo create_anonymous(const Layout& layout, const std::string& owner, const VolumeOptions& options,
                            const Content& content = {});
/// With the limit of another volume, which the content itself gives to what it makes: see keep_limit().
VolumeInfo create_like(const Layout& layout, const std::string& name, const VolumeOptions& options,
                       const VolumeInfo& limited_as, const Content& content);

/// \param operation  that needs to know: "create volume". Throws: VolumeError(invalid_argument, not_supported).
void check_driver(const char* operation, const std::string& name, const VolumeOptions& options);

/// Says that it is an anonymous volume.
inline constexpr const char* kAnonymousLabel = "com.docker.volume.anonymous";

/// \param text  of metadata, nothing if it cannot be written. Throws: VolumeError(invalid_argument).
[[nodiscard]] std::string metadata_or_refusal(const char* operation, const std::string& name,
                                              std::optional<std::string> text);

/// Makes the data directory in a stage, or opens the top of the one that has been made because of a limit.
/// Throws: CallError; as open_limited_data().
[[nodiscard]] kernel::FileDescriptor open_data(const Stage& stage);

}  // namespace dunnage::volume
