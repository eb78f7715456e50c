// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// libarchive is run in the C locale. What the caller gave to be called meanwhile runs in the locale it knows.

#include <locale.h>

namespace dunnage::transfer {

class CallerLocale {
 public:
  class Use {
   public:
    explicit Use(const CallerLocale& caller) noexcept : before_{::uselocale(caller.locale_)} {}
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() { (void)::uselocale(before_); }

   private:
    locale_t before_;
  };

 private:
  locale_t locale_ = ::uselocale(nullptr);
};

}  // namespace dunnage::transfer
