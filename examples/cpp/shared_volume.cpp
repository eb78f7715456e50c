// SPDX-License-Identifier: Apache-2.0

// docker run -v shared:/shared writer
// docker run -v shared:/shared:ro reader
//
// Two containers share a volume at the same time. What one writes, the other reads at once; the one that has it
// read-only cannot write; and nobody can remove it under their feet.
//
//     shared_volume [STORE]

#include "example.hpp"

#include <dunnage/dunnage.hpp>

#include <unistd.h>

#include <array>

using example::check;
using example::say;

namespace {

dunnage::Container launch(const dunnage::VolumeStore& store, const std::string& name, bool read_only) {
  return dunnage::Container::launch({
      .argv = {"sleep", "infinity"},
      .mounts = dunnage::MountSet{store.get("shared").at("/shared", {.read_only = read_only})},
      .name = name,
      .store = store.root(),  // the container's record goes beside the volumes
  });
}

struct Answer {
  dunnage::ExitStatus status = dunnage::ExitStatus::exited(0);
  std::string text;
};

// Runs a shell command in a running container and collects what it prints.
Answer ask(const dunnage::Container& container, const std::string& command) {
  const auto process = container.exec({
      .argv = {"sh", "-c", "exec 2>&1; " + command},
      .out = dunnage::Stdio::pipe(),
  });
  Answer answer;
  std::array<char, 1024> buffer{};
  for (ssize_t count; (count = read(process.stdout_fd(), buffer.data(), buffer.size())) > 0;) {
    answer.text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  answer.status = process.wait();
  return answer;
}

int run(dunnage::VolumeStore store) {
  (void)store.get_or_create("shared");
  say("launching writer (read-write) and reader (read-only) on the volume shared");
  {
    const auto writer = launch(store, "writer", false);
    const auto reader = launch(store, "reader", true);

    check(ask(writer, "echo 'the ship has sailed' > /shared/news").status.success(), "writer writes /shared/news");
    check(ask(reader, "cat /shared/news").text == "the ship has sailed\n", "reader reads it at once");
    check(ask(writer, "echo 'and is back' >> /shared/news").status.success(), "writer appends to it");
    check(ask(reader, "tail -n 1 /shared/news").text == "and is back\n", "reader sees that, too");

    const Answer refused = ask(reader, "echo graffiti > /shared/news");
    check(!refused.status.success() && refused.text.find("Read-only file system") != std::string::npos,
          "reader cannot write: " + refused.text.substr(0, refused.text.find('\n')));

    try {
      store.remove("shared");
      throw std::logic_error{"NOT SO: the volume is kept while it is used"};
    } catch (const dunnage::VolumeError& error) {
      check(error.code() == dunnage::errc::volume_in_use && error.users().size() == 2, error.what());
    }
  }
  say("both containers are gone");
  store.remove("shared");
  check(!store.find("shared"), "now the volume can be removed");
  say("Two containers have shared one volume.");
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return example::show_in_store(argc, argv, run); }
