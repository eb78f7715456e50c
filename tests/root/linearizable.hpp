// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Whether calls that overlapped were answered as if each had happened at one instant between its beginning and its
/// end: whether there is an order of all of them that explains every answer. (Herlihy and Wing; the search is that of
/// Wing and Gong, with the states that were seen remembered as Lowe does.)

#include "root/call_history.hpp"

#include <string>
#include <vector>

namespace dunnage::test {

/// \param calls  all there were on one object, whose names led to nothing before the first one
/// \return nothing if there is such an order; else the calls, in the order of their beginnings, with a question mark
/// those that the longest order does not have
[[nodiscard]] std::string unexplained(std::vector<Call> calls);

}  // namespace dunnage::test
