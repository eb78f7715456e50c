// SPDX-License-Identifier: Apache-2.0
#include <dunnage/error.hpp>
#include <dunnage/process.hpp>

#include "container/signal.hpp"
#include "error/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {
namespace {

struct Name {
  std::string_view text;
  int number;
};

constexpr std::array kNames{
    Name{"HUP", SIGHUP},   Name{"INT", SIGINT},       Name{"QUIT", SIGQUIT}, Name{"ILL", SIGILL},
    Name{"TRAP", SIGTRAP}, Name{"ABRT", SIGABRT},     Name{"BUS", SIGBUS},   Name{"FPE", SIGFPE},
    Name{"KILL", SIGKILL}, Name{"USR1", SIGUSR1},     Name{"SEGV", SIGSEGV}, Name{"USR2", SIGUSR2},
    Name{"PIPE", SIGPIPE}, Name{"ALRM", SIGALRM},     Name{"TERM", SIGTERM}, Name{"STKFLT", SIGSTKFLT},
    Name{"CHLD", SIGCHLD}, Name{"CONT", SIGCONT},     Name{"STOP", SIGSTOP}, Name{"TSTP", SIGTSTP},
    Name{"TTIN", SIGTTIN}, Name{"TTOU", SIGTTOU},     Name{"URG", SIGURG},   Name{"XCPU", SIGXCPU},
    Name{"XFSZ", SIGXFSZ}, Name{"VTALRM", SIGVTALRM}, Name{"PROF", SIGPROF}, Name{"WINCH", SIGWINCH},
    Name{"IO", SIGIO},     Name{"PWR", SIGPWR},       Name{"SYS", SIGSYS},
};

LaunchError unknown_signal(std::string_view text, const std::string& remedy) {
  return LaunchError{{.stage = Stage::Run,
                      .operation = "use the signal",
                      .subject = std::string{text},
                      .detail = {},
                      .cause = {},
                      .code = errc::invalid_argument,
                      .remedy = remedy}};
}

std::string upper(std::string_view text) {
  std::string result{text};
  std::ranges::transform(result, result.begin(),
                         [](unsigned char character) { return static_cast<char>(std::toupper(character)); });
  return result;
}

}  // namespace

int parse_signal(std::string_view text) {
  int number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() && container::is_signal(number)) {
    return number;
  }
  const std::string name = upper(text);
  const std::string_view bare = name.starts_with("SIG") ? std::string_view{name}.substr(3) : std::string_view{name};
  std::vector<std::string_view> known;
  for (const Name& entry : kNames) {
    if (entry.text == bare) {
      return entry.number;
    }
    known.push_back(entry.text);
  }
  const auto close = error::nearest(bare, known);
  throw unknown_signal(text, close ? fmt::format("did you mean SIG{}?", *close)
                                   : "give a name such as SIGTERM or a number from 1 to 64");
}

std::string signal_name(int signal) {
  for (const Name& entry : kNames) {
    if (entry.number == signal) {
      return "SIG" + std::string{entry.text};
    }
  }
  return fmt::format("signal {}", signal);
}

std::string ExitStatus::to_string() const {
  if (launcher_lost_) {
    return "killed, because its launcher died";
  }
  const char* memory = oom_killed_ ? " (out of memory)" : "";
  const std::string end =
      signaled() ? "killed by " + signal_name(signal_) + memory : fmt::format("exited with {}{}", code_, memory);
  return cause_.empty() ? end : end + ": " + cause_;
}

}  // namespace dunnage
