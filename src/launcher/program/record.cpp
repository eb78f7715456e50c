// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/record.hpp"

#include "launcher/detach.hpp"
#include "launcher/log_format.hpp"
#include "launcher/program/added_mounts.hpp"
#include "launcher/program/checksum.hpp"
#include "launcher/volume_log.hpp"

#include <initializer_list>

namespace dunnage::launcher {
namespace {

constexpr const char* kStateNames[] = {"created", "running", "paused", "restarting", "exited"};

/// Builds a short line; what does not fit is left out, which cannot happen with the fields below.
class Line {
 public:
  void text(const char* text) noexcept {
    while (*text != '\0' && size_ < sizeof buffer_) {
      buffer_[size_++] = *text++;
    }
  }
  void number(const char* name, int64_t value) noexcept {
    text(name);
    char digits[24];
    if (value < 0) {
      text("-");
      value = -value;
    }
    text(write_number(static_cast<uint64_t>(value), 10, digits));
  }
  const char* data() const noexcept { return buffer_; }
  size_t size() const noexcept { return size_; }

 private:
  char buffer_[512];
  size_t size_ = 0;
};

uint8_t log_buffer[64U << 10U];

void rotate_log(Slot& slot) noexcept {
  const int record = descriptor_of(slot, slot.request->record);
  if (record < 0) {
    return;
  }
  (void)raw_syscall(__NR_renameat2, record, as_argument("log"), record, as_argument("log.1"), 0);
  const int fresh = open_at(record, "log", O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
  if (fresh >= 0) {
    close_and_clear(slot.log_fd);
    slot.log_fd = fresh;
    slot.log_size = 0;
  }
}

}  // namespace

void write_state(const Slot& slot, ContainerState state) noexcept {
  const int record = descriptor_of(slot, slot.request->record);
  if (record < 0) {
    return;
  }
  Line line;
  line.text("\"status\":\"");
  line.text(kStateNames[static_cast<unsigned>(state)]);
  line.number("\",\"exit_code\":", slot.exit_code);
  line.number(",\"signal\":", slot.exit_signal);
  line.number(",\"started_at\":", slot.started_at);
  line.number(",\"finished_at\":", slot.finished_at);
  line.number(",\"restart_count\":", slot.restart_count);
  line.number(",\"oom_killed\":", slot.oom_killed ? 1 : 0);
  const bool lost = state == ContainerState::Exited && slot.loss_words != nullptr;
  if (lost) {
    line.number(",\"loss_step\":", static_cast<int64_t>(slot.loss.step));
    line.number(",\"loss_error\":", slot.loss.error);
    line.text(",\"loss\":");
  }
  static constexpr char kEnd[] = "}\n";
  const size_t words = lost ? text_size(slot.loss_words) : 0;
  Checksum checksum;
  checksum.add(line.data(), line.size());
  checksum.add(slot.loss_words, words);
  checksum.add(kEnd, sizeof kEnd - 1);
  char digits[9];
  checksum.write(digits);
  Line first;  // with the brace that the rest lacks, as volume/metadata.hpp has it
  first.text("{\"checksum\":\"");
  first.text(digits);
  first.text("\",\n");
  const iovec parts[] = {{const_cast<char*>(first.data()), first.size()},
                         {const_cast<char*>(line.data()), line.size()},
                         {slot.loss_words, words},
                         {const_cast<char*>(kEnd), sizeof kEnd - 1}};
  const size_t size = first.size() + line.size() + words + sizeof kEnd - 1;
  const int fd = open_at(record, "state.json.new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    return;
  }
  const bool whole = raw_syscall(__NR_writev, fd, as_argument(parts), 4) == static_cast<long>(size);
  (void)close_descriptor(fd);
  if (whole) {
    (void)raw_syscall(__NR_renameat2, record, as_argument("state.json.new"), record, as_argument("state.json"), 0);
  }
}

int open_logs(Slot& slot) noexcept {
  const LaunchPayload& request = *slot.request;
  const bool wanted[] = {(request.flags & kLogOut) != 0, (request.flags & kLogErr) != 0};
  for (unsigned stream = 0; stream < 2; ++stream) {
    if (!wanted[stream]) {
      continue;
    }
    int ends[2] = {-1, -1};
    const long result = raw_syscall(__NR_pipe2, as_argument(ends), O_CLOEXEC);
    if (result < 0) {
      return static_cast<int>(result);
    }
    slot.logs[stream] = {ends[0], ends[1]};
    // only our end must not block; the program's end is as any pipe
    (void)control_descriptor(ends[0], F_SETFL, O_NONBLOCK);
  }
  if (request.log >= 0) {
    slot.log_fd = control_descriptor(descriptor_of(slot, request.log), F_DUPFD_CLOEXEC, 3);
    const long end = raw_syscall(__NR_lseek, slot.log_fd, 0, 2);
    slot.log_size = end > 0 ? static_cast<uint64_t>(end) : 0;
  }
  return 0;
}

bool copy_log(Slot& slot, unsigned stream) noexcept {
  const int source = stream < 2 ? slot.logs[stream].read_end : slot.terminal;
  if (source < 0 || slot.log_fd < 0) {
    return false;
  }
  const long size = read_bytes(source, log_buffer, sizeof log_buffer);
  if (size <= 0) {
    return false;
  }
  if (slot.log_size + static_cast<uint64_t>(size) > kMostLogBytes) {
    rotate_log(slot);
  }
  LogHeader header;
  header.size = static_cast<uint32_t>(size);
  header.stream = stream == 1 ? 1 : 0;
  header.time = now_realtime();
  const iovec parts[] = {{&header, sizeof header}, {log_buffer, static_cast<size_t>(size)}};
  // when the disk is full the program goes on and its output is lost; a partial entry would spoil the file
  const long written = raw_syscall(__NR_writev, slot.log_fd, as_argument(parts), 2);
  const auto whole = static_cast<long>(sizeof header) + size;
  if (written > 0 && written < whole) {
    (void)raw_syscall(__NR_ftruncate, slot.log_fd, static_cast<long>(slot.log_size));
  } else if (written == whole) {
    slot.log_size += static_cast<uint64_t>(whole);
  }
  return true;
}

void remove_record(const Slot& slot) noexcept {
  const LaunchPayload& request = *slot.request;
  const int containers = descriptor_of(slot, request.containers);
  const int trash = descriptor_of(slot, request.trash);
  const char* name = text_of(slot, request.record_name);
  if ((request.flags & kRemoveRecord) == 0 || containers < 0 || trash < 0 || name == nullptr) {
    return;
  }
  char digits[24];
  char unique[80] = "container-";
  const char* time = write_number(static_cast<uint64_t>(now_realtime()), 10, digits);
  __builtin_memcpy(unique + 10, time, text_size(time) + 1);
  if (raw_syscall(__NR_renameat2, containers, as_argument(name), trash, as_argument(unique), 1) < 0) {
    return;
  }
  const int record = descriptor_of(slot, request.record);
  for (const char* file :
       {"config.json", "config.json.next", "state.json", "state.json.new", "log", "log.1", "control.sock", "lock"}) {
    (void)raw_syscall(__NR_unlinkat, record, as_argument(file), 0);
  }
  (void)raw_syscall(__NR_unlinkat, trash, as_argument(unique), AT_REMOVEDIR);
}

namespace {

constexpr uint64_t kNoLinks = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

int lock_whole(int file, short kind) noexcept {
  struct flock whole {};
  whole.l_type = kind;
  return control_descriptor(file, F_OFD_SETLK, as_argument(&whole));
}

/// The lock of a volume that nobody uses; -EAGAIN when somebody does, another -errno when there is none.
int lock_volume(int volumes, const char* name) noexcept {
  const int directory = kernel::open_at2(volumes, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, kNoLinks);
  if (directory < 0) {
    return directory == -EACCES ? -ENOENT : directory;
  }
  const int lock = kernel::open_at2(directory, "lock", O_RDWR | O_NOFOLLOW | O_NONBLOCK, kNoLinks);
  (void)close_descriptor(directory);
  if (lock < 0) {
    return lock == -EACCES ? -ENOENT : lock;
  }
  const int result = lock_whole(lock, F_WRLCK);
  if (result < 0) {
    (void)close_descriptor(lock);
    return result;
  }
  return lock;
}

/// Tells who lists volumes that this one changes; volume/index.hpp says why.
/// \return what to close after the change, or -errno
int begin_volume_change(int volumes, const char* name, int trash) noexcept {
  const int root = kernel::open_at2(volumes, "..", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
  if (root < 0) {
    return root;
  }
  const int lock = kernel::open_at2(root, kVolumeLock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, kNoLinks);
  if (lock >= 0) {
    (void)lock_whole(lock, F_RDLCK);
  }
  const VolumeLogRecord record = volume_log_record(VolumeLogRecord::kName, name, text_size(name));
  const int log = kernel::open_at2(root, kVolumeLog, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK, kNoLinks);
  const long written =
      log < 0 ? log : raw_syscall(__NR_write, log, as_argument(record.bytes), static_cast<long>(record.size));
  if (written != static_cast<long>(record.size) && log != -ENOENT) {  // no index is better than a wrong one
    char digits[24];
    char unique[80] = "index-";
    const char* time = write_number(static_cast<uint64_t>(now_realtime()), 10, digits);
    __builtin_memcpy(unique + 6, time, text_size(time) + 1);
    (void)raw_syscall(__NR_renameat2, root, as_argument(kVolumeIndex), trash, as_argument(unique), 1);
  }
  if (log >= 0) {
    (void)close_descriptor(log);
  }
  (void)close_descriptor(root);
  return lock;
}

void remove_anonymous_volume(int volumes, int trash, const char* name) noexcept {
  const int lock = lock_volume(volumes, name);
  if (lock != -EAGAIN && lock != -EACCES) {  // another container took it over with volumes_from, and keeps it
    const int change = begin_volume_change(volumes, name, trash);
    (void)raw_syscall(__NR_renameat2, volumes, as_argument(name), trash, as_argument(name), 1);
    if (change >= 0) {
      (void)lock_whole(change, F_UNLCK);  // a child that was just cloned may have a copy of it
      (void)close_descriptor(change);
    }
  }
  if (lock >= 0) {
    (void)close_descriptor(lock);
  }
}

}  // namespace

void remove_anonymous_volumes(const Slot& slot) noexcept {
  const LaunchPayload& request = *slot.request;
  const int launched = descriptor_of(slot, request.volumes);
  const int volumes = launched >= 0 ? launched : slot.later_volumes;
  const int trash = slot.later_trash >= 0 ? slot.later_trash : descriptor_of(slot, request.trash);
  if ((request.flags & kRemoveRecord) == 0 || volumes < 0 || trash < 0) {
    return;
  }
  char** names = texts_of(slot, request.anonymous_volumes);
  for (uint32_t index = 0; index < request.anonymous_volumes.count; ++index) {
    remove_anonymous_volume(volumes, trash, names[index]);
  }
  for (const AddedMount* added = slot.added; added != nullptr; added = added->next) {
    if (added->anonymous[0] != '\0') {
      remove_anonymous_volume(volumes, trash, added->anonymous);
    }
  }
}

}  // namespace dunnage::launcher
