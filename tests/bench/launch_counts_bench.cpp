// SPDX-License-Identifier: Apache-2.0
// The host's half of a launch with 100 binds, one part at a time, for counting its instructions under callgrind
// (count_instructions.py). Callgrind knows neither the calls that make detached mounts nor pidfds, so those are left
// out, and so is the launcher: what is counted is the library's own work up to the message that is sent.
//
//     launch_counts_bench texts|resolve|specification|describe|send

#include "launch/capability.hpp"
#include "launch/launch.hpp"
#include "launch/payload.hpp"
#include "launcher/connection.hpp"
#include "launcher/socket.hpp"
#include "support/temporary_directory.hpp"

#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>
#include <dunnage/seccomp.hpp>

#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace dunnage;

constexpr int kBinds = 100;

/// The one function callgrind looks at.
extern "C" [[gnu::noinline]] void dunnage_counted(const std::function<void()>& part) { part(); }

std::vector<std::string> make_texts(const test::TemporaryDirectory& directory) {
  std::vector<std::string> texts;
  for (int index = 0; index < kBinds; ++index) {
    const std::string name = std::to_string(index);
    texts.push_back("-v " + directory.make(name).string() + ":/m/" + name + ":ro");
  }
  return texts;
}

launcher::Request describe(const MountPlan& plan) {
  launch::Payload payload;
  payload.filter(Seccomp::standard(), launch::default_capabilities());
  payload.fixed.argv = payload.texts({"/true"});
  payload.fixed.environment = payload.texts({"PATH=/usr/bin:/bin", "HOME=/root"});
  for (const ResolvedMount& mount : plan) {
    launcher::MountRecord record;
    record.target = payload.text(mount.target);
    record.descriptor = payload.descriptor(0);
    payload.add_mount(record);
  }
  return payload.finish();
}

void send(const launcher::Request& request) {
  auto [ours, theirs] = launcher::make_channel();
  auto [socket, launcher] = launcher::make_channel();
  const int result = launcher::send_request(socket.get(), launcher::MessageKind::Launch, request, theirs.get(),
                                            ours.get(), launcher::kNever);
  if (result != 0) {
    throw std::runtime_error{"the request cannot be sent"};
  }
}

}  // namespace

int main(int argc, char** argv) {
  const test::TemporaryDirectory directory;
  const std::vector<std::string> texts = make_texts(directory);
  MountSet set;
  for (const std::string& text : texts) {
    set.add_spec(text);
  }
  const MountPlan plan = set.resolve();
  const launcher::Request request = describe(plan);
  std::optional<LaunchSpec> spec{LaunchSpec{.rootfs = Rootfs::directory(directory.path()), .argv = {"/true"}}};
  const std::map<std::string, std::function<void()>> parts{
      {"texts",
       [&] {
         MountSet parsed;
         for (const std::string& text : texts) {
           parsed.add_spec(text);
         }
       }},
      {"resolve", [&] { (void)set.resolve(); }},
      {"specification", [&] { (void)launch::Launch{std::move(*spec)}; }},
      {"describe", [&] { (void)describe(plan); }},
      {"send", [&] { send(request); }},
  };
  const auto part = argc == 2 ? parts.find(argv[1]) : parts.end();
  if (part == parts.end()) {
    std::cerr << "usage: launch_counts_bench texts|resolve|specification|describe|send\n";
    return 2;
  }
  dunnage_counted(part->second);
  return 0;
}
