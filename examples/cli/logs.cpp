// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "log_flags.hpp"
#include "moment.hpp"

#include <dunnage/container_store.hpp>

#include <iostream>

namespace cli {
namespace {

struct LogsFlags {
  std::string name{};
  LogFlags part{};
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

int logs(const LogsFlags& flags, const Session& session) {
  LineWriter out{std::cout, flags.timestamps};
  LineWriter err{std::cerr, flags.timestamps};
  const auto sink = [&](const dunnage::LogEntry& entry) {
    (entry.stream == dunnage::LogEntry::Stream::Out ? out : err).write(entry);
  };
  session.containers().logs(flags.name, sink, flags.part.options());
  return 0;
}

}  // namespace

void add_logs(CLI::App& parent, Session& session) {
  CLI::App& command = add_command(parent, session, "logs", "Show what a detached container has written");
  auto flags = std::make_shared<LogsFlags>();
  command.add_option("NAME", flags->name, "The container")->required()->type_name("");
  flags->part.add_to(command, "the container has");
  command.add_flag("-t,--timestamps", flags->timestamps, "Put its time before each line");
  on_chosen(command, session, flags, [&session](const LogsFlags& chosen) { return logs(chosen, session); });
}

}  // namespace cli
