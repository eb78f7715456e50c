// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/limits.hpp"

#include "launcher/program/system.hpp"

namespace dunnage::launcher {
namespace {

constexpr uint64_t kNone = ~uint64_t{0};
constexpr uint64_t kMebibyte = uint64_t{1} << 20U;

struct Limit {
  int resource;
  rlimit64 value;
};

constexpr Limit kLimits[] = {
    {RLIMIT_CPU, {kNone, kNone}},
    {RLIMIT_FSIZE, {kNone, kNone}},
    {RLIMIT_DATA, {kNone, kNone}},
    {RLIMIT_STACK, {8 * kMebibyte, kNone}},
    {RLIMIT_CORE, {0, kNone}},
    {RLIMIT_RSS, {kNone, kNone}},
    {RLIMIT_NPROC, {1048576, 1048576}},
    {RLIMIT_MEMLOCK, {8 * kMebibyte, 8 * kMebibyte}},
    {RLIMIT_AS, {kNone, kNone}},
    {RLIMIT_LOCKS, {kNone, kNone}},
    {RLIMIT_SIGPENDING, {65536, 65536}},
    {RLIMIT_MSGQUEUE, {819200, 819200}},
    {RLIMIT_NICE, {0, 0}},
    {RLIMIT_RTPRIO, {0, 0}},
    {RLIMIT_RTTIME, {kNone, kNone}},
};

constexpr rlimit64 kDescriptors{1024, 524288};

uint64_t smaller(uint64_t left, uint64_t right) noexcept { return left < right ? left : right; }

long limit_of(int resource, rlimit64& limit) noexcept {
  return raw_syscall(__NR_prlimit64, 0, resource, 0, as_argument(&limit));
}

long set_limit(int resource, const rlimit64& limit) noexcept {
  return raw_syscall(__NR_prlimit64, 0, resource, as_argument(&limit), 0);
}

/// A hard limit above the one this process has cannot be had without CAP_SYS_RESOURCE; then the lower one stays.
rlimit64 below(const rlimit64& wanted, const rlimit64& current) noexcept {
  const uint64_t hard = smaller(wanted.rlim_max, current.rlim_max);
  return {smaller(wanted.rlim_cur, hard), hard};
}

}  // namespace

long set_seen_limit(int resource, const rlimit64& limit) noexcept {
  const long result = set_limit(resource, limit);
  rlimit64 seen{1, 0};  // which no limit is
  const long asked = result < 0 ? result : limit_of(resource, seen);
  const bool same = seen.rlim_cur == limit.rlim_cur && seen.rlim_max == limit.rlim_max;
  return asked < 0 || same ? asked : -EPERM;
}

Failure take_limits(rlimit64& descriptors) noexcept {
  long result = 0;
  for (const Limit& limit : kLimits) {
    rlimit64 current{};
    result = result < 0 ? result : limit_of(limit.resource, current);
    result = result < 0 ? result : set_seen_limit(limit.resource, below(limit.value, current));
  }
  rlimit64 own{};
  result = result < 0 ? result : limit_of(RLIMIT_NOFILE, own);
  descriptors = below(kDescriptors, own);
  own.rlim_cur = own.rlim_max;
  result = result < 0 ? result : set_seen_limit(RLIMIT_NOFILE, own);
  Failure failure;
  failure.step = Step::SetLimits;
  failure.error = result < 0 ? static_cast<int32_t>(-result) : 0;
  return failure;
}

}  // namespace dunnage::launcher
