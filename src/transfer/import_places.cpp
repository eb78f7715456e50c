// SPDX-License-Identifier: Apache-2.0
// Where imports come from: a file, a descriptor, or the caller's own code.

#include <dunnage/volume_store.hpp>

#include "image/failure.hpp"
#include "image/input.hpp"
#include "kernel/files.hpp"
#include "transfer/import.hpp"
#include "volume/private_directory.hpp"
#include "volume/volume_store_access.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <vector>

namespace dunnage {
namespace transfer {
namespace {

constexpr const char* kSpoolName = "spool";

/// A file, or what comes of a pipe.
class IncomingDescriptor : public Incoming {
 public:
  /// \param fd  stays the caller's
  IncomingDescriptor(int fd, int directory, std::uint64_t most, image::Watching& watching)
      : spooled_{fd, directory, most, watching, "the archive"} {
    if (spooled_.get() != fd && ::unlinkat(directory, kSpoolName, 0) != 0) {
      throw kernel::CallError{"unlink", errno};
    }
  }
  [[nodiscard]] int file() const noexcept override { return spooled_.get(); }

 private:
  image::Spooled spooled_;
};

class IncomingStream : public Incoming {
 public:
  IncomingStream(const ByteSource& source, int directory, std::uint64_t most, image::Watching& watching)
      : file_{kernel::create_file(directory, kSpoolName, volume::kPrivateFile)} {
    if (!file_ || ::unlinkat(directory, kSpoolName, 0) != 0) {
      throw kernel::CallError{"create file", file_ ? errno : EEXIST};
    }
    std::vector<char> buffer(kChunk);
    for (std::uint64_t done = 0;;) {
      const std::size_t got = source(buffer.data(), buffer.size());
      if (got == 0) {
        return;
      }
      if (got > buffer.size()) {
        throw image::Fault{errc::invalid_argument, "the source says that it gave more than there is room for",
                           "have it return the number of bytes it put into the buffer"};
      }
      done += got;
      if (done > most) {
        throw image::Fault{errc::limit_exceeded, fmt::format("it has more than {} bytes", most), ""};
      }
      kernel::write_all(file_.get(), {buffer.data(), got});
      watching.at("the archive", done, 0);
    }
  }
  [[nodiscard]] int file() const noexcept override { return file_.get(); }

 private:
  static constexpr std::size_t kChunk = std::size_t{256} << 10U;
  kernel::FileDescriptor file_;
};

}  // namespace

std::unique_ptr<Incoming> incoming_descriptor(int fd, int directory, std::uint64_t most, image::Watching& watching) {
  return std::make_unique<IncomingDescriptor>(fd, directory, most, watching);
}

}  // namespace transfer

using transfer::Deed;
using transfer::Incoming;

VolumeImportResult VolumeStore::import_from(int fd, const std::string& name, const VolumeImportOptions& options) {
  const Deed deed{transfer::kImportVolume, name, {}};
  return transfer::explained(deed, [&] {
    return transfer::import_volume(
        state_->layout, deed,
        [&](int directory, image::Watching& watching) -> std::unique_ptr<Incoming> {
          return transfer::incoming_descriptor(fd, directory, options.limits.bytes, watching);
        },
        options);
  });
}

VolumeImportResult VolumeStore::import_from(const std::filesystem::path& file, const std::string& name,
                                            const VolumeImportOptions& options) {
  const Deed deed{transfer::kImportVolume, name, fmt::format("from \"{}\"", file.string())};
  return transfer::explained(deed, [&] {
    const kernel::FileDescriptor opened = image::open_input(file);
    return transfer::import_volume(
        state_->layout, deed,
        [&](int directory, image::Watching& watching) -> std::unique_ptr<Incoming> {
          return transfer::incoming_descriptor(opened.get(), directory, options.limits.bytes, watching);
        },
        options);
  });
}

VolumeImportResult VolumeStore::import_from(const ByteSource& source, const std::string& name,
                                            const VolumeImportOptions& options) {
  const Deed deed{transfer::kImportVolume, name, {}};
  return transfer::explained(deed, [&] {
    return transfer::import_volume(
        state_->layout, deed,
        [&](int directory, image::Watching& watching) -> std::unique_ptr<Incoming> {
          return std::make_unique<transfer::IncomingStream>(source, directory, options.limits.bytes, watching);
        },
        options);
  });
}

}  // namespace dunnage
