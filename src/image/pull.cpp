// SPDX-License-Identifier: Apache-2.0
#include "image/pull.hpp"

#include "image/failure.hpp"
#include "image/find.hpp"
#include "image/index.hpp"
#include "image/intake.hpp"
#include "image/layer_type.hpp"
#include "image/platform.hpp"
#include "image/reference.hpp"
#include "image/skopeo.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/private_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace dunnage::image {
namespace {

constexpr const char* kPullImage = "pull image";
constexpr const char* kLayout = "layout";

/// What a registry has under a name, for one platform.
struct Offer {
  std::string asked;  ///< digest of what the name leads to: the manifest, or an index
  Descriptor descriptor;
  Manifest manifest;
};

/// A layout in the staging directory, which skopeo fills.
class Landing {
 public:
  explicit Landing(Intake& intake) {
    make(intake.directory(), kLayout);
    layout_ = open(intake.directory(), kLayout);
    make(layout_.get(), "blobs");
    const auto blobs = open(layout_.get(), "blobs");
    make(blobs.get(), "sha256");
    blobs_ = open(blobs.get(), "sha256");
  }

  [[nodiscard]] int directory() const noexcept { return layout_.get(); }
  [[nodiscard]] int blobs() const noexcept { return blobs_.get(); }

  /// Names a blob of the intake here, too, so that it is not fetched. It is not counted as fetched then.
  void offer(const Intake& intake, const Descriptor& blob) {
    const std::string hex = hex_of(blob.digest);
    if (::linkat(intake.directory(), hex.c_str(), blobs_.get(), hex.c_str(), 0) != 0 && errno != EEXIST) {
      throw kernel::CallError{"link", errno};
    }
    known_.insert(hex);
  }
  /// Bytes that have come so far.
  [[nodiscard]] std::uint64_t fetched() const {
    std::uint64_t bytes = 0;
    for (const int directory : {layout_.get(), blobs_.get()}) {
      for (const std::string& name : kernel::names_in(directory)) {
        struct stat status {};
        if (known_.count(name) == 0 && ::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode)) {
          bytes += static_cast<std::uint64_t>(status.st_size);
        }
      }
    }
    return bytes;
  }

 private:
  static void make(int parent, const char* name) {
    if (!kernel::make_directory(parent, name, volume::kPrivateDirectory)) {
      throw kernel::CallError{"mkdir", EEXIST};
    }
  }
  static kernel::FileDescriptor open(int parent, const char* name) {
    auto directory = kernel::open_beneath(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!directory) {
      throw kernel::CallError{"open directory", errno};
    }
    return directory;
  }

  kernel::FileDescriptor layout_;
  kernel::FileDescriptor blobs_;
  std::set<std::string> known_;
};

class Pull {
 public:
  Pull(const Layout& layout, Reference reference, const PullOptions& options)
      : layout_{layout},
        reference_{std::move(reference)},
        options_{options},
        watching_{options.watch, "pull"},
        intake_{layout, watching_},
        skopeo_{options, watching_, to_string(reference_), layout.path.string() + "/staging/" + intake_.name()} {}

  ImageInfo run() {
    const Offer offer = ask();
    NewImage image{.manifest = {}, .names = {}};
    if (auto known = find_whole(offer)) {
      image.manifest = std::move(*known);
    } else {
      image.manifest = fetch(offer);
    }
    const std::string repository = reference_.repository();
    if (reference_.digest.empty()) {
      image.names.push_back(to_string(reference_));
    }
    image.names.push_back(fmt::format("{}@{}", repository, offer.asked));
    if (image.manifest.digest != offer.descriptor.digest && offer.asked != offer.descriptor.digest) {
      image.names.push_back(fmt::format("{}@{}", repository, offer.descriptor.digest));
    }
    return std::move(intake_.publish({image}).front());
  }

 private:
  [[nodiscard]] std::string by_digest(const std::string& digest) const {
    return fmt::format("{}@{}", reference_.repository(), digest);
  }

  Offer ask() {
    Offer offer;
    std::string text =
        skopeo_.manifest(reference_.digest.empty() ? to_string(reference_) : by_digest(reference_.digest));
    offer.asked = digest_of(text);
    if (!reference_.digest.empty() && offer.asked != reference_.digest) {
      throw Fault{errc::digest_mismatch, fmt::format("the registry gave {} instead", offer.asked),
                  "do not trust this registry, or a mirror of it"};
    }
    Document document = parse_document(text);
    offer.descriptor = {.media_type = document.media_type, .digest = offer.asked, .size = text.size()};
    if (!document.manifest) {
      const Descriptor chosen = choose(document.manifests, options_.platform);
      text = skopeo_.manifest(by_digest(chosen.digest));
      if (digest_of(text) != chosen.digest) {
        throw Fault{errc::digest_mismatch, fmt::format("the registry gave {} for {}", digest_of(text), chosen.digest),
                    "do not trust this registry, or a mirror of it"};
      }
      offer.descriptor = {.media_type = chosen.media_type, .digest = chosen.digest, .size = text.size()};
      document.manifest = parse_manifest(text, chosen.media_type);
    }
    offer.manifest = std::move(*document.manifest);
    return offer;
  }

  /// The image the registry means, if all of it is in the store.
  std::optional<Descriptor> find_whole(const Offer& offer) {
    const Index index = read_index(layout_);
    const auto images = index.images();
    for (const Descriptor& image : images) {
      const Descriptor* named = index.find(by_digest(offer.descriptor.digest));
      if (image.digest != offer.descriptor.digest && (named == nullptr || named->digest != image.digest)) {
        continue;
      }
      if (!intake_.link(image)) {
        continue;
      }
      const Manifest manifest = parse_manifest(intake_.read(image), image.media_type);
      bool whole = intake_.link(manifest.config);
      for (const Descriptor& layer : manifest.layers) {
        whole = intake_.link(layer) && whole;
      }
      if (whole && suits(manifest.config)) {
        return image;
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] bool suits(const Descriptor& config) const {
    return is_default(options_.platform) ||
           matches(options_.platform, parse_configuration(intake_.read(config)).platform);
  }

  Descriptor fetch(const Offer& offer) {
    Landing landing{intake_};
    std::uint64_t total = 0;
    for (const Descriptor& layer : offer.manifest.layers) {
      if (intake_.link(layer)) {
        landing.offer(intake_, layer);
      } else {
        total += layer.size;
      }
    }
    const std::string path = layout_.path.string() + "/staging/" + intake_.name() + "/" + kLayout;
    const bool is_oci = offer.descriptor.media_type == kOciManifest;
    skopeo_.copy(
        by_digest(offer.descriptor.digest), path, is_oci, [&] { return landing.fetched(); }, total);
    return is_oci ? take(landing, offer) : convert(landing, offer);
  }

  Descriptor take(Landing& landing, const Offer& offer) {
    intake_.adopt(landing.blobs(), offer.descriptor);
    intake_.adopt(landing.blobs(), offer.manifest.config);
    require_platform(intake_, offer.manifest.config, options_.platform);
    for (const Descriptor& layer : offer.manifest.layers) {
      intake_.adopt(landing.blobs(), layer);
    }
    return offer.descriptor;
  }

  /// Docker's manifests are kept as OCI's, which everybody can read. skopeo would rewrite the configuration for that,
  /// and lose health checks and the image's id; so that is asked for as it is.
  Descriptor convert(Landing& landing, const Offer& offer) {
    const std::string text = skopeo_.configuration(by_digest(offer.descriptor.digest));
    if (intake_.put(text) != offer.manifest.config.digest) {
      throw Fault{errc::digest_mismatch,
                  fmt::format("the registry gave {} for {}", digest_of(text), offer.manifest.config.digest),
                  "do not trust this registry, or a mirror of it"};
    }
    require_platform(intake_, offer.manifest.config, options_.platform);
    Manifest manifest = written_by_skopeo(landing);
    if (manifest.layers.size() != offer.manifest.layers.size()) {
      throw malformed("skopeo fetched another number of layers");
    }
    for (std::size_t index = 0; index < manifest.layers.size(); ++index) {
      const Descriptor& offered = offer.manifest.layers[index];
      // A plain layer is packed on its way; what is in it is checked when it is unpacked.
      if (!packing_of(offered.media_type).empty() && manifest.layers[index].digest != offered.digest) {
        throw Fault{errc::digest_mismatch, fmt::format("{} came for {}", manifest.layers[index].digest, offered.digest),
                    "pull it again"};
      }
      intake_.adopt(landing.blobs(), manifest.layers[index]);
    }
    manifest.config = {
        .media_type = std::string{kOciConfig}, .digest = offer.manifest.config.digest, .size = text.size()};
    const std::string written = write_manifest(manifest);
    return {.media_type = std::string{kOciManifest}, .digest = intake_.put(written), .size = written.size()};
  }

  static Manifest written_by_skopeo(const Landing& landing) {
    const auto index = open_regular(landing.directory(), "index.json");
    if (!index) {
      throw malformed("skopeo wrote no index");
    }
    const auto manifests = parse_index(read_document(index.get(), "index.json"), "skopeo's index");
    if (manifests.size() != 1) {
      throw malformed("skopeo did not fetch one image");
    }
    const auto file = open_regular(landing.blobs(), hex_of(manifests.front().digest));
    if (!file) {
      throw malformed("skopeo wrote no manifest");
    }
    return parse_manifest(read_document(file.get(), "manifest"), manifests.front().media_type);
  }

  const Layout& layout_;
  Reference reference_;
  const PullOptions& options_;
  Watching watching_;
  Intake intake_;
  Skopeo skopeo_;
};

std::optional<ImageInfo> find_suiting(const Layout& layout, std::string_view name, const PullOptions& options) {
  auto found = find_image(layout, name);
  if (found && !is_default(options.platform) && !matches(options.platform, found->platform)) {
    return std::nullopt;
  }
  return found;
}

}  // namespace

ImageInfo pull(const Layout& layout, std::string_view name, const PullOptions& options) {
  const std::string subject{name};
  return explained(kPullImage, subject, [&] {
    if (options.policy != PullPolicy::Always) {
      if (auto found = find_suiting(layout, name, options)) {
        return std::move(*found);
      }
    }
    if (options.policy == PullPolicy::Never) {
      throw missing_failure(kPullImage, subject, known_names(read_index(layout)));
    }
    if (layout.path.native().find(':') != std::string::npos) {
      throw Fault{errc::not_supported, "the path of the store has a colon, which skopeo takes for a separator",
                  "choose another place with DUNNAGE_STORE"};
    }
    return Pull{layout, parse_reference(name), options}.run();
  });
}

}  // namespace dunnage::image
