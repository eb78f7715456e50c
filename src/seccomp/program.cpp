// SPDX-License-Identifier: Apache-2.0
#include "seccomp/program.hpp"

#include "seccomp/assembler.hpp"

#include <linux/seccomp.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace dunnage::seccomp {
namespace {

using Label = Assembler::Label;

constexpr std::uint32_t kNumberOffset = offsetof(seccomp_data, nr);
constexpr std::uint32_t kArchitectureOffset = offsetof(seccomp_data, arch);
constexpr std::size_t kMostSingles = 3;

class Writer {
 public:
  std::vector<sock_filter> write(const std::vector<Calls>& all) {
    const Label kill = assembler_.give_back(SECCOMP_RET_KILL_PROCESS);
    Label next = kill;
    const auto find = [&](Architecture one) {
      return std::find_if(all.begin(), all.end(), [&](const Calls& calls) { return calls.architecture == one; });
    };
    for (const Architecture other : {Architecture::X86, Architecture::Arm}) {
      if (const auto calls = find(other); calls != all.end() && calls != all.begin()) {
        next = assembler_.branch(BPF_JEQ, audit_number(other), numbers(search(calls->ranges)), next);
      }
    }
    const Calls& native = all.front();
    Label own = search(native.ranges);
    if (native.architecture == Architecture::X86_64) {
      const auto x32 = find(Architecture::X32);
      own = assembler_.branch(BPF_JGE, kX32Bit, x32 == all.end() ? kill : search_x32(x32->ranges, native.ranges, own),
                              own);
    }
    own = numbers(own);
    return assembler_.finish(
        assembler_.load(kArchitectureOffset, assembler_.branch(BPF_JEQ, audit_number(native.architecture), own, next)));
  }

 private:
  Label numbers(Label search) { return assembler_.load(kNumberOffset, search); }

  /// The numbers below 512 are those of 64 bit, where x32 has a call of that number. Where it has none the kernel
  /// answers ENOSYS whatever the filter says.
  Label search_x32(const std::vector<Range>& x32, const std::vector<Range>& native, Label own) {
    for (std::uint32_t number = 0; number < kFirstOfX32; ++number) {
      if (!(verdict_at(x32, number) == verdict_at(native, number)) && is_known(Architecture::X32, number)) {
        return assembler_.mask(~kX32Bit, search(x32));
      }
    }
    std::vector<Range> above{{0, verdict_at(x32, kFirstOfX32)}};
    for (const Range& range : x32) {
      if (range.first > kFirstOfX32) {
        above.push_back(range);
      }
    }
    return assembler_.mask(~kX32Bit, assembler_.branch(BPF_JGE, kFirstOfX32, search(above), own));
  }

  static const Verdict& verdict_at(const std::vector<Range>& ranges, std::uint32_t number) {
    const auto after = std::upper_bound(ranges.begin(), ranges.end(), number,
                                        [](std::uint32_t one, const Range& range) { return one < range.first; });
    return std::prev(after)->verdict;
  }

  /// A part of the numbers with one verdict, but for single ones in it.
  struct Part {
    std::uint32_t first = 0;
    Label label = 0;
    std::vector<std::pair<std::uint32_t, Label>> singles;
  };

  std::vector<Part> parts_of(const std::vector<Range>& ranges) {
    std::vector<Part> parts;
    for (std::size_t index = 0; index < ranges.size(); ++index) {
      const Label label = label_of(ranges[index].verdict);
      if (!parts.empty() && index + 1 < ranges.size() && ranges[index + 1].first == ranges[index].first + 1 &&
          ranges[index + 1].verdict == verdict_of_part_ && parts.back().singles.size() < kMostSingles) {
        parts.back().singles.emplace_back(ranges[index].first, label);
        ++index;  // what follows has the part's own verdict
        continue;
      }
      parts.push_back({ranges[index].first, label, {}});
      verdict_of_part_ = ranges[index].verdict;
    }
    return parts;
  }

  Label search(const std::vector<Range>& ranges) {
    const std::vector<Part> parts = parts_of(ranges);
    return search(parts, 0, parts.size());
  }

  Label search(const std::vector<Part>& parts, std::size_t begin, std::size_t end) {
    if (end - begin == 1) {
      Label label = parts[begin].label;
      for (const auto& [number, single] : parts[begin].singles) {
        label = assembler_.branch(BPF_JEQ, number, single, label);
      }
      return label;
    }
    const std::size_t middle = begin + (end - begin) / 2;
    const Label above = search(parts, middle, end);
    const Label below = search(parts, begin, middle);
    return assembler_.branch(BPF_JGE, parts[middle].first, above, below);
  }

  Label label_of(const Verdict& verdict) {
    Label label = assembler_.give_back(verdict.otherwise);
    for (auto one = verdict.alternatives.rbegin(); one != verdict.alternatives.rend(); ++one) {
      const Label no = label;
      Label yes = assembler_.give_back(one->action);
      for (auto test = one->tests.rbegin(); test != one->tests.rend(); ++test) {
        yes = label_of(*test, yes, no);
      }
      label = yes;
    }
    return label;
  }

  struct Half {
    std::uint32_t offset;
    std::uint32_t value;
    std::uint32_t value_two;
  };

  Label compare(std::uint16_t comparison, const Half& half, Label yes, Label no) {
    return assembler_.load(half.offset,
                           assembler_.branch(comparison, half.value, assembler_.without_load(half.offset, yes),
                                             assembler_.without_load(half.offset, no)));
  }

  Label masked(const Half& half, Label yes, Label no) {
    if ((half.value_two & ~half.value) != 0) {
      return no;
    }
    if (half.value == 0) {
      return yes;
    }
    if (half.value_two == 0) {
      return compare(BPF_JSET, half, no, yes);
    }
    return assembler_.load(half.offset,
                           assembler_.mask(half.value, assembler_.branch(BPF_JEQ, half.value_two, yes, no)));
  }

  Label label_of(const Test& test, Label yes, Label no) {
    const Condition& condition = test.condition;
    const auto offset =
        static_cast<std::uint32_t>(offsetof(seccomp_data, args) + condition.index * sizeof(std::uint64_t));
    const Half low{offset, static_cast<std::uint32_t>(condition.value),
                   static_cast<std::uint32_t>(condition.value_two)};
    const Half high{offset + 4, static_cast<std::uint32_t>(condition.value >> 32U),
                    static_cast<std::uint32_t>(condition.value_two >> 32U)};
    const bool narrow = test.narrow;
    const auto equal = [&](Label then, Label otherwise) {
      const Label lower = compare(BPF_JEQ, low, then, otherwise);
      return narrow ? lower : compare(BPF_JEQ, high, lower, otherwise);
    };
    const auto ordered = [&](std::uint16_t comparison, Label then, Label otherwise) {
      const Label lower = compare(comparison, low, then, otherwise);
      return narrow ? lower : compare(BPF_JGT, high, then, compare(BPF_JEQ, high, lower, otherwise));
    };
    switch (condition.comparison) {
      case Operator::NotEqual:
        return equal(no, yes);
      case Operator::Less:
        return ordered(BPF_JGE, no, yes);
      case Operator::LessOrEqual:
        return ordered(BPF_JGT, no, yes);
      case Operator::Equal:
        return equal(yes, no);
      case Operator::GreaterOrEqual:
        return ordered(BPF_JGE, yes, no);
      case Operator::Greater:
        return ordered(BPF_JGT, yes, no);
      case Operator::MaskedEqual:
        return narrow ? masked(low, yes, no) : masked(high, masked(low, yes, no), no);
    }
    return no;
  }

  Assembler assembler_;
  Verdict verdict_of_part_;
};

}  // namespace

std::vector<sock_filter> program_of(const std::vector<Calls>& all) { return Writer{}.write(all); }

}  // namespace dunnage::seccomp
