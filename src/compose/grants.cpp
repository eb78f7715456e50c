// SPDX-License-Identifier: Apache-2.0
#include "compose/grants.hpp"

#include "compose/security_option.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::compose {
namespace {

class Grants {
 public:
  Grants(const Texts& texts, const Files& files, const Value& model, const ProjectGrants& grants)
      : texts_{texts}, files_{files}, model_{model}, grants_{grants} {}

  void check() {
    each("services", [&](const Value& service, const std::string& name) {
      check_service(service, {"services", name});
    });
    each("volumes", [&](const Value& volume, const std::string& name) { check_volume(volume, name); });
    for (const char* const part : {"secrets", "configs"}) {
      each(part, [&](const Value& file, const std::string& name) {
        if (const Value* const path = file.find("file"); path != nullptr && path->is_text()) {
          files_.check(path->text(), {.mark = path->mark, .path = {part, name, "file"}}, "the file");
        }
      });
    }
  }

 private:
  template <typename Action>
  void each(const char* part, const Action& action) const {
    if (const Value* const found = model_.find(part)) {
      for (const auto& [name, value] : found->map()) {
        if (value.is_map()) {
          action(value, name);
        }
      }
    }
  }

  [[noreturn]] void refuse(const Value& value, Path path, std::string_view member, std::string cause,
                           std::string_view grant) const {
    path.emplace_back(member);
    texts_.refuse(value.mark, to_string(path), std::move(cause),
                  fmt::format("leave it out, or have the caller grant {}", grant), errc::not_granted);
  }

  void check_service(const Value& service, const Path& path) const {
    if (const Value* const volumes = service.find("volumes")) {
      for (std::size_t index = 0; index < volumes->list().size(); ++index) {
        check_mount(volumes->list()[index], path, index);
      }
    }
    if (const Value* const own = service.find("x-dunnage")) {
      check_rootfs(*own, path);
    }
    if (!grants_.devices) {
      for (const char* const member : {"devices", "device_cgroup_rules", "gpus"}) {
        if (const Value* const found = service.find(member); found != nullptr && !is_empty(*found)) {
          refuse(*found, path, member, "it asks for devices of the host", "devices");
        }
      }
    }
    if (!grants_.privileges) {
      check_privileges(service, path);
    }
    check_security(service, path);
    if (const Value* const from = service.find("volumes_from"); from != nullptr && !grants_.external) {
      for (const Value& one : from->list()) {
        if (one.text().starts_with("container:")) {
          refuse(one, path, "volumes_from", "it asks for the volumes of a container of others", "external");
        }
      }
    }
  }

  static bool is_empty(const Value& value) {
    return value.is_null() || (value.is_list() && value.list().empty()) || (value.is_map() && value.map().empty());
  }

  void check_mount(const Value& mount, const Path& path, std::size_t index) const {
    const Value* const source = mount.find("source");
    if (mount.text_of("type") != "bind" || source == nullptr || !source->is_text()) {
      return;
    }
    Asker asker{.mark = source->mark, .path = path};
    asker.path.push_back(fmt::format("volumes[{}]", index));
    files_.check(source->text(), asker, "the path");
  }

  void check_rootfs(const Value& own, const Path& path) const {
    const Value* const rootfs = own.find("rootfs");
    if (rootfs == nullptr || !rootfs->is_text()) {
      return;
    }
    Path here = path;
    here.emplace_back("x-dunnage");
    if (rootfs->text() == "host") {
      if (!grants_.host_paths) {
        refuse(*rootfs, here, "rootfs", "it asks for the programs of the host", "host_paths");
      }
      return;
    }
    files_.check(absolute_path(rootfs->text(), files_.directory(), ""), {.mark = rootfs->mark, .path = here},
                 "the directory");
  }

  void check_privileges(const Value& service, const Path& path) const {
    if (const Value* const privileged = service.find("privileged");
        privileged != nullptr && privileged->is_bool() && privileged->boolean()) {
      refuse(*privileged, path, "privileged", "it asks for all privileges of the host", "privileges");
    }
    if (const Value* const capabilities = service.find("cap_add");
        capabilities != nullptr && !is_empty(*capabilities)) {
      refuse(*capabilities, path, "cap_add", "it asks for more capabilities", "privileges");
    }
    for (const char* const space : {"network_mode", "pid", "ipc", "uts", "userns_mode", "cgroup"}) {
      const std::string mode = service.text_of(space);
      if (mode == "host" || mode.starts_with("container:")) {
        refuse(*service.find(space), path, space, "it asks for a namespace that is not the project's", "privileges");
      }
    }
    if (const Value* const socket = service.find("use_api_socket");
        socket != nullptr && socket->is_bool() && socket->boolean()) {
      refuse(*socket, path, "use_api_socket", "it asks for the socket of the engine", "privileges");
    }
  }

  /// A profile of the project's own may allow everything, so it is as much to ask for as none.
  void check_security(const Value& service, const Path& path) const {
    const Value* const options = service.find("security_opt");
    for (std::size_t index = 0; options != nullptr && index < options->list().size(); ++index) {
      const Value& option = options->list()[index];
      const auto seccomp = seccomp_option(security_option(option.text()), files_.directory());
      const bool stricter = no_new_privileges_option(option.text()).value_or(false);
      if (stricter || (seccomp && seccomp->kind() == Seccomp::Kind::Standard)) {
        continue;
      }
      if (!grants_.privileges) {
        refuse(option, path, "security_opt", "it asks for other security options", "privileges");
      }
      if (seccomp && seccomp->kind() == Seccomp::Kind::File) {
        Asker asker{.mark = option.mark, .path = path};
        asker.path.push_back(fmt::format("security_opt[{}]", index));
        files_.check(seccomp->path().string(), asker, "the profile");
      }
    }
  }

  void check_volume(const Value& volume, const std::string& name) const {
    const Path path{"volumes", name};
    const Value* const options = volume.find("driver_opts");
    if (const Value* const device = options == nullptr ? nullptr : options->find("device");
        device != nullptr && !grants_.devices) {
      refuse(*device, path, "driver_opts.device", "it asks for a device or directory of the host", "devices");
    }
    if (!grants_.driver_options) {
      if (options != nullptr && !is_empty(*options)) {
        refuse(*options, path, "driver_opts", "it has options for the driver", "driver_options");
      }
      const std::string driver = volume.text_of("driver");
      if (!driver.empty() && driver != "local") {
        refuse(*volume.find("driver"), path, "driver", "it names a driver", "driver_options");
      }
    }
    const Value* const external = volume.find("external");
    if (!grants_.external && external != nullptr && external->is_bool() && external->boolean()) {
      refuse(*external, path, "external", "it asks for a volume of others", "external");
    }
    // A name that nobody wrote has the place of the volume itself.
    const Value* const own = volume.find("name");
    const bool said = own != nullptr && (own->mark.offset != volume.mark.offset || own->mark.file != volume.mark.file);
    if (!grants_.external && said && own->is_text()) {
      refuse(*own, path, "name", "it names a volume that may be somebody else's", "external");
    }
  }

  const Texts& texts_;
  const Files& files_;
  const Value& model_;
  const ProjectGrants& grants_;
};

}  // namespace

void check_grants(const Texts& texts, const Files& files, const Value& model, const ProjectGrants& grants) {
  Grants{texts, files, model, grants}.check();
}

}  // namespace dunnage::compose
