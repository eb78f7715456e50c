// SPDX-License-Identifier: Apache-2.0
#include "crash/told_stages.hpp"

#include <algorithm>
#include <exception>
#include <sstream>

namespace dunnage::test {

void do_stage(const Report& report, int number, int stage, const std::function<void()>& work) {
  const std::string which = std::to_string(number) + " " + std::to_string(stage);
  report.tell(which + " begun");
  work();
  report.tell(which + " done");
}

std::map<int, Reached> reached(const Told& told) {
  std::map<int, Reached> pieces;
  const auto read = [&](const std::string& text, bool before) {
    std::istringstream lines{text};
    int number = 0;
    int stage = 0;
    for (std::string word; lines >> number >> stage >> word;) {
      Reached& piece = pieces[number];
      piece.possible = std::max(piece.possible, stage);
      if (before && word == "done") piece.certain = std::max(piece.certain, stage);
    }
  };
  read(told.before, true);
  read(told.all, false);
  return pieces;
}

void Complaints::trying(const std::string& what, const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& error) {
    text_ += what + ": " + error.what() + "\n";
  }
}

}  // namespace dunnage::test
