// SPDX-License-Identifier: Apache-2.0
#include "launcher/identity.hpp"

#include "kernel/calls.hpp"
#include "kernel/files.hpp"
#include "launcher/fields.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::launcher {
namespace {

constexpr std::uint32_t kMostIds = 65536;
constexpr std::size_t kLongestFile = std::size_t{4} << 20U;

std::string own_name() {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return {};
  }
  return found->pw_name;
}

bool parse_number(std::string_view text, std::uint32_t& value) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc{} && result.ptr == end && !text.empty();
}

/// Id 0 is the user itself; what follows is taken from the ranges, up to the 65,536 ids images are made for.
std::vector<IdRange> map_of(std::uint32_t own, const std::vector<IdRange>& ranges) {
  std::vector<IdRange> map{{0, own, 1}};
  std::uint32_t next = 1;
  for (const IdRange& range : ranges) {
    const std::uint32_t count = std::min(range.count, kMostIds - next);
    if (count == 0) {
      break;
    }
    map.push_back({next, range.outside, count});
    next += count;
  }
  return map;
}

std::vector<IdRange> ranges_in(const char* path, const std::string& name, uid_t user) {
  std::string content;
  const auto [text, number] = kernel::read_host_file(path, content, kLongestFile);
  return number != 0 ? std::vector<IdRange>{} : parse_subordinate_ids(text, name, user);
}

/// Root of another one may mount in it, but neither make devices nor show a new /proc and /sys without those it sees.
/// Without a /proc to ask, it is taken for this.
bool in_first_user_namespace() {
  constexpr ino_t kFirst = 0xeffffffd;  // PROC_USER_INIT_INO, the same on every kernel
  struct stat status {};
  return ::stat("/proc/self/ns/user", &status) != 0 || status.st_ino == kFirst;
}

bool is_root() { return has_capability(CAP_SYS_ADMIN) && ::geteuid() == 0 && in_first_user_namespace(); }

}  // namespace

bool has_capability(int capability) noexcept {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  const long result = kernel::raw_syscall(__NR_capget, kernel::as_argument(&header), kernel::as_argument(data));
  return result == 0 && (data[capability / 32].effective & (1U << (capability % 32))) != 0;
}

std::vector<IdRange> parse_subordinate_ids(std::string_view text, const std::string& user_name, uid_t user) {
  std::vector<IdRange> ranges;
  for (const std::string_view line : fields_of(text, '\n')) {
    const auto fields = fields_of(line, ':');
    IdRange range;
    if (fields.size() != 3 || (fields[0] != std::to_string(user) && (user_name.empty() || fields[0] != user_name)) ||
        !parse_number(fields[1], range.outside) || !parse_number(fields[2], range.count) || range.count == 0 ||
        range.outside > std::numeric_limits<std::uint32_t>::max() - range.count) {
      continue;
    }
    ranges.push_back(range);
  }
  return ranges;
}

Identity identity_for(std::uint32_t uid, std::uint32_t gid) {
  Identity identity;
  if (is_root()) {
    return identity;
  }
  const std::string name = own_name();
  const auto users = ranges_in("/etc/subuid", name, ::geteuid());
  const auto groups = ranges_in("/etc/subgid", name, ::geteuid());
  if (!users.empty() && !groups.empty() && !find_map_program("newuidmap").empty() &&
      !find_map_program("newgidmap").empty()) {
    identity = {Privilege::Range, map_of(::geteuid(), users), map_of(::getegid(), groups)};
  } else {
    identity = {Privilege::Single, {{uid, ::geteuid(), 1}}, {{gid, ::getegid(), 1}}};
  }
  return identity;
}

std::string find_map_program(const std::string& name) {
  for (const char* directory : {"/usr/bin/", "/usr/local/bin/", "/bin/", "/run/wrappers/bin/"}) {
    std::string path = directory + name;
    if (::access(path.c_str(), X_OK) == 0) {
      return path;
    }
  }
  return {};
}

}  // namespace dunnage::launcher
