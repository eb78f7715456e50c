// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

namespace dunnage::seccomp {

/// Writes a program from its end, since jumps of a filter go forward only: what is jumped to has been written. An
/// instruction that is there already, with the same continuation, is not written again.
class Assembler {
 public:
  /// Where an instruction is, counted from the end.
  using Label = std::size_t;

  [[nodiscard]] Label give_back(std::uint32_t action);
  /// Loads 4 bytes of the seccomp_data.
  [[nodiscard]] Label load(std::uint32_t offset, Label next);
  [[nodiscard]] Label mask(std::uint32_t bits, Label next);
  /// \param comparison BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JSET
  [[nodiscard]] Label branch(std::uint16_t comparison, std::uint32_t value, Label yes, Label no);
  /// What comes after the load, if that is one of this offset.
  [[nodiscard]] Label without_load(std::uint32_t offset, Label label) const;

  /// Throws: ProfileFault if it is too long.
  [[nodiscard]] std::vector<sock_filter> finish(Label begin);

 private:
  using Key = std::tuple<std::uint16_t, std::uint32_t, Label, Label>;
  [[nodiscard]] Label follow(std::uint16_t code, std::uint32_t value, Label next);
  [[nodiscard]] Label near(Label target, std::size_t between);
  Label append(sock_filter instruction);

  std::vector<sock_filter> reversed_;
  std::map<Key, Label> known_;
  std::map<Label, Label> bridges_;  ///< the last jump to a target
};

}  // namespace dunnage::seccomp
