// SPDX-License-Identifier: Apache-2.0
// The power is cut: what a disk holds at one instant is all that is left. The disk is an image in a file, and the cut
// is a clone of that file, which the file system around it makes of one instant. What was acknowledged before is there,
// what was not is there as a whole or not at all.
//
// DUNNAGE_CRASH_FILE_SYSTEMS="ext4 xfs" says on which, DUNNAGE_CRASHES how often. Not on btrfs: the kernel knows its
// file systems by their ids, and takes the clone for the original, or for the clone before.

#include "crash/bench.hpp"
#include "crash/places.hpp"
#include "kernel/file_descriptor.hpp"
#include "support/catch.hpp"
#include "support/requires.hpp"
#include "unit/volume_support.hpp"

#include <dunnage/image_store.hpp>
#include <dunnage/volume_store.hpp>

#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <random>
#include <set>
#include <sstream>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;
using kernel::FileDescriptor;

bool runs(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }

/// A file system in a file, mounted.
class Disk {
 public:
  Disk(const fs::path& image, fs::path mounted) : mounted_{std::move(mounted)} {
    fs::create_directories(mounted_);
    REQUIRE(runs("mount -o loop '" + image.string() + "' '" + mounted_.string() + "'"));
  }
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  ~Disk() { (void)runs("umount '" + mounted_.string() + "'"); }
  [[nodiscard]] fs::path store() const { return mounted_ / "store"; }

 private:
  fs::path mounted_;
};

/// What `from` holds at one instant.
void clone(const fs::path& from, const fs::path& to) {
  const FileDescriptor source{::open(from.c_str(), O_RDONLY | O_CLOEXEC)};
  const FileDescriptor target{::open(to.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  REQUIRE(source);
  REQUIRE(target);
  REQUIRE(::ioctl(target.get(), FICLONE, source.get()) == 0);
}

/// Makes volumes and names of images for ever, removes every third volume, and tells after each: "+4\n" or "-3\n".
[[noreturn]] void keep_busy(const fs::path& root, int first, int report) {
  VolumeStore volumes = VolumeStore::open(root);
  ImageStore images = ImageStore::open(root);
  for (int number = first;; ++number) {
    const std::string text = std::to_string(number);
    const auto tell = [&](char verb) {
      const std::string line = verb + text + "\n";
      if (::write(report, line.data(), line.size()) != static_cast<ssize_t>(line.size())) ::_exit(2);
    };
    (void)volumes.create("v" + text, {.labels = {{"of", text}}});
    tell('+');
    if (number % 3 == 0) {
      volumes.remove("v" + text);
      tell('-');
    }
    if (number % 8 == 0) {
      images.tag("base:1", "tag:" + text);
      tell('t');
    }
  }
}

void check(const fs::path& root, const std::string& told) {
  const VolumeStore volumes = VolumeStore::open(root);
  std::set<std::string> there;
  std::vector<std::string> damaged;
  for (const Volume& volume : volumes.list({}, damaged)) {
    there.insert(volume.name());
    CHECK("v" + volume.labels().at("of") == volume.name());
    CHECK(fs::is_directory(volume.mountpoint()));
  }
  CHECK(damaged.empty());
  CHECK(fs::is_empty(root / "staging"));
  CHECK(fs::is_empty(root / "trash"));
  ImageStore images = ImageStore::open(root);
  CHECK(images.damaged().empty());
  std::istringstream lines{told};
  for (std::string line; std::getline(lines, line);) {
    const std::string number = line.substr(1);
    CAPTURE(line);
    if (line[0] == 't') CHECK(images.find("tag:" + number));
    if (line[0] == '-') CHECK(there.count("v" + number) == 0);
    if (line[0] == '+' && std::stoi(number) % 3 != 0) CHECK(there.count("v" + number) == 1);
  }
  CHECK_NOTHROW(images.unpack("base:1"));
}

/// Reads what has been told by now, at least so many lines.
std::string read_lines(int fd, std::size_t least) {
  std::string text;
  char buffer[4096];
  while (static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) < least) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    REQUIRE(got > 0);
    text.append(buffer, static_cast<std::size_t>(got));
  }
  return text.substr(0, text.rfind('\n') + 1);
}

void import_base(const fs::path& root, const fs::path& scratch) {
  fs::create_directories(scratch / "root/etc");
  std::ofstream{scratch / "root/etc/name"} << "base";
  (void)ImageStore::open(root).import(scratch / "root", "base:1");
}

/// \return what had been told when the power was cut
std::string cut_while_busy(const fs::path& store, int first, std::size_t least, const std::function<void()>& cut) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const FileDescriptor reading{ends[0]};
  FileDescriptor writing{ends[1]};
  const pid_t worker = start_process([&] { keep_busy(store, first, writing.get()); });
  writing.reset();
  std::string told = read_lines(reading.get(), least);
  cut();
  REQUIRE(::kill(worker, SIGKILL) == 0);
  (void)wait_for(worker);
  return told;
}

void cut(const std::string& kind, std::size_t times) {
  const auto around = make_place("xfs");  // clones at one instant
  const fs::path image = around->path() / "image";
  REQUIRE(runs("truncate -s 310M '" + image.string() + "'"));
  REQUIRE(runs("mkfs." + kind + (kind == "ext4" ? " -F '" : " -f '") + image.string() + "'"));
  import_base(Disk{image, around->path() / "mounted"}.store(), around->path());
  std::minstd_rand random{20240229};
  for (std::size_t round = 0; round < times; ++round) {
    CAPTURE(kind, round);
    const fs::path copy = around->path() / "copy";
    std::string told;
    {
      const Disk disk{image, around->path() / "mounted"};
      told = cut_while_busy(disk.store(), static_cast<int>(round) * 100'000 + 1, 1 + random() % 40,
                            [&] { clone(image, copy); });
    }
    check(Disk{copy, around->path() / "mounted"}.store(), told);  // alone: it has the id of the original
  }
}

}  // namespace

TEST_CASE("T-3: what was acknowledged before the power was cut is there, and the rest is whole or not there",
          "[crash]") {
  if (!requires_root() || !requires_program("mkfs.xfs")) return;
  const char* asked = std::getenv("DUNNAGE_CRASH_FILE_SYSTEMS");
  std::istringstream kinds{asked == nullptr ? "ext4" : asked};
  for (std::string kind; kinds >> kind;) {
    if (kind == "ext4" || kind == "xfs") cut(kind, crashes_of_each(4));
  }
}

}  // namespace dunnage::test
