// SPDX-License-Identifier: Apache-2.0
#include "image/archive.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <stdexcept>

namespace dunnage::test {
namespace {

void pad(std::string& text) { text.resize((text.size() + 511) / 512 * 512); }

std::string octal(std::uint64_t value, std::size_t digits) {
  std::string text(digits, '0');
  for (std::size_t index = digits; index-- > 0; value /= 8) text[index] = static_cast<char>('0' + value % 8);
  return text;
}

std::string packed(std::string_view content, int (*add_filter)(archive*)) {
  const std::unique_ptr<archive, int (*)(archive*)> writer{::archive_write_new(), ::archive_write_free};
  std::string out(content.size() + content.size() / 8 + 65536, '\0');
  std::size_t used = 0;
  (void)add_filter(writer.get());
  // The time would make other bytes of the same content a second later; zstd, which has no such option, keeps none.
  (void)::archive_write_set_filter_option(writer.get(), "gzip", "timestamp", nullptr);
  (void)::archive_write_set_format_raw(writer.get());
  (void)::archive_write_set_bytes_per_block(writer.get(), 0);
  if (::archive_write_open_memory(writer.get(), out.data(), out.size(), &used) != ARCHIVE_OK) {
    throw std::runtime_error{::archive_error_string(writer.get())};
  }
  archive_entry* entry = ::archive_entry_new();
  ::archive_entry_set_filetype(entry, AE_IFREG);
  const bool done =
      ::archive_write_header(writer.get(), entry) == ARCHIVE_OK &&
      ::archive_write_data(writer.get(), content.data(), content.size()) == static_cast<la_ssize_t>(content.size()) &&
      ::archive_write_close(writer.get()) == ARCHIVE_OK;
  ::archive_entry_free(entry);
  if (!done) throw std::runtime_error{::archive_error_string(writer.get())};
  out.resize(used);
  return out;
}

}  // namespace

std::string tar_header(char type, std::string_view name, std::string_view target, std::uint64_t size,
                       const About& about) {
  std::string header(512, '\0');
  const auto put = [&](std::size_t at, std::string_view text) { header.replace(at, text.size(), text); };
  put(0, name.substr(0, 100));
  put(100, octal(about.mode, 7));
  put(108, octal(about.uid, 7));
  put(116, octal(about.gid, 7));
  put(124, octal(size, 11));
  put(136, octal(static_cast<std::uint64_t>(about.seconds), 11));
  header[156] = type;
  put(157, target.substr(0, 100));
  put(257, std::string_view{"ustar\00000", 8});
  put(329, octal(about.major, 7));
  put(337, octal(about.minor, 7));
  put(148, "        ");
  std::uint64_t sum = 0;
  for (const char byte : header) sum += static_cast<unsigned char>(byte);
  put(148, octal(sum, 6));
  header[154] = '\0';
  return header;
}

std::string pax_record(std::string_view key, std::string_view value) {
  std::size_t length = key.size() + value.size() + 3;
  std::size_t digits = std::to_string(length).size();
  digits = std::to_string(length + digits).size();
  return std::to_string(length + digits) + " " + std::string{key} + "=" + std::string{value} + "\n";
}

Archive& Archive::entry(char type, std::string_view name, std::string_view target, std::string_view content,
                        const About& about) {
  std::string pax;
  if (name.size() > 100) pax += pax_record("path", name);
  if (target.size() > 100) pax += pax_record("linkpath", target);
  if (!about.fraction.empty()) pax += pax_record("mtime", std::to_string(about.seconds) + "." + about.fraction);
  for (const auto& [key, value] : about.attributes) pax += pax_record("SCHILY.xattr." + key, value);
  if (!pax.empty()) {
    text_ += tar_header('x', "PaxHeaders/entry", "", pax.size(), {});
    text_ += pax;
    pad(text_);
  }
  text_ += tar_header(type, name, target, content.size(), about);
  text_ += content;
  pad(text_);
  return *this;
}

Archive& Archive::directory(std::string_view name, About about) { return entry('5', name, "", "", about); }
Archive& Archive::file(std::string_view name, std::string_view content, const About& about) {
  return entry('0', name, "", content, about);
}
Archive& Archive::symbolic_link(std::string_view name, std::string_view target, const About& about) {
  return entry('2', name, target, "", about);
}
Archive& Archive::hard_link(std::string_view name, std::string_view target, const About& about) {
  return entry('1', name, target, "", about);
}
Archive& Archive::node(std::string_view name, char type, const About& about) {
  return entry(type, name, "", "", about);
}

std::string gzip(std::string_view content) { return packed(content, ::archive_write_add_filter_gzip); }
std::string zstd(std::string_view content) { return packed(content, ::archive_write_add_filter_zstd); }

}  // namespace dunnage::test
