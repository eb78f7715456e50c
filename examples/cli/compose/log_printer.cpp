// SPDX-License-Identifier: Apache-2.0
#include "log_printer.hpp"

#include "moment.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <iostream>

namespace cli {

LogPrinter::LogPrinter(const std::string& project, const std::vector<std::string>& containers, LogStyle style)
    : project_{project}, style_{style} {
  constexpr std::array<int, 6> kColors{36, 33, 32, 35, 34, 96};
  std::size_t widest = 0;
  for (const auto& name : containers) widest = std::max(widest, short_name(name).size());
  const bool color = style.color && isatty(STDOUT_FILENO) != 0;
  std::size_t next = 0;
  for (const auto& name : containers) {
    std::string prefix = short_name(name);
    prefix.resize(widest + 2, ' ');
    prefix += "| ";
    if (color) prefix = "\x1b[" + std::to_string(kColors.at(next++ % kColors.size())) + "m" + prefix + "\x1b[0m";
    prefixes_[name] = prefix;
  }
}

std::string LogPrinter::short_name(const std::string& container) const {
  return container.starts_with(project_ + "-") ? container.substr(project_.size() + 1) : container;
}

void LogPrinter::print(const dunnage::ProjectLogLine& line) {
  std::string text = style_.prefix ? prefixes_[line.container] : std::string{};
  if (style_.timestamps) text += rfc3339(line.time) + ' ';
  text += line.text + '\n';
  const std::scoped_lock lock{mutex_};
  std::ostream& out = line.stream == dunnage::LogEntry::Stream::Out ? std::cout : std::cerr;
  out << text << std::flush;
}

void LogPrinter::print_end(const std::string& container, int code) {
  const std::scoped_lock lock{mutex_};
  std::cout << short_name(container) << " exited with code " << code << std::endl;
}

}  // namespace cli
