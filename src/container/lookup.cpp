// SPDX-License-Identifier: Apache-2.0
#include "container/lookup.hpp"

#include "container/config.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "model/volume_name.hpp"
#include "volume/failure.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace dunnage::container {
namespace {

constexpr std::size_t kIdDigits = 64;

bool may_begin_id(std::string_view word) {
  return !word.empty() && word.size() <= kIdDigits &&
         word.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Empty for a record that cannot be read, which has no id then.
std::string id_of(int record) {
  try {
    return read_config(record).id;
  } catch (const std::invalid_argument&) {
  } catch (const kernel::CallError&) {
  }
  return {};
}

}  // namespace

std::vector<std::string> record_names(int containers) {
  std::vector<std::string> names = kernel::names_in(containers);
  std::erase_if(names, [](const std::string& name) { return !model::is_valid_volume_name(name); });
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<Found> open_record(int containers, const std::string& name) {
  if (!model::is_valid_volume_name(name)) {
    return std::nullopt;
  }
  Found found{name, kernel::open_beneath(containers, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)};
  if (found.directory) {
    return found;
  }
  if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP) {
    throw kernel::CallError{"open record", errno};
  }
  return std::nullopt;
}

std::optional<Found> find_record(const Deed& deed, int containers, std::string_view word) {
  if (auto named = open_record(containers, std::string{word})) {
    return named;
  }
  if (!may_begin_id(word)) {
    return std::nullopt;
  }
  std::optional<Found> found;
  std::vector<std::string> fitting;
  for (const std::string& name : record_names(containers)) {
    auto record = open_record(containers, name);
    if (record && id_of(record->directory.get()).starts_with(word)) {
      fitting.push_back(name);
      found = std::move(record);
    }
  }
  if (fitting.size() > 1) {
    throw failure(deed, "the ids of " + volume::quoted_list(fitting) + " begin so", errc::invalid_argument,
                  "give more digits, or a name");
  }
  return found;
}

Found get_record(const Deed& deed, int containers, std::string_view word) {
  if (auto found = find_record(deed, containers, word)) {
    return std::move(*found);
  }
  throw missing_failure(deed, record_names(containers));
}

}  // namespace dunnage::container
