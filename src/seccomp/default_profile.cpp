// SPDX-License-Identifier: Apache-2.0
#include "seccomp/default_profile.hpp"

#include <cstddef>
#include <string_view>

extern "C" {
extern const char dunnage_seccomp_default_begin[];
extern const char dunnage_seccomp_default_end[];
}

namespace dunnage::seccomp {

std::string_view default_profile() noexcept {
  return {dunnage_seccomp_default_begin,
          static_cast<std::size_t>(dunnage_seccomp_default_end - dunnage_seccomp_default_begin)};
}

}  // namespace dunnage::seccomp
