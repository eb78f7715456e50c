// SPDX-License-Identifier: Apache-2.0
// The keywords of Container.launch() and Container.exec().
#include "container.hpp"
#include "gil.hpp"
#include "mount_coercion.hpp"
#include "prepared_mounts.hpp"
#include "process.hpp"
#include "rootfs.hpp"
#include "seccomp.hpp"
#include "value.hpp"

#include <algorithm>
#include <variant>

#define DUNNAGE_OPTION(name, ...) \
  option(                         \
      #name, [](auto& call) -> auto& { return call.spec.name; } __VA_OPT__(, ) __VA_ARGS__)

namespace dunnage::python {
namespace {

/// A str is a sequence of str, too, and never what is meant.
std::vector<std::string> argv_from(py::handle object, const std::string& name) {
  if (py::isinstance<py::str>(object)) {
    throw py::type_error{name + " is a list of str; write [\"sh\", \"-c\", " + py::repr(object).cast<std::string>() +
                         "] for a line of a shell"};
  }
  return value_from<std::vector<std::string>>(object, name);
}

/// None and nothing are what the image says.
std::vector<std::string> image_argv_from(py::handle object, const std::string& name) {
  return object.is_none() ? std::vector<std::string>{} : argv_from(object, name);
}

std::optional<std::vector<std::string>> entrypoint_from(py::handle object, const std::string& name) {
  return object.is_none() ? std::nullopt : std::optional{argv_from(object, name)};
}

/// None is the image's, or SIGTERM.
int stop_signal_from(py::handle object, const std::string& name) {
  return object.is_none() ? 0 : signal_from(object, name);
}

/// A RestartPolicy, its word, or docker-py's {"Name": "on-failure", "MaximumRetryCount": 5}.
RestartPolicy restart_from(py::handle object, const std::string& name) {
  if (py::isinstance<py::str>(object)) return RestartPolicy::parse(object.cast<std::string>());
  if (!py::isinstance<py::dict>(object)) return value_from<RestartPolicy>(object, name);
  RestartPolicy policy{};
  for (const auto& [key, value] : py::reinterpret_borrow<py::dict>(object)) {
    const auto word = value_from<std::string>(key, name);
    if (word == "Name") {
      const auto text = value_from<std::string>(value, name + ": Name");
      policy.kind = RestartPolicy::parse(text.empty() ? "no" : text).kind;
    } else if (word == "MaximumRetryCount") {
      policy.max_retries = value_from<unsigned>(value, name + ": MaximumRetryCount");
    } else {
      throw py::value_error{name + " has no \"" + word + "\"; it has \"Name\" and \"MaximumRetryCount\""};
    }
  }
  return policy;
}

std::optional<RestartPolicy> optional_restart_from(py::handle object, const std::string& name) {
  return object.is_none() ? std::nullopt : std::optional{restart_from(object, name)};
}

/// VolumesFrom objects, or Docker's texts: "other", "other:ro", "other:rw".
std::vector<VolumesFrom> volumes_from(py::handle object, const std::string& name) {
  if (!py::isinstance<py::sequence>(object) || py::isinstance<py::str>(object)) {
    refuse_value(name, "a list of VolumesFrom or str", object);
  }
  std::vector<VolumesFrom> all;
  for (const auto item : py::reinterpret_borrow<py::sequence>(object)) {
    if (!py::isinstance<py::str>(item)) {
      all.push_back(value_from<VolumesFrom>(item, name));
      continue;
    }
    const auto text = item.cast<std::string>();
    const auto colon = text.find(':');
    const auto mode = colon == std::string::npos ? std::string{"rw"} : text.substr(colon + 1);
    if (mode != "ro" && mode != "rw") throw py::value_error{name + ": \"" + text + "\" ends neither in :ro nor in :rw"};
    all.push_back({text.substr(0, colon), mode == "ro"});
  }
  return all;
}

template <class Call>
void add_streams(Fields<Call>& fields) {
  fields
      .option(
          "stdin", [](auto& call) -> auto& { return call.spec.in; }, stdio_from)
      .option(
          "stdout", [](auto& call) -> auto& { return call.spec.out; }, stdio_from)
      .option(
          "stderr", [](auto& call) -> auto& { return call.spec.err; }, stdio_from)
      .DUNNAGE_OPTION(terminal)
      .option(
          "text", [](auto& call) -> auto& { return call.mode.text; })
      .option(
          "encoding", [](auto& call) -> auto& { return call.mode.encoding; })
      .option(
          "errors", [](auto& call) -> auto& { return call.mode.errors; });
}

Fields<LaunchCall> make_launch_fields() {
  Fields<LaunchCall> fields{"Container.launch"};
  fields
      .option(
          "argv", [](auto& call) -> auto& { return call.spec.argv; }, image_argv_from)
      .by_position()
      .DUNNAGE_OPTION(entrypoint, entrypoint_from)
      .DUNNAGE_OPTION(rootfs, rootfs_from)
      .option(
          "mounts", [](auto& call) -> auto& { return call.mounts; },
          [](py::handle object, const std::string&) { return py::reinterpret_borrow<py::object>(object); })
      .DUNNAGE_OPTION(image_volumes)
      .DUNNAGE_OPTION(volumes_from, python::volumes_from)
      .DUNNAGE_OPTION(env)
      .DUNNAGE_OPTION(cwd)
      .DUNNAGE_OPTION(user)
      .DUNNAGE_OPTION(groups)
      .DUNNAGE_OPTION(hostname)
      .DUNNAGE_OPTION(read_only_root)
      .DUNNAGE_OPTION(root_changes)
      .DUNNAGE_OPTION(network);
  add_streams(fields);
  fields.DUNNAGE_OPTION(no_new_privileges)
      .DUNNAGE_OPTION(add_capabilities)
      .DUNNAGE_OPTION(drop_capabilities)
      .DUNNAGE_OPTION(seccomp, seccomp_from)
      .DUNNAGE_OPTION(resources)
      .DUNNAGE_OPTION(lifetime)
      .DUNNAGE_OPTION(restart, restart_from)
      .DUNNAGE_OPTION(stop_signal, stop_signal_from)
      .DUNNAGE_OPTION(name)
      .DUNNAGE_OPTION(replace)
      .DUNNAGE_OPTION(labels)
      .DUNNAGE_OPTION(record)
      .DUNNAGE_OPTION(remove_on_exit)
      .DUNNAGE_OPTION(store)
      .DUNNAGE_OPTION(launch_timeout)
      .DUNNAGE_OPTION(timings)
      .DUNNAGE_OPTION(pull)
      .option(
          "progress", [](auto& call) -> auto& { return call.watching.progress; }, function_of("a Progress"))
      .option(
          "stop", [](auto& call) -> auto& { return call.watching.stop; });
  return fields;
}

Storage storage_from(py::handle mounts) {
  if (py::isinstance<MountPlan>(mounts)) return mounts.cast<MountPlan>();
  if (py::isinstance<PreparedHandle>(mounts)) return mounts.cast<PreparedHandle&>().take();
  return mount_set_from(mounts);
}

bool has_image(const MountSet& mounts) {
  return std::any_of(mounts.begin(), mounts.end(),
                     [](const Mount& mount) { return std::holds_alternative<ImageMount>(mount); });
}
bool has_image(const MountPlan& plan) {
  return std::any_of(plan.begin(), plan.end(),
                     [](const ResolvedMount& mount) { return mount.kind == MountKind::Image; });
}
bool has_image(const PreparedMounts&) { return false; }

/// Work on images, volumes that are filled from one included, can be watched and ended by an interrupt. Any other
/// launch is over in a moment, and a thread for it would cost a quarter of it.
bool is_watched(const LaunchSpec& spec) {
  return spec.rootfs.kind() == Rootfs::Kind::Image || !spec.volumes_from.empty() ||
         std::visit([](const auto& mounts) { return has_image(mounts); }, spec.mounts);
}

}  // namespace

const Fields<LaunchCall>& launch_fields() {
  static const Fields<LaunchCall>* const fields = new Fields<LaunchCall>{make_launch_fields()};
  return *fields;
}

const Fields<TemplateCall>& template_fields() {
  static const Fields<TemplateCall>* const fields = [] {
    auto* made = new Fields<TemplateCall>{"LaunchTemplate.launch"};
    made->option(
            "argv", [](auto& call) -> auto& { return call.spec.argv; }, image_argv_from)
        .by_position()
        .DUNNAGE_OPTION(entrypoint, entrypoint_from)
        .DUNNAGE_OPTION(env)
        .DUNNAGE_OPTION(cwd)
        .DUNNAGE_OPTION(hostname);
    add_streams(*made);
    made->DUNNAGE_OPTION(resources)
        .DUNNAGE_OPTION(lifetime)
        .DUNNAGE_OPTION(restart, optional_restart_from)
        .DUNNAGE_OPTION(stop_signal, stop_signal_from)
        .DUNNAGE_OPTION(name)
        .DUNNAGE_OPTION(labels)
        .DUNNAGE_OPTION(record)
        .DUNNAGE_OPTION(remove_on_exit)
        .DUNNAGE_OPTION(launch_timeout)
        .DUNNAGE_OPTION(timings);
    return made;
  }();
  return *fields;
}

const Fields<ExecCall>& exec_fields() {
  static const Fields<ExecCall>* const fields = [] {
    auto* made = new Fields<ExecCall>{"Container.exec"};
    made->required(
            "argv", [](auto& call) -> auto& { return call.spec.argv; }, argv_from)
        .DUNNAGE_OPTION(env)
        .DUNNAGE_OPTION(cwd)
        .DUNNAGE_OPTION(user);
    add_streams(*made);
    return made;
  }();
  return *fields;
}

py::dict launch_keywords(LaunchSpec spec) {
  const LaunchCall defaults{};
  LaunchCall call{};
  call.mounts = py::cast(std::get<MountSet>(std::move(spec.mounts)));
  call.spec = std::move(spec);
  py::dict keywords;
  for (const auto& field : launch_fields().all()) {
    const py::object value = field.get(call);
    if (!value.equal(field.get(defaults))) keywords[field.name.c_str()] = value;
  }
  return keywords;
}

LaunchCall launch_call_from(const py::args& args, const py::kwargs& kwargs) {
  LaunchCall call = launch_fields().parse(args, kwargs);
  call.spec.mounts = storage_from(call.mounts);  // last: it may consume them
  return call;
}

std::unique_ptr<ContainerHandle> launch(const py::args& args, const py::kwargs& kwargs) {
  LaunchCall call = launch_call_from(args, kwargs);
  const bool owned = call.spec.lifetime == Lifetime::WithHost;
  const std::filesystem::path store = call.spec.store.empty() ? default_store() : call.spec.store;
  std::optional<Container> container;
  if (is_watched(call.spec)) {
    run_watched(call.watching, [&](const Watch& watch) {
      call.spec.watch = watch;
      container.emplace(Container::launch(std::move(call.spec)));
    });
  } else {
    const Unlocked released;
    container.emplace(Container::launch(std::move(call.spec)));
  }
  return std::make_unique<ContainerHandle>(std::move(*container), owned, std::move(call.mode), store);
}

}  // namespace dunnage::python

#undef DUNNAGE_OPTION
