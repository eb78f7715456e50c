// SPDX-License-Identifier: Apache-2.0
#include "image/import.hpp"

#include "image/directory_tar.hpp"
#include "image/failure.hpp"
#include "image/input.hpp"
#include "image/intake.hpp"
#include "image/layer_type.hpp"
#include "image/reference.hpp"
#include "image/unpack/compression.hpp"
#include "image/unpack/decompressor.hpp"
#include "image/unpack/entry_name.hpp"
#include "image/unpack/layer_stream.hpp"
#include "image/unpack/tar_reader.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::image {
namespace {

constexpr const char* kImportImage = "import image";

/// A layer in the intake, and what is in it.
struct Layer {
  Descriptor blob;
  std::string diff_id;
};

Layer take_directory(Intake& intake, int directory, const ImageLimits& limits) {
  BlobWriter blob = intake.new_blob();
  write_directory_tar(directory, limits, intake.watching(), [&](std::string_view block) { blob.write(block); });
  const std::uint64_t size = blob.size();
  const std::string digest = blob.finish();
  return {{.media_type = std::string{kOciLayer}, .digest = digest, .size = size}, digest};
}

/// Reads all of an archive. \return the digest of its content
std::string check_archive(Intake& intake, int file, Compression compression, const ImageLimits& limits) {
  LayerStream stream{file, compression, limits, [&](std::uint64_t) { intake.watching().check(); }};
  TarReader reader{stream};
  std::uint64_t entries = 0;
  for (Entry entry; reader.next(entry);) {
    const std::string name = checked_name(entry.name, limits);
    (void)role_of(name);  // for its check alone
    intake.watching().at(name, stream.size(), 0);
    if (++entries > limits.entries) {
      throw Fault{errc::limit_exceeded, fmt::format("it has more than {} entries", limits.entries),
                  "raise ImageLimits::entries"};
    }
    if (entry.size > 0 && static_cast<std::uint64_t>(entry.size) > limits.file_bytes) {
      throw Fault{errc::limit_exceeded, fmt::format("a file in it has more than {} bytes", limits.file_bytes),
                  "raise ImageLimits::file_bytes"};
    }
  }
  reader.finish();
  if (entries == 0) {
    throw malformed("it is empty");
  }
  return stream.diff_id();
}

/// What layers are not packed by is unpacked.
Descriptor take_unpacked(Intake& intake, int file, Compression compression, const ImageLimits& limits) {
  Decompressor decompressor{file, compression};
  BlobWriter blob = intake.new_blob();
  std::vector<char> buffer(std::size_t{256} << 10U);
  while (const std::size_t got = decompressor.read(buffer.data(), buffer.size())) {
    blob.write({buffer.data(), got});
    intake.watching().at("", blob.size(), 0);
    if (blob.size() > limits.bytes) {
      throw Fault{errc::limit_exceeded, fmt::format("it unpacks to more than {} bytes", limits.bytes),
                  "raise ImageLimits::bytes if it can be trusted"};
    }
  }
  const std::uint64_t size = blob.size();
  return {.media_type = std::string{kOciLayer}, .digest = blob.finish(), .size = size};
}

Descriptor take_as_it_is(Intake& intake, int source, const std::string& subject, const ImageLimits& limits) {
  BlobWriter blob = intake.new_blob();
  read_input(source, limits.bytes, intake.watching(), subject, [&](std::string_view block) { blob.write(block); });
  const std::uint64_t size = blob.size();
  return {.media_type = std::string{kOciLayer}, .digest = blob.finish(), .size = size};
}

Layer take_archive(Intake& intake, int source, const std::string& subject, const ImageLimits& limits) {
  Layer layer{.blob = take_as_it_is(intake, source, subject, limits), .diff_id = {}};
  auto file = open_regular(intake.directory(), hex_of(layer.blob.digest));
  Compression compression = compression_of(file.get());
  if (compression == Compression::Gzip || compression == Compression::Zstd) {
    layer.blob.media_type = oci_layer(compression);
  } else if (compression != Compression::None) {
    layer.blob = take_unpacked(intake, file.get(), compression, limits);
    compression = Compression::None;
    file = open_regular(intake.directory(), hex_of(layer.blob.digest));
  }
  layer.diff_id = check_archive(intake, file.get(), compression, limits);
  return layer;
}

NewImage describe_new(Intake& intake, const Layer& layer, const std::string& subject, const ImportOptions& options) {
  const Configuration configuration{.platform = options.platform,
                                    .author = {},
                                    .created_at = std::chrono::system_clock::now(),
                                    .config = options.config,
                                    .diff_ids = {layer.diff_id}};
  const std::string text = write_configuration(configuration, "imported from " + subject);
  const Manifest manifest{
      .config = {.media_type = std::string{kOciConfig}, .digest = intake.put(text), .size = text.size()},
      .layers = {layer.blob}};
  const std::string written = write_manifest(manifest);
  return {.manifest = {.media_type = std::string{kOciManifest}, .digest = intake.put(written), .size = written.size()}};
}

}  // namespace

ImageInfo import_rootfs(const Layout& layout, const std::filesystem::path& path, std::string_view name,
                        const ImportOptions& options) {
  const std::string full =
      explained(kImportImage, std::string{name}, [&] { return name.empty() ? std::string{} : new_name(name); });
  const std::string subject = path.string();
  return explained(kImportImage, subject, [&] {
    Watching watching{options.watch, "import"};
    watching.at(subject, 0, 0);
    const kernel::FileDescriptor source = open_input(path);
    const struct stat status = kernel::status_of(source.get());
    Intake intake{layout, watching};
    const Layer layer = S_ISDIR(status.st_mode) ? take_directory(intake, source.get(), options.limits)
                                                : take_archive(intake, source.get(), subject, options.limits);
    NewImage image = describe_new(intake, layer, path.filename().string(), options);
    if (!full.empty()) {
      image.names.push_back(full);
    }
    return std::move(intake.publish({image}).front());
  });
}

}  // namespace dunnage::image
