// SPDX-License-Identifier: Apache-2.0
#include "volume/fill.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"
#include "launcher/copy_tree.hpp"
#include "launcher/look.hpp"
#include "volume/create.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/fill_lock.hpp"
#include "volume/reading.hpp"
#include "volume/stage.hpp"
#include "volume/take_back.hpp"
#include "volume/users.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <utility>

namespace dunnage::volume {
namespace {

using launcher::WorkOutcome;

std::string detail_of(const FillSource& source) { return fmt::format("from \"{}\" of the image", source.path); }

/// Nothing is there, or something else. Whatever else keeps a look-up from its end says nothing about that.
bool is_missing(int number) { return number == ENOENT || number == ENOTDIR || number == ELOOP || number == EXDEV; }

/// Copies into a stage, whose data directory becomes as the source's. \return false if there is no source
bool copy_into(const Stage& stage, const std::string& name, const FillSource& source) {
  const kernel::FileDescriptor data = open_data(stage);
  launcher::TreeCopy copy;
  copy.from = source.root;
  copy.below = source.path;
  copy.to = data.get();
  copy.quiet = true;
  copy.sync = true;
  copy.subject = name;
  std::optional<WorkOutcome> outcome;
  try {
    outcome = launcher::copy_tree(source.connection, copy, source.watch);
  } catch (...) {
    take_back(stage, source.connection);
    throw;
  }
  const int number = outcome->failure.error;
  if (outcome->failure.step == launcher::Step::OpenSource && is_missing(number)) {
    return false;
  }
  if (!outcome->done()) {
    take_back(stage, source.connection);
    throw work_failure(kFillVolume, name, detail_of(source), *outcome);
  }
  return true;
}

/// Whether there is anything in it, seen with the launcher's rights if ours do not do.
bool has_entries(int directory, const std::string& name, const FillSource& source) {
  const auto opened = kernel::open_readable(directory);
  if (opened) {
    return !kernel::names_in(opened.get()).empty();
  }
  if (errno != EACCES) {
    throw kernel::CallError{"open directory", errno};
  }
  launcher::Look look;
  const WorkOutcome outcome =
      launcher::look_at(source.connection, directory, "", launcher::Follow::No, look, source.watch);
  if (!outcome.done()) {
    throw work_failure(kFillVolume, name, detail_of(source), outcome);
  }
  return look.report.has_entries != 0;
}

/// A volume that is there.
class Existing {
 public:
  Existing(const Layout& layout, const std::string& name, const std::string& subpath, const FillSource& source)
      : layout_{layout}, name_{name}, subpath_{subpath}, source_{source} {}

  /// Cheap. \return why it is left as it is; nothing if it is to be filled, or if it is gone
  std::optional<Filled> look() {
    volume_ = open_volume_directory(layout_, name_);
    if (!volume_) {
      return std::nullopt;
    }
    auto data =
        kernel::open_beneath(volume_.get(), kDataName, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, kernel::Crossing::Allowed);
    if (!data && !is_missing(errno)) {
      throw kernel::CallError{"open the data", errno};
    }
    if (!data) {
      return Filled::Elsewhere;  // using it will say what is wrong
    }
    if (subpath_.empty() ? has_entries(data.get(), name_, source_) : subpath_has_entries(data.get())) {
      return no_subpath_ ? Filled::NoSubpath : Filled::HasData;
    }
    const Reading reading = VolumeReader{layout_}.read(name_);
    if (!reading.damage.empty()) {
      throw damaged_failure(layout_, kFillVolume, name_, reading);
    }
    if (!reading.volume || !reading.volume->driver_options.empty() || reading.volume->limit_way != LimitWay::None) {
      return Filled::Elsewhere;
    }
    return is_in_use(volume_.get()) ? std::optional{Filled::InUse} : std::nullopt;
  }

  [[nodiscard]] bool is_there() const noexcept { return static_cast<bool>(volume_); }

  /// \return nothing if the volume was removed meanwhile
  std::optional<Filled> fill() {
    Stage stage{layout_.open_staging()};
    if (!copy_into(stage, name_, source_)) {
      return Filled::NothingThere;
    }
    const auto filled = publish(stage);
    if (filled != Filled::Copied) {
      take_back(stage, source_.connection);
    }
    return filled;
  }

 private:
  bool subpath_has_entries(int data) {
    launcher::Look look;
    const WorkOutcome outcome =
        launcher::look_at(source_.connection, data, subpath_, launcher::Follow::No, look, source_.watch);
    if (!outcome.done() && !is_missing(outcome.failure.error)) {
      throw work_failure(kFillVolume, name_, detail_of(source_), outcome);
    }
    no_subpath_ = !outcome.done() || !S_ISDIR(look.report.mode);
    return no_subpath_ || look.report.has_entries != 0;
  }

  /// Nobody may begin to use the volume while its content changes.
  std::optional<Filled> publish(const Stage& stage) {
    const kernel::FileDescriptor lock = lock_alone(volume_.get());
    if (!lock) {
      return Filled::InUse;
    }
    if (!kernel::is_at(layout_.volumes.get(), name_, volume_.get())) {
      return std::nullopt;
    }
    const WorkOutcome outcome = move(stage);
    if (outcome.done()) {
      sync_or_take_out(stage);
    }
    kernel::unlock(lock.get());
    const int number = outcome.failure.error;
    if (outcome.done()) {
      return Filled::Copied;
    }
    if (number == ENOTEMPTY || number == EEXIST) {
      return Filled::HasData;
    }
    if (number == EBUSY || number == EXDEV) {
      return Filled::Elsewhere;
    }
    throw work_failure(kFillVolume, name_, detail_of(source_), outcome);
  }

  void sync_or_take_out(const Stage& stage) {
    try {
      kernel::sync(volume_.get());
    } catch (...) {
      // Not acknowledged, so it must not stay. If it cannot be taken back either, the caller knows of the failure.
      if (subpath_.empty()) {
        (void)open_data(stage);
        (void)kernel::exchange(stage.directory(), kDataName, volume_.get(), kDataName);
      }
      throw;
    }
  }

  WorkOutcome move(const Stage& stage) {
    if (subpath_.empty()) {
      return launcher::move_entry(source_.connection, stage.directory(), kDataName, volume_.get(), {}, kDataName,
                                  source_.watch);
    }
    const std::string path = std::string{kDataName} + "/" + subpath_;
    const std::size_t slash = path.rfind('/');
    return launcher::move_entry(source_.connection, stage.directory(), kDataName, volume_.get(), path.substr(0, slash),
                                path.substr(slash + 1), source_.watch);
  }

  const Layout& layout_;
  const std::string& name_;
  const std::string& subpath_;
  const FillSource& source_;
  kernel::FileDescriptor volume_;
  bool no_subpath_ = false;
};

/// The content of a new volume, and what became of it.
Content content_of(const std::string& name, const std::string& subpath, const FillSource& source, Filled& filled) {
  if (!subpath.empty()) {
    filled = Filled::NoSubpath;
    return {};
  }
  return [&](const Stage& stage) { filled = copy_into(stage, name, source) ? Filled::Copied : Filled::NothingThere; };
}

std::optional<Filled> make(const Layout& layout, const std::string& name, const VolumeOptions& options,
                           const std::string& subpath, const FillSource& source) {
  Filled filled = Filled::NothingThere;
  try {
    (void)create(layout, name, options, content_of(name, subpath, source, filled));
    return filled;
  } catch (const VolumeError& error) {
    if (error.code() != errc::volume_exists) {
      throw;
    }
    return std::nullopt;  // somebody who does not fill was faster
  }
}

Filled fill_or_make(const Layout& layout, const std::string& name, const VolumeOptions& options,
                    const std::string& subpath, const FillSource& source) {
  Existing existing{layout, name, subpath, source};
  if (const auto left = existing.look(); left && *left != Filled::InUse) {
    return *left;  // as with nearly every start; one that is in use may be so by who fills it just now
  }
  const FillLock lock{layout, name, source.watch};
  constexpr int kAttempts = 16;  // others may make and remove it meanwhile
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (const auto left = existing.look()) {
      return *left;
    }
    const auto filled = existing.is_there() ? existing.fill() : make(layout, name, options, subpath, source);
    if (filled) {
      return *filled;
    }
  }
  throw kernel::CallError{"make the volume", EAGAIN};
}

}  // namespace

std::string reason_of(Filled filled, const std::string& path) {
  switch (filled) {
    case Filled::Copied:
      return fmt::format("the volume was empty, and got what the image has at \"{}\"", path);
    case Filled::NothingThere:
      return fmt::format("the image has no directory at \"{}\", so nothing was copied into the volume", path);
    case Filled::HasData:
      return "there is data in the volume, so nothing of the image was copied into it";
    case Filled::InUse:
      return "another container uses the volume, so it was left as it is, and nothing of the image was copied into it";
    case Filled::NoSubpath:
      return "there is no directory at the subpath yet, so nothing of the image was copied into it";
    case Filled::Elsewhere:
      break;
  }
  return "the volume's data is at a mount point, so nothing of the image was copied into it";
}

Filled fill(const Layout& layout, const std::string& name, const VolumeOptions& options, const std::string& subpath,
            const FillSource& source) {
  try {
    return fill_or_make(layout, name, options, subpath, source);
  } catch (const kernel::CallError& error) {
    throw call_failure(kFillVolume, name, error);
  }
}

FilledVolume create_anonymous_filled(const Layout& layout, const std::string& owner, const VolumeOptions& options,
                                     const std::string& subpath, const FillSource& source) {
  Filled filled = Filled::NothingThere;
  VolumeInfo info = create_anonymous(layout, owner, options, content_of("", subpath, source, filled));
  return {std::move(info), filled};
}

}  // namespace dunnage::volume
