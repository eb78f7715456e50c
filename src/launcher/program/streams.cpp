// SPDX-License-Identifier: Apache-2.0
// The three standard streams, and the terminal.

#include "launcher/program/child.hpp"
#include "launcher/program/transfer.hpp"

#include <linux/magic.h>
#include <sys/ioctl.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

namespace dunnage::launcher {
namespace {

/// A program of another user must be able to open /dev/stdout again; only pipes made for it change hands.
void own_stream(Child& child, int fd, uint32_t bit) noexcept {
  const LaunchPayload& request = *child.slot.request;
  if ((request.own_streams & bit) != 0) {
    (void)raw_syscall(__NR_fchown, fd, request.uid, -1);  // an id that is not mapped: it only cannot reopen it
  }
}

void show_console(Child& child, int terminal) noexcept {
  if (child.dev < 0) {
    return;
  }
  require(child, Step::OpenTerminal, raw_syscall(__NR_mknodat, child.dev, as_argument("console"), S_IFREG | 0600, 0));
  const int target = static_cast<int>(require(child, Step::OpenTerminal, open_at(child.dev, "console", O_PATH)));
  const int mount = static_cast<int>(
      require(child, Step::OpenTerminal, kernel::open_tree_at(terminal, "", OPEN_TREE_CLONE | AT_EMPTY_PATH)));
  require(child, Step::OpenTerminal, kernel::attach_mount(mount, target));
  (void)close_descriptor(mount);
  (void)close_descriptor(target);
}

/// The one this process has mounted; who enters a container looks at what is there.
int open_pts(Child& child) noexcept {
  if (child.pts >= 0) {
    return child.pts;
  }
  const int pts = static_cast<int>(require(
      child, Step::OpenTerminal, kernel::open_at2(AT_FDCWD, "/dev/pts", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS)));
  long buffer[32] = {};
  require(child, Step::OpenTerminal, raw_syscall(__NR_fstatfs, pts, as_argument(buffer)));
  if (buffer[0] != DEVPTS_SUPER_MAGIC) {
    fail(child, Step::OpenTerminal, ENOTTY);
  }
  return pts;
}

}  // namespace

void open_terminal(Child& child) noexcept {
  const LaunchPayload& request = *child.slot.request;
  const int pts = open_pts(child);
  const int leader = static_cast<int>(require(child, Step::OpenTerminal, open_at(pts, "ptmx", O_RDWR | O_NOCTTY)));
  int unlock = 0;
  require(child, Step::OpenTerminal, raw_syscall(__NR_ioctl, leader, TIOCSPTLCK, as_argument(&unlock)));
  const int follower = static_cast<int>(
      require(child, Step::OpenTerminal, raw_syscall(__NR_ioctl, leader, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)));
  if (request.window_rows != 0) {
    winsize window{};
    window.ws_row = static_cast<unsigned short>(request.window_rows);
    window.ws_col = static_cast<unsigned short>(request.window_columns);
    (void)raw_syscall(__NR_ioctl, leader, TIOCSWINSZ, as_argument(&window));
  }
  if (request.uid != 0) {
    (void)raw_syscall(__NR_fchown, follower, request.uid, -1);
  }
  if (child.slot.entrance == nullptr) {  // else whose session it will be is not born yet
    require(child, Step::OpenTerminal, raw_syscall(__NR_ioctl, follower, TIOCSCTTY, 0));
  }
  show_console(child, follower);
  Message message;
  message.kind = MessageKind::Answer;
  require(child, Step::OpenTerminal, send_message(child.slot.child_status, &message, sizeof message, leader));
  for (int number = 0; number < 3; ++number) {
    require(child, Step::OpenTerminal, duplicate_onto(follower, number));
  }
  (void)close_descriptor(leader);
  (void)close_descriptor(follower);
  (void)close_descriptor(pts);
}

void connect_streams(Child& child) noexcept {
  const LaunchPayload& request = *child.slot.request;
  const int in = descriptor_of(child.slot, request.in);
  const int out =
      (request.flags & kLogOut) != 0 ? child.slot.logs[0].write_end : descriptor_of(child.slot, request.out);
  const int err =
      (request.flags & kLogErr) != 0 ? child.slot.logs[1].write_end : descriptor_of(child.slot, request.err);
  const int streams[] = {in, out, err};
  for (int number = 0; number < 3; ++number) {
    require(child, Step::ConnectStreams, duplicate_onto(streams[number], number));
    own_stream(child, number, 1U << static_cast<unsigned>(number));
  }
}

}  // namespace dunnage::launcher
