// SPDX-License-Identifier: Apache-2.0
#include "image/index.hpp"

#include "image/blob.hpp"
#include "image/failure.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/private_directory.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <set>
#include <utility>

namespace dunnage::image {
namespace {

constexpr const char* kFile = "index.json";
constexpr const char* kLockFile = "lock";
constexpr std::size_t kMaxIndexBytes = std::size_t{64} << 20U;

Fault damaged(const std::string& cause) {
  return Fault{errc::image_invalid, cause,
               "put images/index.json of the store back from a backup, or remove it and load the images again"};
}

kernel::FileDescriptor open_lock(const Layout& layout) {
  auto lock = kernel::open_beneath(layout.images.get(), kLockFile,
                                   O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, volume::kPrivateFile);
  if (!lock) {
    throw kernel::CallError{"open lock", errno};
  }
  return lock;
}

/// Those who hold it do no more than write a few small files; whoever takes longer is stopped or has a broken disk.
constexpr auto kPatienceWithWriters = std::chrono::minutes{1};

std::string text_of(const Index& index) {
  Json json{
      {"schemaVersion", 2}, {"mediaType", "application/vnd.oci.image.index.v1+json"}, {"manifests", Json::array()}};
  for (const Descriptor& entry : index.entries()) {
    json["manifests"].push_back(to_json(entry));
  }
  return json.dump();
}

}  // namespace

std::string name_of(const Descriptor& descriptor) {
  const auto found = descriptor.annotations.find(kNameAnnotation);
  return found == descriptor.annotations.end() ? std::string{} : found->second;
}

const Descriptor* Index::find(std::string_view name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Descriptor& entry) { return !name.empty() && name_of(entry) == name; });
  return found == entries_.end() ? nullptr : &*found;
}

std::vector<std::string> Index::names_of(std::string_view digest) const {
  std::vector<std::string> names;
  for (const Descriptor& entry : entries_) {
    if (std::string name = name_of(entry); entry.digest == digest && !name.empty()) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

std::vector<Descriptor> Index::images() const {
  std::vector<Descriptor> images;
  std::set<std::string_view> seen;
  for (const Descriptor& entry : entries_) {
    if (seen.insert(entry.digest).second) {
      images.push_back(entry);
      images.back().annotations.clear();
    }
  }
  return images;
}

void Index::add(const Descriptor& manifest, const std::string& name) {
  if (const Descriptor* holder = find(name); holder != nullptr && holder->digest == manifest.digest) {
    return;
  }
  remove_name(name);
  const auto same = [&](const Descriptor& entry) { return entry.digest == manifest.digest; };
  if (name.empty()) {
    if (std::any_of(entries_.begin(), entries_.end(), same)) {
      return;
    }
  } else {  // one without a name is one too many now
    entries_.erase(std::remove_if(entries_.begin(), entries_.end(),
                                  [&](const Descriptor& entry) { return same(entry) && name_of(entry).empty(); }),
                   entries_.end());
  }
  entries_.push_back(manifest);
  entries_.back().annotations.clear();
  if (!name.empty()) {
    entries_.back().annotations.emplace(kNameAnnotation, name);
  }
}

void Index::remove_name(std::string_view name) {
  const Descriptor* found = find(name);
  if (found == nullptr) {
    return;
  }
  Descriptor bare = *found;
  bare.annotations.clear();
  entries_.erase(entries_.begin() + (found - entries_.data()));
  add(bare, {});
}

void Index::remove_image(std::string_view digest) {
  entries_.erase(
      std::remove_if(entries_.begin(), entries_.end(), [&](const Descriptor& entry) { return entry.digest == digest; }),
      entries_.end());
}

Index read_index(const Layout& layout) {
  std::string buffer;
  const auto [text, number] = kernel::read_small_file(layout.images.get(), kFile, buffer, kMaxIndexBytes);
  if (number == ENOENT) {
    return {};
  }
  if (number == EFBIG || number == ELOOP || number == EISDIR || number == ENXIO) {
    throw damaged("images/index.json of the store is not an index");
  }
  if (number != 0) {
    throw kernel::CallError{"read index.json", number};
  }
  try {
    return Index{parse_index(text, "images/index.json of the store")};
  } catch (const Fault& fault) {
    throw damaged(fault.cause());
  }
}

IndexChange::IndexChange(const Layout& layout) : layout_{layout}, lock_{open_lock(layout)} {
  if (!kernel::lock_within(lock_.get(), kernel::LockKind::Exclusive, kPatienceWithWriters)) {
    throw Fault{errc::timed_out, "another process has held images/lock of the store for a minute",
                "end that process (see lslocks)"};
  }
  kernel::remove_replacements(layout.images.get(), kFile);
  before_ = read_index(layout);
  index_ = before_;
}

IndexChange::~IndexChange() { kernel::unlock(lock_.get()); }

void IndexChange::commit() {
  try {
    kernel::write_durably(layout_.images.get(), kFile, text_of(index_), volume::kPrivateFile);
  } catch (...) {
    (void)put_back();  // not acknowledged, so it must not stay; the first failure is the one to report
    throw;
  }
}

bool IndexChange::put_back() noexcept {
  try {
    if (read_index(layout_).entries() != before_.entries()) {
      kernel::replace_file(layout_.images.get(), kFile, text_of(before_), volume::kPrivateFile);
    }
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void await_changes(const Layout& layout) {
  const auto lock = kernel::open_beneath(layout.images.get(), kLockFile, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!lock && errno != ENOENT) {
    throw kernel::CallError{"open lock", errno};
  }
  if (lock && !kernel::lock_within(lock.get(), kernel::LockKind::Shared, kPatienceWithWriters)) {
    throw kernel::CallError{"lock images", ETIMEDOUT};
  }
  if (lock) {
    kernel::unlock(lock.get());  // a forked copy of this process may have a copy of the descriptor
  }
}

}  // namespace dunnage::image
