// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// index.json, the one truth about which images there are and what they are called. Every reader sees it before or
/// after a change.

#include "image/layout.hpp"
#include "image/manifest.hpp"
#include "kernel/file_descriptor.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::image {

/// Where the name of an image stands in its descriptor.
inline constexpr const char* kNameAnnotation = "org.opencontainers.image.ref.name";

/// The images of a store. An image with several names has a descriptor for each, one without a name has one as well.
/// A name is full: "docker.io/library/postgres:16", or "docker.io/library/postgres@sha256:…" for what a registry calls
/// it by its content.
class Index {
 public:
  Index() = default;
  explicit Index(std::vector<Descriptor> entries) : entries_{std::move(entries)} {}

  [[nodiscard]] const std::vector<Descriptor>& entries() const noexcept { return entries_; }
  /// Whom a full name belongs to.
  [[nodiscard]] const Descriptor* find(std::string_view name) const;
  /// Names of the image with this manifest, in the order they were given.
  [[nodiscard]] std::vector<std::string> names_of(std::string_view digest) const;
  /// Descriptors of all images, each once, without names.
  [[nodiscard]] std::vector<Descriptor> images() const;

  /// Adds an image, which may be there already. A name is taken from the image that has it, which stays.
  void add(const Descriptor& manifest, const std::string& name);
  /// Takes a name away; the image stays, maybe without a name.
  void remove_name(std::string_view name);
  /// Takes an image away with all its names.
  void remove_image(std::string_view digest);

 private:
  std::vector<Descriptor> entries_;
};

/// Name in a descriptor; empty if it has none.
[[nodiscard]] std::string name_of(const Descriptor& descriptor);

/// Empty if there is no index yet. Throws: Fault(image_invalid) if it is damaged, CallError.
[[nodiscard]] Index read_index(const Layout& layout);

/// Changing the index: from here to the end of this object's life nobody else changes it or what it refers to. Not to
/// be held over anything but work on the store's own disk.
class IndexChange {
 public:
  /// Waits for others. Throws: Fault(timed_out) if one of them does not end, as read_index().
  explicit IndexChange(const Layout& layout);
  IndexChange(const IndexChange&) = delete;
  IndexChange& operator=(const IndexChange&) = delete;
  ~IndexChange();

  [[nodiscard]] Index& index() noexcept { return index_; }
  /// Makes it so, durably. Throws: CallError, having put the index back as it was, if that can be done.
  void commit();
  /// Has the index be as it was. \return whether every reader sees that
  [[nodiscard]] bool put_back() noexcept;

 private:
  const Layout& layout_;
  kernel::FileDescriptor lock_;
  Index before_;
  Index index_;
};

/// Waits for whoever changes the index at this moment. Throws: CallError.
void await_changes(const Layout& layout);

}  // namespace dunnage::image
