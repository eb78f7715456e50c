// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Measuring: rounds in which every row is measured once, in an order of chance.

#include "bench/launch/row.hpp"

namespace dunnage::bench {

/// Starts a worker for each row, measures, and ends them. A row that fails says so in its `trouble`.
void measure(Session& session);

}  // namespace dunnage::bench
