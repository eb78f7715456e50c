// SPDX-License-Identifier: Apache-2.0
#include <dunnage/error.hpp>
#include <dunnage/volume_store.hpp>

#include "volume/user_data.hpp"

#include <unistd.h>

#include <cstdlib>

namespace dunnage {

std::filesystem::path default_store() {
  if (const char* store = ::secure_getenv("DUNNAGE_STORE"); store != nullptr && *store != '\0') {
    return store;
  }
  if (::geteuid() == 0) {
    return "/var/lib/dunnage";
  }
  const std::filesystem::path data = volume::user_data();
  if (data.empty()) {
    throw VolumeError{{.stage = dunnage::Stage::Store,
                       .operation = "find the default store",
                       .subject = "",
                       .detail = "",
                       .cause = "this user has no home directory",
                       .code = errc::store_unusable,
                       .remedy = "set DUNNAGE_STORE to a directory"}};
  }
  return data / "dunnage";
}

}  // namespace dunnage
