// SPDX-License-Identifier: Apache-2.0
#include "compose/cast.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::compose {
namespace {

class Cutter {
 public:
  /// \return false at the end of the command
  bool take(char byte) {
    if (std::exchange(escaped_, false)) {
      add(byte);
      return true;
    }
    if (byte == '\\' && !single_) {
      escaped_ = true;
      return true;
    }
    if (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n') {
      quoted() ? static_cast<void>(word_ += byte) : finish();
      return true;
    }
    return take_sign(byte);
  }

  [[nodiscard]] bool open() const { return escaped_ || quoted(); }
  [[nodiscard]] bool failed() const { return failed_; }
  std::vector<std::string> words() {
    finish();
    return std::move(words_);
  }

 private:
  [[nodiscard]] bool quoted() const { return single_ || double_ || back_ || dollar_; }

  bool take_sign(char byte) {
    switch (byte) {
      case '`':
        back_ = !single_ && !double_ && !dollar_ ? !back_ : back_;
        break;
      case ')':
        dollar_ = !single_ && !double_ && !back_ ? !dollar_ : dollar_;
        break;
      case '(':
        return take_parenthesis();
      case '"':
        if (!single_ && !dollar_) {
          double_ = !double_;
          has_word_ = has_word_ || !double_;
          return true;
        }
        break;
      case '\'':
        if (!double_ && !dollar_) {
          single_ = !single_;
          has_word_ = has_word_ || !single_;
          return true;
        }
        break;
      case ';':
      case '&':
      case '|':
      case '<':
      case '>':
        if (!quoted()) {
          has_word_ = has_word_ && !(byte == '>' && !word_.empty() && word_[0] >= '0' && word_[0] <= '9');
          return false;
        }
        break;
      default:
        break;
    }
    add(byte);
    return true;
  }

  bool take_parenthesis() {
    if (!single_ && !double_ && !back_) {
      if (dollar_ || !word_.ends_with('$')) {
        failed_ = true;
        return false;
      }
      dollar_ = true;
      word_ += '(';
      return true;
    }
    add('(');
    return true;
  }

  void add(char byte) {
    word_ += byte;
    has_word_ = true;
  }

  void finish() {
    if (std::exchange(has_word_, false)) {
      words_.push_back(std::move(word_));
    }
    word_.clear();
  }

  std::vector<std::string> words_{};
  std::string word_{};
  bool has_word_ = false;
  bool escaped_ = false;
  bool single_ = false;
  bool double_ = false;
  bool back_ = false;
  bool dollar_ = false;
  bool failed_ = false;
};

}  // namespace

std::optional<Words> words_of(std::string_view text) {
  Cutter cutter;
  std::size_t at = 0;
  while (at < text.size() && cutter.take(text[at])) {
    ++at;
  }
  if (cutter.failed() || cutter.open()) {
    return std::nullopt;
  }
  return Words{.words = cutter.words(), .end = at};
}

}  // namespace dunnage::compose
