// SPDX-License-Identifier: Apache-2.0
#include "support/tree.hpp"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::test {
namespace {

std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  if (!stream) return "unreadable";
  const std::string text{std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{}};
  return text.size() <= 64 ? text : std::to_string(std::hash<std::string>{}(text));
}

std::string attributes_of(const std::filesystem::path& file) {
  std::array<char, 65536> names{};
  const ssize_t size = ::llistxattr(file.c_str(), names.data(), names.size());
  std::vector<std::string> found;
  for (ssize_t position = 0; position < size;) {
    const std::string name = names.data() + position;
    position += static_cast<ssize_t>(name.size()) + 1;
    std::array<char, 65536> value{};
    const ssize_t bytes = ::lgetxattr(file.c_str(), name.c_str(), value.data(), value.size());
    std::ostringstream text;
    text << name << '=' << std::hex;
    for (ssize_t index = 0; index < bytes; ++index) text << (static_cast<unsigned>(value[index]) & 0xffU) << '.';
    found.push_back(text.str());
  }
  std::sort(found.begin(), found.end());
  std::string all;
  for (const std::string& one : found) all += " " + one;
  return all;
}

using Inode = std::pair<dev_t, ino_t>;

std::string line_of(const std::string& relative, const std::filesystem::path& file,
                    std::map<Inode, std::string>& first) {
  struct stat status {};
  std::ostringstream line;
  line << relative;
  if (::lstat(file.c_str(), &status) != 0) {
    line << " is gone";
    return line.str();
  }
  line << std::oct << " " << status.st_mode << std::dec << " " << status.st_uid << ":" << status.st_gid << " "
       << status.st_mtim.tv_sec << "." << status.st_mtim.tv_nsec;
  if (S_ISREG(status.st_mode)) line << " " << status.st_size << " bytes \"" << content_of(file) << "\"";
  if (S_ISLNK(status.st_mode)) line << " -> " << std::filesystem::read_symlink(file).string();
  if (S_ISBLK(status.st_mode) || S_ISCHR(status.st_mode)) line << " device " << status.st_rdev;
  line << attributes_of(file);
  if (!S_ISDIR(status.st_mode) && status.st_nlink > 1) {
    const auto [known, fresh] = first.emplace(Inode{status.st_dev, status.st_ino}, relative);
    line << " one of " << status.st_nlink << " with " << (fresh ? relative : known->second);
  }
  return line.str();
}

}  // namespace

std::string tree_of(const std::filesystem::path& top) {
  std::vector<std::string> paths{"."};
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator{top, std::filesystem::directory_options::skip_permission_denied}) {
    paths.push_back(entry.path().lexically_relative(top).string());
  }
  std::sort(paths.begin(), paths.end());
  std::map<Inode, std::string> first;
  std::string text;
  for (const std::string& path : paths) text += line_of(path, top / path, first) + "\n";
  return text;
}

}  // namespace dunnage::test
