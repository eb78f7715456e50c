// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// How requests of FUSE are read and answered; for disk_session*.cpp alone.

#include "crash/disk_session.hpp"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <string>

namespace dunnage::test {

/// The next value of a message, which is taken off it.
template <typename Value>
Value first_of(std::string_view& body) {
  Value value{};
  std::memcpy(&value, body.data(), std::min(sizeof value, body.size()));
  body.remove_prefix(std::min(sizeof value, body.size()));
  return value;
}

/// The next text.
inline std::string name_of(std::string_view& body) {
  const std::size_t end = std::min(body.find('\0'), body.size());
  std::string name{body.substr(0, end)};
  body.remove_prefix(std::min(end + 1, body.size()));
  return name;
}

inline timespec now() {
  timespec time{};
  (void)::clock_gettime(CLOCK_REALTIME, &time);
  return time;
}

struct DiskSession::Request {
  const fuse_in_header& header;
  std::string_view body;
};

template <typename Body>
void DiskSession::reply_with(const Request& request, const Body& body) const {
  reply(request, std::string_view{reinterpret_cast<const char*>(&body), sizeof body});
}

}  // namespace dunnage::test
