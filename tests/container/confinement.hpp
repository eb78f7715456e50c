// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunnage/container.hpp>

namespace dunnage::test {

/// A further program of the container has what its first one has: capabilities, ids, signals, namespaces, limits, and
/// no descriptor but its streams.
void check_confined_as_first(const Container& container);

}  // namespace dunnage::test
