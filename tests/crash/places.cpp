// SPDX-License-Identifier: Apache-2.0
#include "crash/places.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace dunnage::test {

namespace {

namespace fs = std::filesystem;

class OnMachine : public CrashPlace {
 public:
  [[nodiscard]] const fs::path& path() const override { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
};

class InMemory : public CrashPlace {
 public:
  InMemory() {
    std::string name = "/dev/shm/dunnage-test.XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::system_error{errno, std::generic_category(), "mkdtemp " + name};
    path_ = name;
  }
  InMemory(const InMemory&) = delete;
  InMemory& operator=(const InMemory&) = delete;
  ~InMemory() override {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const fs::path& path() const override { return path_; }

 private:
  fs::path path_;
};

void run_or_throw(const std::string& command) {
  if (std::system((command + " >/dev/null 2>&1").c_str()) != 0) throw std::runtime_error{"failed: " + command};
}

/// A file system in a file, mounted by a loop device that goes with it.
class InImage : public CrashPlace {
 public:
  explicit InImage(const std::string& kind, const std::string& size = "1G", const std::string& options = {}) {
    const fs::path image = directory_.path() / "image";
    path_ = directory_.make("mounted");
    have_own_mounts();
    run_or_throw("truncate -s " + size + " '" + image.string() + "'");
    const std::string force = kind == "ext4" ? " -F " : " -f ";
    run_or_throw("mkfs." + kind + force + options + " '" + image.string() + "'");
    run_or_throw("mount -o loop '" + image.string() + "' '" + path_.string() + "'");
  }
  InImage(const InImage&) = delete;
  InImage& operator=(const InImage&) = delete;
  ~InImage() override { ::umount2(path_.c_str(), MNT_DETACH); }
  [[nodiscard]] const fs::path& path() const override { return path_; }

 private:
  TemporaryDirectory directory_;
  fs::path path_;
};

/// So little memory that a few files fill it.
class SmallMemory : public CrashPlace {
 public:
  SmallMemory() {
    have_own_mounts();
    if (::mount("none", path().c_str(), "tmpfs", 0, "mode=700,size=8m,nr_inodes=400") != 0) {
      throw std::system_error{errno, std::generic_category(), "mount"};
    }
  }
  SmallMemory(const SmallMemory&) = delete;
  SmallMemory& operator=(const SmallMemory&) = delete;
  ~SmallMemory() override { ::umount2(path().c_str(), MNT_DETACH); }
  [[nodiscard]] const fs::path& path() const override { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
};

}  // namespace

void have_own_mounts() {
  static const bool had = [] {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      throw std::system_error{errno, std::generic_category(), "unshare the mounts"};
    }
    return true;
  }();
  (void)had;
}

std::unique_ptr<CrashPlace> make_place(const std::string& kind) {
  if (kind == "machine") return std::make_unique<OnMachine>();
  if (kind == "memory") return std::make_unique<InMemory>();
  if (kind == "small memory") return std::make_unique<SmallMemory>();
  if (kind == "small ext4") return std::make_unique<InImage>("ext4", "16M", "-m 0 -N 400");
  if (kind == "ext4" || kind == "xfs" || kind == "btrfs") return std::make_unique<InImage>(kind);
  throw std::runtime_error{"no kind of place: " + kind};
}

std::vector<std::string> kinds_of_places() {
  const char* asked = std::getenv("DUNNAGE_CRASH_FILE_SYSTEMS");
  if (asked == nullptr) return {"machine", "memory"};
  std::istringstream words{asked};
  std::vector<std::string> kinds;
  for (std::string kind; words >> kind;) kinds.push_back(kind);
  return kinds;
}

}  // namespace dunnage::test
