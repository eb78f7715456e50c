// SPDX-License-Identifier: Apache-2.0
#include "volume/part_check.hpp"

#include "error/reason.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "model/volume_name.hpp"
#include "volume/directory.hpp"
#include "volume/index_file.hpp"
#include "volume/private_directory.hpp"
#include "volume/reading.hpp"
#include "volume/retained.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::volume {
namespace {

using SeenRoot = std::shared_ptr<const kernel::FileDescriptor>;

constexpr std::size_t kMostVersionBytes = 64;

StoreFinding part_finding(const std::filesystem::path& path, std::string problem, std::string remedy, bool repairable) {
  return {.part = StoreFinding::Part::Store,
          .name = path.filename().string(),
          .path = path,
          .problem = std::move(problem),
          .remedy = std::move(remedy),
          .repairable = repairable};
}

StoreFault privacy(const std::filesystem::path& path, const PrivacyFault& fault,
                   const std::shared_ptr<const Entry>& entry, StoreFinding::Part part) {
  StoreFault found{part_finding(path, fault.problem, fault.remedy, fault.repairable),
                   [entry] { return make_private(*entry); }};
  found.finding.part = part;
  return found;
}

struct VersionLook {
  std::optional<Entry> entry{};
  std::string content{};
  std::string problem{};  ///< empty: it is that of this library
  std::optional<int> format{};
};

VersionLook look_at_version(int root) {
  VersionLook look{.entry = look_at(root, kVersionName)};
  look.problem = file_problem(look.entry);
  if (!look.problem.empty()) {
    return look;
  }
  std::string buffer;
  const auto [text, number] = kernel::read_small_file(root, kVersionName, buffer, kMostVersionBytes);
  look.content = text;
  look.format = number == 0 ? format_of(text) : std::nullopt;
  if (!look.format) {
    look.problem = number != 0 && number != EFBIG ? "it cannot be read: " + error::errno_reason(number)
                                                  : "it is damaged: it is not the number of a format";
  } else if (*look.format > kStoreFormat) {
    look.problem = fmt::format("the store has format {}, this library reads {}", *look.format, kStoreFormat);
  }
  return look;
}

/// A newer format would have other volumes.
bool is_of_this_format(const Layout& layout) {
  VolumeReader reader{layout};
  const std::vector<std::string> names = layout.volumes ? volume_names(layout) : std::vector<std::string>{};
  std::size_t whole = 0;
  for (const std::string& name : names) {
    const Reading reading = reader.read(name);
    if (reading.newer) {
      return false;
    }
    whole += reading.volume ? 1 : 0;
  }
  return names.empty() || whole > 0;
}

std::string copy_beside(int root, const std::string& content) {
  for (int number = 1;; ++number) {
    std::string name = fmt::format("{}.damaged-{}", kVersionName, number);
    if (const auto copy = kernel::create_file(root, name, kPrivateFile)) {
      kernel::write_all(copy.get(), content);
      return name;
    }
  }
}

/// Its file stays the same one, for others hold its lock. A kill leaves it damaged as before.
void rewrite(int root, const std::string& content) {
  const auto file = kernel::open_beneath(root, kVersionName, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!file || ::ftruncate(file.get(), 0) != 0) {
    throw kernel::CallError{"open version", errno};
  }
  kernel::write_all(file.get(), content);
  kernel::sync(file.get());
}

std::string write_version(const std::filesystem::path& path, const SeenRoot& root) {
  const VersionLook look = look_at_version(root->get());
  if (look.problem.empty() || look.format) {
    return {};
  }
  std::string kept;
  const std::string content = fmt::format("{}\n", kStoreFormat);
  if (look.entry && look.entry->is_file()) {
    kept = fmt::format("; what it said is in \"{}\"", copy_beside(root->get(), look.content));
    rewrite(root->get(), content);
  } else {
    if (look.entry) {
      const auto aside = set_aside(root->get(), kVersionName, *look.entry);
      kept = aside ? fmt::format("; what was there is \"{}\" now", *aside) : "";
    }
    kernel::write_durably(root->get(), kVersionName, content, kPrivateFile);
  }
  kernel::sync(root->get());
  // whoever held another file's lock was seen by nobody who made an index
  Layout layout{.path = path, .root = kernel::open_beneath(root->get(), ".", O_RDONLY | O_DIRECTORY), .volumes = {}};
  if (look_at(root->get(), "trash")) {
    put_index_away(layout);
  }
  return fmt::format("format {} is written into it{}", kStoreFormat, kept);
}

struct VersionCheck {
  bool may_look = true;
  bool may_repair = true;
};

VersionCheck check_format(const Layout& layout, const SeenRoot& root, StoreFaults& faults) {
  const VersionLook look = look_at_version(layout.root.get());
  if (look.problem.empty()) {
    return {};
  }
  StoreFinding found = part_finding(layout.path / kVersionName, look.problem, {}, true);
  if (look.format) {
    found.kind = StoreFinding::Kind::Newer;
    found.remedy = "use a newer version of the library; the store is not damaged, and is left alone";
    found.repairable = false;
  } else if (look.entry && look.entry->is_file() && !is_of_this_format(layout)) {
    found.remedy = fmt::format(
        "write \"{}\" into it if the store was made by this version; no volume of it shows "
        "whether it was",
        kStoreFormat);
    found.repairable = false;
  } else {
    found.remedy = fmt::format("repair() writes format {} into it, which is that of its volumes", kStoreFormat);
  }
  faults.push_back({std::move(found), [path = layout.path, root] { return write_version(path, root); }});
  return {.may_look = !look.format, .may_repair = false};
}

void check_directories(const Layout& layout, bool may_be_in_the_making, StoreFaults& faults) {
  for (const char* name : {"volumes", "staging", "trash", "containers"}) {
    if (may_be_in_the_making && !look_at(layout.root.get(), name)) {
      continue;
    }
    for (StoreFault& fault : fault_of_part(layout.root.get(), name, layout.path / name, StoreFinding::Part::Store)) {
      faults.push_back(std::move(fault));
    }
  }
  if (look_at(layout.root.get(), kRetainedName)) {  // made when something is retained
    for (StoreFault& fault :
         fault_of_part(layout.root.get(), kRetainedName, layout.path / kRetainedName, StoreFinding::Part::Store)) {
      faults.push_back(std::move(fault));
    }
  }
}

}  // namespace

StoreFaults fault_of_part(int parent, const char* name, const std::filesystem::path& path, StoreFinding::Part part) {
  auto found = look_at(parent, name);
  StoreFaults faults;
  if (!found) {
    const auto directory =
        std::make_shared<const kernel::FileDescriptor>(kernel::open_beneath(parent, ".", O_RDONLY | O_DIRECTORY));
    faults.push_back({part_finding(path, "it is missing, and all that was in it",
                                   "repair() makes it, empty; so does whoever opens the store", true),
                      [directory, text = std::string{name}] {
                        const bool made = kernel::make_directory(directory->get(), text, kPrivateDirectory);
                        kernel::sync(directory->get());
                        return made ? std::string{"it has been made, and is empty"} : std::string{"it is there again"};
                      }});
    faults.back().finding.part = part;
    return faults;
  }
  const auto entry = std::make_shared<const Entry>(std::move(*found));
  if (const PrivacyFault fault = privacy_fault(entry->status); !fault.problem.empty()) {
    faults.push_back(privacy(path, fault, entry, part));
  }
  return faults;
}

PartCheck check_parts(const std::filesystem::path& root, std::chrono::milliseconds grace) {
  PartCheck check;
  Entry entry;
  entry.file = kernel::FileDescriptor{::open(root.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
  if (!entry.file) {
    if (errno == ENOENT) {
      return check;
    }
    throw kernel::CallError{"open", errno};
  }
  if (::fstat(entry.file.get(), &entry.status) != 0) {
    throw kernel::CallError{"stat", errno};
  }
  const auto seen = std::make_shared<const Entry>(std::move(entry));
  const PrivacyFault fault = privacy_fault(seen->status);
  if (!fault.problem.empty()) {
    check.faults.push_back(privacy(root, fault, seen, StoreFinding::Part::Store));
    if (!fault.repairable) {
      return check;
    }
  }
  Layout layout{
      .path = root, .root = kernel::open_beneath(seen->file.get(), ".", O_RDONLY | O_DIRECTORY), .volumes = {}};
  if (!layout.root) {
    return check;  // its mode, which was found
  }
  layout.volumes = kernel::open_beneath(layout.root.get(), "volumes", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const auto again = std::make_shared<const kernel::FileDescriptor>(
      kernel::open_beneath(seen->file.get(), ".", O_RDONLY | O_DIRECTORY));
  const bool young = !is_older(seen->status, grace);
  const bool is_in_the_making = young && !look_at(layout.root.get(), kVersionName);
  const auto version = is_in_the_making ? VersionCheck{} : check_format(layout, again, check.faults);
  if (!version.may_look) {
    return check;
  }
  check.may_repair = version.may_repair;
  check_directories(layout, young, check.faults);
  check.layout = std::move(layout);
  return check;
}

}  // namespace dunnage::volume
