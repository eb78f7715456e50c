// SPDX-License-Identifier: Apache-2.0
#include "mount_coercion.hpp"

#include "value.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace dunnage::python {
namespace {

/// Refuses keys nobody asked about: an option that is not understood must not be lost.
void require_known(const py::dict& object, const std::string& what, std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : object) {
    const auto name = value_from<std::string>(key, "a key of " + what);
    if (std::find(known.begin(), known.end(), name) == known.end() && !value.is_none()) {
      throw py::value_error{what + " has \"" + name +
                            "\", which means nothing here; describe the mount with BindMount, "
                            "VolumeMount, Tmpfs or ImageMount"};
    }
  }
}

template <class M>
void read(const py::dict& object, const char* key, const std::string& what, M& member) {
  if (!object.contains(key) || object[key].is_none()) return;
  member = value_from<M>(object[key], what + ": " + key);
}

/// What stands under `key`, or an empty dict.
py::dict part_of(const py::dict& object, const char* key) {
  if (!object.contains(key) || object[key].is_none()) return {};
  if (!py::isinstance<py::dict>(object[key])) refuse_value(key, "a dict", object[key]);
  return object[key];
}

void require_absent(const py::dict& object, const std::string& what, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (py::len(part_of(object, key)) != 0) throw py::value_error{what + " has " + key + ", which are another kind's"};
  }
}

Mount bind_of(const py::dict& object, const std::string& what) {
  BindMount mount{};
  read(object, "Source", what, mount.source);
  read(object, "Target", what, mount.target);
  read(object, "ReadOnly", what, mount.options.read_only);
  const auto options = part_of(object, "BindOptions");
  require_known(options, "BindOptions", {"Propagation", "CreateMountpoint"});
  read(options, "Propagation", what, mount.options.propagation);
  read(options, "CreateMountpoint", what, mount.options.create_source);
  require_absent(object, what, {"VolumeOptions", "TmpfsOptions", "ImageOptions"});
  return mount;
}

Mount volume_of(const py::dict& object, const std::string& what) {
  VolumeMount mount{};
  read(object, "Source", what, mount.name);
  read(object, "Target", what, mount.target);
  read(object, "ReadOnly", what, mount.options.read_only);
  const auto options = part_of(object, "VolumeOptions");
  require_known(options, "VolumeOptions", {"NoCopy", "Labels", "DriverConfig", "Subpath"});
  read(options, "NoCopy", what, mount.options.no_copy);
  read(options, "Labels", what, mount.options.labels);
  read(options, "Subpath", what, mount.options.subpath);
  const auto driver = part_of(options, "DriverConfig");
  require_known(driver, "DriverConfig", {"Name", "Options"});
  read(driver, "Name", what, mount.options.driver);
  read(driver, "Options", what, mount.options.driver_options);
  require_absent(object, what, {"BindOptions", "TmpfsOptions", "ImageOptions"});
  return mount;
}

Mount tmpfs_of(const py::dict& object, const std::string& what) {
  Tmpfs mount{};
  read(object, "Target", what, mount.target);
  read(object, "ReadOnly", what, mount.options.read_only);
  const auto options = part_of(object, "TmpfsOptions");
  require_known(options, "TmpfsOptions", {"SizeBytes", "Mode"});
  read(options, "SizeBytes", what, mount.options.size);
  read(options, "Mode", what, mount.options.mode);
  require_absent(object, what, {"BindOptions", "VolumeOptions", "ImageOptions"});
  return mount;
}

/// Read-only whatever "ReadOnly" says, as for Docker.
Mount image_of(const py::dict& object, const std::string& what) {
  ImageMount mount{};
  read(object, "Source", what, mount.image);
  read(object, "Target", what, mount.target);
  const auto options = part_of(object, "ImageOptions");
  require_known(options, "ImageOptions", {"Subpath"});
  read(options, "Subpath", what, mount.options.subpath);
  require_absent(object, what, {"BindOptions", "VolumeOptions", "TmpfsOptions"});
  return mount;
}

/// docker.types.Mount, which is a dict with the names of Docker's API.
Mount docker_mount(const py::dict& object) {
  const std::string what = "the mount " + py::repr(object).cast<std::string>();
  require_known(
      object, what,
      {"Type", "Source", "Target", "ReadOnly", "BindOptions", "VolumeOptions", "TmpfsOptions", "ImageOptions"});
  std::string type = "volume";
  read(object, "Type", what, type);
  if (type == "bind") return bind_of(object, what);
  if (type == "volume") return volume_of(object, what);
  if (type == "tmpfs") return tmpfs_of(object, what);
  if (type == "image") return image_of(object, what);
  throw py::value_error{what + ": there is no type \"" + type + "\"; there is bind, volume, tmpfs and image"};
}

/// One entry of docker-py's `volumes`: a path or name, and {"bind": target, "mode": options} or the target alone.
Mount docker_volume(py::handle key, py::handle value) {
  const auto source = value_from<std::string>(key, "the source of a mount");
  if (source.find(':') != std::string::npos) {
    throw py::value_error{"\"" + source + "\" has a colon, which a dict of mounts cannot say; use a BindMount"};
  }
  if (!py::isinstance<py::dict>(value)) {
    return parse_volume_flag(source + ":" + value_from<std::string>(value, "the target of " + source));
  }
  const auto entry = py::reinterpret_borrow<py::dict>(value);
  const std::string what = "the mount of " + source;
  require_known(entry, what, {"bind", "mode"});
  std::string target;
  std::string mode;
  read(entry, "bind", what, target);
  read(entry, "mode", what, mode);
  if (target.empty()) throw py::value_error{what + " has no \"bind\", which is its place in the container"};
  return parse_volume_flag(source + ":" + target + (mode.empty() ? "" : ":" + mode));
}

}  // namespace

void add_mounts(MountSet& mounts, py::handle what) {
  if (py::isinstance<BindMount>(what)) {
    mounts.add(what.cast<BindMount>());
  } else if (py::isinstance<VolumeMount>(what)) {
    mounts.add(what.cast<VolumeMount>());
  } else if (py::isinstance<Tmpfs>(what)) {
    mounts.add(what.cast<Tmpfs>());
  } else if (py::isinstance<ImageMount>(what)) {
    mounts.add(what.cast<ImageMount>());
  } else if (py::isinstance<py::str>(what)) {
    mounts.add_spec(what.cast<std::string>());
  } else if (py::isinstance<MountSet>(what)) {
    for (const auto& mount : MountSet{what.cast<const MountSet&>()}) mounts.add(mount);
  } else if (py::isinstance<py::dict>(what)) {
    const auto object = py::reinterpret_borrow<py::dict>(what);
    if (object.contains("Target")) {
      mounts.add(docker_mount(object));
    } else {
      for (const auto& [key, value] : object) mounts.add(docker_volume(key, value));
    }
  } else if (!py::isinstance<py::bytes>(what) && py::hasattr(what, "__iter__") && !py::isinstance<MountPlan>(what)) {
    for (const auto item : py::reinterpret_borrow<py::iterable>(what)) {
      if (py::isinstance<py::list>(item)) refuse_value("a mount", "an object, a str or a dict", item);
      add_mounts(mounts, item);
    }
  } else {
    refuse_value("a mount", "a BindMount, VolumeMount, Tmpfs or ImageMount, a str or a dict", what);
  }
}

MountSet mount_set_from(py::handle what) {
  MountSet mounts;
  if (!what.is_none()) add_mounts(mounts, what);
  return mounts;
}

}  // namespace dunnage::python
