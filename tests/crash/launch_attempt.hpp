// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A launch, or what is asked of a container, that may fail: what has to have come of it when it has not, and what its
/// launcher may keep.

#include "crash/store_operation.hpp"

#include <dunnage/container.hpp>
#include <dunnage/mount_set.hpp>

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <map>
#include <string>

namespace dunnage::test {

inline constexpr const char* kAttempted = "box";  ///< the name of a container that has a record

struct Attempt {
  /// What may fail; done again if it has.
  std::function<void()> call;
  /// What is wrong with what the call made; empty if it is as it should be. Lets go of it.
  std::function<std::string()> judge;
};

/// The operation that makes an attempt in a process whose launcher waits for it. After the attempt, failed or not, the
/// next one of that process has to be what it should, and its launcher has to hold what it held before.
/// \param begin  makes ready what the attempt needs
[[nodiscard]] StoreOperation attempt_operation(std::string name,
                                               std::function<Attempt(const StoreOperation::Place&)> begin,
                                               std::function<void(const StoreOperation::Place&)> prepare);

/// What a program sees of itself and its container: mounts, ids, rights, limits, descriptors, names. A shell script.
[[nodiscard]] const std::string& facts_script();

/// What is wrong with what the script wrote: it differs from what it wrote the first time by that name.
[[nodiscard]] std::string wrong_facts(const StoreOperation::Place& place, const std::string& name,
                                      const std::string& facts);

/// The directories, the volume and the file that the mounts of a container are made from.
void make_sources(const StoreOperation::Place& place);
/// The root of a container with no places for mounts in it, and what is mounted there: programs, a directory, a file, a
/// volume and a tmpfs.
[[nodiscard]] MountSet mounts_of_everything(const StoreOperation::Place& place);
/// A container of a directory with these mounts that says the facts.
[[nodiscard]] LaunchSpec facts_spec(const StoreOperation::Place& place, const MountSet& mounts);

/// What a launcher holds: its descriptors by what they lead to, its children, and the mounts it sees.
class Holdings {
 public:
  Holdings() = default;
  /// Of the launcher of this process. Empty unless this is root's: nobody else may look.
  [[nodiscard]] static Holdings now();
  /// What there is more than there was, when a moment has passed; empty if nothing is.
  [[nodiscard]] std::string left() const;

 private:
  [[nodiscard]] std::string more(const Holdings& than) const;

  pid_t launcher_ = 0;
  std::map<std::string, int> descriptors_;
  std::map<std::string, int> others_;
};

}  // namespace dunnage::test
