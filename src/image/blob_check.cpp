// SPDX-License-Identifier: Apache-2.0
#include "image/blob_check.hpp"

#include "image/blob.hpp"
#include "image/config.hpp"
#include "image/digest.hpp"
#include "image/failure.hpp"
#include "image/find.hpp"
#include "image/index.hpp"
#include "image/manifest.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::image {
namespace {

using volume::StoreFault;
using volume::StoreFaults;

constexpr const char* kIndexFile = "index.json";
constexpr const char* kComesAgain = "pull or load the image again";

struct BlobProblem {
  std::string problem;            ///< empty: none
  bool can_be_set_aside = false;  ///< something else is in its place
};

std::string digest_of_file(int file) {
  Sha256 sum;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t got = ::read(file, buffer.data(), buffer.size());
    if (got < 0 && errno != EINTR) {
      throw kernel::CallError{"read", errno};
    }
    if (got == 0) {
      return sum.digest();
    }
    if (got > 0) {
      sum.add(buffer.data(), static_cast<std::size_t>(got));
    }
  }
}

BlobProblem problem_of(const Layout& layout, const Descriptor& blob, bool contents) {
  const auto entry = volume::look_at(layout.blobs.get(), hex_of(blob.digest));
  if (!entry) {
    return {fmt::format("its blob {} is not there", blob.digest), false};
  }
  if (!entry->is_file()) {
    return {fmt::format("its blob {} is {}, not a file", blob.digest, volume::kind_of(entry->status)), true};
  }
  if (blob.size != 0 && static_cast<std::uint64_t>(entry->status.st_size) != blob.size) {
    return {fmt::format("its blob {} has {} bytes instead of {}", blob.digest, entry->status.st_size, blob.size), true};
  }
  try {
    if (contents && digest_of_file(open_blob(layout, blob.digest).get()) != blob.digest) {
      return {fmt::format("its blob {} was changed on the disk", blob.digest), true};
    }
  } catch (const kernel::CallError& error) {
    return {fmt::format("its blob {} cannot be read: {}", blob.digest, error.what()), false};
  }
  return {};
}

/// The blobs of an image as far as they are known. A manifest that cannot be read is all that is.
std::vector<Descriptor> blobs_of(const Layout& layout, const Descriptor& image) {
  std::vector<Descriptor> blobs{image};
  try {
    Manifest manifest = parse_manifest(read_document(layout, image.digest), image.media_type);
    blobs.push_back(std::move(manifest.config));
    std::move(manifest.layers.begin(), manifest.layers.end(), std::back_inserter(blobs));
  } catch (const Fault&) {  // the check of the blob, or of the image, tells why
  } catch (const kernel::CallError&) {
  }
  return blobs;
}

std::string put_blob_aside(const Layout& layout, const Descriptor& blob, bool contents) {
  const IndexChange change{layout};  // nobody brings it anew at this moment
  const std::string name = hex_of(blob.digest);
  const auto entry = volume::look_at(layout.blobs.get(), name);
  if (!entry || !problem_of(layout, blob, contents).can_be_set_aside) {
    return {};
  }
  const auto aside = volume::set_aside(layout.blobs.get(), name, *entry);
  kernel::sync(layout.blobs.get());
  return aside ? fmt::format("it is \"{}\" now; {}", *aside, kComesAgain) : std::string{};
}

/// Finds the images of which something is wrong, reading each blob once, however many have it.
class ImageCheck {
 public:
  ImageCheck(const Layout& layout, const Index& index, bool contents)
      : layout_{layout}, index_{index}, contents_{contents} {}

  void add(const Descriptor& image) {
    const auto names = index_.names_of(image.digest);
    const std::string name = names.empty() ? image.digest : names.front();
    try {
      add_blobs(name, image);
    } catch (const Fault&) {  // it wants what no blob can be called
      add_what_is_wrong_with_documents(name, image);
    }
  }

  StoreFaults take() && { return std::move(faults_); }

 private:
  void add_blobs(const std::string& name, const Descriptor& image) {
    const std::size_t before = faults_.size();
    const std::vector<Descriptor> blobs = blobs_of(layout_, image);
    for (const Descriptor& blob : blobs) {
      const bool is_document = &blob - blobs.data() < 2;  // manifest and configuration are small
      const auto [known, fresh] = problems_.try_emplace(blob.digest);
      if (fresh) {
        known->second = problem_of(layout_, blob, contents_ || is_document);
      }
      if (!known->second.problem.empty()) {
        add_fault(name, blob, known->second, contents_ || is_document);
      }
    }
    if (faults_.size() == before) {
      add_what_is_wrong_with_documents(name, image);
    }
  }

  void add_fault(const std::string& name, const Descriptor& blob, const BlobProblem& problem, bool contents) {
    StoreFault fault;
    fault.finding = {.part = StoreFinding::Part::Image,
                     .name = name,
                     .path = layout_.path / "blobs/sha256" / hex_of(blob.digest),
                     .problem = problem.problem,
                     .remedy = problem.can_be_set_aside
                                   ? fmt::format("repair() sets it aside; then {}", kComesAgain)
                                   : fmt::format("{}; nothing here has what is missing", kComesAgain),
                     .repairable = problem.can_be_set_aside};
    fault.repair = [&layout = layout_, blob, contents] { return put_blob_aside(layout, blob, contents); };
    faults_.push_back(std::move(fault));
  }

  /// They have their digests, and make no sense.
  void add_what_is_wrong_with_documents(const std::string& name, const Descriptor& image) {
    try {
      (void)describe(layout_, index_, image);
    } catch (const Fault& problem) {
      StoreFault fault;
      fault.finding = {.part = StoreFinding::Part::Image,
                       .name = name,
                       .path = layout_.path / "blobs/sha256",
                       .problem = problem.cause(),
                       .remedy = "remove the image; it came as it is, and another one is needed"};
      faults_.push_back(std::move(fault));
    }
  }

  const Layout& layout_;
  const Index& index_;
  bool contents_;
  std::map<std::string, BlobProblem> problems_;
  StoreFaults faults_;
};

StoreFaults look_at_image(const Layout& layout, const Index& index, const Descriptor& image, bool contents) {
  ImageCheck check{layout, index, contents};
  check.add(image);
  return std::move(check).take();
}

/// What is wrong while index.json says all the time that the image is there. Who removes one changes that file before a
/// blob goes, and who brings one changes it when all blobs are there.
StoreFaults confirmed_faults(const Layout& layout, const Descriptor& image, bool contents) {
  constexpr int kLooks = 64;
  for (int look = 0; look < kLooks; ++look) {
    const auto file = volume::look_at(layout.images.get(), kIndexFile);
    const Index index = read_index(layout);
    const auto images = index.images();
    const bool is_there =
        std::any_of(images.begin(), images.end(), [&](const Descriptor& one) { return one.digest == image.digest; });
    StoreFaults found = is_there ? look_at_image(layout, index, image, contents) : StoreFaults{};
    if (found.empty() || (file && kernel::is_at(layout.images.get(), kIndexFile, file->file.get()))) {
      return found;
    }
  }
  return {};
}

StoreFault fault_of_index(const Layout& layout, const Fault& problem) {
  StoreFault fault;
  fault.finding = {.part = StoreFinding::Part::Image,
                   .name = kIndexFile,
                   .path = layout.path / kIndexFile,
                   .problem = "the list of all images cannot be read: " + problem.cause(),
                   .remedy =
                       "put it back from a backup; or remove it and load or pull the images again, which keeps "
                       "the blobs that are here. Containers that run go on; nothing else says which images there "
                       "were"};
  return fault;
}

}  // namespace

StoreFaults faults_of_images(const Layout& layout, bool contents) {
  StoreFaults faults;
  try {
    const Index index = read_index(layout);
    for (const Descriptor& image : index.images()) {
      if (look_at_image(layout, index, image, contents).empty()) {
        continue;
      }
      StoreFaults found = confirmed_faults(layout, image, contents);
      std::move(found.begin(), found.end(), std::back_inserter(faults));
    }
  } catch (const Fault& problem) {
    faults.push_back(fault_of_index(layout, problem));
  }
  return faults;
}

}  // namespace dunnage::image
