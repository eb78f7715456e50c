// SPDX-License-Identifier: Apache-2.0
#include "image/find.hpp"

#include "image/blob.hpp"
#include "image/config.hpp"
#include "image/failure.hpp"
#include "image/reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace dunnage::image {
namespace {

constexpr const char* kGetImage = "get image";

Descriptor without_name(Descriptor descriptor) {
  descriptor.annotations.clear();
  return descriptor;
}

/// With a digest the tag says nothing, as for Docker.
std::optional<Descriptor> by_reference(const Index& index, const Reference& reference) {
  if (reference.digest.empty()) {
    const Descriptor* found = index.find(to_string(reference));
    return found == nullptr ? std::nullopt : std::optional{without_name(*found)};
  }
  const std::string repository = reference.repository();
  if (const Descriptor* found = index.find(fmt::format("{}@{}", repository, reference.digest))) {
    return without_name(*found);
  }
  for (const Descriptor& entry : index.entries()) {
    const std::string name = name_of(entry);
    if (entry.digest == reference.digest && name.size() > repository.size() && name.starts_with(repository) &&
        (name[repository.size()] == ':' || name[repository.size()] == '@')) {
      return without_name(entry);
    }
  }
  return std::nullopt;
}

/// \param beginning  hex digits
std::optional<Descriptor> by_id(const Layout& layout, const Index& index, std::string_view beginning) {
  std::optional<Descriptor> found;
  std::string found_id;
  for (Descriptor& image : index.images()) {
    std::string id;
    try {
      id = parse_manifest(read_document(layout, image.digest), image.media_type).config.digest;
    } catch (const Fault&) {  // damaged, so nobody knows its id
      continue;
    }
    if (!hex_of(id).starts_with(beginning) && !hex_of(image.digest).starts_with(beginning)) {
      continue;
    }
    if (found && id != found_id) {
      throw Fault{errc::invalid_argument, "several images have an id that begins so", "write more of it"};
    }
    found_id = std::move(id);
    found = std::move(image);
  }
  return found;
}

/// Somebody may remove what is found before it has been read.
std::optional<ImageInfo> find_in(const Layout& layout, Index& index, std::string_view name) {
  while (const auto found = resolve(layout, index, name)) {
    if (auto info = describe_if_there(layout, index, *found)) {
      return info;
    }
    index = read_index(layout);
  }
  return std::nullopt;
}

void add_layers(ImageInfo& info, const Manifest& manifest, const std::vector<std::string>& diff_ids) {
  check_layers(manifest, diff_ids);
  const std::vector<std::string> chains = chain_ids(diff_ids);
  for (std::size_t index = 0; index < diff_ids.size(); ++index) {
    const Descriptor& layer = manifest.layers[index];
    info.layers.push_back({.digest = layer.digest,
                           .diff_id = diff_ids[index],
                           .chain_id = chains[index],
                           .media_type = layer.media_type,
                           .size = layer.size});
    info.size += layer.size;
  }
}

}  // namespace

std::optional<Descriptor> resolve(const Layout& layout, const Index& index, std::string_view name) {
  const std::string_view digits = name.starts_with(kAlgorithm) ? name.substr(kAlgorithm.size()) : name;
  const bool may_be_id = !digits.empty() && digits.size() <= kHexDigits && is_hex(digits);
  const bool is_id = may_be_id && digits.size() == kHexDigits;
  if (!is_id) {
    try {
      if (auto found = by_reference(index, parse_reference(name))) {
        return found;
      }
    } catch (const Fault&) {
      if (!may_be_id) {
        throw;
      }
    }
  }
  return may_be_id ? by_id(layout, index, digits) : std::nullopt;
}

ImageInfo describe(const Layout& layout, const Index& index, const Descriptor& manifest) {
  const std::string text = read_document(layout, manifest.digest);
  const Manifest parts = parse_manifest(text, manifest.media_type);
  Configuration configuration = parse_configuration(read_document(layout, parts.config.digest));
  ImageInfo info;
  info.id = parts.config.digest;
  info.digest = manifest.digest;
  for (std::string& name : index.names_of(manifest.digest)) {
    (name.find('@') == std::string::npos ? info.names : info.repo_digests).push_back(std::move(name));
  }
  info.platform = std::move(configuration.platform);
  info.author = std::move(configuration.author);
  info.created_at = configuration.created_at;
  info.size = text.size() + parts.config.size;
  add_layers(info, parts, configuration.diff_ids);
  info.config = std::move(configuration.config);
  return info;
}

std::optional<ImageInfo> describe_if_there(const Layout& layout, const Index& index, const Descriptor& manifest) {
  try {
    return describe(layout, index, manifest);
  } catch (const Fault&) {
    const auto images = read_index(layout).images();
    if (std::any_of(images.begin(), images.end(), [&](const auto& image) { return image.digest == manifest.digest; })) {
      throw;
    }
    return std::nullopt;
  }
}

std::optional<ImageInfo> find_image(const Layout& layout, std::string_view name) {
  return explained(kGetImage, std::string{name}, [&] {
    Index index = read_index(layout);
    return find_in(layout, index, name);
  });
}

ImageInfo get_image(const Layout& layout, std::string_view name) {
  const std::string subject{name};
  return explained(kGetImage, subject, [&] {
    Index index = read_index(layout);
    if (auto found = find_in(layout, index, name)) {
      return std::move(*found);
    }
    throw missing_failure(kGetImage, subject, known_names(index));
  });
}

std::vector<std::string> known_names(const Index& index) {
  std::vector<std::string> names;
  for (const Descriptor& entry : index.entries()) {
    const std::string name = name_of(entry);
    if (name.empty() || name.find('@') != std::string::npos) {
      continue;
    }
    std::string short_name = familiar(name);
    const std::size_t colon = short_name.rfind(':');
    if (colon != std::string::npos && short_name.substr(colon) == ":latest") {
      names.push_back(short_name.substr(0, colon));
    }
    names.push_back(std::move(short_name));
    names.push_back(name);
  }
  return names;
}

}  // namespace dunnage::image
