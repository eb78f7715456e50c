// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A name for what takes another one's place: it is made under this name and renamed, so that what was there is there
/// until that instant. Whoever is killed in between leaves it, and the next copy to the same place takes it over.

#include "launcher/program/work.hpp"

namespace dunnage::launcher {

class PassingName {
 public:
  /// \param name  whose place is taken; \param directory stays the caller's, as they do
  PassingName(Worker& worker, int directory, const char* name) noexcept;
  PassingName(const PassingName&) = delete;
  PassingName& operator=(const PassingName&) = delete;
  ~PassingName() { drop(); }

  [[nodiscard]] bool is_made() const noexcept { return made_; }
  /// ".dunnage-copy-0123456789abcdef": the same for the same name.
  [[nodiscard]] const char* text() const noexcept { return text_; }

  /// \param make  makes it under the name it is given, and answers with -errno if that fails
  /// \return what `make` answered; -ECANCELED if nobody wants it any more
  template <typename Make>
  long make(Make&& make) noexcept {
    if (!hold()) {
      return -ECANCELED;
    }
    long result = make(static_cast<const char*>(text_));
    for (int attempt = 0; result == -EEXIST && attempt < kAttempts; ++attempt) {
      if (const long gone = make_room(attempt); gone < 0) {
        return gone;
      }
      result = make(static_cast<const char*>(text_));
    }
    made_ = result >= 0;
    return result;
  }
  /// Renames it. A directory's place is never taken. 0 or -errno
  long take_over() noexcept;

 private:
  static constexpr int kAttempts = 24;

  /// From now on the worker ends only when this is dropped. False if it has been ended.
  bool hold() noexcept;
  /// What has the name is another copy's, and gone in a moment, or was left behind. 0 or -errno
  [[nodiscard]] long make_room(int attempt) const noexcept;
  void drop() noexcept;

  Worker& worker_;
  int directory_;
  const char* name_;
  bool held_ = false;
  bool made_ = false;
  char text_[32] = {};
};

}  // namespace dunnage::launcher
