// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The files of the controllers, and what a limit is in them.

#include "cgroup/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::cgroup {

class Writing {
 public:
  Writing(std::vector<Setting>& settings, std::size_t cgroup, bool unified, const std::string& subject)
      : settings_{settings}, cgroup_{cgroup}, unified_{unified}, subject_{subject} {}

  /// What the resources want of that controller. Throws: LaunchError naming the limit.
  void add(const Resources& resources, Controllers controller);

 private:
  void set(std::string_view limit, std::string file, std::string value, std::string expected, unsigned flags = 0);
  void memory(const Resources& resources);
  void memory_unified(const Resources& resources);
  void processors(const Resources& resources);
  void processor_set(std::string_view limit, const char* file, const std::string& numbers);
  void weight(std::int64_t value);
  void rates(const Resources& resources);
  [[nodiscard]] std::string number_of(const DeviceRate& rate) const;

  std::vector<Setting>& settings_;
  std::size_t cgroup_;
  bool unified_;
  const std::string& subject_;
};

}  // namespace dunnage::cgroup
