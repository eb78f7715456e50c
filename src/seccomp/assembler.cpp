// SPDX-License-Identifier: Apache-2.0
#include "seccomp/assembler.hpp"

#include "seccomp/profile.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dunnage::seccomp {
namespace {

constexpr std::size_t kFarthest = 255;  ///< of a conditional jump
constexpr std::size_t kMostInstructions = BPF_MAXINSNS;

}  // namespace

Assembler::Label Assembler::append(sock_filter instruction) {
  if (reversed_.size() == kMostInstructions) {
    throw ProfileFault{
        "syscalls", fmt::format("the filter is longer than the {} instructions the kernel takes", kMostInstructions)};
  }
  reversed_.push_back(instruction);
  return reversed_.size() - 1;
}

Assembler::Label Assembler::give_back(std::uint32_t action) {
  const auto [known, fresh] = known_.try_emplace(Key{BPF_RET | BPF_K, action, 0, 0}, 0);
  if (fresh) {
    known->second = append({BPF_RET | BPF_K, 0, 0, action});
  }
  return known->second;
}

/// A label of the target that the instruction after `between` further ones can still reach.
Assembler::Label Assembler::near(Label target, std::size_t between) {
  const auto reachable = [&](Label label) { return reversed_.size() + between - label - 1 <= kFarthest; };
  if (reachable(target)) {
    return target;
  }
  if (const auto bridge = bridges_.find(target); bridge != bridges_.end() && reachable(bridge->second)) {
    return bridge->second;
  }
  const sock_filter& last = reversed_[target];
  const Label made = last.code == (BPF_RET | BPF_K)
                         ? append(last)
                         : append({BPF_JMP | BPF_JA, 0, 0, static_cast<std::uint32_t>(reversed_.size() - target - 1)});
  bridges_[target] = made;
  return made;
}

Assembler::Label Assembler::branch(std::uint16_t comparison, std::uint32_t value, Label yes, Label no) {
  if (yes == no) {
    return yes;
  }
  const Key key{static_cast<std::uint16_t>(BPF_JMP | comparison | BPF_K), value, yes, no};
  if (const auto known = known_.find(key); known != known_.end()) {
    return known->second;
  }
  const Label yes_near = near(yes, 1);  // one more may come in between, for the other
  const Label no_near = near(no, 0);
  const std::size_t here = reversed_.size();
  const Label made = append({std::get<0>(key), static_cast<std::uint8_t>(here - yes_near - 1),
                             static_cast<std::uint8_t>(here - no_near - 1), value});
  known_.emplace(key, made);
  return made;
}

Assembler::Label Assembler::follow(std::uint16_t code, std::uint32_t value, Label next) {
  const Key key{code, value, next, next};
  if (const auto known = known_.find(key); known != known_.end()) {
    return known->second;
  }
  if (next + 1 != reversed_.size()) {
    (void)append({BPF_JMP | BPF_JA, 0, 0, static_cast<std::uint32_t>(reversed_.size() - next - 1)});
  }
  const Label made = append({code, 0, 0, value});
  known_.emplace(key, made);
  return made;
}

Assembler::Label Assembler::load(std::uint32_t offset, Label next) {
  return follow(BPF_LD | BPF_W | BPF_ABS, offset, next);
}

Assembler::Label Assembler::mask(std::uint32_t bits, Label next) {
  return follow(BPF_ALU | BPF_AND | BPF_K, bits, next);
}

Assembler::Label Assembler::without_load(std::uint32_t offset, Label label) const {
  const sock_filter& first = reversed_[label];
  const bool loads = first.code == (BPF_LD | BPF_W | BPF_ABS) && first.k == offset;
  return loads ? label - 1 : label;
}

std::vector<sock_filter> Assembler::finish(Label begin) {
  if (begin + 1 != reversed_.size()) {
    (void)append({BPF_JMP | BPF_JA, 0, 0, static_cast<std::uint32_t>(reversed_.size() - begin - 1)});
  }
  std::reverse(reversed_.begin(), reversed_.end());
  return std::move(reversed_);
}

}  // namespace dunnage::seccomp
