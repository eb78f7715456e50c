// SPDX-License-Identifier: Apache-2.0
#include "image/failure.hpp"
#include "image/skopeo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace dunnage::image {
namespace {

constexpr std::size_t kMostWords = 1000;
constexpr std::string_view kMessage = "msg=\"";

struct Meaning {
  std::string_view part;  ///< of what is said, in small letters
  errc code;
  const char* remedy;
};

/// The first that is found says most.
constexpr std::array kMeanings{
    Meaning{"manifest unknown", errc::image_missing, "check its name and tag"},
    Meaning{"name unknown", errc::image_missing, "check its name"},
    Meaning{"repository does not exist", errc::image_missing, "check its name"},
    Meaning{"http response to https client", errc::pull_failed,
            "set tls_verify to false if this registry can be trusted without it"},
    Meaning{"x509:", errc::pull_failed, "give the registry's certificate with PullOptions::certificates"},
    Meaning{"unauthorized", errc::pull_failed, "check the name, and the password in the auth file"},
    Meaning{"authentication required", errc::pull_failed, "check the name, and the password in the auth file"},
    Meaning{"invalid username/password", errc::pull_failed, "check the password in the auth file"},
    Meaning{"credential", errc::pull_failed, "check the credential helper that the auth file names"},
    Meaning{"denied", errc::pull_failed, "check the name, and whether this user may have it"},
    Meaning{"toomanyrequests", errc::pull_failed, "wait, or log in with an auth file"},
    Meaning{"no such host", errc::pull_failed, "check the address of the registry"},
    Meaning{"connection refused", errc::pull_failed, "check the address of the registry, and that it runs"},
    Meaning{"no space left", errc::pull_failed, "free space on the disk of the store"},
    Meaning{"signature", errc::pull_failed, "look at the machine's containers-policy.json(5)"},
};

/// Undoes the quotation of Go's logger.
std::string unquoted(std::string_view text) {
  std::string plain;
  for (std::size_t index = 0; index < text.size() && text[index] != '"'; ++index) {
    if (text[index] == '\\' && index + 1 < text.size()) {
      ++index;
      plain += text[index] == 'n' || text[index] == 't' ? ' ' : text[index];
    } else {
      plain += text[index];
    }
  }
  return plain;
}

}  // namespace

std::string last_words(std::string_view log) {
  while (!log.empty() && (log.back() == '\n' || log.back() == '\r')) {
    log.remove_suffix(1);
  }
  std::string_view line = log.substr(log.rfind('\n') + 1);
  const std::size_t message = line.find(kMessage);
  std::string words =
      message == std::string_view::npos ? std::string{line} : unquoted(line.substr(message + kMessage.size()));
  if (words.size() > kMostWords) {
    words.erase(0, words.size() - kMostWords);  // the cause stands last
    words.insert(0, "…");
  }
  return words;
}

Fault refusal(const std::string& words, int status) {
  std::string small = words;
  std::transform(small.begin(), small.end(), small.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const std::string cause = words.empty() ? fmt::format("skopeo ended with {}, without a word", status) : words;
  for (const Meaning& meaning : kMeanings) {
    if (small.find(meaning.part) != std::string::npos) {
      return Fault{meaning.code, cause, meaning.remedy};
    }
  }
  return Fault{errc::pull_failed, cause, "check the name, the network and the registry"};
}

}  // namespace dunnage::image
