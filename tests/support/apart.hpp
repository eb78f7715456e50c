// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Something done in a process of its own, and what it cost.

#include <functional>
#include <string>

namespace dunnage::test {

struct DoneApart {
  std::string words{};  ///< what it answered
  int status = 0;       ///< as waitpid() tells it
  double seconds = 0;   ///< of the processor: nothing is waited for, and others may use the machine
  long kibibytes = 0;   ///< at the most at once
};

/// Runs `work` in a forked copy of this process, which exits with what it returns.
/// \param work  is given the descriptor to which it may write its answer
[[nodiscard]] DoneApart run_apart(const std::function<int(int answer)>& work);

/// The process exits with 0 when it has answered.
[[nodiscard]] DoneApart do_apart(const std::function<std::string()>& act);

}  // namespace dunnage::test
