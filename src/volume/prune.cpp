// SPDX-License-Identifier: Apache-2.0
#include "volume/prune.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/index.hpp"
#include "volume/reading.hpp"
#include "volume/removal.hpp"
#include "volume/retained.hpp"
#include "volume/timestamp.hpp"
#include "volume/trash.hpp"
#include "volume/usage_history.hpp"
#include "volume/users.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <exception>
#include <optional>

namespace dunnage::volume {
namespace {

using Reason = PruneDecision::Reason;

void decide(PruneLook& look, Reason reason, std::string words) {
  look.decision.reason = reason;
  look.decision.words = std::move(words);
}

std::string since(std::string_view what, TimePoint time) {
  return fmt::format("it was {} at {}", what, format_time(time, Precision::Seconds));
}

/// What its directory tells beyond its metadata.
void look_at_use(PruneLook& look, const PruneOptions& options, int directory, TimePoint now) {
  look.decision.last_used = last_use(directory);
  const TimePoint used = look.decision.last_used.value_or(look.info.created_at);
  if (is_in_use(directory)) {
    look.decision.users = names_of(living_users(directory));
    const auto& users = look.decision.users;
    decide(look, Reason::InUse, users.empty() ? "it is in use" : "it is used by " + quoted_list(users));
  } else if (options.unused_for && now - used < bounded(*options.unused_for)) {
    decide(look, Reason::UsedLately, since(look.decision.last_used ? "used" : "made, and never used,", used));
  } else {
    decide(look, Reason::Unused,
           look.decision.last_used ? "no container uses it; " + since("used", used) : "no container has ever used it");
  }
}

/// Without its use: the rules that its metadata and its owner give. \return whether one of them keeps it
bool is_kept_by_rule(PruneLook& look, const Layout& layout, const PruneOptions& options, TimePoint now) {
  const VolumeInfo& info = look.info;
  VolumeFilter without_use = options.filter;
  without_use.in_use.reset();
  if (!matches(layout, info, without_use)) {
    decide(look, Reason::Filtered, "the filter does not mean it");
  } else if (!options.all && !info.anonymous) {
    decide(look, Reason::Named, "it has a name; `all` takes those, too");
  } else if (info.is_protected) {
    decide(look, Reason::Protected, "it is protected; take that off with update() (volume update --unprotect)");
  } else if (!info.driver_options.empty()) {  // Docker keeps it as well
    decide(look, Reason::DriverOptions, "it has options of its driver; remove it by its name");
  } else if (info.anonymous && container_exists(layout, info.owner)) {  // a stopped one still wants it
    decide(look, Reason::Owned, fmt::format("it belongs to container \"{}\"", info.owner));
  } else if (options.older_than && now - info.created_at < bounded(*options.older_than)) {
    decide(look, Reason::TooYoung, since("made", info.created_at));
  } else {
    return false;
  }
  return true;
}

PruneLook look(const Layout& layout, const std::string& name, const PruneOptions& options, TimePoint now) {
  PruneLook look;
  look.decision.volume = name;
  auto reading = VolumeReader{layout}.read(name);
  if (!reading.volume) {
    look.is_gone = reading.damage.empty();
    decide(look, Reason::Damaged, "its metadata is damaged: " + reading.damage);
    return look;
  }
  look.info = std::move(*reading.volume);
  look.decision.created_at = look.info.created_at;
  const auto directory = open_volume_directory(layout, name);
  struct stat status {};
  if (!directory || ::fstat(directory.get(), &status) != 0) {
    look.is_gone = true;
    decide(look, Reason::Damaged, {});
    return look;
  }
  look.inode = status.st_ino;
  if (!is_kept_by_rule(look, layout, options, now)) {
    look_at_use(look, options, directory.get(), now);
  }
  const bool in_use = look.decision.reason == Reason::InUse;
  if ((in_use || look.decision.is_taken()) && options.filter.in_use && *options.filter.in_use != in_use) {
    decide(look, Reason::Filtered, "the filter does not mean it");
  }
  return look;
}

}  // namespace

PruneLook look_to_prune(const Layout& layout, const std::string& name, const PruneOptions& options, TimePoint now) {
  try {
    return look(layout, name, options, now);
  } catch (const kernel::CallError& error) {
    PruneLook failed;
    failed.decision.volume = name;
    decide(failed, Reason::Damaged, error.what());
    return failed;
  }
}

Removing::Removing(const Layout& layout, const RemoveOptions& options)
    : layout_{layout},
      options_{options},
      place_{options.keep > std::chrono::milliseconds::zero() ? make_retained(layout) : layout.open_trash()} {
  taken_.reserve(1);  // for one nothing is allocated between taking it out and deleting it
}

void Removing::take(const std::string& name) {
  const bool keep = options_.keep > std::chrono::milliseconds::zero();
  std::pair<std::string, std::string> taken{{}, name};
  taken.first = take_out(layout_, name, place_.get(), keep ? retained_name(name, options_.keep) : std::string{});
  taken_.push_back(std::move(taken));
}

/// If it cannot be put back either, the caller knows of the failure.
void Removing::put_back() noexcept {
  for (const auto& [there, name] : taken_) {
    try {
      const VolumeChange change{layout_, name};
      (void)kernel::rename_exclusively(place_.get(), there, layout_.volumes.get(), name);
    } catch (const std::exception&) {
    }
  }
}

void Removing::finish() {
  const bool keep = options_.keep > std::chrono::milliseconds::zero();
  try {
    // The name's absence is what is acknowledged; the trash itself may reappear or not after a crash.
    kernel::sync(layout_.volumes.get());
    if (keep) {
      kernel::sync(place_.get());
    }
  } catch (...) {
    put_back();
    throw;
  }
  for (const auto& [there, name] : taken_) {
    if (!keep) {
      delete_from_trash(place_.get(), there);
    }
  }
  taken_.clear();
}

}  // namespace dunnage::volume
