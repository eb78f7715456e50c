// SPDX-License-Identifier: Apache-2.0
#include "fuzz/document_input.hpp"

#include "image/config.hpp"
#include "image/failure.hpp"
#include "image/manifest.hpp"

#include <cstdlib>
#include <iostream>

namespace dunnage::test {
namespace {

void require(bool condition, const char* what) {
  if (!condition) {
    std::cerr << "document input: " << what << '\n';
    std::abort();
  }
}

void read_manifest(std::string_view text) {
  const image::Document document = image::parse_document(text);
  require(document.manifest.has_value() != !document.manifests.empty() || !document.manifest,
          "a text is an image and several");
  if (document.manifest) {
    const image::Manifest again = image::parse_manifest(image::write_manifest(*document.manifest));
    require(again.config.digest == document.manifest->config.digest &&
                again.layers.size() == document.manifest->layers.size(),
            "a manifest is another one once it was written");
  } else if (!document.manifests.empty()) {
    (void)image::choose(document.manifests, {.os = "linux", .architecture = "amd64"});
  }
}

void read_index(std::string_view text) {
  for (const image::Descriptor& descriptor : image::parse_index(text, "the index")) {
    (void)image::to_json(descriptor).dump(-1, ' ', false, image::Json::error_handler_t::replace);
  }
}

void read_configuration(std::string_view text) {
  const image::Configuration read = image::parse_configuration(text);
  (void)image::chain_ids(read.diff_ids);
  (void)image::to_json(read.config);
  const image::Configuration again = image::parse_configuration(image::write_configuration(read, "by hand"));
  const bool named = !read.platform.architecture.empty();  // else it is written as this machine's
  require(again.diff_ids == read.diff_ids && again.config == read.config && again.platform.os == read.platform.os &&
              (!named || again.platform == read.platform),
          "a configuration is another one once it was written");
}

}  // namespace

void read_document_input(std::string_view bytes) {
  if (bytes.empty()) {
    return;
  }
  const auto choice = static_cast<unsigned char>(bytes.front()) % 3U;
  bytes.remove_prefix(1);
  try {
    if (choice == 0) {
      read_manifest(bytes);
    } else if (choice == 1) {
      read_index(bytes);
    } else {
      read_configuration(bytes);
    }
  } catch (const image::Fault& fault) {
    require(!fault.cause().empty(), "a refusal says nothing");
  }
}

}  // namespace dunnage::test
