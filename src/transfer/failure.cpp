// SPDX-License-Identifier: Apache-2.0
#include "transfer/failure.hpp"

#include <string>

namespace dunnage::transfer {
namespace {

std::string remedy_of(const image::Fault& fault) {
  switch (fault.code()) {
    case errc::limit_exceeded:
      return "raise ArchiveLimits if the archive can be trusted";
    case errc::image_invalid:
      return "take another archive: nothing of this one was kept";
    default:
      return fault.remedy();
  }
}

std::string remedy_of(const kernel::CallError& error) {
  if (error.code() == std::errc::broken_pipe) {
    return "keep reading to the end of the archive";
  }
  return volume::remedy_for(error.code().value());
}

}  // namespace

VolumeError failure(const Deed& deed, const image::Fault& fault) {
  return deed_failure(deed, fault.cause(), make_error_code(fault.code()), remedy_of(fault));
}

VolumeError failure(const Deed& deed, const kernel::CallError& error) {
  return deed_failure(deed, error.call(), error.code(), remedy_of(error));
}

VolumeError failure(const Deed& deed, const launcher::WorkOutcome& outcome) {
  if (outcome.failure.step == launcher::Step::BoundEntries) {
    return deed_failure(deed, outcome.cause(), make_error_code(errc::limit_exceeded), "raise the limit of entries");
  }
  return volume::work_failure(deed.operation, deed.volume, deed.detail, outcome);
}

}  // namespace dunnage::transfer
