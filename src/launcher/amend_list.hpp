// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What shall be taken over from the upper directory of an overlay into its lower one, and be tidied up above. Obeyed
/// in the order it was added; see AmendAction for what each means.

#include "launcher/record_list.hpp"
#include "launcher/work.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::launcher {

/// Not for several threads at once. Making one throws kernel::CallError.
class AmendList {
 public:
  /// \param path, other  below the tops; "." is the top itself. Throws: kernel::CallError.
  void add(AmendAction action, std::string_view path, std::string_view other = {});

  /// Synced when it has ended. What was done before a failure stays. \param stage  a name for a directory in `lower`,
  /// which is made for the work; one that is there is taken for what a killed work left \param locks  last as long as
  /// anybody works, even if this process is killed meanwhile; not owned
  /// Throws: as run_work().
  [[nodiscard]] WorkOutcome obey(const Connection& connection, int upper, int lower, const std::string& stage,
                                 const std::vector<int>& locks, const Watch& watch);

 private:
  RecordList records_{"dunnage-amendments"};
};

}  // namespace dunnage::launcher
