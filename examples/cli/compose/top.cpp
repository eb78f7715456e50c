// SPDX-License-Identifier: Apache-2.0

// compose top: the processes of the containers, as ps(1) of this machine shows them.

#include "compose.hpp"
#include "container_words.hpp"
#include "containers.hpp"
#include "table.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace cli {
namespace {

struct TopFlags {
  std::vector<std::string> services{};
};

std::string namespace_of(const std::filesystem::path& process) {
  std::error_code error;
  return std::filesystem::read_symlink(process / "ns/pid", error).string();
}

/// The processes that are in the namespace of this one, as numbers with commas between them.
std::string processes_beside(int first) {
  const std::string wanted = namespace_of("/proc/" + std::to_string(first));
  std::string numbers;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc", error}) {
    const std::string name = entry.path().filename().string();
    if (wanted.empty() ||
        !std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; })) {
      continue;
    }
    if (namespace_of(entry.path()) == wanted) numbers += (numbers.empty() ? "" : ",") + name;
  }
  return numbers;
}

/// \param numbers digits and commas alone
std::string answer_of_ps(const std::string& numbers) {
  const std::string command = "LC_ALL=C ps -ww -o uid,pid,ppid,c,stime,tty,time,args -p " + numbers;
  const std::unique_ptr<FILE, int (*)(FILE*)> output{popen(command.c_str(), "re"), pclose};
  std::string text;
  std::array<char, 4096> piece{};
  while (output && std::fgets(piece.data(), piece.size(), output.get()) != nullptr) text += piece.data();
  if (text.empty()) throw std::runtime_error{"ps, which shows processes, is not installed on this machine"};
  return text;
}

int top(const TopFlags& flags, const ProjectFlags& source, const Session& session) {
  Table table{{"SERVICE", "#", "UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"}};
  for (const auto& info : containers_of(session, source, flags.services)) {
    const std::string numbers = is_up(info.status) ? processes_beside(info.pid) : std::string{};
    if (numbers.empty()) continue;
    std::istringstream lines{answer_of_ps(numbers)};
    std::string line;
    std::getline(lines, line);  // the heading
    while (std::getline(lines, line)) {
      std::vector<std::string> row{service_of(info), label_of(info, "com.docker.compose.container-number")};
      std::istringstream words{line};
      for (std::string word; row.size() < 9 && words >> word;) row.push_back(word);
      std::string command;
      std::getline(words >> std::ws, command);
      row.push_back(command);
      if (row.size() == 10) table.add(std::move(row));
    }
  }
  std::cout << table;
  return 0;
}

}  // namespace

void add_compose_top(const Compose& compose) {
  CLI::App& command = compose.verb("top", "Show the processes of the containers");
  auto flags = std::make_shared<TopFlags>();
  command.add_option("SERVICE", flags->services, "Only of these")->type_name("");
  compose.on_chosen(command, flags, top);
}

}  // namespace cli
