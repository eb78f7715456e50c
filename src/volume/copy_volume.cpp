// SPDX-License-Identifier: Apache-2.0
#include "volume/copy_volume.hpp"

#include <dunnage/error.hpp>

#include "launcher/connection.hpp"
#include "launcher/copy_tree.hpp"
#include "volume/create.hpp"
#include "volume/data.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/reading.hpp"
#include "volume/take_back.hpp"

#include <fmt/format.h>

#include <utility>

namespace dunnage::volume {
namespace {

void copy_content(const Stage& stage, const CopiedDirectory& from, const Watch& watch) {
  const auto connection = launcher::Connection::get(launcher::identity_for(0, 0));
  const kernel::FileDescriptor data = open_data(stage);
  launcher::TreeCopy copy;
  copy.from = from.directory;
  copy.to = data.get();
  copy.sync = true;
  copy.subject = from.subject;
  copy.locks = from.locks;
  try {
    const launcher::WorkOutcome outcome = launcher::copy_tree(*connection, copy, watch);
    if (!outcome.done()) {
      throw work_failure(from.operation, from.subject, from.detail, outcome);
    }
  } catch (...) {
    take_back(stage, *connection);
    throw;
  }
}

}  // namespace

Labels labels_of_named(Labels labels) {
  labels.erase("com.docker.volume.anonymous");
  return labels;
}

VolumeInfo create_copy(const Layout& layout, const std::string& name, const VolumeOptions& options,
                       const CopiedDirectory& from, const Watch& watch) {
  return create(layout, name, options, [&](const Stage& stage) { copy_content(stage, from, watch); });
}

VolumeInfo copy_volume(const Layout& from, const std::string& name, const Layout& to, const std::string& new_name,
                       const Watch& watch) {
  Reading reading = VolumeReader{from}.read(name);
  if (!reading.damage.empty()) {
    throw damaged_failure(from, kCopyVolume, name, reading);
  }
  if (!reading.volume) {
    throw missing_failure(kCopyVolume, name, names_to_suggest(from));
  }
  const VolumeData data{from, *reading.volume, kCopyVolume, "a copy"};
  return create_copy(to, new_name, {.labels = labels_of_named(std::move(reading.volume->labels))},
                     {.operation = kCopyVolume,
                      .subject = name,
                      .detail = fmt::format("-> \"{}\"", new_name),
                      .directory = data.directory(),
                      .locks = data.locks()},
                     watch);
}

}  // namespace dunnage::volume
