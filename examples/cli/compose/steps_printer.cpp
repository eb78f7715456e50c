// SPDX-License-Identifier: Apache-2.0
#include "steps_printer.hpp"

#include "human_size.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>

namespace cli {
namespace {

using Kind = dunnage::ProjectStep::Kind;
using Phase = dunnage::ApplyEvent::Phase;

/// What is said while it is done, and when it is done.
std::array<const char*, 2> words_of(Kind kind) {
  switch (kind) {
    case Kind::PullImage:
      return {"Pulling", "Pulled"};
    case Kind::CreateVolume:
      return {"Creating", "Created"};
    case Kind::RecreateVolume:
      return {"Recreate", "Recreated"};
    case Kind::CreateContainer:
    case Kind::StartContainer:
      return {"Starting", "Started"};
    case Kind::RestartContainer:
      return {"Restarting", "Started"};
    case Kind::RecreateContainer:
      return {"Recreate", "Recreated"};
    case Kind::StopContainer:
      return {"Stopping", "Stopped"};
    case Kind::RemoveContainer:
    case Kind::RemoveVolume:
      return {"Removing", "Removed"};
    case Kind::KeepVolume:
      return {"Kept", "Kept"};
    case Kind::KeepContainer:
      return {"Running", "Running"};
  }
  return {"", ""};
}

std::string name_of(const dunnage::ProjectStep& step) {
  switch (step.kind) {
    case Kind::PullImage:
      return "Image " + step.subject;
    case Kind::CreateVolume:
    case Kind::KeepVolume:
    case Kind::RecreateVolume:
    case Kind::RemoveVolume:
      return "Volume " + step.subject;
    default:
      return "Container " + step.subject;
  }
}

struct Size {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

Size size_of_terminal() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20 || size.ws_row < 4) return {};
  return {size.ws_col, size.ws_row};
}

}  // namespace

StepsPrinter::StepsPrinter() : terminal_{isatty(STDERR_FILENO) != 0} {}

void StepsPrinter::show_kept(const dunnage::ProjectPlan& plan) {
  for (const auto& step : plan) {
    std::string reason;
    for (const auto& sentence : step.reasons) reason += (reason.empty() ? "" : "; ") + sentence;
    const bool changed = !step.changed.empty();
    if (step.kind == Kind::KeepContainer) {
      const bool plain = reason.starts_with("it runs");
      put(name_of(step), plain ? "Running" : "Kept: " + reason, true);
    } else if (step.kind == Kind::KeepVolume && (changed || !reason.starts_with("it is there"))) {
      put(name_of(step), "Kept: " + reason, true);
    }
  }
}

void StepsPrinter::show(const dunnage::ApplyEvent& event) {
  const auto words = words_of(event.step.kind);
  switch (event.phase) {
    case Phase::Begin:
      return put(name_of(event.step), words[0], false);
    case Phase::End:
      return put(name_of(event.step), words[1], true);
    case Phase::Waiting:
      wait_for(name_of(event.step), event.text == "healthy" ? "Healthy" : "Exited");
      return put(name_of(event.step), "Waiting until it is " + event.text, false);
    case Phase::Failure:
      return put(name_of(event.step), "Error", true, true);
  }
}

void StepsPrinter::wait_for(const std::string& name, const std::string& word) {
  const std::scoped_lock lock{mutex_};
  awaited_[name] = word;
}

void StepsPrinter::finish() {
  for (const auto& [name, word] : awaited_) put(name, word, true);
}

void StepsPrinter::show(const dunnage::Progress& now) {
  if (terminal_) put("Layer " + now.subject.substr(0, 19), now.step + "  " + human_size(now.done), false);
}

void StepsPrinter::put(const std::string& name, const std::string& word, bool done, bool failed) {
  const std::scoped_lock lock{mutex_};
  const auto [place, fresh] = places_.emplace(name, lines_.size());
  const auto now = std::chrono::steady_clock::now();
  if (fresh) lines_.push_back({.name = name, .begin = now});
  Line& line = lines_[place->second];
  line.word = word;
  line.done = done;
  line.failed = failed;
  line.end = now;
  if (terminal_) {
    draw();
  } else {
    std::cerr << ' ' + name + "  " + word + '\n' << std::flush;
  }
}

void StepsPrinter::draw() {
  const auto finished = std::count_if(lines_.begin(), lines_.end(), [](const Line& line) { return line.done; });
  const Size size = size_of_terminal();
  const std::size_t shown = std::min(lines_.size(), size.rows - 3);  // what has left the screen cannot be redrawn
  std::string text;
  if (drawn_ > 0) text = "\x1b[" + std::to_string(drawn_) + "A";
  text += "\r\x1b[K[+] " + std::to_string(finished) + "/" + std::to_string(lines_.size()) + "\n";
  for (auto line = lines_.end() - static_cast<std::ptrdiff_t>(shown); line != lines_.end(); ++line) {
    std::array<char, 32> seconds{};
    (void)std::snprintf(seconds.data(), seconds.size(), "%.1fs",
                        std::chrono::duration<double>(line->end - line->begin).count());
    const std::string words = (line->name + "  " + line->word).substr(0, size.columns - 12);
    const char* mark = line->failed ? "\x1b[31m✘\x1b[0m" : line->done ? "\x1b[32m✔\x1b[0m" : "\x1b[33m⠿\x1b[0m";
    text += std::string{"\r\x1b[K "} + mark + ' ' + words + "  " + seconds.data() + '\n';
  }
  drawn_ = shown + 1;
  std::cerr << text << std::flush;
}

}  // namespace cli
