// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The C locale for one thread for a while. libarchive converts the names of pax archives to the charset of the locale,
/// and composes accents on the way; in the C locale it leaves them as they are.

#include <locale.h>

#include <new>

namespace dunnage::image {

class CLocale {
 public:
  CLocale() : own_{::newlocale(LC_ALL_MASK, "C", nullptr)} {
    if (own_ == nullptr) {
      throw std::bad_alloc{};
    }
    before_ = ::uselocale(own_);
  }
  CLocale(const CLocale&) = delete;
  CLocale& operator=(const CLocale&) = delete;
  ~CLocale() {
    (void)::uselocale(before_);
    ::freelocale(own_);
  }

 private:
  locale_t own_;
  locale_t before_{};
};

}  // namespace dunnage::image
