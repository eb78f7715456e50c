// SPDX-License-Identifier: Apache-2.0
#include "seccomp/filter.hpp"

#include <dunnage/error.hpp>

#include "kernel/per_process.hpp"
#include "seccomp/default_profile.hpp"
#include "seccomp/profile.hpp"
#include "seccomp/program.hpp"
#include "seccomp/rules.hpp"

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <deque>
#include <mutex>
#include <string>
#include <utility>

namespace dunnage::seccomp {
namespace {

constexpr std::size_t kMostKept = 16;

std::uint32_t kernel_version() noexcept {
  utsname name{};
  unsigned major = 0;
  unsigned minor = 0;
  if (::uname(&name) != 0 || std::sscanf(name.release, "%u.%u", &major, &minor) != 2) {  // NOLINT(cert-err34-c)
    return 0;
  }
  return major << 16U | (minor & 0xffffU);
}

struct Kept {
  std::string text;  ///< empty: the standard profile
  std::uint64_t capabilities = 0;
  std::shared_ptr<const Filter> filter;
};

/// The filters that were used last, in this order.
class Cache {
 public:
  std::shared_ptr<const Filter> find(const std::string& text, std::uint64_t capabilities) {
    const std::scoped_lock lock{mutex_};
    for (auto kept = kept_.begin(); kept != kept_.end(); ++kept) {
      if (kept->capabilities == capabilities && kept->text == text) {
        if (kept != kept_.begin()) {
          std::swap(*kept, kept_.front());
        }
        return kept_.front().filter;
      }
    }
    return nullptr;
  }

  void keep(Kept kept) {
    const std::scoped_lock lock{mutex_};
    kept_.push_front(std::move(kept));
    if (kept_.size() > kMostKept) {
      kept_.pop_back();
    }
  }

 private:
  std::mutex mutex_;
  std::deque<Kept> kept_;
};

constinit kernel::PerProcess<Cache> cache;

}  // namespace

Filter compile(std::string_view text, std::uint64_t capabilities) {
  const Profile profile = parse_profile(text);
  const Target target{.native = kNative, .capabilities = capabilities, .kernel = kernel_version()};
  try {
    return {program_of(calls_of(profile, target)), profile.flags};
  } catch (const ProfileFault& fault) {
    throw fault.in(text);
  }
}

std::shared_ptr<const Filter> filter_of(const Seccomp& seccomp, std::uint64_t capabilities) {
  if (seccomp.kind() == Seccomp::Kind::Unconfined) {
    return nullptr;
  }
  const bool standard = seccomp.kind() == Seccomp::Kind::Standard;
  const std::string& text = seccomp.text();
  if (auto filter = cache.get().find(text, capabilities)) {
    return filter;
  }
  try {
    auto filter = std::make_shared<const Filter>(compile(standard ? default_profile() : text, capabilities));
    cache.get().keep({text, capabilities, filter});
    return filter;
  } catch (const ProfileFault& fault) {
    throw LaunchError{{.stage = Stage::Launch,
                       .operation = "use the seccomp profile",
                       .subject = seccomp.to_string(),
                       .detail = fault.place(),
                       .cause = fault.what(),
                       .code = errc::invalid_argument,
                       .remedy = "correct it there, or use Seccomp::standard()"}};
  }
}

int probe_filters() noexcept {
  const std::uint32_t action = SECCOMP_RET_ERRNO;
  return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0 ? 0 : errno;
}

}  // namespace dunnage::seccomp
