// SPDX-License-Identifier: Apache-2.0
#include "image/reference.hpp"

#include "error/printable.hpp"
#include "image/digest.hpp"
#include "image/failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace dunnage::image {
namespace {

constexpr std::string_view kDefaultDomain = "docker.io";
constexpr std::string_view kOfficial = "library/";
constexpr std::string_view kDefaultTag = "latest";
constexpr std::size_t kMaxRepository = 255;
constexpr std::size_t kMaxTag = 128;
constexpr std::size_t kMaxText = 1024;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
bool is_alphanumeric(char c) noexcept { return is_digit(c) || is_lower(c) || is_upper(c); }

Fault bad(std::string cause, std::string remedy) {
  return Fault{errc::invalid_argument, std::move(cause), std::move(remedy)};
}

/// Lower-case letters and digits, with one ".", one or two "_", or any number of "-" between them.
bool is_path_component(std::string_view text) {
  if (text.empty() || !(is_lower(text.front()) || is_digit(text.front())) ||
      !(is_lower(text.back()) || is_digit(text.back()))) {
    return false;
  }
  for (std::size_t index = 0; index < text.size();) {
    if (is_lower(text[index]) || is_digit(text[index])) {
      ++index;
      continue;
    }
    const char separator = text[index];
    const std::size_t end = std::min(text.find_first_not_of(separator, index), text.size());
    const std::size_t most = separator == '.' ? 1 : separator == '_' ? 2 : separator == '-' ? text.size() : 0;
    if (end - index > most || !(is_lower(text[end]) || is_digit(text[end]))) {
      return false;
    }
    index = end;
  }
  return true;
}

bool is_host_label(std::string_view text) {
  return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_host(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    const std::string_view address = text.substr(1, text.size() - 2);
    return std::all_of(address.begin(), address.end(), [](char c) {
      return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':';
    });
  }
  while (true) {
    const std::size_t dot = text.find('.');
    if (!is_host_label(text.substr(0, dot))) {
      return false;
    }
    if (dot == std::string_view::npos) {
      return true;
    }
    text.remove_prefix(dot + 1);
  }
}

bool is_domain(std::string_view text) {
  const std::size_t bracket = text.find(']');
  const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const std::string_view port = colon == std::string_view::npos ? "1" : text.substr(colon + 1);
  return is_host(text.substr(0, colon)) && !port.empty() && std::all_of(port.begin(), port.end(), is_digit);
}

bool is_tag(std::string_view text) {
  return !text.empty() && text.size() <= kMaxTag && text.front() != '.' && text.front() != '-' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

/// A first component names a registry if it could not be part of a path.
bool names_a_registry(std::string_view first) {
  return first == "localhost" || first.find_first_of(".:[") != std::string_view::npos ||
         std::any_of(first.begin(), first.end(), is_upper);
}

void check_path(const Reference& reference) {
  if (reference.repository().size() > kMaxRepository) {
    throw bad("the name without its tag is too long", fmt::format("use {} characters at most", kMaxRepository));
  }
  if (std::any_of(reference.path.begin(), reference.path.end(), is_upper)) {
    throw bad("capital letters in the name", "write it in small letters; only tags may have capitals");
  }
  for (std::string_view rest = reference.path;;) {
    const std::size_t slash = rest.find('/');
    const std::string_view component = rest.substr(0, slash);
    if (!is_path_component(component)) {
      throw bad(fmt::format("\"{}\" cannot be a part of a name", error::printable(component)),
                "use small letters and digits, with \".\", \"_\" or \"-\" between them");
    }
    if (slash == std::string_view::npos) {
      return;
    }
    rest.remove_prefix(slash + 1);
  }
}

std::string take_digest(std::string_view& text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos) {
    return {};
  }
  const std::string_view digest = text.substr(at + 1);
  text = text.substr(0, at);
  if (digest.substr(0, digest.find(':')) == "sha512") {
    throw Fault{errc::not_supported, "a digest that is not a SHA-256", "name the image by its SHA-256"};
  }
  if (!is_digest(digest)) {
    throw bad("no digest behind \"@\"", "write sha256: and 64 hex digits in small letters");
  }
  return std::string{digest};
}

std::string take_tag(std::string_view& text) {
  const std::size_t colon = text.rfind(':');
  const std::size_t slash = text.rfind('/');
  if (colon == std::string_view::npos || (slash != std::string_view::npos && slash > colon)) {
    return {};
  }
  const std::string_view tag = text.substr(colon + 1);
  if (!is_tag(tag)) {
    throw bad(fmt::format("\"{}\" cannot be a tag", error::printable(tag.substr(0, kMaxTag))),
              fmt::format("use up to {} letters, digits, \"_\", \".\" or \"-\", the last two not first", kMaxTag));
  }
  text = text.substr(0, colon);
  return std::string{tag};
}

}  // namespace

Reference parse_reference(std::string_view text) {
  if (text.empty() || text.size() > kMaxText) {
    throw bad(text.empty() ? "the name is empty" : "the name is too long", "write NAME[:TAG][@DIGEST]");
  }
  if (text.size() == kHexDigits && is_hex(text)) {
    throw bad("64 hex digits are the id of an image, not a name", "write NAME[:TAG][@DIGEST]");
  }
  Reference reference;
  reference.digest = take_digest(text);
  reference.tag = take_tag(text);
  if (reference.tag.empty() && reference.digest.empty()) {
    reference.tag = kDefaultTag;
  }
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || !names_a_registry(text.substr(0, slash))) {
    reference.domain = kDefaultDomain;
    reference.path = text;
  } else {
    reference.domain = text.substr(0, slash) == "index.docker.io" ? kDefaultDomain : text.substr(0, slash);
    reference.path = text.substr(slash + 1);
    if (!is_domain(reference.domain)) {
      throw bad(fmt::format("\"{}\" is not the address of a registry", error::printable(reference.domain)),
                "write HOST[:PORT]/NAME[:TAG]");
    }
  }
  if (reference.domain == kDefaultDomain && reference.path.find('/') == std::string::npos) {
    reference.path.insert(0, kOfficial);
  }
  check_path(reference);
  return reference;
}

std::string new_name(std::string_view text) {
  const Reference reference = parse_reference(text);
  if (!reference.digest.empty()) {
    throw Fault{errc::invalid_argument, "a digest cannot be given", "write NAME[:TAG]"};
  }
  return to_string(reference);
}

std::string to_string(const Reference& reference) {
  std::string text = reference.repository();
  if (!reference.tag.empty()) {
    text += ":" + reference.tag;
  }
  if (!reference.digest.empty()) {
    text += "@" + reference.digest;
  }
  return text;
}

std::string familiar(std::string_view full_name) {
  const std::string official = fmt::format("{}/{}", kDefaultDomain, kOfficial);
  for (const std::string& prefix : {official, fmt::format("{}/", kDefaultDomain)}) {
    const std::string_view rest = full_name.substr(std::min(prefix.size(), full_name.size()));
    if (full_name.substr(0, prefix.size()) != prefix) {
      continue;
    }
    // docker.io/library/a/b is not what "a/b" means
    if (prefix == official && rest.find('/') != std::string_view::npos) {
      return std::string{full_name};
    }
    return std::string{rest};
  }
  return std::string{full_name};
}

}  // namespace dunnage::image
