// SPDX-License-Identifier: Apache-2.0
#include "image/load.hpp"

#include "image/failure.hpp"
#include "image/intake.hpp"
#include "image/oci_source.hpp"
#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace dunnage::image {
namespace {

constexpr const char* kOperation = "load image";

}  // namespace

std::vector<ImageInfo> load(const Layout& layout, const std::filesystem::path& path, const LoadOptions& options) {
  return explained(kOperation, path.string(), [&] {
    Watching watching{options.watch, "load"};
    const kernel::FileDescriptor source{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    if (!source) {
      throw kernel::CallError{"open", errno};
    }
    Intake intake{layout, watching};
    return intake.publish(take_oci_directory(intake, source.get(), options));
  });
}

}  // namespace dunnage::image
