// SPDX-License-Identifier: Apache-2.0
#include "compose/dotenv.hpp"

#include "compose/expand.hpp"
#include "error/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::compose {
namespace {

constexpr std::string_view kBlank = "\t\v\f\r ";
constexpr std::string_view kSpace = "\t\v\f\r \n";

bool is_name_part(char byte) noexcept {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
         static_cast<unsigned char>(byte) >= 0x80 || std::string_view{"_.-[]"}.find(byte) != std::string_view::npos;
}

std::string_view trim_right(std::string_view text) {
  const std::size_t last = text.find_last_not_of(kSpace);
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

/// An escape of a shell at `at`, a backslash: what it stands for, and its length. Others stay as they are.
std::pair<std::string, std::size_t> unescape(std::string_view text, std::size_t at) {
  const char next = at + 1 < text.size() ? text[at + 1] : '\0';
  constexpr std::string_view kLetters = "abfnrtv\\\"";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\\"";
  if (next == '$') {
    return {"$$", 2};  // a dollar sign that is no variable
  }
  if (next != '\0' && kLetters.find(next) != std::string_view::npos) {
    return {std::string{kMeanings[kLetters.find(next)]}, 2};
  }
  const auto is_octal = [&](std::size_t place) {
    return place < text.size() && text[place] >= '0' && text[place] < '8';
  };
  if (next == '0' && is_octal(at + 2) && is_octal(at + 3) && is_octal(at + 4)) {
    const int code = (text[at + 2] - '0') * 64 + (text[at + 3] - '0') * 8 + (text[at + 4] - '0');
    if (code < 0x80) {
      return {std::string{static_cast<char>(code)}, 5};
    }
    if (code < 0x100) {
      return {std::string{static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3F))}, 5};
    }
  }
  return {"\\", 1};
}

std::string unescape_all(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '\\') {
      result += text[at++];
      continue;
    }
    const auto [meaning, length] = unescape(text, at);
    result += meaning;
    at += length;
  }
  return result;
}

class DotenvReader {
 public:
  DotenvReader(Texts& texts, std::uint32_t file, const Lookup& lookup, Environment& variables)
      : texts_{texts}, file_{file}, text_{texts.text(file)}, lookup_{lookup}, variables_{variables} {
    if (text_.starts_with("\xEF\xBB\xBF")) {
      at_ = 3;
    }
  }

  void read() {
    while (skip_to_statement()) {
      read_statement();
    }
  }

 private:
  [[noreturn]] void refuse(std::size_t begin, std::size_t length, std::string cause, std::string remedy) const {
    texts_.refuse({file_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(length)}, "", std::move(cause),
                  std::move(remedy));
  }

  bool skip_to_statement() {
    while (true) {
      at_ = std::min(text_.find_first_not_of(kSpace, at_), text_.size());
      if (at_ == text_.size() || text_[at_] != '#') {
        return at_ < text_.size();
      }
      at_ = std::min(text_.find('\n', at_), text_.size());
    }
  }

  void skip_blanks() { at_ = std::min(text_.find_first_not_of(kBlank, at_), text_.size()); }

  void read_statement() {
    constexpr std::string_view kExport = "export";
    if (text_.substr(at_).starts_with(kExport) && at_ + kExport.size() < text_.size() &&
        kSpace.find(text_[at_ + kExport.size()]) != std::string_view::npos) {
      at_ += kExport.size();
      skip_blanks();
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() && std::string_view{"=:\n"}.find(text_[at_]) == std::string_view::npos) {
      if (kBlank.find(text_[at_]) == std::string_view::npos && !is_name_part(text_[at_])) {
        refuse(at_, 1,
               fmt::format("the name of a variable has the character \"{}\"", error::printable(text_.substr(at_, 1))),
               "write NAME=VALUE; a comment begins with #");
      }
      ++at_;
    }
    const std::string name{trim_right(text_.substr(begin, at_ - begin))};
    if (name.find(' ') != std::string::npos) {
      refuse(begin, name.size(), "the name of a variable has a space in it", "write NAME=VALUE");
    }
    const bool inherited = at_ == text_.size() || text_[at_] == '\n';
    at_ = std::min(at_ + 1, text_.size());
    if (inherited) {
      if (auto value = lookup_ ? lookup_(name) : std::nullopt) {
        variables_.insert_or_assign(name, *std::move(value));
      }
      return;
    }
    skip_blanks();
    std::string value = read_value();
    texts_.spend_bytes(value.size(), {file_, static_cast<std::uint32_t>(begin), 1});
    variables_.insert_or_assign(name, std::move(value));
  }

  std::string read_value() {
    if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) {
      return read_quoted(text_[at_]);
    }
    const std::size_t begin = at_;
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    at_ = std::min(end + 1, text_.size());
    std::string_view value = text_.substr(begin, end - begin);
    value = trim_right(value.substr(0, value.find(" #")));
    return expand(value, begin, value.size());
  }

  std::string read_quoted(char quote) {
    const std::size_t begin = at_++;
    std::string value;
    for (bool escaped = false; at_ < text_.size(); ++at_) {
      const char byte = text_[at_];
      if (byte == quote && !escaped) {
        ++at_;
        return quote == '\'' ? value : expand(unescape_all(value), begin, at_ - begin);
      }
      if (byte != quote && byte == '\\' && !escaped) {
        escaped = true;
        continue;
      }
      if (byte != quote && escaped) {
        value += '\\';
      }
      escaped = false;
      value += byte;
    }
    refuse(begin, std::min(text_.find('\n', begin), text_.size()) - begin, "the quotes are not closed",
           "close them, or escape a quote in the value with a backslash");
  }

  std::string expand(std::string_view value, std::size_t begin, std::size_t length) {
    const spec::Variables variables{.find = [&](const std::string& name) -> std::optional<std::string> {
      if (auto found = lookup_ ? lookup_(name) : std::nullopt) {
        return found;
      }
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional{found->second};
    }};
    return expand_text(texts_, value, {file_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(length)},
                       {}, variables);
  }

  Texts& texts_;
  std::uint32_t file_;
  std::string_view text_;
  const Lookup& lookup_;
  Environment& variables_;
  std::size_t at_ = 0;
};

}  // namespace

void read_dotenv(Texts& texts, std::uint32_t file, const Lookup& lookup, Environment& variables) {
  DotenvReader{texts, file, lookup, variables}.read();
}

void read_raw_env(Texts& texts, std::uint32_t file, const Lookup& lookup, Environment& variables) {
  std::string_view text = texts.text(file);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
    if (line.empty() || line.front() == '#') {
      continue;
    }
    const std::size_t equals = line.find('=');
    std::string name{line.substr(0, equals)};
    if (equals != std::string_view::npos) {
      variables.insert_or_assign(std::move(name), std::string{line.substr(equals + 1)});
    } else if (auto value = lookup ? lookup(name) : std::nullopt) {
      variables.insert_or_assign(std::move(name), *std::move(value));
    }
  }
}

}  // namespace dunnage::compose
