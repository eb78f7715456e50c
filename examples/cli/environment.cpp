// SPDX-License-Identifier: Apache-2.0
#include "environment.hpp"

#include "command.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace cli {

void add_variable(dunnage::Environment& environment, const std::string& text) {
  const auto equals = text.find('=');
  const std::string name = text.substr(0, equals);
  if (name.empty()) throw std::invalid_argument{"environment variable \"" + text + "\" has no name; write NAME=VALUE"};
  if (equals != std::string::npos) {
    environment[name] = text.substr(equals + 1);
  } else if (const char* value = std::getenv(name.c_str())) {
    environment[name] = value;
  }
}

void add_variables_of(dunnage::Environment& environment, const std::filesystem::path& file) {
  std::ifstream lines{file};
  const auto fail = [&file](const std::string& what) {
    throw std::runtime_error{"cannot read env file \"" + file.string() + "\": " + what};
  };
  if (!lines) fail(std::generic_category().message(errno) + "; check the path given with --env-file");
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const auto start = line.find_first_not_of(" \t");
    if (start == std::string::npos || line[start] == '#') continue;
    const std::string text = line.substr(start);
    const std::string name = text.substr(0, text.find('='));
    if (name.empty() || name.find_first_of(" \t") != std::string::npos) {
      fail("line " + std::to_string(number) + ": \"" + name + "\" is no name of a variable; write NAME=VALUE");
    }
    add_variable(environment, text);
  }
  if (lines.bad()) fail("it cannot be read; give a file, not a directory");
}

void EnvironmentFlags::add_to(CLI::App& command) {
  add_repeated(command, "-e,--env", variables, "Environment: NAME=VALUE, or NAME for the value of this shell");
  add_repeated(command, "--env-file", files, "File with one NAME=VALUE a line")->type_name("FILE");
}

dunnage::Environment EnvironmentFlags::environment() const {
  dunnage::Environment environment;
  for (const auto& file : files) add_variables_of(environment, file);
  for (const auto& text : variables) add_variable(environment, text);
  return environment;
}

}  // namespace cli
