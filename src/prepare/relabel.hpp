// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// SELinux labels of a tree, as Docker's `z` and `Z` set them.

#include <dunnage/relabel.hpp>

#include "launcher/protocol.hpp"

#include <string>
#include <string_view>

namespace dunnage::prepare {

/// The label containers may use. A private one has two categories that follow from the container's id, so that a
/// restart finds its files.
[[nodiscard]] std::string label_for(Relabel relabel, std::string_view container_id);

/// Sets the attribute of `top` (O_PATH) and all below it that has another value: by descriptors, no link is followed
/// and no mount is entered. A file system without labels is left as it is, as Docker does. \param attribute
/// "security.selinux"
[[nodiscard]] launcher::Failure label_tree(int top, const char* attribute, std::string_view label);

}  // namespace dunnage::prepare
