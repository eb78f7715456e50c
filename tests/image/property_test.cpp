// SPDX-License-Identifier: Apache-2.0
// Random trees, packed by GNU tar and by libarchive, come out of us as they were, file by file.

#include "container/support.hpp"
#include "image/archive.hpp"
#include "image/unpacking.hpp"
#include "support/catch.hpp"
#include "support/requires.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace dunnage::test {
namespace {

/// What the format of an archive can hold.
struct Format {
  std::string name;
  bool nanoseconds = false;
  bool attributes = false;
  bool long_names = true;
};

class RandomTree {
 public:
  RandomTree(std::filesystem::path root, unsigned seed, Format format)
      : root_{std::move(root)}, random_{seed}, format_{std::move(format)} {
    std::filesystem::create_directory(root_);
    directories_.push_back("");
    for (int index = 0; index < 60; ++index) add(index);
    // Deepest first: what is made in a directory changes its time.
    for (auto name = directories_.rbegin(); name != directories_.rend(); ++name) finish(*name, number(0777) | 0700U);
  }

 private:
  unsigned number(unsigned most) { return std::uniform_int_distribution<unsigned>{0, most}(random_); }
  template <typename T>
  const T& one_of(const std::vector<T>& all) {
    return all[number(static_cast<unsigned>(all.size()) - 1)];
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (root_ / name).native(); }

  std::string new_name(int index) {
    static const std::vector<std::string> kWords{"plain",     "two words", "caf\xc3\xa9", "cafe\xcc\x81", "\xff\x01",
                                                 "new\nline", "-rf",       "*",           "back\\slash",  "=",
                                                 "10 x=y",    ".hidden",   "tab\t"};
    std::string name = one_of(kWords) + std::to_string(index);
    if (format_.long_names && number(9) == 0) name += std::string(number(200), 'n');
    const std::string& parent = one_of(directories_);
    return parent.empty() ? name : parent + "/" + name;
  }

  void add(int index) {
    const std::string name = new_name(index);
    const bool root = ::geteuid() == 0;
    switch (number(9)) {
      case 0:
      case 1:
        if (!format_.long_names && name.size() > 60) return;
        REQUIRE(::mkdir(path(name).c_str(), 0700) == 0);
        directories_.push_back(name);
        return;
      case 2:
        REQUIRE(::symlink(one_of(std::vector<std::string>{"/", "..", "x", "\xff", std::string(90, 'l')}).c_str(),
                          path(name).c_str()) == 0);
        return finish(name, 0);
      case 3:
        if (files_.empty()) return;
        REQUIRE(::link(path(one_of(files_)).c_str(), path(name).c_str()) == 0);
        return;
      case 4:
        REQUIRE(::mkfifo(path(name).c_str(), 0600) == 0);
        return finish(name, number(0777));
      case 5:
        if (!root) return;
        REQUIRE(::mknod(path(name).c_str(), number(1) == 0 ? S_IFCHR : S_IFBLK,
                        makedev(1 + number(100), number(100))) == 0);
        return finish(name, number(0777));
      default:
        return add_file(name);
    }
  }

  void add_file(const std::string& name) {
    {
      std::ofstream stream{path(name), std::ios::binary};
      stream << std::string(number(3) == 0 ? 0 : number(3000), static_cast<char>(number(255)));
      if (number(4) == 0) {
        stream.seekp(number(300'000));
        stream << "behind a hole";
      }
    }
    files_.push_back(name);
    finish(name, (number(07777) | 0400U) & (::geteuid() == 0 ? 07777U : 05777U));
  }

  /// Owner, mode, attributes, time.
  void finish(const std::string& name, unsigned mode) {
    struct stat status {};
    REQUIRE(::lstat(path(name).c_str(), &status) == 0);
    if (::geteuid() == 0) REQUIRE(::lchown(path(name).c_str(), number(70'000), number(70'000)) == 0);
    const bool plain = S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
    if (format_.attributes && plain && number(2) == 0) {
      const std::string value = number(1) == 0 ? std::string{"a\0=\n\xff", 5} : std::string(number(500), 'v');
      REQUIRE(::setxattr(path(name).c_str(), "user.some.name", value.data(), value.size(), 0) == 0);
    }
    if (!S_ISLNK(status.st_mode)) REQUIRE(::chmod(path(name).c_str(), mode) == 0);
    const std::array<timespec, 2> times{timespec{0, UTIME_OMIT},
                                        timespec{number(2'000'000'000), format_.nanoseconds ? number(999'999'999) : 0}};
    REQUIRE(::utimensat(AT_FDCWD, path(name).c_str(), times.data(), AT_SYMLINK_NOFOLLOW) == 0);
  }

  std::filesystem::path root_;
  std::mt19937 random_;
  Format format_;
  std::vector<std::string> directories_;
  std::vector<std::string> files_;
};

void pack_by_gnu_tar(const std::filesystem::path& tree, const std::filesystem::path& to, const Format& format) {
  const std::string owner = ::geteuid() == 0 ? "" : "--owner=0 --group=0";
  const std::string attributes = format.attributes ? "--xattrs --xattrs-include='user.*'" : "";
  const std::string command =
      fmt::format("tar --format={} --numeric-owner {} {} {} -C '{}' -cf '{}' . 2>/dev/null", format.name, owner,
                  attributes, format.name == "ustar" ? "" : "--sparse", tree.native(), to.native());
  REQUIRE(std::system(command.c_str()) == 0);
}

void copy_content(archive* writer, const char* path) {
  const kernel::FileDescriptor file{::open(path, O_RDONLY | O_CLOEXEC)};
  std::array<char, 4096> buffer;
  for (ssize_t got = 0; (got = ::read(file.get(), buffer.data(), buffer.size())) > 0;) {
    REQUIRE(::archive_write_data(writer, buffer.data(), static_cast<std::size_t>(got)) == got);
  }
}

void pack_by_libarchive(const std::filesystem::path& tree, const std::filesystem::path& to, const Format& format) {
  const std::unique_ptr<archive, int (*)(archive*)> disk{::archive_read_disk_new(), ::archive_read_free};
  const std::unique_ptr<archive, int (*)(archive*)> writer{::archive_write_new(), ::archive_write_free};
  const std::unique_ptr<archive_entry_linkresolver, void (*)(archive_entry_linkresolver*)> links{
      ::archive_entry_linkresolver_new(), ::archive_entry_linkresolver_free};
  REQUIRE(::archive_write_set_format_by_name(writer.get(), format.name.c_str()) == ARCHIVE_OK);
  ::archive_entry_linkresolver_set_strategy(links.get(), ::archive_format(writer.get()));
  REQUIRE(::archive_write_open_filename(writer.get(), to.c_str()) == ARCHIVE_OK);
  (void)::archive_read_disk_set_symlink_physical(disk.get());
  (void)::archive_read_disk_set_behavior(disk.get(), ARCHIVE_READDISK_NO_FFLAGS);
  REQUIRE(::archive_read_disk_open(disk.get(), tree.c_str()) == ARCHIVE_OK);
  const std::unique_ptr<archive_entry, void (*)(archive_entry*)> owned{::archive_entry_new(), ::archive_entry_free};
  while (::archive_read_next_header2(disk.get(), owned.get()) == ARCHIVE_OK) {
    archive_entry* entry = owned.get();
    archive_entry* spare = nullptr;
    (void)::archive_read_disk_descend(disk.get());
    const std::string source = ::archive_entry_sourcepath(entry);
    ::archive_entry_copy_pathname(entry, ("." + source.substr(tree.native().size())).c_str());
    if (::geteuid() != 0) {
      ::archive_entry_set_uid(entry, 0);
      ::archive_entry_set_gid(entry, 0);
    }
    ::archive_entry_sparse_clear(entry);
    ::archive_entry_linkify(links.get(), &entry, &spare);
    INFO(source);
    REQUIRE(::archive_write_header(writer.get(), entry) >= ARCHIVE_WARN);
    if (::archive_entry_size(entry) > 0) copy_content(writer.get(), source.c_str());
  }
  REQUIRE(::archive_write_close(writer.get()) == ARCHIVE_OK);
}

void check_round_trip(const Format& format, unsigned seed,
                      void (*pack)(const std::filesystem::path&, const std::filesystem::path&, const Format&)) {
  Unpacking layer;
  const auto tree = layer.directory().path() / "made";
  const RandomTree random{tree, seed, format};
  const auto blob = layer.directory().path() / "blob";
  pack(tree, blob, format);
  const Unpacked outcome = layer.unpack_file(blob);
  INFO(format.name << ", seed " << seed << ": " << outcome.cause);
  REQUIRE(outcome.done());
  CHECK(listing(layer.path()) == listing(tree));
  CHECK(outcome.losses == image::UnpackLosses{});
}

}  // namespace

TEST_CASE("what GNU tar packs is unpacked as it was", "[image][property][one-user]") {
  if (!requires_program("tar")) return;
  for (const Format& format : {Format{"pax", true, true}, Format{"gnu"}, Format{"ustar", false, false, false}}) {
    for (unsigned seed = 1; seed <= 12; ++seed) check_round_trip(format, seed, pack_by_gnu_tar);
  }
}

TEST_CASE("what libarchive packs is unpacked as it was", "[image][property][one-user]") {
  for (const Format& format : {Format{"pax", true, true}, Format{"gnutar"}, Format{"ustar", false, false, false}}) {
    for (unsigned seed = 101; seed <= 112; ++seed) check_round_trip(format, seed, pack_by_libarchive);
  }
}

}  // namespace dunnage::test
