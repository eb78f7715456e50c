// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What one thread asks of containers: each object has the name of one, which uses the volume in its first slot. A
/// launch is written down as three things, each of which happens while the call is made, in any order: the container is
/// there, it takes programs, its volume is in use. So is a stop.

#include "root/call_recorder.hpp"

#include <dunnage/container.hpp>
#include <dunnage/container_store.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace dunnage::test {

class ContainerAsker {
 public:
  ContainerAsker(CallRecorder& recorder, const std::filesystem::path& store)
      : recorder_{recorder}, store_{store}, containers_{ContainerStore::open(store)} {}

  /// One that runs until it is stopped.
  void launch(int object, const std::string& volume) {
    const int value = static_cast<int>(recorder_.tick());
    const Call call = recorder_.changed(Call::Kind::Launch, object, 0, value, [&] {
      (void)Container::launch({.argv = {"sleep", "100000"},
                               .mounts = MountSet{VolumeMount{
                                   .name = volume, .target = "/data", .options = {.create = false}, .store = store_}},
                               .out = Stdio::null(),
                               .err = Stdio::null(),
                               .lifetime = Lifetime::Detached,
                               .name = name_of_container(object),
                               .labels = {{"value", std::to_string(value)}},
                               .remove_on_exit = false,
                               .store = store_});
    });
    if (call.answer == Call::Answer::Done) {
      recorder_.add_beside(call, Call::Kind::Start, value);
      return recorder_.add_beside(call, Call::Kind::Use, value);
    }
    recorder_.add_beside(call, Call::Kind::MayUse, value);  // until it found that it may not be launched
    recorder_.add_beside(call, Call::Kind::Unuse, value);
  }

  void stop(int object) {
    const auto found = find(object);
    if (!found) return;
    const int value = value_of(*found);
    const Call call = recorder_.changed(Call::Kind::Stop, object, 0, value,
                                        [&] { (void)containers_.get(found->id).stop(std::chrono::milliseconds{0}); });
    if (call.answer != Call::Answer::Done) return;
    recorder_.add_beside(call, Call::Kind::End, value);
    recorder_.add_beside(call, Call::Kind::Unuse, value);
  }

  void execute(int object) {
    const auto found = find(object);
    if (!found) return;
    recorder_.change(Call::Kind::Execute, object, 0, value_of(*found), [&] {
      (void)containers_.get(found->id).exec({.argv = {"true"}, .out = Stdio::null(), .err = Stdio::null()}).wait();
    });
  }

  void erase(int object) {
    recorder_.change(Call::Kind::Erase, object, 0, 0, [&] { containers_.remove(name_of_container(object)); });
  }

  std::optional<ContainerInfo> find(int object) {
    std::optional<ContainerInfo> found;
    recorder_.record(Call::Kind::Find, object, 0, 0, [&] {
      found = containers_.find(name_of_container(object));
      if (!found) return 0;
      return found->status == ContainerStatus::Exited || found->status == ContainerStatus::Dead ? -value_of(*found)
                                                                                                : value_of(*found);
    });
    return found;
  }

 private:
  static std::string name_of_container(int object) { return "box-" + std::to_string(object); }
  static int value_of(const ContainerInfo& info) { return std::stoi(info.labels.at("value")); }

  CallRecorder& recorder_;
  std::filesystem::path store_;
  ContainerStore containers_;
};

}  // namespace dunnage::test
