// SPDX-License-Identifier: Apache-2.0
#include "log_flags.hpp"

#include "moment.hpp"

#include <charconv>
#include <stdexcept>
#include <system_error>

namespace cli {

void LogFlags::add_to(CLI::App& command, const std::string& whose, const std::string& of_each) {
  command.add_flag("-f,--follow", follow, "Go on until " + whose + " ended");
  command.add_option("-n,--tail", tail, "Only the last so many lines" + of_each + ", or all")->type_name("N");
  command.add_option("--since", since, "Only what is newer: a time, or how long ago (10m)")->type_name("TIME");
}

dunnage::LogOptions LogFlags::options() const {
  dunnage::LogOptions options;
  options.follow = follow;
  if (tail != "all") {
    std::size_t count = 0;
    const char* const end = tail.data() + tail.size();
    const auto [rest, error] = std::from_chars(tail.data(), end, count);
    if (error != std::errc{} || rest != end) {
      throw std::invalid_argument{"--tail \"" + tail + "\" is no number of lines; write a number or all"};
    }
    options.tail = count;
  }
  if (!since.empty()) options.since = parse_moment(since);
  return options;
}

}  // namespace cli
