// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/mount_number.hpp"

#include <linux/stat.h>

namespace dunnage::launcher {
namespace {

constexpr uint32_t kUniqueNumber = 0x4000;  // STATX_MNT_ID_UNIQUE
constexpr uint64_t kWhereItIs = 0x10;       // STATMOUNT_MNT_POINT

/// struct mnt_id_req
struct Question {
  uint32_t size = sizeof(Question);
  uint32_t spare = 0;
  uint64_t mount = 0;
  uint64_t param = 0;
};

/// struct statmount, and room for its texts.
struct Answer {
  uint32_t size;
  uint32_t options;
  uint64_t mask;
  uint8_t between[88];
  uint32_t root;
  uint32_t point;
  uint8_t others[400];
  char texts[kMostMountPath + 64];
};
static_assert(__builtin_offsetof(Answer, point) == 108 && __builtin_offsetof(Answer, texts) == 512);

}  // namespace

uint64_t mount_number(int fd) noexcept {
  struct statx status {};
  const long looked = raw_syscall(__NR_statx, fd, as_argument(""), AT_EMPTY_PATH | AT_STATX_DONT_SYNC, kUniqueNumber,
                                  as_argument(&status));
  return looked >= 0 && (status.stx_mask & kUniqueNumber) != 0 ? status.stx_mnt_id : 0;
}

int is_mounted(uint64_t number) noexcept {
  if (number == 0) {
    return -ENOSYS;
  }
  Question question;
  question.mount = number;
  uint8_t answer[512];
  const long told = raw_syscall(__NR_statmount, as_argument(&question), as_argument(answer), sizeof answer, 0);
  if (told == -ENOENT) {
    return 0;
  }
  return told < 0 ? static_cast<int>(told) : 1;
}

int find_lone_mount(uint64_t number, char (&target)[kMostMountPath]) noexcept {
  Question question;
  question.mount = number;
  uint64_t below[1];
  if (number == 0 || raw_syscall(__NR_listmount, as_argument(&question), as_argument(below), 1, 0) != 0) {
    return 0;
  }
  question.param = kWhereItIs;
  Answer answer;
  const long told = raw_syscall(__NR_statmount, as_argument(&question), as_argument(&answer), sizeof answer, 0);
  if (told < 0 || (answer.mask & kWhereItIs) == 0 || answer.point >= sizeof answer.texts) {
    return 0;
  }
  const char* text = answer.texts + answer.point;
  const size_t size = text_size(text);
  if (text[0] != '/' || size >= kMostMountPath) {
    return 0;
  }
  __builtin_memcpy(target, text, size + 1);
  return 1;
}

}  // namespace dunnage::launcher
