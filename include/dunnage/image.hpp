// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// An image: a root file system that many containers share, and what its maker says about running it. Values; the
/// store they come from is image_store.hpp.
///
///     dunnage::Image image = dunnage::ImageStore::open().get("postgres:16");
///     for (const auto& layer : image.info().layers) std::cout << layer.diff_id << '\n';
///
/// What an image says is untrusted: it chooses what runs in the container, never anything of the host.

#include <dunnage/environment.hpp>
#include <dunnage/export.hpp>
#include <dunnage/volume.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {

/// For which machine an image was made.
struct Platform {
  std::string os = "linux";
  std::string architecture{};  ///< as Go names them: "amd64", "arm64"; empty: that of this machine
  std::string variant{};       ///< "v8"; empty: any
  friend bool operator==(const Platform&, const Platform&) = default;
};

/// "linux/arm64/v8". Throws: ImageError(invalid_argument).
[[nodiscard]] DUNNAGE_API Platform parse_platform(std::string_view text);
[[nodiscard]] DUNNAGE_API std::string to_string(const Platform& platform);

/// A test the image brings along. Kept and shown; the library runs none by itself.
struct Healthcheck {
  std::vector<std::string> test{};  ///< {"CMD", ...}, {"CMD-SHELL", text} or {"NONE"}
  std::chrono::nanoseconds interval{};
  std::chrono::nanoseconds timeout{};
  std::chrono::nanoseconds start_period{};
  std::chrono::nanoseconds start_interval{};
  unsigned retries = 0;
  friend bool operator==(const Healthcheck&, const Healthcheck&) = default;
};

/// How an image wants to be run; LaunchSpec has the last word on each. OCI image-spec, config.md.
struct ImageConfig {
  std::vector<std::string> entrypoint{};  ///< comes before the arguments
  std::vector<std::string> cmd{};         ///< the arguments, if the launch gives none
  Environment env{};                      ///< an entry without "=" is left out: nothing comes from the host
  std::string cwd{};
  std::string user{};                  ///< `user[:group]`
  std::vector<std::string> volumes{};  ///< each gets an anonymous volume where nothing else is mounted
  std::string stop_signal{};           ///< "SIGINT"; empty: SIGTERM
  Labels labels{};
  std::vector<std::string> exposed_ports{};  ///< "5432/tcp"
  std::optional<Healthcheck> healthcheck{};
  friend bool operator==(const ImageConfig&, const ImageConfig&) = default;
};

struct ImageLayer {
  std::string digest;    ///< of the blob, "sha256:…"
  std::string diff_id;   ///< of its uncompressed content
  std::string chain_id;  ///< of it and all below it
  std::string media_type;
  std::uint64_t size = 0;  ///< bytes of the blob
  friend bool operator==(const ImageLayer&, const ImageLayer&) = default;
};

/// What is known about an image; Docker's `image inspect`.
struct ImageInfo {
  std::string id;                           ///< digest of its configuration, "sha256:…"
  std::string digest;                       ///< digest of its manifest
  std::vector<std::string> names{};         ///< "docker.io/library/postgres:16"; empty: no name leads to it any more
  std::vector<std::string> repo_digests{};  ///< "docker.io/library/postgres@sha256:…": what registries call it
  Platform platform{};
  std::string author{};
  std::chrono::system_clock::time_point created_at{};  ///< the epoch if it does not say
  std::uint64_t size = 0;                              ///< bytes of its blobs
  std::vector<ImageLayer> layers{};                    ///< lowest first
  ImageConfig config{};
  friend bool operator==(const ImageInfo&, const ImageInfo&) = default;
};

/// Docker's names: Id, RepoTags, RepoDigests, Created, Architecture, Os, Config, RootFS.
[[nodiscard]] DUNNAGE_API std::string to_json(const ImageInfo& image);

/// A handle on an image that was in its store when the handle was made. It holds no descriptor and no lock.
/// Thread safety: a value; any thread may use it.
class DUNNAGE_API Image {
 public:
  [[nodiscard]] const ImageInfo& info() const noexcept { return info_; }
  [[nodiscard]] const std::string& id() const noexcept { return info_.id; }
  [[nodiscard]] const ImageConfig& config() const noexcept { return info_.config; }

  friend bool operator==(const Image&, const Image&) = default;

 private:
  friend class ImageStore;
  explicit Image(ImageInfo info) : info_{std::move(info)} {}
  ImageInfo info_;
};

}  // namespace dunnage
