// SPDX-License-Identifier: Apache-2.0
#include "container/listing.hpp"

#include "container/config.hpp"
#include "container/control.hpp"
#include "container/inspection.hpp"
#include "container/lookup.hpp"
#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>

namespace dunnage::container {
namespace {

constexpr auto kLeastPatience = std::chrono::milliseconds{50};
constexpr std::size_t kAtOnce = 16;  ///< each holds two descriptors

bool is_out_of_descriptors(const kernel::CallError& error) {
  return error.code() == std::errc::too_many_files_open || error.code() == std::errc::too_many_files_open_in_system;
}

class Listing {
 public:
  Listing(int containers, const std::filesystem::path& path, launcher::Deadline deadline)
      : containers_{containers}, path_{path}, deadline_{deadline} {}

  void add(const std::string& name) {
    try {
      ask(name);
    } catch (const kernel::CallError& error) {
      if (asked_.empty() || !is_out_of_descriptors(error)) {
        throw;
      }
      finish_all();
      ask(name);
    }
    if (asked_.size() > kAtOnce) {
      finish_first();
    }
  }

  std::vector<ContainerInfo> take() {
    finish_all();
    std::sort(infos_.begin(), infos_.end(), [](const ContainerInfo& left, const ContainerInfo& right) {
      return std::tie(left.created_at, left.name) < std::tie(right.created_at, right.name);
    });
    return std::move(infos_);
  }

 private:
  struct Asked {
    Found record;
    std::optional<Config> config;  ///< none: it cannot be read; inspect() says what is wrong with it
    Knock knock;
  };

  static std::optional<Config> config_of(int record) {
    try {
      return read_config(record);
    } catch (const std::invalid_argument&) {
    } catch (const kernel::CallError& error) {
      if (is_out_of_descriptors(error) || error.code() == std::errc::not_enough_memory) {
        throw;
      }
    }
    return std::nullopt;
  }

  void ask(const std::string& name) {
    auto record = open_record(containers_, name);
    if (!record) {
      return;
    }
    auto config = config_of(record->directory.get());
    Knock knocked = knock(record->directory.get());
    if (!asked_.empty()) {
      require_room();
    }
    asked_.push_back({std::move(*record), std::move(config), std::move(knocked)});
  }

  /// For the answer of one that was asked: the process it brings, and the file that tells its number.
  void require_room() const {
    const kernel::FileDescriptor process{::fcntl(containers_, F_DUPFD_CLOEXEC, 0)};
    const kernel::FileDescriptor number{::fcntl(containers_, F_DUPFD_CLOEXEC, 0)};
    if (!number) {
      throw kernel::CallError{"dup", errno};
    }
  }

  /// What cannot be read is there as well, so that it can be removed.
  std::optional<ContainerInfo> described(Asked& asked) const {
    const int record = asked.record.directory.get();
    const auto deadline = std::max(deadline_, std::chrono::steady_clock::now() + kLeastPatience);
    const Contact found = answer(record, std::move(asked.knock), deadline);
    return describe_present(containers_, asked.record.name, record, asked.config, found, path_ / asked.record.name);
  }

  void finish_first() {
    Asked asked = std::move(asked_.front());
    asked_.pop_front();
    if (auto info = described(asked)) {
      infos_.push_back(std::move(*info));
    }
  }

  void finish_all() {
    while (!asked_.empty()) {
      finish_first();
    }
  }

  int containers_;
  const std::filesystem::path& path_;
  launcher::Deadline deadline_;
  std::deque<Asked> asked_;
  std::vector<ContainerInfo> infos_;
};

}  // namespace

std::vector<ContainerInfo> list_records(int containers, const std::filesystem::path& path,
                                        launcher::Deadline deadline) {
  Listing listing{containers, path, deadline};
  for (const std::string& name : record_names(containers)) {
    listing.add(name);
  }
  return listing.take();
}

}  // namespace dunnage::container
