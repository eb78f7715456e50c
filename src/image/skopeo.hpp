// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Talking to registries by skopeo(1).

#include <dunnage/image_store.hpp>

#include "image/failure.hpp"
#include "image/watching.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::image {

/// Asks one registry. Its environment is a short list of variables, and no secret is on its command line: skopeo reads
/// them from the auth file, or asks the credential helpers that are named there.
/// All of these throw Fault(not_supported) without skopeo, Fault(pull_failed, image_missing) with skopeo's last words,
/// Fault(cancelled, timed_out, limit_exceeded), CallError.
class Skopeo {
 public:
  /// \param work  directory of the store for its temporary files
  Skopeo(const PullOptions& options, Watching& watching, std::string subject, std::string work);

  /// The manifest or index, exactly as the registry has it. \param reference  "docker.io/library/a:b" or with a digest
  [[nodiscard]] std::string manifest(const std::string& reference) const;
  /// The configuration, likewise.
  [[nodiscard]] std::string configuration(const std::string& reference) const;
  /// Fetches an image into the OCI layout `layout`, a full path, as "image". Blobs that are there are not fetched.
  /// \param preserve  nothing may be changed on the way \param fetched  says how many bytes have come, of `total`
  void copy(const std::string& reference, const std::string& layout, bool preserve,
            const std::function<std::uint64_t()>& fetched, std::uint64_t total) const;

 private:
  [[nodiscard]] std::string run(std::vector<std::string> arguments, const std::function<std::uint64_t()>& fetched,
                                std::uint64_t total) const;
  /// Where an image comes from, and how to get in there. \param prefix  of these options, in this verb
  void add_source(std::vector<std::string>& arguments, const std::string& prefix, const std::string& reference) const;
  [[nodiscard]] std::vector<std::string> inspection(const std::string& reference, bool configuration) const;

  const PullOptions& options_;
  Watching& watching_;
  std::string subject_;
  std::string work_;
  std::vector<std::string> environment_;
  std::string program_;
};

/// What skopeo said at the end of `log`, without its dressing. Not more than some lines of text.
[[nodiscard]] std::string last_words(std::string_view log);

/// The error for that. \param status  what it exited with
[[nodiscard]] Fault refusal(const std::string& words, int status);

}  // namespace dunnage::image
