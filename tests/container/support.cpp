// SPDX-License-Identifier: Apache-2.0
#include "container/support.hpp"

#include "launcher/identity.hpp"

#include <sstream>
#include <thread>
#include <utility>

namespace dunnage::test {

namespace {

std::set<std::string> words_of(const std::string& text, char separator) {
  std::set<std::string> words;
  std::istringstream stream{text};
  for (std::string word; std::getline(stream, word, separator);) words.insert(word);
  return words;
}

/// Spaces and the like are written as three octal digits.
std::string unescape(const std::string& text) {
  std::string result;
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (text[index] == '\\' && index + 3 < text.size()) {
      result += static_cast<char>(std::stoi(text.substr(index + 1, 3), nullptr, 8));
      index += 3;
    } else {
      result += text[index];
    }
  }
  return result;
}

void start_launchers(const std::initializer_list<const char*>& users) {
  (void)run({.argv = {"true"}});
  (void)support();  // places of cgroups, once for the process
  for (const char* user : users) (void)run({.argv = {"true"}, .user = user});
}

}  // namespace

Ground::Ground(std::initializer_list<const char*> users) : guard_{[&] { start_launchers(users); }} {}

LaunchSpec Ground::program(std::vector<std::string> argv, MountSet mounts) const {
  return {.argv = std::move(argv),
          .mounts = std::move(mounts),
          .out = Stdio::null(),
          .err = Stdio::null(),
          .store = store_path()};
}

LaunchSpec Ground::shell(std::string script, MountSet mounts) const {
  return program({"sh", "-c", std::move(script)}, std::move(mounts));
}

Launcher who() {
  switch (launcher::identity_for(0, 0).privilege) {
    case launcher::Privilege::Root:
      return Launcher::Root;
    case launcher::Privilege::Range:
      return Launcher::Range;
    default:
      return Launcher::Single;
  }
}

bool requires_many_ids() {
  if (who() != Launcher::Single) return true;
  skip("needs more than one id");
  return false;
}

Outcome outcome_of(LaunchSpec spec) {
  Collector out;
  Collector err;
  spec.out = out.stdio();
  spec.err = err.stdio();
  Outcome outcome;
  {
    const Container container = Container::launch(std::move(spec));
    outcome.status = container.wait();
  }
  outcome.out = out.text();
  outcome.err = err.text();
  return outcome;
}

Outcome outcome_of(const Container& container, ExecSpec spec) {
  Collector out;
  Collector err;
  spec.out = out.stdio();
  spec.err = err.stdio();
  Outcome outcome;
  {
    const Process process = container.exec(std::move(spec));
    outcome.status = process.wait();
  }
  outcome.out = out.text();
  outcome.err = err.text();
  return outcome;
}

std::string shown(const Container& container, const std::string& script) {
  return outcome_of(container, {.argv = {"sh", "-c", script}}).out;
}

std::string output_of(LaunchSpec spec) {
  const Outcome outcome = outcome_of(std::move(spec));
  INFO(outcome.err);
  CHECK(outcome.status.to_string() == "exited with 0");
  return outcome.out;
}

Stdio Collector::stdio() {
  return Stdio::callback([this](std::string_view bytes) {
    const std::scoped_lock lock{mutex_};
    text_ += bytes;
  });
}

std::string Collector::text() const {
  const std::scoped_lock lock{mutex_};
  return text_;
}

bool Collector::wait_for(std::string_view part) const {
  return eventually([&] { return text().find(part) != std::string::npos; });
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream stream{std::string{text}};
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string field_of(std::string_view text, std::string_view name) {
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with(std::string{name} + ":")) {
      const std::size_t begin = line.find_first_not_of(" \t", name.size() + 1);
      return begin == std::string::npos ? std::string{} : line.substr(begin);
    }
  }
  return "there is no " + std::string{name};
}

bool eventually(const std::function<bool()>& so) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!so()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

std::vector<MountLine> parse_mountinfo(std::string_view text) {
  std::vector<MountLine> mounts;
  for (const std::string& line : lines_of(text)) {
    std::istringstream words{line};
    MountLine mount;
    std::string skipped;
    std::string options;
    words >> skipped >> skipped >> skipped >> mount.root >> mount.target >> options;
    mount.root = unescape(mount.root);
    mount.target = unescape(mount.target);
    mount.options = words_of(options, ',');
    for (std::string word; words >> word && word != "-";) mount.propagation.insert(word.substr(0, word.find(':')));
    words >> mount.type >> skipped >> options;
    mount.super_options = words_of(options, ',');
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

MountLine mount_at(const std::vector<MountLine>& mounts, std::string_view target) {
  for (auto mount = mounts.rbegin(); mount != mounts.rend(); ++mount) {
    if (mount->target == target) return *mount;
  }
  FAIL("nothing is mounted at " << target);
  return {};
}

std::set<std::string> attributes_of(const MountLine& line) {
  std::set<std::string> known;
  for (const char* word : {"ro", "rw", "nosuid", "nodev", "noexec"}) {
    if (line.options.contains(word)) known.insert(word);
  }
  return known;
}

std::set<std::string> attributes_of(const ResolvedMount& mount) {
  std::set<std::string> attributes{mount.read_only ? "ro" : "rw"};
  if (!mount.suid) attributes.insert("nosuid");
  if (!mount.dev) attributes.insert("nodev");
  if (!mount.exec) attributes.insert("noexec");
  return attributes;
}

}  // namespace dunnage::test
