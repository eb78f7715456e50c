// SPDX-License-Identifier: Apache-2.0
#include "fuzz/work_input.hpp"

#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"
#include "launcher/conversation.hpp"
#include "launcher/found_records.hpp"
#include "launcher/socket.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>
#include <span>
#include <string>
#include <vector>

namespace dunnage::test {
namespace {

using launcher::MessageKind;
using Payload = std::span<const std::byte>;

void require(bool condition, const char* what) {
  if (!condition) {
    std::cerr << "work input: " << what << '\n';
    std::abort();
  }
}

/// Takes pieces off the bytes; zeros when there are no more.
class Pieces {
 public:
  explicit Pieces(std::string_view bytes) : rest_{bytes} {}
  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
  std::string_view take(std::size_t size) {
    const std::string_view piece = rest_.substr(0, size);
    rest_.remove_prefix(piece.size());
    return piece;
  }
  unsigned take_byte() {
    const std::string_view byte = take(1);
    return byte.empty() ? 0U : static_cast<unsigned char>(byte.front());
  }

 private:
  std::string_view rest_;
};

/// A message of a worker: mostly one that has a head, so that its payload is looked at.
std::string message_of(Pieces& pieces) {
  constexpr MessageKind kKinds[] = {MessageKind::Found, MessageKind::Found, MessageKind::Progress, MessageKind::Answer};
  const unsigned kind = pieces.take_byte() % 5;
  const std::size_t size = pieces.take_byte() + std::size_t{pieces.take_byte() % 16} * 256;
  if (kind == 4) {
    return std::string{pieces.take(size)};
  }
  launcher::Message message;
  message.kind = kKinds[kind];
  if (message.kind == MessageKind::Answer) {
    message.failure.step = static_cast<launcher::Step>(pieces.take_byte());
    message.failure.error = static_cast<int>(pieces.take_byte()) - 64;
  }
  std::string text{reinterpret_cast<const char*>(&message), sizeof message};
  text += pieces.take(size);
  return text;
}

kernel::FileDescriptor say(Pieces& pieces) {
  constexpr int kMost = 8;
  constexpr int kAny = 2;  // one that is open
  auto [ours, theirs] = launcher::make_channel();
  for (int count = 0; count < kMost && !pieces.empty(); ++count) {
    const std::string message = message_of(pieces);
    const int descriptors[] = {kAny, kAny, kAny};
    (void)launcher::send(theirs.get(), std::as_bytes(std::span{message}),
                         std::span{descriptors}.first(message.size() % 4), launcher::Deadline::min());
  }
  return std::move(ours);
}

void require_within(Payload payload, std::string_view text) {
  const auto* begin = reinterpret_cast<const char*>(payload.data());
  require(text.empty() || (text.data() >= begin && text.data() + text.size() <= begin + payload.size()),
          "a text lies outside of its message");
}

void hear_changes(Payload payload) {
  launcher::each_change(payload, [&](launcher::ChangeKind kind, std::string_view path) {
    require(kind == launcher::ChangeKind::Added || kind == launcher::ChangeKind::Changed ||
                kind == launcher::ChangeKind::Deleted,
            "a change is none");
    require_within(payload, path);
    require(path.find('\0') == std::string_view::npos, "a path holds its end");
  });
}

template <typename Record>
void hear_records(Payload payload) {
  std::size_t heard = 0;
  launcher::each_found<Record>(payload, [&](const Record& record, std::string_view path) {
    require_within(payload, path);
    heard += sizeof record + path.size();
  });
  require(heard == payload.size(), "something of a message is left over");
}

void hear_pack(Payload payload) {
  const launcher::PackedEntry entry = launcher::packed_entry(payload, -1);
  std::size_t heard = sizeof entry.record + entry.path.size() + entry.target.size();
  for (const launcher::PackedAttribute& attribute : entry.attributes) {
    require_within(payload, attribute.name);
    require_within(payload, attribute.value);
    require(*(attribute.name.data() + attribute.name.size()) == '\0', "a name has no end");
    heard += attribute.name.size() + 1 + sizeof(std::uint32_t) + attribute.value.size();
  }
  require(heard == payload.size(), "something of an entry is left over");
}

void hear_look(Payload payload) {
  const launcher::Look found = launcher::seen_at(payload);
  require(found.target.size() == found.report.target_size, "a link leads elsewhere");
}

void hear_examination(Payload payload, kernel::FileDescriptor& found) {
  const launcher::Examination examined = launcher::examination_of(payload, std::move(found));
  require(examined.resolved.size() == examined.report.resolved_size &&
              examined.target.size() == examined.report.target_size,
          "a path is another one");
}

void hear(unsigned kind, Payload payload, kernel::FileDescriptor& descriptor) {
  switch (kind % 6) {
    case 0:
      return hear_changes(payload);
    case 1:
      return hear_records<launcher::CompareRecord>(payload);
    case 2:
      return hear_records<launcher::RevealRecord>(payload);
    case 3:
      return hear_pack(payload);
    case 4:
      return hear_look(payload);
    default:
      return hear_examination(payload, descriptor);
  }
}

/// The numbers that descriptors would be given now, more than an input needs.
std::array<int, 40> free_numbers() {
  std::array<int, 40> numbers{};
  std::ranges::generate(numbers, [] { return ::dup(2); });
  std::ranges::for_each(numbers, ::close);
  return numbers;
}

void hear_all(std::string_view bytes) {
  Pieces pieces{bytes};
  const unsigned kind = pieces.take_byte();
  const Watch watch{.progress = [](const Progress& progress) { require(progress.step == "work", "another step"); },
                    .stop = {},
                    .deadline = launcher::Deadline::min()};
  launcher::Work work;
  work.step = "work";
  launcher::Conversation talk{say(pieces), watch};
  try {
    const launcher::WorkOutcome outcome =
        talk.hear_out(work, watch, [&](Payload payload, kernel::FileDescriptor& descriptor) {
          const std::vector<std::byte> alone{payload.begin(), payload.end()};  // so that an access beside it is seen
          hear(kind, alone, descriptor);
        });
    require(outcome.done() == !outcome.code(), "the end and its code differ");
    require(outcome.end != launcher::WorkOutcome::End::Failed || !outcome.cause().empty(), "a failure says nothing");
  } catch (const kernel::CallError& error) {
    require(error.code() == std::errc::bad_message || error.code() == std::errc::too_many_files_open,
            "a message is refused for another reason");
  }
}

}  // namespace

void read_work_input(std::string_view bytes) {
  const auto free_before = free_numbers();
  hear_all(bytes);
  require(free_numbers() == free_before, "a descriptor stays open");
}

}  // namespace dunnage::test
