// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Opening what a program reads and writes.

#include <dunnage/process.hpp>

#include "container/running.hpp"
#include "kernel/file_descriptor.hpp"
#include "launch/payload.hpp"

#include <string>

namespace dunnage::launch {

struct StreamRequest {
  const Stdio& in;
  const Stdio& out;
  const Stdio& err;
  bool terminal = false;
  bool has_record = false;
};

/// The program's ends and ours. Nothing is read before start_readers().
class OpenStreams {
 public:
  /// Throws: LaunchError naming the stream.
  explicit OpenStreams(const StreamRequest& request);

  /// Enters the program's ends and the log flags into the payload.
  void describe(Payload& payload) const;
  /// Our ends, with the readers of callbacks started.
  [[nodiscard]] container::Streams take();

 private:
  struct Stream {
    kernel::FileDescriptor theirs;
    kernel::FileDescriptor ours;
    Stdio::Callback callback;
    bool own = false;  ///< a pipe made for the program
    bool log = false;
  };
  void open(Stream& stream, const Stdio& stdio, int number);
  void open_pipe(Stream& stream, int number);

  Stream streams_[3];
  bool terminal_;
};

}  // namespace dunnage::launch
