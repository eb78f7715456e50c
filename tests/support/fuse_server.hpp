// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A file system of FUSE with one file in it, whose server is a process that a test may kill, stop, or have misbehave.
/// It speaks the protocol itself (linux/fuse.h): a test decides what is answered, and no library helps it out.
///
///     FuseServer server{place, "text"};     // mounted by root, for all; place/file holds the text
///     server.kill();                        // "Transport endpoint is not connected"

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace dunnage::test {

/// This process may mount one.
[[nodiscard]] bool has_fuse();

class FuseServer {
 public:
  /// Throws: std::system_error.
  FuseServer(std::filesystem::path place, const std::string& text);
  FuseServer(const FuseServer&) = delete;
  FuseServer& operator=(const FuseServer&) = delete;
  /// Kills it, and takes off what is mounted by it.
  ~FuseServer();

  void kill() noexcept;
  /// It reads nothing from now on: who waits for it can be killed. Comes back when it stands still.
  void halt() const;
  void go_on() const;
  /// It reads what it is asked, and answers nothing: who waits for it cannot even be killed.
  void swallow() const;
  /// Answers everything but what is read of the file.
  void swallow_reads() const;
  /// Takes the file system off its place; who has it otherwise keeps it, and is served on.
  void unmount() noexcept;

 private:
  std::filesystem::path place_;
  pid_t process_ = -1;
  bool mounted_ = false;
};

}  // namespace dunnage::test
