// SPDX-License-Identifier: Apache-2.0
#include <dunnage/process.hpp>

#include <filesystem>
#include <utility>

namespace dunnage {

Stdio Stdio::inherit() { return Stdio{Kind::Inherit}; }
Stdio Stdio::null() { return Stdio{Kind::Null}; }
Stdio Stdio::pipe() { return Stdio{Kind::Pipe}; }
Stdio Stdio::log() { return Stdio{Kind::Log}; }

Stdio Stdio::file(std::filesystem::path path) {
  Stdio stdio{Kind::File};
  stdio.path_ = std::move(path);
  return stdio;
}

Stdio Stdio::descriptor(int fd) {
  Stdio stdio{Kind::Descriptor};
  stdio.fd_ = fd;
  return stdio;
}

Stdio Stdio::callback(Callback function) {
  Stdio stdio{Kind::Callback};
  stdio.callback_ = std::move(function);
  return stdio;
}

}  // namespace dunnage
