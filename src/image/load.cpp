// SPDX-License-Identifier: Apache-2.0
#include "image/load.hpp"

#include "image/archive_content.hpp"
#include "image/docker_source.hpp"
#include "image/failure.hpp"
#include "image/input.hpp"
#include "image/intake.hpp"
#include "image/oci_source.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

namespace dunnage::image {
namespace {

constexpr const char* kLoadImage = "load image";

std::vector<NewImage> take_oci_archive(Intake& intake, const ArchiveContent& content, const LoadOptions& options) {
  require_oci_version(content.read("oci-layout"));
  const Fetch fetch = [&](const Descriptor& blob) {
    if (!intake.has(blob.digest)) {  // they all came when the archive was read
      throw malformed(fmt::format("its blob {} is missing", blob.digest));
    }
  };
  return take_oci(intake, content.read("index.json"), fetch, options);
}

std::vector<NewImage> take_archive(Intake& intake, int fd, const std::string& subject, const LoadOptions& options) {
  const Spooled file{fd, intake.directory(), options.limits.bytes, intake.watching(), subject};
  const ArchiveContent content{intake, file.get(), options.limits};
  // Newer archives of Docker are both; the layout says more.
  if (content.has("oci-layout") && content.has("index.json")) {
    return take_oci_archive(intake, content, options);
  }
  if (content.has("manifest.json")) {
    return take_docker_archive(intake, content, options);
  }
  throw Fault{errc::image_invalid, "it has neither an index.json beside an oci-layout, nor a manifest.json",
              "import() takes a plain root file system"};
}

std::vector<ImageInfo> load_from(const Layout& layout, int fd, const std::string& subject, const LoadOptions& options) {
  const struct stat status = kernel::status_of(fd);
  Watching watching{options.watch, "load"};
  watching.at(subject, 0, 0);
  Intake intake{layout, watching};
  return intake.publish(S_ISDIR(status.st_mode) ? take_oci_directory(intake, fd, options)
                                                : take_archive(intake, fd, subject, options));
}

}  // namespace

std::vector<ImageInfo> load(const Layout& layout, const std::filesystem::path& path, const LoadOptions& options) {
  const std::string subject = path.string();
  return explained(kLoadImage, subject, [&] { return load_from(layout, open_input(path).get(), subject, options); });
}

std::vector<ImageInfo> load(const Layout& layout, int fd, const LoadOptions& options) {
  const std::string subject = fmt::format("descriptor {}", fd);
  return explained(kLoadImage, subject, [&] { return load_from(layout, fd, subject, options); });
}

}  // namespace dunnage::image
