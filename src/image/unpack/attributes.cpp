// SPDX-License-Identifier: Apache-2.0
#include "image/unpack/attributes.hpp"

#include "error/printable.hpp"
#include "image/failure.hpp"
#include "kernel/call_error.hpp"
#include "kernel/descriptor_path.hpp"

#include <fmt/format.h>
#include <sys/xattr.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace dunnage::image {
namespace {

// struct posix_acl_xattr_header and _entry of linux/posix_acl_xattr.h, little-endian on every machine.
constexpr std::size_t kHeader = 4;
constexpr std::size_t kEntry = 8;
constexpr unsigned kVersion = 2;
constexpr unsigned kUser = 0x02;
constexpr unsigned kGroup = 0x08;

unsigned byte_at(const std::string& value, std::size_t index) { return static_cast<unsigned char>(value.at(index)); }

std::uint32_t number_at(const std::string& value, std::size_t index) {
  return byte_at(value, index) | byte_at(value, index + 1) << 8U | byte_at(value, index + 2) << 16U |
         byte_at(value, index + 3) << 24U;
}

void put_number(std::string& value, std::size_t index, std::uint32_t number) {
  for (std::size_t byte = 0; byte < 4; ++byte) {
    value.at(index + byte) = static_cast<char>(number >> (8 * byte) & 0xffU);
  }
}

}  // namespace

AttributeKind kind_of_attribute(std::string_view name) noexcept {
  if (name == "security.capability") {
    return AttributeKind::Capability;
  }
  if (name == "system.posix_acl_access" || name == "system.posix_acl_default") {
    return AttributeKind::AccessControl;
  }
  return name.starts_with("user.") && !name.starts_with("user.overlay.") ? AttributeKind::User
                                                                         : AttributeKind::Forbidden;
}

std::optional<std::uint32_t> outside_of(const std::vector<launcher::IdRange>& map, std::uint32_t inside) {
  for (const launcher::IdRange& range : map) {
    if (inside >= range.inside && inside - range.inside < range.count) {
      return range.outside + (inside - range.inside);
    }
  }
  return std::nullopt;
}

std::optional<std::uint32_t> inside_of(const std::vector<launcher::IdRange>& map, std::uint32_t outside) {
  for (const launcher::IdRange& range : map) {
    if (outside >= range.outside && outside - range.outside < range.count) {
      return range.inside + (outside - range.outside);
    }
  }
  return std::nullopt;
}

std::optional<std::string> mapped_access_control(const std::string& value, const launcher::Identity& identity) {
  if (value.size() < kHeader || (value.size() - kHeader) % kEntry != 0 || number_at(value, 0) != kVersion) {
    throw malformed("it has an access control list that is none");
  }
  if (!identity.rootless()) {
    return value;
  }
  std::string mapped = value;
  for (std::size_t index = kHeader; index < value.size(); index += kEntry) {
    const unsigned tag = byte_at(value, index) | byte_at(value, index + 1) << 8U;
    if (tag != kUser && tag != kGroup) {
      continue;
    }
    const auto id = outside_of(tag == kUser ? identity.users : identity.groups, number_at(value, index + 4));
    if (!id) {
      return std::nullopt;
    }
    put_number(mapped, index + 4, *id);
  }
  return mapped;
}

SetResult set_attribute(int fd, bool by_path, const ExtendedAttribute& attribute) {
  const char* name = attribute.name.c_str();
  const std::string& value = attribute.value;
  const int result = by_path ? ::setxattr(kernel::DescriptorPath{fd}.text, name, value.data(), value.size(), 0)
                             : ::fsetxattr(fd, name, value.data(), value.size(), 0);
  if (result == 0) {
    return SetResult::Done;
  }
  if (errno == EOPNOTSUPP ||
      (errno == EPERM && attribute.name.starts_with("user."))) {  // sockets and devices have none
    return SetResult::NotHere;
  }
  if (errno == EINVAL || errno == ERANGE || errno == E2BIG) {
    throw malformed(fmt::format("the kernel does not take the value of its attribute \"{}\"",
                                error::printable(std::string_view{attribute.name}.substr(0, 255))));
  }
  throw kernel::CallError{"setxattr", errno};
}

std::uint64_t set_attributes(int fd, bool by_path, const std::vector<ExtendedAttribute>& attributes,
                             AttributeKind kind) {
  std::uint64_t missing = 0;
  for (const ExtendedAttribute& attribute : attributes) {
    if (kind_of_attribute(attribute.name) == kind) {
      missing += set_attribute(fd, by_path, attribute) == SetResult::NotHere ? 1 : 0;
    }
  }
  return missing;
}

std::vector<ExtendedAttribute> attributes_of(int directory) {
  std::vector<ExtendedAttribute> attributes;
  std::string names(XATTR_LIST_MAX, '\0');
  const ssize_t size = ::flistxattr(directory, names.data(), names.size());
  if (size < 0) {
    if (errno == EOPNOTSUPP) {
      return attributes;
    }
    throw kernel::CallError{"listxattr", errno};
  }
  std::string value(XATTR_SIZE_MAX, '\0');
  for (const char* name = names.data(); name < names.data() + size; name += std::strlen(name) + 1) {
    const AttributeKind kind = kind_of_attribute(name);
    if (kind != AttributeKind::User && kind != AttributeKind::AccessControl) {
      continue;
    }
    const ssize_t length = ::fgetxattr(directory, name, value.data(), value.size());
    if (length < 0) {
      throw kernel::CallError{"getxattr", errno};
    }
    attributes.push_back({name, value.substr(0, static_cast<std::size_t>(length))});
  }
  return attributes;
}

}  // namespace dunnage::image
