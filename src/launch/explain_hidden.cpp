// SPDX-License-Identifier: Apache-2.0
// What a mount covers.

#include "error/reason.hpp"
#include "image/known.hpp"
#include "image/layout.hpp"
#include "image/trees.hpp"
#include "kernel/calls.hpp"
#include "launch/explain.hpp"
#include "launcher/look.hpp"
#include "plan/explain.hpp"

#include <dunnage/error.hpp>

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>

namespace dunnage::launch {
namespace {

/// What a tree has at a path: a file, or a directory with something in it.
enum class Content { Nothing, Hidden, Some };

Content content_of(const launcher::Connection& connection, int root, const std::string& path) {
  launcher::Look look;
  const auto outcome = launcher::look_at(connection, root, path, launcher::Follow::No, look, {});
  if (!outcome.done()) {
    return Content::Nothing;
  }
  const unsigned kind = look.report.mode & S_IFMT;
  if (kind == S_IFCHR) {
    return Content::Hidden;  // the mark of an overlay: a layer further up has removed it
  }
  return (kind == S_IFDIR && look.report.has_entries == 0) || (kind == S_IFREG && look.report.size == 0)
             ? Content::Nothing
             : Content::Some;
}

void add_image_files(const ExplainedPlace& place, const std::string& target, PathExplanation& told) {
  try {
    const image::Layout images = image::open_layout(place.store);
    const auto image = image::get_known_image(images, place.image_id);
    const launcher::Identity& identity = place.connection.identity();
    if (image::count_unpacked(images, *image, identity) != image->layers.size()) {
      return;  // looking changes nothing
    }
    const image::Trees trees = image::open_trees(images, *image, identity, {}, {});
    for (auto tree = trees.trees.rbegin(); tree != trees.trees.rend(); ++tree) {
      const Content content = content_of(place.connection, tree->get(), target);
      if (content == Content::Some) {
        told.hides.push_back(fmt::format("files the image \"{}\" has at \"{}\".", place.rootfs.name(), target));
      }
      if (content != Content::Nothing) {
        return;
      }
    }
  } catch (const Error& error) {
    told.notes.push_back(fmt::format("what the image has at \"{}\" is not known: {}", target, error.what()));
  }
}

void add_files_of(const ExplainedPlace& place, const std::filesystem::path& directory, const std::string& below,
                  PathExplanation& told) {
  const kernel::FileDescriptor opened{
      kernel::open_at2(AT_FDCWD, directory.c_str(), O_PATH | O_DIRECTORY, RESOLVE_NO_MAGICLINKS)};
  if (opened && content_of(place.connection, opened.get(), below) == Content::Some) {
    told.hides.push_back(fmt::format("what is in \"{}{}\" on the host.", directory.string(), below));
  }
}

/// The mount a mount point lies in is the deepest one that begins above it.
void add_files_below(const ExplainedPlace& place, const std::string& target, PathExplanation& told) {
  const std::string parent = target.substr(0, target.rfind('/'));
  const ResolvedMount* above = plan::mount_of(place.plan, parent.empty() ? "/" : parent);
  if (above != nullptr) {
    const auto source = plan::source_below(*above, {});
    if (!source.empty()) {
      add_files_of(place, source, target.substr(above->target.size()), told);
    }
    return;
  }
  if (place.rootfs.kind() == Rootfs::Kind::Image && !place.image_id.empty()) {
    add_image_files(place, target, told);
  } else if (place.rootfs.kind() == Rootfs::Kind::Directory) {
    add_files_of(place, place.rootfs.path(), target, told);
  }
}

}  // namespace

void explain_hidden(const ExplainedPlace& place, const launcher::Examination& examined, const ResolvedMount* mount,
                    PathExplanation& told) {
  const TableMount* own = place.table.find(examined.report.mount);
  if (own != nullptr) {
    for (const TableMount* hidden : place.table.hidden_by(*own, told.leads_to)) {
      if (hidden->target != "/") {
        told.hides.push_back(fmt::format("another mount: {} at \"{}\".", hidden->type, hidden->target));
      }
    }
  }
  if (mount != nullptr && told.mount != "/") {
    add_files_below(place, told.mount, told);
  }
}

}  // namespace dunnage::launch
