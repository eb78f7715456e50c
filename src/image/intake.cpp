// SPDX-License-Identifier: Apache-2.0
#include "image/intake.hpp"

#include "image/failure.hpp"
#include "image/find.hpp"
#include "image/index.hpp"
#include "image/layer_type.hpp"
#include "image/platform.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "volume/private_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace dunnage::image {
namespace {

constexpr std::size_t kBlobChunk = std::size_t{256} << 10U;

Fault wrong_size(const Descriptor& blob, std::uint64_t size) {
  return Fault{errc::digest_mismatch, fmt::format("{} has {} bytes, and should have {}", blob.digest, size, blob.size),
               "fetch it again; if it stays so, its source is damaged"};
}

/// Reads a file block by block, to its end or until `take` has enough.
template <typename Take>
void for_each_block(int fd, Take&& take) {
  std::vector<char> buffer(kBlobChunk);
  while (true) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      throw kernel::CallError{"read", errno};
    }
    if (got == 0 || !take(std::string_view{buffer.data(), static_cast<std::size_t>(got)})) {
      return;
    }
  }
}

}  // namespace

std::string Intake::put(std::string_view text) {
  BlobWriter blob = new_blob();
  blob.write(text);
  return blob.finish();
}

void Intake::copy(int fd, const Descriptor& blob) {
  BlobWriter writer = new_blob();
  for_each_block(fd, [&](std::string_view block) {
    writer.write(block);
    watching_.at(blob.digest, writer.size(), blob.size);
    return writer.size() <= blob.size;  // whatever else there is
  });
  if (writer.size() != blob.size) {
    throw wrong_size(blob, writer.size());
  }
  writer.finish(blob.digest);
}

bool Intake::link(const Descriptor& blob) {
  if (has(blob.digest)) {
    return true;
  }
  if (!has_blob(layout_, blob.digest, blob.size)) {
    return false;
  }
  const std::string hex = hex_of(blob.digest);
  if (::linkat(layout_.blobs.get(), hex.c_str(), directory(), hex.c_str(), 0) != 0) {
    if (errno == ENOENT || errno == EMLINK) {  // removed by another process at this moment; linked too often
      return false;
    }
    throw kernel::CallError{"link", errno};
  }
  return true;
}

void Intake::adopt(int from, const Descriptor& blob) {
  if (has(blob.digest)) {
    return;
  }
  const std::string hex = hex_of(blob.digest);
  const auto file = open_regular(from, hex);
  if (!file) {
    throw malformed(fmt::format("{} is missing", blob.digest));
  }
  Sha256 sum;
  std::uint64_t size = 0;
  for_each_block(file.get(), [&](std::string_view block) {
    sum.add(block);
    size += block.size();
    watching_.at(blob.digest, size, blob.size);
    return size <= blob.size;
  });
  if (size != blob.size) {
    throw wrong_size(blob, size);
  }
  if (const std::string digest = sum.digest(); digest != blob.digest) {
    throw wrong_digest(blob.digest, digest);
  }
  if (::fchmod(file.get(), volume::kPrivateFile) != 0) {
    throw kernel::CallError{"chmod", errno};
  }
  if (const int number = kernel::rename_exclusively(from, hex, directory(), hex); number != 0) {
    throw kernel::CallError{"rename", number};
  }
}

bool Intake::has(const std::string& digest) const { return kernel::exists_at(directory(), hex_of(digest)); }

std::string Intake::read(const Descriptor& document) const {
  if (document.size > kMaxDocumentBytes) {
    throw Fault{
        errc::limit_exceeded,
        fmt::format("{} says it has {} bytes, and may have {}", document.digest, document.size, kMaxDocumentBytes),
        "make an image with smaller metadata"};
  }
  const auto file = open_regular(directory(), hex_of(document.digest));
  if (!file) {
    throw malformed(fmt::format("{} is missing", document.digest));
  }
  return read_document(file.get(), document.digest);
}

void Intake::require(const Descriptor& blob, std::vector<std::string>& blobs) const {
  const auto file = open_regular(directory(), hex_of(blob.digest));
  if (!file) {
    throw malformed(fmt::format("{} is missing", blob.digest));
  }
  const struct stat status = kernel::status_of(file.get());
  if (const auto size = static_cast<std::uint64_t>(status.st_size); size != blob.size) {
    throw wrong_size(blob, size);
  }
  kernel::sync(file.get());
  blobs.push_back(blob.digest);
}

void Intake::check(const Descriptor& manifest, std::vector<std::string>& blobs) const {
  require(manifest, blobs);
  const Manifest parts = parse_manifest(read(manifest), manifest.media_type);
  require(parts.config, blobs);
  const Configuration configuration = parse_configuration(read(parts.config));
  check_layers(parts, configuration.diff_ids);
  for (std::size_t layer = 0; layer < parts.layers.size(); ++layer) {
    const Descriptor& blob = parts.layers[layer];
    require(blob, blobs);
    if (packing_of(blob.media_type).empty() && blob.digest != configuration.diff_ids[layer]) {
      throw Fault{errc::digest_mismatch,
                  fmt::format("the layer {} should be {}", blob.digest, configuration.diff_ids[layer]),
                  "make or fetch the image again"};
    }
  }
}

void Intake::move_in(const std::vector<std::string>& blobs, std::vector<std::string>& moved) {
  for (const std::string& digest : blobs) {
    const std::string hex = hex_of(digest);
    if (!kernel::exists_at(directory(), hex)) {
      continue;  // two images share it
    }
    const bool known = kernel::exists_at(layout_.blobs.get(), hex);
    // What is here was verified just now, what is there long ago, so this also mends a blob that a disk has damaged.
    if (::renameat(directory(), hex.c_str(), layout_.blobs.get(), hex.c_str()) != 0) {
      throw kernel::CallError{"rename", errno};
    }
    if (!known) {
      moved.push_back(hex);
    }
  }
  kernel::sync(layout_.blobs.get());
}

void require_platform(const Intake& intake, const Descriptor& config, const Platform& wanted) {
  const Platform own = parse_configuration(intake.read(config)).platform;
  if (!is_default(wanted) && !matches(wanted, own)) {
    throw Fault{errc::image_missing, fmt::format("it is for {}", dunnage::to_string(own)),
                fmt::format("there is none for {}", dunnage::to_string(wanted))};
  }
}

std::vector<ImageInfo> Intake::publish(const std::vector<NewImage>& images) {
  std::vector<std::string> blobs;
  for (const NewImage& image : images) {
    check(image.manifest, blobs);
  }
  watching_.check();
  IndexChange change{layout_};
  std::vector<std::string> moved;
  std::vector<ImageInfo> infos;
  try {
    move_in(blobs, moved);
    for (const NewImage& image : images) {
      change.index().add(image.manifest, {});
      for (const std::string& name : image.names) {
        change.index().add(image.manifest, name);
      }
    }
    for (const NewImage& image : images) {
      infos.push_back(describe(layout_, change.index(), image.manifest));
    }
    change.commit();
  } catch (...) {
    // Not acknowledged, so it must not stay. If the old index cannot be put back, what the new one names has to stay.
    if (moved.empty() || change.put_back()) {
      for (const std::string& hex : moved) {
        (void)::unlinkat(layout_.blobs.get(), hex.c_str(), 0);  // what stays is removed by a prune
      }
    }
    throw;
  }
  return infos;
}

}  // namespace dunnage::image
