// SPDX-License-Identifier: Apache-2.0
#include "volume/memory_limit.hpp"

#include "kernel/call_error.hpp"
#include "kernel/calls.hpp"
#include "kernel/file_descriptor.hpp"
#include "launcher/identity.hpp"
#include "volume/limit_proof.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace dunnage::volume {
namespace {

bool says_a_limit(std::string_view word) { return word.starts_with("size=") || word.starts_with("nr_inodes="); }

/// The words of "o" but for those that limit.
std::string other_words(std::string_view text) {
  std::string rest;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (!says_a_limit(word)) {
      rest += fmt::format("{}{}", rest.empty() ? "" : ",", word);
    }
  }
  return rest;
}

}  // namespace

VolumeLimitPlan plan_memory_limit(const Deed& deed, const VolumeLimit& limit, const DriverOptions& options) {
  const auto words = options.find("o");
  if (words != options.end() && other_words(words->second) != words->second) {
    throw deed_failure(deed, "the option \"o\" says a size or inodes of its own",
                       make_error_code(errc::invalid_argument), "give one of them");
  }
  return {.limit = limit,
          .way = LimitWay::Memory,
          .reason = "its data is in memory, in a file system of that size",
          .costs = {"it takes memory, and is empty at each start of its container"}};
}

DriverOptions with_memory_limit(DriverOptions options, const VolumeLimit& limit) {
  std::string words = other_words(options["o"]);
  const auto add = [&](const char* name, std::uint64_t value) {
    if (value != 0) {
      words += fmt::format("{}{}={}", words.empty() ? "" : ",", name, value);
    }
  };
  add("size", limit.size);
  add("nr_inodes", limit.inodes);
  if (words.empty()) {
    options.erase("o");
  } else {
    options["o"] = std::move(words);
  }
  return options;
}

void prove_memory_limit(const Deed& deed, const VolumeLimit& limit) {
  if (launcher::identity_for(0, 0).rootless()) {
    return;  // who may not mount here has the launcher mount it, when a container begins
  }
  const kernel::FileDescriptor context{kernel::open_file_system("tmpfs")};
  int answer = context.get();
  const auto set = [&](const char* name, std::uint64_t value) {
    if (answer >= 0 && value != 0) {
      answer = kernel::configure_string(context.get(), name, std::to_string(value).c_str());
    }
  };
  set("size", limit.size);
  set("nr_inodes", limit.inodes);
  answer = answer < 0 ? answer : kernel::create_file_system(context.get());
  const kernel::FileDescriptor mounted{answer < 0 ? answer : kernel::mount_file_system(context.get(), 0)};
  if (!mounted) {
    throw kernel::CallError{"mount a file system in memory", -mounted.get()};
  }
  prove_limit(deed, mounted.get(), limit);
}

}  // namespace dunnage::volume
