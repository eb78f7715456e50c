// SPDX-License-Identifier: Apache-2.0
#include "bench/volume/filled_store.hpp"

#include "volume/metadata.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>

namespace dunnage::bench {
namespace {

using kernel::FileDescriptor;

void check(bool good, const char* what) {
  if (!good) throw std::runtime_error{what};
}

FileDescriptor open_directory(int parent, const char* path) {
  FileDescriptor directory{::openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  check(static_cast<bool>(directory), "open directory");
  return directory;
}

void write_file(int directory, const char* name, const std::string& text, bool durable) {
  const FileDescriptor file{::openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  check(file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()), "write");
  check(!durable || ::fsync(file.get()) == 0, "fsync");
}

std::size_t read_file(int directory, const char* path) {
  char buffer[4096];
  const int file = ::openat(directory, path, O_RDONLY | O_CLOEXEC);
  const ssize_t got = ::read(file, buffer, sizeof buffer);
  ::close(file);
  check(got > 0, "read");
  return static_cast<std::size_t>(got);
}

}  // namespace

FilledStore::FilledStore(int count) : count_{count} {
  const FileDescriptor volumes = open_directory(AT_FDCWD, (store.root() / "volumes").c_str());
  for (int index = 0; index < count; ++index) {
    VolumeInfo info;
    info.name = "volume-" + std::to_string(index);
    info.created_at = std::chrono::system_clock::now();
    info.labels = {{"app", "shop"}, {"com.example.tier", index % 100 == 0 ? "front" : "back"}};
    check(::mkdirat(volumes.get(), info.name.c_str(), 0700) == 0, "mkdir");
    const FileDescriptor volume = open_directory(volumes.get(), info.name.c_str());
    check(::mkdirat(volume.get(), "_data", 0755) == 0, "mkdir");
    write_file(volume.get(), "lock", "", false);
    write_file(volume.get(), "metadata", volume::encode_metadata(info).value(), false);
  }
}

std::string FilledStore::name(int number) const {
  constexpr long kPrime = 7919;
  return "volume-" + std::to_string(number * kPrime % count_);
}

Floor::Floor(const FilledStore& filled)
    : root_{filled.store.root().native()},
      volumes_{open_directory(AT_FDCWD, (root_ + "/volumes").c_str())},
      staging_{open_directory(AT_FDCWD, (root_ + "/staging").c_str())},
      trash_{open_directory(AT_FDCWD, (root_ + "/trash").c_str())} {}

void Floor::open() const {
  struct stat status {};
  const FileDescriptor root = open_directory(AT_FDCWD, root_.c_str());
  check(::fstat(root.get(), &status) == 0, "stat");
  (void)read_file(root.get(), "version");
  const FileDescriptor volumes = open_directory(root.get(), "volumes");
  check(::fstat(volumes.get(), &status) == 0, "stat");
}

void Floor::get(const std::string& name) {
  path_.assign(name).append("/metadata");
  (void)read_file(volumes_.get(), path_.c_str());
}

bool Floor::is_there(const std::string& name) const {
  return ::faccessat(volumes_.get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void Floor::list(int expected) {
  DIR* stream = ::fdopendir(open_directory(volumes_.get(), ".").release());
  int count = 0;
  while (const dirent* entry = ::readdir(stream)) {
    if (entry->d_name[0] != '.') {
      path_.assign(static_cast<const char*>(entry->d_name)).append("/metadata");
      (void)read_file(volumes_.get(), path_.c_str());
      ++count;
    }
  }
  ::closedir(stream);
  check(count == expected, "list");
}

void Floor::make_in(int place, const std::string& name) {
  check(::mkdirat(place, name.c_str(), 0700) == 0, "mkdir");
  const FileDescriptor directory = open_directory(place, name.c_str());
  check(::mkdirat(directory.get(), "_data", 0755) == 0, "mkdir");
  write_file(directory.get(), "metadata", std::string(200, 'x'), true);
  check(::fsync(directory.get()) == 0, "fsync");
}

void Floor::create(const std::string& name) const {
  make_in(volumes_.get(), name);
  check(::fsync(volumes_.get()) == 0, "fsync");
}

void Floor::create_staged(const std::string& name) const {
  make_in(staging_.get(), name);
  check(::renameat(staging_.get(), name.c_str(), volumes_.get(), name.c_str()) == 0 && ::fsync(volumes_.get()) == 0,
        "rename");
}

void Floor::remove(const std::string& name) const {
  const int trash = trash_.get();
  check(::renameat(volumes_.get(), name.c_str(), trash, name.c_str()) == 0 && ::fsync(volumes_.get()) == 0, "rename");
  const FileDescriptor directory = open_directory(trash, name.c_str());
  check(::unlinkat(directory.get(), "metadata", 0) == 0 && ::unlinkat(directory.get(), "_data", AT_REMOVEDIR) == 0 &&
            ::unlinkat(trash, name.c_str(), AT_REMOVEDIR) == 0,
        "remove");
}

}  // namespace dunnage::bench
