// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The parts of support(): each adds its features. None of them throws for what is not there.

#include <dunnage/support.hpp>

#include "launcher/identity.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace dunnage::launch {

using Features = std::vector<Feature>;

/// Calls of the kernel, tried in this process.
void add_kernel_calls(Features& features);

/// Security modules and keyrings.
void add_security_modules(Features& features);

/// Who may have how many namespaces and ids.
void add_ids_and_namespaces(const launcher::Identity& identity, Features& features);

/// Settings of the machine that containers meet.
void add_settings(Features& features);

/// What the store's file system can do, tried in a file without a name. Nothing is made of a store that is not there.
void add_store(const std::filesystem::path& store, const launcher::Identity& identity, Features& features);

/// `operation not permitted [EPERM]`
[[nodiscard]] std::string words_of_errno(int number);

}  // namespace dunnage::launch
