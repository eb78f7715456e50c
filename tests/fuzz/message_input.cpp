// SPDX-License-Identifier: Apache-2.0
#include "fuzz/message_input.hpp"

#include "container/running.hpp"
#include "container/status.hpp"
#include "kernel/file_descriptor.hpp"
#include "launch/failure.hpp"
#include "launcher/program/slot.hpp"
#include "launcher/socket.hpp"

#include <dunnage/error.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>

namespace dunnage::test {
namespace {

void require(bool condition, const char* what) {
  if (!condition) {
    std::cerr << "message input: " << what << '\n';
    std::abort();
  }
}

/// The words for what a launcher says has failed, at any step of any mount.
void explain(const launcher::Failure& failure) {
  try {
    launch::throw_failure({.operation = "launch container", .subject = "box", .program = "true", .cwd = "/"}, failure);
  } catch (const Error& error) {
    require(*error.what() != '\0', "a failure says nothing");
  }
}

/// What comes from a launcher: messages of any length, some with descriptors, to all that waits for one.
void read_as_library(std::string_view bytes) {
  auto [ours, theirs] = launcher::make_channel();
  constexpr std::size_t kMost = 8;
  for (std::size_t sent = 0; sent < kMost && !bytes.empty(); ++sent) {
    const auto size = std::min<std::size_t>(bytes.size(), static_cast<unsigned char>(bytes.front()) * 2U);
    const std::string_view message = bytes.substr(0, size);
    bytes.remove_prefix(std::max<std::size_t>(size, 1));
    const int descriptors[] = {theirs.get(), theirs.get()};
    (void)launcher::send(theirs.get(), std::as_bytes(std::span{message}), std::span{descriptors}.first(size % 3),
                         launcher::Deadline::min());
  }
  theirs.reset();
  {
    const auto first = launcher::receive(ours.get(), launcher::Deadline::min(), launcher::Take::Peek);
    if (first) {
      explain(first->message.failure);
      (void)container::status_of(first->message.state);
    }
  }
  const container::Running running{"box", std::move(ours), {}, {}};
  try {
    (void)running.wait_until(launcher::Deadline::min());
    (void)running.pid();
  } catch (const Error& error) {
    require(*error.what() != '\0', "a failure says nothing");
  }
}

/// What comes from a host: a request. All it points to has to be in it, and the launcher writes nowhere else.
void read_as_launcher(std::string_view bytes) {
  static const auto slot = std::make_unique<launcher::Slot>();
  bytes = bytes.substr(0, launcher::kInlinePayload);
  if (launcher::reserve(*slot, static_cast<std::uint32_t>(bytes.size()), 0) != 0) {
    return;
  }
  // of its own, so that an access beside it is seen
  const auto payload = std::make_unique<std::uint64_t[]>((bytes.size() + 7) / 8);
  std::memcpy(payload.get(), bytes.data(), bytes.size());
  slot->payload = reinterpret_cast<std::uint8_t*>(payload.get());
  if (!launcher::relocate(*slot)) {
    return;
  }
  const launcher::LaunchPayload& request = *slot->request;
  require(std::memcmp(&request, bytes.data(), sizeof request) == 0, "a request was written to while it was looked at");
  const auto* const begin = slot->payload;
  const auto* const end = begin + slot->payload_size;
  for (const launcher::List& list : {request.argv, request.environment, request.anonymous_volumes}) {
    auto* const* texts = reinterpret_cast<char**>(slot->payload + list.offset);
    require(texts[list.count] == nullptr, "a list of texts has no end");
    for (std::uint32_t index = 0; index < list.count; ++index) {
      const auto* text = reinterpret_cast<const std::uint8_t*>(texts[index]);
      require(text == nullptr || (text >= begin && text < end), "a text lies outside of its request");
    }
  }
  for (const launcher::Text text :
       {request.working_directory, request.hostname, request.record_name, request.changes_name, request.cgroup_name}) {
    require(text < slot->payload_size, "a text lies outside of its request");
  }
  require(
      request.mounts.offset + std::uint64_t{request.mounts.count} * sizeof(launcher::MountRecord) <= slot->payload_size,
      "a mount lies outside of its request");
  const auto* const sources =
      reinterpret_cast<const launcher::NamedSourceRecord*>(slot->payload + request.named_sources.offset);
  for (std::uint32_t index = 0; index < request.named_sources.count; ++index) {
    const launcher::NamedSourceRecord& source = sources[index];
    require(source.mount < request.mounts.count, "a source that is followed is of no mount");
    for (const launcher::Text text : {source.path, source.replaced, source.lost, source.restored}) {
      require(text != 0 && text < slot->payload_size, "a text of a source lies outside of its request");
    }
  }
}

}  // namespace

void read_message_input(std::string_view bytes) {
  if (bytes.empty()) {
    return;
  }
  const bool library = (bytes.front() & 1) == 0;
  bytes.remove_prefix(1);
  library ? read_as_library(bytes) : read_as_launcher(bytes);
}

}  // namespace dunnage::test
