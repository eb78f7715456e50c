// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A root file system in a directory, as an image would bring one: its own /etc and whatever a test puts there, and the
/// machine's programs mounted into it.

#include "container/support.hpp"
#include "support/host_programs.hpp"

#include <sys/stat.h>

#include <filesystem>

namespace dunnage::test {

class DirectoryRoot {
 public:
  explicit DirectoryRoot(const Ground& ground) : ground_{ground}, path_{ground.directory().make("root")} {
    ground.directory().write("root/etc/passwd",
                             "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:App:/home/app:/bin/sh\n");
    ground.directory().write("root/etc/group", "root:x:0:\napp:x:1001:\nstaff:x:50:app,other\n");
    mounts_ = host_programs(path_);
    ::chmod(path_.c_str(), 0755);  // other users of the container want to enter it
  }

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  [[nodiscard]] LaunchSpec program(std::vector<std::string> argv, const MountSet& more = {}) const {
    MountSet mounts = mounts_;
    for (const Mount& mount : more) mounts.add(mount);
    LaunchSpec spec = ground_.program(std::move(argv), std::move(mounts));
    spec.rootfs = Rootfs::directory(path_);
    return spec;
  }
  [[nodiscard]] LaunchSpec shell(std::string script, const MountSet& more = {}) const {
    return program({"sh", "-c", std::move(script)}, more);
  }

 private:
  const Ground& ground_;
  std::filesystem::path path_;
  MountSet mounts_;
};

}  // namespace dunnage::test
