// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Archives made by hand, so that each byte of them can be wrong.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace dunnage::test {

/// What an archive says of an entry besides its name and content.
struct About {
  unsigned mode = 0644;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int64_t seconds = 1'600'000'000;
  std::string fraction{};                           ///< of the second, "5"
  std::map<std::string, std::string> attributes{};  ///< extended ones
  unsigned major = 0;
  unsigned minor = 0;
};

/// A tar archive in the making; pax headers come where they are needed.
class Archive {
 public:
  Archive& directory(std::string_view name, About about = {.mode = 0755});
  Archive& file(std::string_view name, std::string_view content = {}, const About& about = {});
  Archive& symbolic_link(std::string_view name, std::string_view target, const About& about = {.mode = 0777});
  Archive& hard_link(std::string_view name, std::string_view target, const About& about = {});
  /// \param type  '3' a character device, '4' a block device, '6' a FIFO
  Archive& node(std::string_view name, char type, const About& about = {});
  /// An entry of any type.
  Archive& entry(char type, std::string_view name, std::string_view target, std::string_view content,
                 const About& about);
  Archive& bytes(std::string_view text) {
    text_ += text;
    return *this;
  }
  /// With the two empty blocks that end it.
  [[nodiscard]] std::string tar() const { return text_ + std::string(1024, '\0'); }
  [[nodiscard]] const std::string& unfinished() const noexcept { return text_; }

 private:
  std::string text_;
};

/// A header of 512 bytes; `size` is what it says, whatever follows.
[[nodiscard]] std::string tar_header(char type, std::string_view name, std::string_view target, std::uint64_t size,
                                     const About& about);
/// "LENGTH key=value\n"
[[nodiscard]] std::string pax_record(std::string_view key, std::string_view value);

[[nodiscard]] std::string gzip(std::string_view content);
[[nodiscard]] std::string zstd(std::string_view content);

}  // namespace dunnage::test
