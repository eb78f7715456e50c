// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A place archives come from and go to.

#include <dunnage/copy.hpp>

#include "container/support.hpp"
#include "kernel/file_descriptor.hpp"

#include <fcntl.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

namespace dunnage::test {

/// A volume, and a host that copies archives into and out of it.
class Place {
 public:
  Place() { (void)ground_.volumes().create("data"); }
  [[nodiscard]] const Ground& ground() const { return ground_; }
  [[nodiscard]] VolumeStore volumes() const { return ground_.volumes(); }
  [[nodiscard]] std::filesystem::path host(std::string_view path) const { return ground_.path(path); }
  [[nodiscard]] std::string read(std::string_view path) const { return ground_.directory().read(std::string{path}); }
  /// In a container that has the volume at /data.
  std::string sh(const std::string& script) {
    return output_of(ground_.shell("cd /data && " + script, {VolumeMount{"data", "/data"}}));
  }
  /// Unpacks into the volume.
  void unpack(const std::string& tar, const std::string& target = "/", const CopyOptions& options = {}) {
    const auto file = ground_.directory().write("archive", tar);
    const kernel::FileDescriptor archive{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    copy_in(volumes(), "data", archive.get(), target, options);
  }
  /// Packs a path of the volume into `packed`, and unpacks that.
  void pack(const std::string& source, const CopyOptions& options = {}) {
    std::filesystem::remove_all(host("out"));
    {
      const kernel::FileDescriptor archive{
          ::open(host("packed").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
      copy_out(volumes(), "data", source, archive.get(), options);
    }
    unpack_packed();
  }
  /// With the tar of the machine, into `out`.
  void unpack_packed() const {
    std::filesystem::create_directories(host("out"));
    REQUIRE(std::system(("tar -C " + host("out").string() + " -xf " + host("packed").string()).c_str()) == 0);
  }
  [[nodiscard]] std::string listing(const std::string& format) const {
    const std::string command =
        "tar --numeric-owner -tvf " + host("packed").string() + " | " + format + " > " + host("listing").string();
    CHECK(std::system(command.c_str()) == 0);
    return read("listing");
  }

 private:
  Ground ground_;
};

}  // namespace dunnage::test
