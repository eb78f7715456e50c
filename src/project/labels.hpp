// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The labels Compose gives to what it makes, so that it finds its own words; and one of ours.

namespace dunnage::project::label {

inline constexpr const char* kProject = "com.docker.compose.project";
inline constexpr const char* kService = "com.docker.compose.service";
inline constexpr const char* kNumber = "com.docker.compose.container-number";
inline constexpr const char* kOneOff = "com.docker.compose.oneoff";  ///< "True" or "False"
inline constexpr const char* kConfigHash = "com.docker.compose.config-hash";
inline constexpr const char* kVersion = "com.docker.compose.version";
inline constexpr const char* kVolume = "com.docker.compose.volume";
/// Of each field a container was made of, the beginning of a digest, as JSON: it tells which one has changed.
inline constexpr const char* kFields = "dunnage.compose.fields";

}  // namespace dunnage::project::label
