// SPDX-License-Identifier: Apache-2.0
#include "image_change.hpp"

#include "json.hpp"

#include <cctype>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace cli {
namespace {

using Strings = std::vector<std::string>;

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw std::invalid_argument{"--change \"" + text + "\": " + why};
}

/// The words of a JSON array of texts; nothing if it is none.
std::optional<Strings> array_in(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_array()) return std::nullopt;
  Strings words;
  for (const auto& word : json) {
    if (!word.is_string()) return std::nullopt;
    words.push_back(word.get<std::string>());
  }
  return words;
}

/// `["a","b"]`, or a line for the shell.
Strings command_in(const std::string& text) { return array_in(text).value_or(Strings{"/bin/sh", "-c", text}); }

/// `["a","b"]`, or words between spaces.
Strings words_in(const std::string& text) {
  if (const auto array = array_in(text)) return *array;
  Strings words;
  std::istringstream stream{text};
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// `A=1 B=2`; the old form `A some words` too.
template <typename Map>
void add_pairs(Map& map, const std::string& value, const std::string& text) {
  const Strings words = words_in(value);
  if (words.front().find('=') == std::string::npos) {
    if (words.size() < 2) refuse(text, "write NAME=VALUE");
    map[words.front()] = value.substr(value.find(words[1], words.front().size()));
    return;
  }
  for (const auto& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0) refuse(text, "\"" + word + "\" is not NAME=VALUE");
    map[word.substr(0, equals)] = word.substr(equals + 1);
  }
}

void append(Strings& list, const Strings& words) { list.insert(list.end(), words.begin(), words.end()); }

}  // namespace

void apply_change(dunnage::ImageConfig& config, const std::string& text) {
  std::istringstream stream{text};
  std::string instruction;
  stream >> instruction >> std::ws;
  for (char& letter : instruction) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  std::string value;
  std::getline(stream, value, '\0');
  if (value.empty()) refuse(text, "it has no value; write INSTRUCTION VALUE, as in a Dockerfile");
  if (instruction == "CMD") {
    config.cmd = command_in(value);
  } else if (instruction == "ENTRYPOINT") {
    config.entrypoint = command_in(value);
  } else if (instruction == "ENV") {
    add_pairs(config.env, value, text);
  } else if (instruction == "EXPOSE") {
    append(config.exposed_ports, words_in(value));
  } else if (instruction == "LABEL") {
    add_pairs(config.labels, value, text);
  } else if (instruction == "STOPSIGNAL") {
    config.stop_signal = value;
  } else if (instruction == "USER") {
    config.user = value;
  } else if (instruction == "VOLUME") {
    append(config.volumes, words_in(value));
  } else if (instruction == "WORKDIR") {
    config.cwd = value;
  } else {
    refuse(text, "there are CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME and WORKDIR");
  }
}

}  // namespace cli
