// SPDX-License-Identifier: Apache-2.0
#include "image/archive_content.hpp"

#include "image/failure.hpp"
#include "image/unpack/compression.hpp"
#include "image/unpack/entry_name.hpp"
#include "image/unpack/layer_stream.hpp"
#include "image/unpack/tar_reader.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <utility>

namespace dunnage::image {
namespace {

constexpr std::size_t kMostEntries = 100'000;
constexpr std::string_view kBlobs = "blobs/sha256/";
constexpr int kMostLinksOfItem = 16;

bool is_document(std::string_view name) {
  return name == "index.json" || name == "oci-layout" || name == "manifest.json";
}

/// The digest a file has to have by its name; empty if its name says nothing about it.
std::string expected_digest(std::string_view name) {
  const bool blob = name.starts_with(kBlobs);
  std::string digest = std::string{kAlgorithm} + std::string{name.substr(blob ? kBlobs.size() : 0)};
  return blob && is_digest(digest) ? digest : std::string{};
}

ArchiveContent::Item take_file(Intake& intake, TarReader& reader, const Entry& entry, const std::string& name) {
  const auto size = static_cast<std::uint64_t>(entry.size < 0 ? 0 : entry.size);
  if (is_document(name) && size > kMaxDocumentBytes) {
    throw Fault{errc::limit_exceeded, fmt::format("\"{}\" has more than {} MiB", name, kMaxDocumentBytes >> 20U),
                "make an image with smaller metadata"};
  }
  BlobWriter blob = intake.new_blob();
  for (Extent extent; reader.read(extent);) {
    if (extent.offset != static_cast<std::int64_t>(blob.size())) {
      throw malformed(fmt::format("\"{}\" has holes", shown(name)));
    }
    blob.write(extent.bytes);
    intake.watching().at(name, blob.size(), size);
  }
  if (blob.size() != size) {
    throw malformed(fmt::format("\"{}\" has {} bytes and should have {}", shown(name), blob.size(), size));
  }
  return {.digest = blob.finish(expected_digest(name)), .size = size};
}

/// What a link means: symbolic ones are seen from the directory they are in, hard ones from the top.
std::optional<std::string> target_of(const Entry& entry, std::string_view name) {
  std::string path = entry.kind == Entry::Kind::HardLink || entry.target.starts_with('/')
                         ? entry.target
                         : join_name(split_name(name).directory, entry.target);
  std::vector<std::string_view> parts;
  for (std::string_view rest = path; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    if (part == "..") {
      if (parts.empty()) {
        return std::nullopt;  // out of the archive, where nothing is
      }
      parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  std::string target;
  for (const std::string_view part : parts) {
    target = join_name(target, part);
  }
  return target;
}

}  // namespace

ArchiveContent::ArchiveContent(Intake& intake, int file, const ImageLimits& limits) : intake_{intake} {
  LayerStream stream{file, compression_of(file), limits, [&](std::uint64_t) { intake.watching().check(); }};
  TarReader reader{stream};
  std::size_t entries = 0;
  for (Entry entry; reader.next(entry);) {
    intake.watching().check();
    if (++entries > kMostEntries) {
      throw Fault{errc::limit_exceeded, fmt::format("it has more than {} entries", kMostEntries),
                  "archives of images have fewer; import() takes a root file system"};
    }
    const std::string name = checked_name(entry.name, limits);
    Item item;
    if (entry.kind == Entry::Kind::File) {
      item = take_file(intake, reader, entry, name);
    } else if (entry.kind == Entry::Kind::SymbolicLink || entry.kind == Entry::Kind::HardLink) {
      const auto target = target_of(entry, name);
      if (!target || target->empty()) {
        continue;
      }
      item.target = *target;
    } else {
      continue;
    }
    const auto [known, first] = items_.try_emplace(name, item);
    if (!first && known->second != item) {
      throw malformed(fmt::format("\"{}\" is in it twice, and not the same", shown(name)));
    }
  }
  reader.finish();
}

const ArchiveContent::Item* ArchiveContent::find(std::string_view name) const {
  while (name.starts_with("./")) {
    name.remove_prefix(2);
  }
  auto found = items_.find(name);
  for (int links = 0; found != items_.end() && !found->second.target.empty(); ++links) {
    found = links < kMostLinksOfItem ? items_.find(found->second.target) : items_.end();
  }
  return found == items_.end() ? nullptr : &found->second;
}

std::string ArchiveContent::read(const std::string& name) const {
  const Item* item = find(name);
  if (item == nullptr) {
    throw malformed(fmt::format("it has no file \"{}\"", shown(name)));
  }
  return intake_.read(Descriptor{.media_type = {}, .digest = item->digest, .size = item->size});
}

}  // namespace dunnage::image
