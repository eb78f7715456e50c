// SPDX-License-Identifier: Apache-2.0

// docker run -v /mnt/share:/data service, and docker restart service whenever the share was mounted again
//
// A service reads a share that dies under it and comes back: as a directory here, which anybody can remove and make; a
// file system of FUSE whose server is killed and started again goes the same way. The service runs on and has its data
// again, without a restart.
//
//     mended_mount [DIRECTORY]

#include "example.hpp"

#include <dunnage/dunnage.hpp>

#include <poll.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>

using example::check;
using example::say;
using namespace std::chrono_literals;

namespace {

void publish(const std::filesystem::path& share, const std::string& text) {
  std::filesystem::create_directories(share);
  std::ofstream{share / "news.new"} << text << '\n';
  std::filesystem::rename(share / "news.new", share / "news");
}

dunnage::MountEvent next_event(dunnage::MountEvents& events) {
  for (;;) {
    if (auto event = events.next()) return std::move(*event);
    if (events.ended()) throw std::runtime_error{"the service has ended"};
    pollfd item{events.fd(), POLLIN, 0};
    (void)poll(&item, 1, -1);
  }
}

std::string news_of(dunnage::Container& service) {
  auto program = service.exec({.argv = {"cat", "/data/news"}, .out = dunnage::Stdio::pipe()});
  return example::read_all(program.stdout_fd());
}

int run(const std::filesystem::path& directory) {
  const auto share = directory / "share";
  publish(share, "first");
  const dunnage::SourceLoss on_loss{.policy = dunnage::LossPolicy::Pause, .interval = 200ms, .timeout = 10s};
  auto service = dunnage::Container::launch(
      {.argv = {"sh", "-c", "while :; do cat /data/news >/dev/null; sleep 0.05; done"},
       .mounts = dunnage::MountSet{dunnage::BindMount{share, "/data", {.read_only = true, .on_loss = on_loss}}},
       .err = dunnage::Stdio::null(),
       .store = directory / "store"});
  auto events = service.mount_events();
  check(news_of(service) == "first\n", "the service reads the share");

  say("the share dies");
  std::filesystem::remove_all(share);
  const auto lost = next_event(events);
  say("  " + lost.cause);
  check(lost.kind == dunnage::MountEvent::Kind::Lost, "that is noticed, and the service is paused meanwhile");

  say("it comes back");
  publish(directory / "next", "second");
  std::filesystem::rename(directory / "next", share);
  check(next_event(events).kind == dunnage::MountEvent::Kind::Restored, "so does the mount, in the running service");
  check(news_of(service) == "second\n", "which reads what is there now");
  service.stop(0s);
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return example::show_in_directory(argc, argv, run); }
