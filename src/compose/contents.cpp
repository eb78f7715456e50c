// SPDX-License-Identifier: Apache-2.0
// Configs and secrets that are texts or variables, as files.

#include <dunnage/project.hpp>

#include "compose/hash.hpp"
#include "compose/model.hpp"
#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "launcher/connection.hpp"
#include "launcher/own_list.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace dunnage {
namespace {

LaunchError failure(std::string subject, std::string detail, std::string cause, std::error_code code,
                    std::string remedy) {
  return LaunchError{{.stage = Stage::Prepare,
                      .operation = "write configs and secrets",
                      .subject = std::move(subject),
                      .detail = std::move(detail),
                      .cause = std::move(cause),
                      .code = code,
                      .remedy = std::move(remedy)}};
}

/// Writes what is not there yet.
class ContentWriter {
 public:
  ContentWriter(int directory, const Service& service) : directory_{directory}, service_{service} {}

  void write(const std::string& content, const ServiceFile& file) const {
    const std::string name = compose::content_name(content, file);
    if (kernel::exists_at(directory_, name)) {
      return;
    }
    constexpr mode_t kReadable = S_IRUSR | S_IRGRP | S_IROTH;
    const std::string made = name + ".new";
    kernel::remove_replacements(directory_, made);  // a secret may be in what a killed one left
    kernel::replace_file(directory_, made, content, static_cast<mode_t>(file.mode.value_or(kReadable)));
    try {
      const kernel::FileDescriptor held = kernel::open_beneath(directory_, made, O_RDONLY);
      if (file.uid || file.gid) {
        give(made, file);
      }
      sync(held);
      if (::renameat(directory_, made.c_str(), directory_, name.c_str()) != 0) {
        throw kernel::CallError{"renameat", errno};
      }
    } catch (...) {
      (void)::unlinkat(directory_, made.c_str(), 0);  // the first failure is the one to report
      throw;
    }
  }

 private:
  /// By its name it is taken for whole from then on, also when the power has been cut.
  void sync(const kernel::FileDescriptor& held) const {
    if (held) {
      kernel::sync(held.get());
    } else if (::syncfs(directory_) != 0) {  // its mode lets nobody read it
      throw kernel::CallError{"syncfs", errno};
    }
  }

  /// The ids are the container's.
  void give(const std::string& name, const ServiceFile& file) const {
    const launcher::Identity identity = launcher::identity_for(0, 0);
    const std::uint32_t uid = file.uid.value_or(0);
    const std::uint32_t gid = file.gid.value_or(0);
    if (identity.privilege == launcher::Privilege::Single) {
      if (!is_the_only_one(uid, gid)) {
        throw cannot_give(file, "this user has no ids to give", errc::not_supported);
      }
      return;
    }
    launcher::OwnList list;
    list.add(name, {.uid = uid, .gid = gid});
    const auto outcome = list.apply(*launcher::Connection::get(identity), directory_, {});
    if (!outcome.done()) {
      throw cannot_give(file, outcome.cause(), outcome.code());
    }
  }

  /// Whoever has one id is root in the container, or whom the service says.
  [[nodiscard]] bool is_the_only_one(std::uint32_t uid, std::uint32_t gid) const {
    return (uid == 0 && gid == 0) || service_.user == fmt::to_string(uid) ||
           service_.user == fmt::format("{}:{}", uid, gid);
  }

  [[nodiscard]] LaunchError cannot_give(const ServiceFile& file, std::string cause, std::error_code code) const {
    return failure(file.source, fmt::format("service \"{}\"", service_.name), std::move(cause), code,
                   "leave uid and gid out, or use ids that this user has in /etc/subuid and /etc/subgid");
  }

  int directory_;
  const Service& service_;
};

/// Makes it if it is missing. Whoever else could write there could read what is written, or put something in its place.
kernel::FileDescriptor open_own(const std::filesystem::path& directory) {
  if (::mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    throw kernel::CallError{"mkdir", errno};
  }
  kernel::FileDescriptor handle{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  struct stat status {};
  if (!handle || ::fstat(handle.get(), &status) != 0) {
    throw kernel::CallError{"open", errno};
  }
  if (status.st_uid != ::geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    throw failure(directory.string(), {}, "other users can change what is in it",
                  std::make_error_code(std::errc::operation_not_permitted),
                  "name a directory that belongs to this user alone, or one that is missing");
  }
  return handle;
}

}  // namespace

void Project::write_files(const std::filesystem::path& directory) const {
  try {
    const kernel::FileDescriptor handle = open_own(directory);
    for (const auto& [name, service] : state_->services) {
      const ContentWriter writer{handle.get(), service};
      const auto write = [&](const std::map<std::string, ProjectFile>& all, const std::vector<ServiceFile>& used) {
        for (const ServiceFile& file : used) {
          if (const auto& content = all.at(file.source).content) {
            writer.write(*content, file);
          }
        }
      };
      write(state_->configs, service.configs);
      write(state_->secrets, service.secrets);
    }
  } catch (const kernel::CallError& error) {
    throw failure(directory.string(), {}, error.call(), error.code(), "name a directory this user can write to");
  }
}

}  // namespace dunnage
