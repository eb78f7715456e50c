// SPDX-License-Identifier: Apache-2.0
#include "image/oci_source.hpp"

#include "error/printable.hpp"
#include "image/failure.hpp"
#include "image/index.hpp"
#include "image/reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace dunnage::image {
namespace {

constexpr const char* kContainerdName = "io.containerd.image.name";
constexpr int kMaxNestedIndexes = 4;

/// Some write the whole name of the image here, some its tag only.
std::string written_name(const Descriptor& entry) {
  const auto full = entry.annotations.find(kContainerdName);
  return full != entry.annotations.end() ? full->second : name_of(entry);
}

bool is_only_a_tag(std::string_view name) { return name.find_first_of("/:@") == std::string_view::npos; }

std::string full_name(const std::string& written) {
  try {
    return to_string(parse_reference(written));
  } catch (const Fault& fault) {
    throw malformed(
        fmt::format("it calls an image \"{}\": {}", error::printable(written.substr(0, 256)), fault.cause()));
  }
}

/// An image of several platforms may stand in an index as several entries of one name.
std::vector<Descriptor> chosen_of(const std::vector<Descriptor>& entries, const Platform& platform) {
  std::map<std::string, std::vector<Descriptor>> by_name;
  std::vector<std::string> order;
  for (const Descriptor& entry : entries) {
    auto& group = by_name[written_name(entry)];
    if (group.empty()) {
      order.push_back(written_name(entry));
    }
    group.push_back(entry);
  }
  std::vector<Descriptor> chosen;
  for (const std::string& name : order) {
    const auto& group = by_name[name];
    const bool platforms =
        std::all_of(group.begin(), group.end(), [](const Descriptor& entry) { return entry.platform.has_value(); });
    if (group.size() > 1 && platforms) {
      chosen.push_back(choose(group, platform));
    } else {
      chosen.insert(chosen.end(), group.begin(), group.end());
    }
  }
  return chosen;
}

/// Follows indexes down to the manifest of one image.
Descriptor manifest_below(Intake& intake, Descriptor entry, const Fetch& fetch, const Platform& platform,
                          Manifest& manifest) {
  for (int depth = 0; depth < kMaxNestedIndexes; ++depth) {
    if (entry.size > kMaxDocumentBytes) {
      (void)intake.read(entry);  // refused before a byte of it is fetched
    }
    fetch(entry);
    Document document = parse_document(intake.read(entry), entry.media_type);
    if (document.manifest) {
      manifest = std::move(*document.manifest);
      return Descriptor{.media_type = document.media_type, .digest = entry.digest, .size = entry.size};
    }
    entry = choose(document.manifests, platform);
  }
  throw malformed(fmt::format("its indexes are nested more than {} deep", kMaxNestedIndexes));
}

NewImage take_image(Intake& intake, const Descriptor& entry, const Fetch& fetch, const Platform& platform) {
  Manifest manifest;
  NewImage image{.manifest = manifest_below(intake, entry, fetch, platform, manifest)};
  if (manifest.config.size > kMaxDocumentBytes) {
    (void)intake.read(manifest.config);
  }
  fetch(manifest.config);
  require_platform(intake, manifest.config, platform);
  for (const Descriptor& layer : manifest.layers) {
    fetch(layer);
  }
  return image;
}

}  // namespace

void give_name(std::vector<NewImage>& images, const std::vector<std::string>& tags, const std::string& name) {
  if (name.empty()) {
    return;
  }
  const Reference given = parse_reference(name);
  if (!given.digest.empty()) {
    throw Fault{errc::invalid_argument,
                fmt::format("\"{}\" has a digest, which nobody can give", error::printable(name)), "write NAME[:TAG]"};
  }
  const bool tagged = name.find(':', name.rfind('/') == std::string::npos ? 0 : name.rfind('/')) != std::string::npos;
  std::map<std::string, std::string> taken;
  for (std::size_t index = 0; index < images.size(); ++index) {
    if (!images[index].names.empty()) {
      continue;
    }
    Reference own = given;
    own.tag = tagged || tags[index].empty() ? given.tag : tags[index];
    const std::string full = to_string(own);
    const auto [other, first] = taken.emplace(full, images[index].manifest.digest);
    if (!first && other->second != images[index].manifest.digest) {
      throw Fault{errc::invalid_argument, "there are several images without a name",
                  "load them without a name, and give each one with tag"};
    }
    images[index].names.push_back(full);
  }
}

void require_oci_version(std::string_view text) {
  const std::string version = text_in(parse_object(text, "its oci-layout"), "imageLayoutVersion");
  if (!version.starts_with("1.")) {
    throw Fault{errc::not_supported, fmt::format("a layout of version \"{}\"", error::printable(version.substr(0, 64))),
                "make it anew with version 1.0.0"};
  }
}

std::vector<NewImage> take_oci(Intake& intake, std::string_view index, const Fetch& fetch, const LoadOptions& options) {
  const std::vector<Descriptor> entries = parse_index(index, "its index.json");
  if (entries.empty()) {
    throw malformed("it holds no image");
  }
  std::vector<NewImage> images;
  std::vector<std::string> tags;
  for (const Descriptor& entry : chosen_of(entries, options.platform)) {
    images.push_back(take_image(intake, entry, fetch, options.platform));
    const std::string written = written_name(entry);
    const bool tag = is_only_a_tag(written);
    tags.push_back(tag ? written : "");
    if (!tag) {
      images.back().names.push_back(full_name(written));
    }
  }
  give_name(images, tags, options.name);
  return images;
}

std::vector<NewImage> take_oci_directory(Intake& intake, int directory, const LoadOptions& options) {
  const auto read = [&](const char* name) {
    const auto file = open_regular(directory, name);
    if (!file) {
      throw malformed(fmt::format("it has no file \"{}\", as an OCI image layout has", name));
    }
    return read_document(file.get(), name);
  };
  require_oci_version(read("oci-layout"));
  const Fetch fetch = [&](const Descriptor& blob) {
    if (intake.has(blob.digest)) {
      return;
    }
    const auto file = open_regular(directory, "blobs/sha256/" + hex_of(blob.digest));
    if (!file) {
      throw malformed(fmt::format("its blob {} is missing", blob.digest));
    }
    intake.copy(file.get(), blob);
  };
  return take_oci(intake, read("index.json"), fetch, options);
}

}  // namespace dunnage::image
