// SPDX-License-Identifier: Apache-2.0
#include "progress_line.hpp"

#include "human_size.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <iostream>

namespace cli {
namespace {

constexpr std::size_t kShortSubject = 19;  // "sha256:" and 12 digits

std::string text_of(const dunnage::Progress& now) {
  std::string subject = now.subject;
  if (subject.starts_with("sha256:")) subject.resize(std::min(subject.size(), kShortSubject));
  std::string text = now.step + "  " + subject;
  if (now.done != 0 || now.total != 0) text += "  " + human_size(now.done);
  if (now.total != 0) text += " of " + human_size(now.total);
  for (char& character : text) {
    if (static_cast<unsigned char>(character) < ' ') character = ' ';
  }
  return text;
}

std::size_t width_of_terminal() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

}  // namespace

ProgressLine::ProgressLine(bool quiet) : shown_{!quiet && isatty(STDERR_FILENO) != 0} {}

ProgressLine::~ProgressLine() { clear(); }

dunnage::Watch ProgressLine::watch() {
  if (!shown_) return {};
  return {.progress = [this](const dunnage::Progress& now) { show(now); }};
}

void ProgressLine::show(const dunnage::Progress& now) {
  const std::scoped_lock lock{mutex_};
  std::cerr << "\r\x1b[K" << text_of(now).substr(0, width_of_terminal() - 1) << std::flush;
  drawn_ = true;
}

void ProgressLine::clear() {
  const std::scoped_lock lock{mutex_};
  if (drawn_) std::cerr << "\r\x1b[K" << std::flush;
  drawn_ = false;
}

}  // namespace cli
