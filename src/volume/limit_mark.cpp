// SPDX-License-Identifier: Apache-2.0
#include "volume/limit_mark.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "model/words.hpp"
#include "volume/directory.hpp"
#include "volume/exchange_note.hpp"
#include "volume/limit_choice.hpp"
#include "volume/metadata.hpp"
#include "volume/private_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>

namespace dunnage::volume {
namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void refuse(int number) { throw kernel::CallError{"read how its limit is held", number}; }

/// Nothing if there is no mark.
std::optional<std::string_view> read_mark(int directory, std::string& buffer) {
  constexpr std::size_t kMostOfAMark = 1024;
  const auto [text, number] = kernel::read_small_file(directory, kLimitName, buffer, kMostOfAMark);
  if (number != 0 && number != ENOENT) {
    refuse(number);
  }
  return number == 0 ? std::optional{text} : std::nullopt;
}

Json json_of(const HeldLimit& held) {
  return {{"size", held.limit.size}, {"inodes", held.limit.inodes}, {"way", to_string(held.way)}};
}

HeldLimit held_from(const Json& json) {
  const auto way = model::limit_way_named(json.at("way").get<std::string>());
  if (!way || *way == LimitWay::Memory) {
    refuse(EUCLEAN);
  }
  return {{json.at("size").get<std::uint64_t>(), json.at("inodes").get<std::uint64_t>()}, *way};
}

LimitMove move_from(std::string_view text) {
  const Json json = Json::parse(fmt::format("{{{}", without_checksum(text)), nullptr, false);
  try {
    return {held_from(json.at("before")), held_from(json.at("after")), json.at("data").get<std::uint64_t>()};
  } catch (const Json::exception&) {
    refuse(EUCLEAN);
  }
}

std::optional<SeenMove> seen_in(std::string_view text, int directory) {
  if (checksum_fault(text)) {
    return std::nullopt;
  }
  SeenMove seen{.move = move_from(text)};
  seen.moved = identity_at(directory, kDataName) == seen.move.data;
  return seen;
}

void put_text(const Layout& layout, int directory, const std::string& text) {
  const Stage stage{layout.open_staging()};
  kernel::write_new_file(stage.directory(), kLimitName, text, kPrivateFile);
  if (::renameat(stage.directory(), kLimitName, directory, kLimitName) != 0) {
    throw kernel::CallError{"rename", errno};
  }
  kernel::sync(directory);
}

std::string text_of(LimitWay way) { return fmt::format("{}\n", to_string(way)); }

}  // namespace

LimitWay limit_way_of(int directory) {
  std::string buffer;
  const auto text = read_mark(directory, buffer);
  if (!text) {
    return LimitWay::None;
  }
  if (const auto seen = seen_in(*text, directory)) {
    return seen->held().way;
  }
  const auto way = model::limit_way_named(text->substr(0, text->find('\n')));
  if (!way || !is_in_store(*way)) {
    refuse(EUCLEAN);
  }
  return *way;
}

std::optional<SeenMove> limit_move_of(int directory) {
  std::string buffer;
  const auto text = read_mark(directory, buffer);
  return text ? seen_in(*text, directory) : std::nullopt;
}

void mark_limited(const Stage& stage, LimitWay way) {
  kernel::write_new_file(stage.directory(), kLimitName, text_of(way), kPrivateFile);
}

void put_mark(const Layout& layout, int directory, LimitWay way) {
  if (way != LimitWay::None) {
    put_text(layout, directory, text_of(way));
    return;
  }
  if (::unlinkat(directory, kLimitName, 0) != 0 && errno != ENOENT) {
    throw kernel::CallError{"unlink", errno};
  }
  kernel::sync(directory);
}

void put_mark(const Layout& layout, int directory, const LimitMove& move) {
  const Json json{{"before", json_of(move.before)}, {"after", json_of(move.after)}, {"data", move.data}};
  put_text(layout, directory, with_checksum(json.dump().substr(1) + "\n"));
}

}  // namespace dunnage::volume
