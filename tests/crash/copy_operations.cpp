// SPDX-License-Identifier: Apache-2.0
// Copies into and out of volumes and containers, running and not, as trees and as archives.

#include "crash/store_operation.hpp"
#include "crash/store_state.hpp"

#include <dunnage/container.hpp>
#include <dunnage/container_store.hpp>
#include <dunnage/copy.hpp>
#include <dunnage/volume_store.hpp>

#include "image/archive.hpp"
#include "image/digest.hpp"
#include "kernel/file_descriptor.hpp"
#include "launcher/connection.hpp"
#include "launcher/identity.hpp"
#include "support/host.hpp"
#include "support/host_programs.hpp"
#include "support/outer_filter.hpp"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>

namespace dunnage::test {

namespace {

namespace fs = std::filesystem;
using Place = StoreOperation::Place;
using Descriptor = std::shared_ptr<kernel::FileDescriptor>;
using Open = std::function<Descriptor(const Place&)>;
using Call = std::function<void(const Place&, int archive)>;

constexpr const char* kBox = "box";  ///< the container
constexpr const char* kRunning = "runs";

VolumeStore volumes(const Place& place) { return VolumeStore::open(place / "store"); }
ContainerStore containers(const Place& place) { return ContainerStore::open(place / "store"); }
Place data(const Place& place) { return volumes(place).get("data").mountpoint(); }

void write(const Place& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream{file} << text;
}

/// What a copy replaces, and what it leaves alone.
void make_as_it_was(const Place& top) {
  for (const auto& entry : fs::directory_iterator{top}) fs::remove_all(entry.path());
  for (const char* file : {"file", "kept", "d/one", "d/two", "fifo", "link"}) write(top / file, "as it was");
}

/// Replaces files by a file, by two names of one, by a link and by a FIFO, and adds directories.
void make_as_it_is_to_be(const Place& top) {
  write(top / "file", std::string(600, 'n'));
  fs::permissions(top / "file", fs::perms::owner_all | fs::perms::group_read);
  write(top / "d/one", "new");
  fs::create_hard_link(top / "d/one", top / "d/two");
  fs::create_symlink("kept", top / "link");
  write(top / "new/deep/file", "new");
  if (::mkfifo((top / "fifo").c_str(), 0600) != 0) throw std::runtime_error{"mkfifo"};
}

std::string archive_of_it() {
  return Archive{}
      .file("file", std::string(600, 'n'), {.mode = 0740})
      .directory("d")
      .file("d/one", "new")
      .hard_link("d/two", "d/one")
      .symbolic_link("link", "kept")
      .directory("new")
      .directory("new/deep")
      .file("new/deep/file", "new")
      .tar();
}

/// Sources of both kinds beside the store, and a volume; `to` is the directory a copy goes to.
void make_places(const Place& place, const std::function<Place(const Place&)>& to) {
  fs::create_directories(place / "from");
  fs::create_directories(place / "out");
  make_as_it_is_to_be(place / "from");
  std::ofstream{place / "archive", std::ios::binary} << archive_of_it();
  (void)volumes(place).create("data");
  make_as_it_was(to(place));
}

Descriptor open_archive(const Place& place) {
  return std::make_shared<kernel::FileDescriptor>(::open((place / "archive").c_str(), O_RDONLY | O_CLOEXEC));
}

Descriptor make_archive(const Place& place) {
  return std::make_shared<kernel::FileDescriptor>(
      ::open((place / "out/archive").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
}

/// A container of a root in a directory, which is there when it has ended.
void launch_box(const Place& place, bool runs) {
  fs::create_directories(place / "root/srv");
  MountSet mounts = host_programs(place / "root");
  mounts.add(VolumeMount{.name = "data", .target = "/data"});
  (void)Container::launch(
      {.rootfs = Rootfs::directory(place / "root"),
       .argv = runs ? std::vector<std::string>{"sleep", "100000"} : std::vector<std::string>{"true"},
       .mounts = std::move(mounts),
       .out = Stdio::null(),
       .err = Stdio::null(),
       .lifetime = Lifetime::Detached,
       .name = kBox,
       .labels = runs ? Labels{{kRunning, ""}} : Labels{},
       .remove_on_exit = false,
       .store = place / "store"});
  if (runs) return;
  const auto has_ended = [&] { return containers(place).inspect(kBox).status == ContainerStatus::Exited; };
  if (!becomes_true(has_ended, std::chrono::seconds{20})) throw std::runtime_error{"the container does not end"};
}

void remove_box(const Place& place) {
  if (containers(place).find(kBox)) containers(place).remove(kBox, true);
}

/// \param open  the archive, if there is one
std::function<std::function<void()>(const Place&)> ready(Call call, Open open = {}) {
  return [call = std::move(call), open = std::move(open)](const Place& place) -> std::function<void()> {
    (void)launcher::Connection::get(launcher::identity_for(0, 0));
    const Descriptor archive = open ? open(place) : std::make_shared<kernel::FileDescriptor>();
    return [place, call, archive] { call(place, archive->get()); };
  };
}

/// \param to  the directory a copy goes to
StoreOperation operation(std::string name, std::function<Place(const Place&)> to, Call call, Open open = {}) {
  return {.name = std::move(name),
          .prepare = [to](const Place& place) { make_places(place, to); },
          .ready = ready(std::move(call), std::move(open)),
          .undo = [to](const Place& place) { make_as_it_was(to(place)); },
          .launcher = true,
          .resumes = true,
          .tells_cause = true,
          .passing = ".dunnage-copy-",
          .begun = " 40700",
          .beside = [](const Place& place) { return content_of(place / "out") + content_of(place / "root/srv"); }};
}

Place out(const Place& place) { return place / "out"; }
Place srv(const Place& place) { return place / "root/srv"; }

StoreOperation out_of_volume() {
  StoreOperation copy = operation("copy out of a volume", out, [](const Place& place, int) {
    copy_out(volumes(place), "data", "/.", place / "out");
  });
  copy.prepare = [](const Place& place) {
    make_places(place, out);
    make_as_it_is_to_be(data(place));
  };
  return copy;
}

/// An error leaves an archive without an end: it is as it is to be, or the beginning of that.
StoreOperation archive_of_volume() {
  StoreOperation copy = out_of_volume();
  copy.name = "copy an archive out of a volume";
  copy.ready =
      ready([](const Place& place, int archive) { copy_out(volumes(place), "data", "/.", archive); }, make_archive);
  copy.begun = "archive that has begun";
  copy.beside = [](const Place& place) -> std::string {
    const std::string text = file_text(place / "out/archive");
    const bool whole = text.size() > 600 && text.ends_with(std::string(1024, '\0'));
    return whole ? "archive " + image::digest_of(text) : text.empty() ? "" : "archive that has begun";
  };
  return copy;
}

StoreOperation with_box(StoreOperation copy, bool runs) {
  copy.prepare = [prepare = copy.prepare, undo = copy.undo, runs](const Place& place) {
    fs::create_directories(place / "root/srv");
    prepare(place);
    launch_box(place, runs);
  };
  if (runs) copy.leave = remove_box;
  return copy;
}

/// From here on no file system of this process, and of what it starts, has files without a name.
void take_nameless_files_away() {
  constexpr unsigned kNameless = O_TMPFILE & ~O_DIRECTORY;
  load_outer_filter({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
                     BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
                     BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kNameless, 0, 1),
                     BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
                     BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)});
}

StoreOperation with_names_only(StoreOperation copy) {
  copy.name += " whose file system has no nameless files";
  copy.ready = [ready = copy.ready](const Place& place) {
    take_nameless_files_away();
    return ready(place);
  };
  return copy;
}

std::vector<StoreOperation> copies_of_volumes() {
  const StoreOperation into = operation("copy into a volume", data, [](const Place& place, int) {
    copy_in(volumes(place), "data", place / "from/.", "/");
  });
  return {into, with_names_only(into),
          operation(
              "copy an archive into a volume", data,
              [](const Place& place, int archive) { copy_in(volumes(place), "data", archive, "/"); }, open_archive),
          out_of_volume(), archive_of_volume()};
}

std::vector<StoreOperation> copies_of_ended() {
  StoreOperation from = out_of_volume();
  from.name = "copy out of a container that has ended";
  from.ready = ready([](const Place& place, int) { copy_out(containers(place), kBox, "/data/.", place / "out"); });
  return {
      with_box(operation("copy into a container that has ended", srv,
                         [](const Place& place, int) { copy_in(containers(place), kBox, place / "from/.", "/srv"); }),
               false),
      with_box(std::move(from), false)};
}

std::vector<StoreOperation> copies_of_running() {
  StoreOperation from = out_of_volume();
  from.name = "copy out of a container that runs";
  from.ready = ready([](const Place& place, int) { copy_out(containers(place), kBox, "/data/.", place / "out"); });
  return {with_box(operation("copy into a container that runs", data,
                             [](const Place& place, int) {
                               const Container container = containers(place).get(kBox);
                               copy_in(container, place / "from/.", "/data");
                             }),
                   true),
          with_box(operation(
                       "copy an archive into a container that runs", srv,
                       [](const Place& place, int archive) { copy_in(containers(place), kBox, archive, "/srv"); },
                       open_archive),
                   true),
          with_box(std::move(from), true)};
}

}  // namespace

std::vector<StoreOperation> copy_operations() {
  std::vector<StoreOperation> operations = copies_of_volumes();
  for (auto&& more : {copies_of_ended(), copies_of_running()}) {
    operations.insert(operations.end(), more.begin(), more.end());
  }
  return operations;
}

}  // namespace dunnage::test
