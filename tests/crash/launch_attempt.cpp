// SPDX-License-Identifier: Apache-2.0
#include "crash/launch_attempt.hpp"

#include <dunnage/container_store.hpp>
#include <dunnage/volume_store.hpp>

#include "launcher/connection.hpp"
#include "launcher/identity.hpp"
#include "support/host.hpp"
#include "support/host_programs.hpp"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <utility>

namespace dunnage::test {

namespace {

namespace fs = std::filesystem;
using Place = StoreOperation::Place;

constexpr const char* kEnd = "that is all";

/// Only where a number would differ from launch to launch it is left out.
constexpr const char* kFacts = R"(
umask; pwd; export -p; ulimit -n
[ $$ = 1 ] && echo first
read -r word </proc/sys/kernel/hostname; echo "$word"
while read -r line; do
  case $line in
    Uid*|Gid*|Groups*|Cap*|NoNewPrivs*|Seccomp:*|SigPnd*|SigBlk*|SigIgn*) echo "$line" ;;
  esac
done </proc/self/status
while read -r a b c d target options rest; do
  case $rest in -*) ;; *) echo shared ;; esac
  rest=${rest#*- }
  echo "$target $options ${rest%% *}"
done </proc/self/mountinfo
while read -r line; do echo "$line"; done </proc/self/limits
while read -r name rest; do echo "$name"; done </proc/net/dev
while read -r line; do echo "$line"; done </proc/self/cgroup
echo /dev/* /proc/self/fd/*
read -r pid name state parent group session rest </proc/self/stat
[ "$pid" = "$session" ] && echo leads
for file in /from/file /single /data/file; do read -r line <$file; echo "$line"; done
for place in /from /single /data /run /usr /proc/sys/kernel/hostname /; do [ -w $place ] && echo "writes $place"; done
echo 'that is all'
)";

/// What a launch that failed for ever could not take back, and what could not be removed at an end.
void drop_what_stayed(const Place& place) {
  ContainerStore containers = ContainerStore::open(place / "store");
  if (containers.find(kAttempted)) containers.remove(kAttempted, true);
  VolumeStore store = VolumeStore::open(place / "store");
  for (const Volume& volume : store.list()) {
    if (volume.info().anonymous) store.remove(volume.name());
  }
}

std::string kind_of(std::string link) {
  const std::size_t number = link.find(":[");
  return number == std::string::npos ? link : link.substr(0, number);
}

/// What was written to the root of an image goes a moment after its container.
void await_changes(const Place& place) {
  (void)becomes_true(
      [&] {
        std::error_code none;
        return fs::directory_iterator{place / "store/images/changes", none} == fs::directory_iterator{};
      },
      std::chrono::seconds{20});
}

/// The lines that are in one of them, and as often not in the other.
std::string other_lines(const std::string& text, const std::string& other, const std::string& words) {
  std::multiset<std::string> there;
  std::istringstream known{other};
  for (std::string line; std::getline(known, line);) there.insert(line);
  std::string lines;
  std::istringstream all{text};
  for (std::string line; std::getline(all, line);) {
    const auto found = there.find(line);
    if (found == there.end()) {
      lines += words + line + "\n";
    } else {
      there.erase(found);
    }
  }
  return lines;
}

/// What is made ahead for the next launches, which is as much as it is.
bool is_made_ahead(const std::string& kind) { return kind == "/" || kind == "net"; }

}  // namespace

const std::string& facts_script() {
  static const std::string script = kFacts;
  return script;
}

std::string wrong_facts(const Place& place, const std::string& name, const std::string& facts) {
  if (facts.find(kEnd) == std::string::npos) return "the program said only\n" + facts;
  const Place file = place / ("facts of " + name);
  if (!fs::exists(file)) std::ofstream{file} << facts;
  const std::string usual = file_text(file);
  return other_lines(facts, usual, "the program said also ") + other_lines(usual, facts, "the program did not say ");
}

void make_sources(const Place& place) {
  fs::create_directories(place / "from");
  std::ofstream{place / "from/file"} << "of a directory\n";
  std::ofstream{place / "single"} << "of a file\n";
  std::ofstream{VolumeStore::open(place / "store").create("data").mountpoint() / "file"} << "of a volume\n";
}

MountSet mounts_of_everything(const Place& place) {
  fs::remove_all(place / "root");
  fs::create_directories(place / "root");
  MountSet mounts = host_programs(place / "root");
  mounts.add(BindMount{place / "from", "/from", {.read_only = true}});
  mounts.add(BindMount{place / "single", "/single"});
  mounts.add(VolumeMount{.name = "data", .target = "/data"});
  mounts.add(Tmpfs{"/run"});
  return mounts;
}

LaunchSpec facts_spec(const Place& place, const MountSet& mounts) {
  LaunchSpec spec;
  spec.mounts = mounts;
  spec.rootfs = Rootfs::directory(place / "root");
  spec.argv = {"sh", "-c", facts_script()};
  spec.env = {{"WORD", "said"}};
  spec.cwd = "/work";
  spec.hostname = "box";
  spec.out = Stdio::pipe();
  spec.err = Stdio::null();
  spec.store = place / "store";
  spec.launch_timeout = std::chrono::hours{24};  // whoever waits for what never comes is found out
  return spec;
}

Holdings Holdings::now() {
  Holdings holdings;
  if (::geteuid() != 0) return holdings;
  holdings.launcher_ = launcher::connection_of_containers()->pid();
  const Place process = "/proc/" + std::to_string(holdings.launcher_);
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator{process / "fd", gone}) {
    std::error_code closed;
    const std::string link = fs::read_symlink(entry.path(), closed).string();
    if (!closed) ++holdings.descriptors_[kind_of(link)];
  }
  for (const auto& task : fs::directory_iterator{process / "task", gone}) {
    std::istringstream children{file_text(task.path() / "children")};
    for (std::string child; children >> child;) ++holdings.others_["children"];
  }
  std::istringstream mounts{file_text(process / "mountinfo")};
  for (std::string line; std::getline(mounts, line);) ++holdings.others_["mounts"];
  return holdings;
}

std::string Holdings::more(const Holdings& than) const {
  std::string text;
  const bool same = launcher_ == than.launcher_;
  for (const auto& [kind, count] : descriptors_) {
    const auto before = than.descriptors_.find(kind);
    const int had = before == than.descriptors_.end() ? 0 : before->second;
    if (count > had && (same || !is_made_ahead(kind))) {
      text += "the launcher holds " + std::to_string(count) + " " + kind + ", not " + std::to_string(had) + "\n";
    }
  }
  for (const auto& [what, count] : others_) {
    const auto before = than.others_.find(what);
    if (count > (before == than.others_.end() ? 0 : before->second)) {
      text += "the launcher has " + std::to_string(count) + " " + what + "\n";
    }
  }
  return text;
}

std::string Holdings::left() const {
  std::string text;
  (void)becomes_true(
      [&] {
        text = now().more(*this);
        return text.empty();
      },
      std::chrono::seconds{20});
  return text;
}

StoreOperation attempt_operation(std::string name, std::function<Attempt(const Place&)> begin,
                                 std::function<void(const Place&)> prepare) {
  struct Run {
    Attempt attempt;
    bool done = false;
    Holdings before;
  };
  const auto run = std::make_shared<Run>();
  return {.name = std::move(name),
          .prepare = std::move(prepare),
          .ready =
              [run, begin = std::move(begin)](const Place& place) {
                const auto connection = launcher::connection_of_containers();
                connection->keep_ready(0, launcher::deadline_after(std::chrono::minutes{1}));
                run->before = Holdings::now();
                run->attempt = begin(place);
                run->done = false;
                return [run] {
                  run->attempt.call();
                  run->done = true;
                };
              },
          .undo = drop_what_stayed,
          .launcher = true,
          .orphans = true,
          .tells_cause = true,
          .passing = "LEFT images/changes/",
          .left_at_end = std::string{"container "} + kAttempted,
          .wrong =
              [run](const Place& place) {
                std::string wrong;
                try {
                  if (!run->done) run->attempt.call();
                  wrong = run->attempt.judge();
                } catch (const Error& error) {
                  wrong = std::string{"the next one fails: "} + error.what() + "\n";
                }
                run->attempt = {};
                if (run->done) await_changes(place);  // else something may stay for a sweep
                return wrong + run->before.left();
              }};
}

}  // namespace dunnage::test
