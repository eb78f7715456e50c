// SPDX-License-Identifier: Apache-2.0
#include "volume/findings.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/failure.hpp"
#include "volume/private_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <tuple>
#include <utility>

namespace dunnage::volume {

std::optional<Entry> look_at(int directory, const std::string& name, bool may_be_mount) {
  Entry entry;
  entry.file = kernel::open_beneath(directory, name, O_PATH | O_NOFOLLOW, 0,
                                    may_be_mount ? kernel::Crossing::Allowed : kernel::Crossing::Forbidden);
  if (!entry.file) {
    if (errno == ENOENT) {
      return std::nullopt;
    }
    throw kernel::CallError{"open", errno};
  }
  if (::fstat(entry.file.get(), &entry.status) != 0) {
    throw kernel::CallError{"stat", errno};
  }
  return entry;
}

std::string kind_of(const struct stat& status) {
  switch (status.st_mode & S_IFMT) {
    case S_IFREG:
      return "a file";
    case S_IFDIR:
      return "a directory";
    case S_IFLNK:
      return "a symbolic link";
    case S_IFIFO:
      return "a FIFO";
    case S_IFSOCK:
      return "a socket";
    default:
      return "a device";
  }
}

std::string file_problem(const std::optional<Entry>& entry) {
  if (!entry) {
    return "it is missing";
  }
  return entry->is_file() ? std::string{} : fmt::format("it is {}, not a file", kind_of(entry->status));
}

bool is_older(const struct stat& status, std::chrono::milliseconds grace) noexcept {
  using std::chrono::nanoseconds;
  using std::chrono::seconds;
  timespec now{};
  if (::clock_gettime(CLOCK_REALTIME, &now) != 0) {
    return false;
  }
  const auto age =
      seconds{now.tv_sec - status.st_ctim.tv_sec} + nanoseconds{now.tv_nsec} - nanoseconds{status.st_ctim.tv_nsec};
  return age >= grace;
}

bool is_held(int directory, const std::string& name) {
  const auto file = kernel::open_beneath(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  return file && kernel::is_locked_by_another(file.get(), kernel::LockKind::Exclusive);
}

PrivacyFault privacy_fault(const struct stat& status) {
  const mode_t mode = status.st_mode & 0777U;
  if (!S_ISDIR(status.st_mode)) {
    return {fmt::format("it is {}, not a directory", kind_of(status)),
            "put the directory back; repair() deletes nothing that it does not know", false};
  }
  if (status.st_uid != ::geteuid()) {
    return {fmt::format("it belongs to user {}, this process runs as {}", status.st_uid, ::geteuid()),
            "give it to its owner with chown, when it is clear how it came to this one; or run as that user", false};
  }
  if (mode != kPrivateDirectory) {
    const bool open = (mode & 077U) != 0;
    return {fmt::format("its mode is {:04o}, {}", mode,
                        open ? "so that other users may enter it" : "so that its owner cannot use it"),
            open ? "repair() sets its mode to 0700; look whether somebody has put something into it"
                 : "repair() sets its mode to 0700",
            true};
  }
  return {};
}

std::vector<StoreFinding> findings_of(StoreFaults faults) {
  std::vector<StoreFinding> findings;
  findings.reserve(faults.size());
  for (StoreFault& fault : faults) {
    findings.push_back(std::move(fault.finding));
  }
  return findings;
}

std::vector<StoreFinding> repaired(StoreFaults faults) {
  for (StoreFault& fault : faults) {
    if (!fault.finding.repairable || !fault.repair) {
      continue;
    }
    try {
      fault.finding.repaired = fault.repair();
      if (fault.finding.repaired.empty()) {
        fault.finding.remedy = "it has changed while it was repaired: check again";
      }
    } catch (const kernel::CallError& error) {
      fault.finding.remedy = fmt::format("repair() has failed: {}; {}", error.what(), remedy_for(error.code().value()));
    } catch (const Error& error) {
      fault.finding.remedy = fmt::format("repair() has failed: {}", error.what());
    }
  }
  return findings_of(std::move(faults));
}

StoreReport report_of(std::vector<StoreFinding> findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const StoreFinding& one, const StoreFinding& other) {
    return std::tie(one.part, one.name, one.path.native()) < std::tie(other.part, other.name, other.path.native());
  });
  return {.findings = std::move(findings)};
}

std::string make_private(const Entry& entry) {
  const bool directory = entry.is_directory();
  if (const int number = kernel::set_mode(entry.file.get(), directory ? kPrivateDirectory : kPrivateFile);
      number != 0) {
    throw kernel::CallError{"chmod", number};
  }
  return directory ? "its mode is 0700 now" : "its mode is 0600 now";
}

StoreFaults faults_or_reason(StoreFinding unseen, const std::function<StoreFaults()>& look) {
  try {
    return look();
  } catch (const kernel::CallError& error) {
    const int number = error.code().value();
    if (is_of_this_process(number)) {
      throw;
    }
    unseen.problem = std::string{"it cannot be looked at: "} + error.what();
    unseen.remedy = remedy_for(number);
    return {{std::move(unseen)}};
  }
}

namespace {

constexpr int kMostDamagedFiles = 10'000;

std::string damaged_name(const std::string& name, int number) { return fmt::format("{}.damaged-{}", name, number); }

}  // namespace

std::optional<std::string> set_aside(int directory, const std::string& name, const Entry& entry) {
  for (int number = 1; number <= kMostDamagedFiles; ++number) {
    std::string aside = damaged_name(name, number);
    const int error = kernel::rename_exclusively(directory, name, directory, aside);
    if (error == EEXIST) {
      continue;
    }
    if (error == ENOENT) {
      return std::nullopt;
    }
    if (error != 0) {
      throw kernel::CallError{"rename", error};
    }
    if (kernel::is_at(directory, aside, entry.file.get())) {
      return aside;
    }
    (void)kernel::rename_exclusively(directory, aside, directory, name);  // somebody put another one there
    return std::nullopt;
  }
  throw kernel::CallError{"rename", EEXIST};
}

std::optional<std::string> keep_beside(int directory, const std::string& name, const Entry& entry) {
  for (int number = 1; number <= kMostDamagedFiles; ++number) {
    std::string beside = damaged_name(name, number);
    if (kernel::is_at(directory, beside, entry.file.get())) {
      return beside;  // by a repair that was killed then
    }
    if (::linkat(directory, name.c_str(), directory, beside.c_str(), 0) == 0) {
      if (kernel::is_at(directory, beside, entry.file.get())) {
        return beside;
      }
      (void)::unlinkat(directory, beside.c_str(), 0);
      return std::nullopt;
    }
    if (errno == ENOENT) {
      return std::nullopt;
    }
    if (errno == EPERM || errno == EOPNOTSUPP) {  // a file system without hard links
      return set_aside(directory, name, entry);
    }
    if (errno != EEXIST) {
      throw kernel::CallError{"link", errno};
    }
  }
  throw kernel::CallError{"link", EEXIST};
}

}  // namespace dunnage::volume
