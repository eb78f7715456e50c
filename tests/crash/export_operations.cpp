// SPDX-License-Identifier: Apache-2.0
// Exports of a volume to a pipe, whose reader sees what has come.

#include "crash/store_operation.hpp"

#include <dunnage/volume_store.hpp>

#include "image/digest.hpp"
#include "kernel/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <memory>
#include <system_error>
#include <utility>

namespace dunnage::test {

namespace {

using Place = StoreOperation::Place;

/// Both ends of a pipe are this process's: whoever is forked writes to it, and nothing of what has come is lost.
class SharedPipe {
 public:
  SharedPipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error{errno, std::generic_category(), "pipe2"};
    read_.reset(ends[0]);
    write_.reset(ends[1]);
  }

  [[nodiscard]] int writer() const noexcept { return write_.get(); }

  /// What is in it, which stays there.
  [[nodiscard]] std::string look() const {
    const SharedPipe copy;
    const int size = waiting();
    if (size > 0 && ::tee(read_.get(), copy.write_.get(), static_cast<std::size_t>(size), 0) != size) {
      throw std::system_error{errno, std::generic_category(), "tee"};
    }
    return copy.take();
  }
  std::string take() const {
    std::string text(static_cast<std::size_t>(waiting()), '\0');
    if (!text.empty() && ::read(read_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      throw std::system_error{errno, std::generic_category(), "read"};
    }
    return text;
  }

 private:
  [[nodiscard]] int waiting() const {
    int size = 0;
    if (::ioctl(read_.get(), FIONREAD, &size) != 0) throw std::system_error{errno, std::generic_category(), "ioctl"};
    return size;
  }

  kernel::FileDescriptor read_;
  kernel::FileDescriptor write_;
};

void make_volumes(const Place& place) {
  VolumeStore store = VolumeStore::open(place / "store");
  for (const char* name : {"data", "other"}) {
    const Place data = store.create(name).mountpoint();
    std::filesystem::create_directories(data / "d/e");
    for (int number = 0; number < 6; ++number) std::ofstream{data / "d" / std::to_string(number)} << number << name;
    std::filesystem::create_hard_link(data / "d/0", data / "d/e/0");
    std::filesystem::create_symlink("d/0", data / "link");
  }
}

StoreOperation exporting(std::string name) {
  const auto pipe = std::make_shared<SharedPipe>();
  return {.name = std::move(name),
          .prepare = make_volumes,
          .ready =
              [pipe](const Place& place) {
                (void)pipe->take();
                return [pipe, store = VolumeStore::open(place / "store")] {
                  (void)store.export_to("data", pipe->writer());
                };
              },
          .undo = [pipe](const Place&) { (void)pipe->take(); },
          .resumes = true,
          .begun = "archive that has begun",
          .beside = [pipe](const Place&) -> std::string {
            const std::string text = pipe->look();
            const bool whole = text.size() > 1024 && text.ends_with(std::string(1024, '\0'));
            return whole ? "archive " + image::digest_of(text) : text.empty() ? "" : "archive that has begun";
          }};
}

}  // namespace

std::vector<StoreOperation> export_operations() { return {exporting("export a volume to a pipe")}; }

}  // namespace dunnage::test
