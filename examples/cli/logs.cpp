// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "moment.hpp"

#include <dunnage/container_store.hpp>

#include <charconv>
#include <iostream>
#include <stdexcept>

namespace cli {
namespace {

struct LogsFlags {
  std::string name{};
  std::string tail = "all";
  std::string since{};
  bool follow = false;
  bool timestamps = false;
};

/// Writes pieces of a log as lines, each with its time if wanted. A piece may begin and end inside a line.
class LineWriter {
 public:
  LineWriter(std::ostream& out, bool timestamps) : out_{out}, timestamps_{timestamps} {}

  void write(const dunnage::LogEntry& entry) {
    std::string_view rest = entry.data;
    while (!rest.empty()) {
      if (timestamps_ && at_line_start_) out_ << rfc3339(entry.time) << ' ';
      const auto end = rest.find('\n');
      at_line_start_ = end != std::string_view::npos;
      const auto line = rest.substr(0, at_line_start_ ? end + 1 : rest.size());
      out_ << line;
      rest.remove_prefix(line.size());
    }
    out_.flush();
  }

 private:
  std::ostream& out_;
  bool timestamps_;
  bool at_line_start_ = true;
};

dunnage::LogOptions log_options(const LogsFlags& flags) {
  dunnage::LogOptions options;
  options.follow = flags.follow;
  if (flags.tail != "all") {
    std::size_t count = 0;
    const char* const end = flags.tail.data() + flags.tail.size();
    const auto [rest, error] = std::from_chars(flags.tail.data(), end, count);
    if (error != std::errc{} || rest != end) {
      throw std::invalid_argument{"--tail \"" + flags.tail + "\" is no number of lines; write a number or all"};
    }
    options.tail = count;
  }
  if (!flags.since.empty()) options.since = parse_moment(flags.since);
  return options;
}

int logs(const LogsFlags& flags, const Session& session) {
  LineWriter out{std::cout, flags.timestamps};
  LineWriter err{std::cerr, flags.timestamps};
  const auto sink = [&](const dunnage::LogEntry& entry) {
    (entry.stream == dunnage::LogEntry::Stream::Out ? out : err).write(entry);
  };
  session.containers().logs(flags.name, sink, log_options(flags));
  return 0;
}

}  // namespace

void add_logs(CLI::App& parent, Session& session) {
  CLI::App& command = add_command(parent, session, "logs", "Show what a detached container has written");
  auto flags = std::make_shared<LogsFlags>();
  command.add_option("NAME", flags->name, "The container")->required()->type_name("");
  command.add_flag("-f,--follow", flags->follow, "Go on until the container has ended");
  command.add_option("-n,--tail", flags->tail, "Only the last so many lines, or all")->type_name("N");
  command.add_option("--since", flags->since, "Only what is newer: a time, or how long ago (10m)")->type_name("TIME");
  command.add_flag("-t,--timestamps", flags->timestamps, "Put its time before each line");
  on_chosen(command, session, flags, [&session](const LogsFlags& chosen) { return logs(chosen, session); });
}

}  // namespace cli
