// SPDX-License-Identifier: Apache-2.0
#include "support/oci_image.hpp"

#include <dunnage/image.hpp>

#include "image/digest.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <fstream>
#include <string_view>
#include <utility>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// The oldest of tar's formats.
std::string tar_of(const Entry& entry) {
  std::string header(512, '\0');
  const auto put = [&](std::size_t at, std::string_view text) { header.replace(at, text.size(), text); };
  const auto octal = [&](std::size_t at, std::size_t digits, std::size_t value) {
    for (std::size_t digit = digits; digit-- > 0; value /= 8) header[at + digit] = static_cast<char>('0' + value % 8);
  };
  const bool file = entry.type == '0';
  put(0, entry.path);
  octal(100, 7, entry.mode);
  octal(108, 7, entry.uid);
  octal(116, 7, entry.gid);
  octal(124, 11, file ? entry.content.size() : 0);
  octal(136, 11, 1'700'000'000);
  header[156] = entry.type;
  if (!file) put(157, entry.content);
  put(257, std::string_view{"ustar\00000", 8});
  put(148, "        ");
  std::size_t sum = 0;
  for (const char byte : header) sum += static_cast<unsigned char>(byte);
  octal(148, 6, sum);
  header[154] = '\0';
  std::string text = file ? header + entry.content : header;
  text.resize((text.size() + 511) / 512 * 512);
  return text;
}

std::string tar_of(const Layer& layer) {
  std::string tar;
  for (const Entry& entry : layer) tar += tar_of(entry);
  return tar + std::string(1024, '\0');
}

/// An OCI image layout in the making.
class Layout {
 public:
  explicit Layout(fs::path path) : path_{std::move(path)} {
    fs::create_directories(path_ / "blobs/sha256");
    std::ofstream{path_ / "oci-layout"} << R"({"imageLayoutVersion":"1.0.0"})";
  }
  json add(const char* type, const std::string& content) const {
    const std::string digest = image::digest_of(content);
    std::ofstream{path_ / "blobs/sha256" / digest.substr(7), std::ios::binary} << content;
    return {
        {"mediaType", std::string{"application/vnd.oci.image."} + type}, {"digest", digest}, {"size", content.size()}};
  }
  void finish(json manifest) const {
    std::ofstream{path_ / "index.json"} << json{{"schemaVersion", 2},
                                                {"manifests", json::array({std::move(manifest)})}};
  }

 private:
  fs::path path_;
};

}  // namespace

Entry directory(std::string path, unsigned mode, unsigned uid, unsigned gid) {
  return {.path = std::move(path) + "/", .type = '5', .mode = mode, .uid = uid, .gid = gid};
}

void write_image(const fs::path& path, const std::vector<Layer>& layers, const std::string& config) {
  const Layout layout{path};
  json configuration{{"os", "linux"},
                     {"architecture", parse_platform("linux").architecture},
                     {"config", json::parse(config)},
                     {"rootfs", {{"type", "layers"}, {"diff_ids", json::array()}}}};
  json manifest{
      {"schemaVersion", 2}, {"mediaType", "application/vnd.oci.image.manifest.v1+json"}, {"layers", json::array()}};
  for (const Layer& layer : layers) {
    const std::string tar = tar_of(layer);
    configuration["rootfs"]["diff_ids"].push_back(image::digest_of(tar));
    manifest["layers"].push_back(layout.add("layer.v1.tar", tar));
  }
  manifest["config"] = layout.add("config.v1+json", configuration.dump());
  layout.finish(layout.add("manifest.v1+json", manifest.dump()));
}

}  // namespace dunnage::test
