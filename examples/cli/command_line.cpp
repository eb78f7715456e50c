// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"

#include <cstddef>

namespace cli {
namespace {

/// Copies options and their values, until a word that is neither.
class OptionReader {
 public:
  OptionReader(const std::vector<std::string>& words, std::vector<std::string>& parsed)
      : words_{words}, parsed_{parsed} {}

  /// Returns true if a plain word ended the options, false at the end of the line or after `--`.
  bool read(const CLI::App& app) {
    for (; next_ < words_.size(); ++next_) {
      const std::string& word = words_[next_];
      if (word == "--") {
        ++next_;
        return false;
      }
      if (word.size() < 2 || word[0] != '-') return true;
      if (word[1] == '-') {
        read_long(app, word);
      } else {
        read_short(app, word);
      }
    }
    return false;
  }

  [[nodiscard]] std::size_t next() const { return next_; }
  void take_word() { parsed_.push_back(words_[next_++]); }

 private:
  static bool takes_value(const CLI::App& app, const std::string& name) {
    const CLI::Option* option = app.get_option_no_throw(name);
    return option != nullptr && option->get_items_expected_max() > 0;
  }

  void take_value_of(const std::string& name) {
    parsed_.push_back(name);
    if (next_ + 1 < words_.size()) parsed_.push_back(words_[++next_]);
  }

  void read_long(const CLI::App& app, const std::string& word) {
    const auto equals = word.find('=');
    const std::string name = word.substr(0, equals);
    if (!takes_value(app, name)) {
      parsed_.push_back(word);
    } else if (equals == std::string::npos) {
      take_value_of(name);
    } else {
      parsed_.push_back(name);
      parsed_.push_back(word.substr(equals + 1));
    }
  }

  void read_short(const CLI::App& app, const std::string& word) {
    for (std::size_t position = 1; position < word.size(); ++position) {
      const std::string name{'-', word[position]};
      if (!takes_value(app, name)) {
        parsed_.push_back(name);
        continue;
      }
      std::string value = word.substr(position + 1);
      if (value.empty()) return take_value_of(name);
      if (value.front() == '=') value.erase(0, 1);
      parsed_.push_back(name);
      parsed_.push_back(value);
      return;
    }
  }

  const std::vector<std::string>& words_;
  std::vector<std::string>& parsed_;
  std::size_t next_ = 0;
};

/// The command of that name, if a program's words follow its options, or those of a command below it.
const CLI::App* command_with_program(const CLI::App& app, const std::string& name) {
  if (name != "run" && name != "exec" && name != "compose") return nullptr;
  const auto found = app.get_subcommands([&name](const CLI::App* command) { return command->get_name() == name; });
  return found.empty() ? nullptr : found.front();
}

}  // namespace

CommandLine split_command_line(const CLI::App& app, const std::vector<std::string>& words) {
  CommandLine line;
  OptionReader reader{words, line.parsed};
  const CLI::App* command = &app;
  while (command == &app || command->get_name() == "compose") {
    command = reader.read(*command) ? command_with_program(*command, words[reader.next()]) : nullptr;
    if (command == nullptr) {
      line.parsed = words;
      return line;
    }
    reader.take_word();
  }
  reader.read(*command);
  line.positional.assign(words.begin() + static_cast<std::ptrdiff_t>(reader.next()), words.end());
  return line;
}

}  // namespace cli
