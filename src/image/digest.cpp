// SPDX-License-Identifier: Apache-2.0
#include "image/digest.hpp"

#include "error/printable.hpp"
#include "image/failure.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <new>

namespace dunnage::image {
namespace {

/// The library was given an algorithm it was built with, so what is missing is memory.
void require(bool done) {
  if (!done) {
    throw std::bad_alloc{};
  }
}

}  // namespace

bool is_hex(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char character) {
    return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'f');
  });
}

bool is_digest(std::string_view text) noexcept {
  return text.size() == kAlgorithm.size() + kHexDigits && text.substr(0, kAlgorithm.size()) == kAlgorithm &&
         is_hex(text.substr(kAlgorithm.size()));
}

std::string hex_of(std::string_view digest) {
  if (is_digest(digest)) {
    return std::string{digest.substr(kAlgorithm.size())};
  }
  const std::string shown = error::printable(digest.substr(0, 2 * kHexDigits));
  if (digest.substr(0, digest.find(':')) == "sha512") {
    throw Fault{errc::not_supported, fmt::format("\"{}\" is not a SHA-256", shown), "make the image with SHA-256"};
  }
  throw malformed(fmt::format("\"{}\" is not a digest", shown));
}

Sha256::Sha256() : context_{EVP_MD_CTX_new()} {
  require(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void Sha256::Free::operator()(evp_md_ctx_st* context) const noexcept { EVP_MD_CTX_free(context); }

void Sha256::add(std::string_view data) { require(EVP_DigestUpdate(context_.get(), data.data(), data.size()) == 1); }

std::string Sha256::digest() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  require(EVP_DigestFinal_ex(context_.get(), bytes.data(), &size) == 1);
  std::string text{kAlgorithm};
  for (unsigned index = 0; index < size; ++index) {
    text += fmt::format("{:02x}", bytes.at(index));
  }
  return text;
}

std::string digest_of(std::string_view content) {
  Sha256 sum;
  sum.add(content);
  return sum.digest();
}

}  // namespace dunnage::image
