// SPDX-License-Identifier: Apache-2.0
#include "volume/create.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/random_hex.hpp"
#include "model/volume_name.hpp"
#include "volume/data_image.hpp"
#include "volume/deed.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/index.hpp"
#include "volume/limit_choice.hpp"
#include "volume/limit_mark.hpp"
#include "volume/limited_data.hpp"
#include "volume/local_driver.hpp"
#include "volume/memory_limit.hpp"
#include "volume/metadata.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <utility>

namespace dunnage::volume {
namespace {

constexpr const char* kCreateVolume = "create volume";
constexpr mode_t kDataMode = 0755;  // the store around it is closed; inside a container everybody may enter
constexpr mode_t kMetadataMode = S_IRUSR | S_IWUSR;

VolumeError exists_failure(const std::string& name) {
  return VolumeError{{.stage = dunnage::Stage::Store,
                      .operation = "create volume",
                      .subject = name,
                      .detail = "",
                      .cause = "",
                      .code = errc::volume_exists,
                      .remedy = "choose another name, or use get_or_create"}};
}

VolumeInfo describe(const Layout& layout, std::string name, Labels labels, const VolumeOptions& options,
                    std::string owner) {
  VolumeInfo info;
  info.mountpoint = layout.mountpoint(name);
  info.name = std::move(name);
  info.created_at = std::chrono::system_clock::now();
  info.anonymous = labels.count(kAnonymousLabel) > 0;
  info.labels = std::move(labels);
  info.driver_options = options.driver_options;
  info.is_protected = options.protect;
  info.access = options.access;
  info.owner = std::move(owner);
  return info;
}

/// Chooses what holds the limit, if there is to be one.
void take_limit(const Layout& layout, const VolumeOptions& options, VolumeInfo& info) {
  if (!options.limit) {
    return;
  }
  const Deed deed{kCreateVolume, info.anonymous ? "" : info.name};
  const VolumeLimitPlan plan =
      with_deed(deed, [&] { return choose_limit(layout, deed, *options.limit, options.driver_options); });
  info.limit = plan.limit;
  info.limit_way = plan.way;
  if (plan.way == LimitWay::Memory) {
    info.driver_options = with_memory_limit(info.driver_options, plan.limit);
    with_deed(deed, [&] { prove_memory_limit(deed, plan.limit); });
  }
}

/// What is in the making, with what makes it.
struct Making {
  const VolumeInfo& info;
  const Content& content;
  bool makes_limit = true;  ///< else the content does
  const Watch& watch;
};

void make_data(const Layout& layout, const Stage& stage, const Making& making) {
  const VolumeInfo& info = making.info;
  if (making.makes_limit && is_in_store(info.limit_way)) {
    make_limited_data(layout, {kCreateVolume, info.anonymous ? "" : info.name}, stage, info.limit, info.limit_way,
                      making.watch);
  }
  if (making.content) {
    making.content(stage);
  } else if (!is_in_store(info.limit_way)) {
    (void)open_data(stage);
  }
  if (is_image(info.limit_way)) {
    sync_image(stage.directory());
  }
}

/// \return false if the name is taken
bool make_volume(const Layout& layout, const Making& making, const std::string& metadata) {
  const VolumeInfo& info = making.info;
  if (kernel::exists_at(layout.volumes.get(), info.name)) {
    return false;
  }
  Stage stage{layout.open_staging()};
  make_data(layout, stage, making);
  kernel::write_new_file(stage.directory(), kMetadataName, metadata, kMetadataMode);
  return stage.publish(layout.volumes.get(), info.name, [&](const std::function<bool()>& rename) {
    const VolumeChange change{layout, info.name};
    return rename();
  });
}

VolumeInfo make_named(const Layout& layout, VolumeInfo info, const Making& making) {
  const std::string metadata = metadata_or_refusal(kCreateVolume, info.name, encode_metadata(info));
  try {
    if (!make_volume(layout, making, metadata)) {
      throw exists_failure(info.name);
    }
  } catch (const kernel::CallError& error) {
    throw call_failure(kCreateVolume, info.anonymous ? "" : info.name, error);
  }
  return info;
}

}  // namespace

void check_driver(const char* operation, const std::string& name, const VolumeOptions& options) {
  LocalDriver driver;
  std::optional<DriverFault> fault;
  if (options.driver != "local") {
    fault = DriverFault{fmt::format("there is no volume driver \"{}\"", options.driver), "use \"local\"", true};
  } else {
    fault = read_driver_options(options.driver_options, driver);
  }
  if (fault) {
    throw VolumeError{{.stage = dunnage::Stage::Store,
                       .operation = operation,
                       .subject = name,
                       .detail = "",
                       .cause = fault->cause,
                       .code = fault->unsupported ? errc::not_supported : errc::invalid_argument,
                       .remedy = fault->remedy}};
  }
}

std::string metadata_or_refusal(const char* operation, const std::string& name, std::optional<std::string> text) {
  if (!text) {
    throw VolumeError{
        {.stage = dunnage::Stage::Store,
         .operation = operation,
         .subject = name,
         .detail = "",
         .cause = "labels",
         .code = errc::invalid_argument,
         .remedy = fmt::format("make them UTF-8 and less than {} KiB together", kMaxMetadataBytes / 1024)}};
  }
  return std::move(*text);
}

kernel::FileDescriptor open_data(const Stage& stage) {
  if (!kernel::make_directory(stage.directory(), kDataName, kDataMode)) {
    const LimitWay way = limit_way_of(stage.directory());
    if (way == LimitWay::None) {
      throw kernel::CallError{"mkdir", EEXIST};
    }
    const auto top = open_limited_data({kCreateVolume, ""}, stage.directory(), way);
    return kernel::require_readable(top.get());
  }
  return open_data_directory(stage.directory());
}

VolumeInfo create(const Layout& layout, const std::string& name, const VolumeOptions& options, const Content& content,
                  const Watch& watch) {
  if (!model::is_valid_volume_name(name)) {
    throw bad_name_failure(kCreateVolume, name);
  }
  check_driver(kCreateVolume, name, options);
  VolumeInfo info = describe(layout, name, options.labels, options, {});
  take_limit(layout, options, info);
  return make_named(layout, info, {.info = info, .content = content, .watch = watch});
}

VolumeInfo create_like(const Layout& layout, const std::string& name, const VolumeOptions& options,
                       const VolumeInfo& limited_as, const Content& content) {
  check_driver(kCreateVolume, name, options);
  VolumeInfo info = describe(layout, name, options.labels, options, {});
  info.limit = limited_as.limit;
  info.limit_way = limited_as.limit_way;
  return make_named(layout, info, {.info = info, .content = content, .makes_limit = false, .watch = {}});
}

VolumeInfo create_anonymous(const Layout& layout, const std::string& owner, const VolumeOptions& options,
                            const Content& content) {
  constexpr std::size_t kNameDigits = 64;
  check_driver(kCreateVolume, "", options);
  if (options.protect) {
    throw anonymous_protection_failure(kCreateVolume, "");
  }
  Labels labels = options.labels;
  labels.insert_or_assign(kAnonymousLabel, "");
  std::string name;
  try {
    name = kernel::random_hex(kNameDigits);
  } catch (const kernel::CallError& error) {
    throw call_failure(kCreateVolume, "", error);
  }
  VolumeInfo info = describe(layout, std::move(name), std::move(labels), options, owner);
  take_limit(layout, options, info);
  return make_named(layout, info, {.info = info, .content = content, .watch = {}});
}

}  // namespace dunnage::volume
