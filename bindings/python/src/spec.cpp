// SPDX-License-Identifier: Apache-2.0
// The storage language: the functions have the GIL only while they ask a function of Python.
#include "bindings.hpp"
#include "gil.hpp"
#include "spec_context.hpp"
#include "value.hpp"

#include <dunnage/spec.hpp>

namespace dunnage::python {
namespace {

/// A SpecWord with texts of its own.
struct Word {
  std::string name{};
  std::vector<std::string> aliases{};
  std::string value{};
  std::string summary{};
  std::string member{};
  bool own = false;
};

std::vector<Word> words_of(const std::string& flag, Engine engine) {
  std::vector<Word> words;
  for (const SpecWord& word : spec_words(flag, engine)) {
    words.push_back({std::string{word.name},
                     {word.aliases.begin(), word.aliases.end()},
                     std::string{word.value},
                     std::string{word.summary},
                     std::string{word.member},
                     word.own});
  }
  return words;
}

void define_spec_values(py::module_& module) {
  Fields<SpecFlags> flags{"SpecFlags"};
  flags.option("volumes", &SpecFlags::volumes).option("mounts", &SpecFlags::mounts).option("tmpfs", &SpecFlags::tmpfs);
  value_class(module, std::move(flags), "Flags of one command line: -v, --mount and --tmpfs.");

  using From = SpecVolumesFrom;
  Fields<From> from{"SpecVolumesFrom"};
  from.option("engine", &From::engine)
      .option("container", &From::container)
      .option("read_only", &From::read_only)
      .option("service", &From::service)
      .option("mode", &From::mode)
      .option("flags", &From::flags);
  value_class(module, std::move(from), "--volumes-from CONTAINER[:MODE].");

  using Create = SpecVolumeCreate;
  Fields<Create> create{"SpecVolumeCreate"};
  create.option("driver", &Create::driver)
      .option("stored_options", &Create::stored_options)
      .option("needs_mount", &Create::needs_mount)
      .option("size", &Create::size)
      .option("inodes", &Create::inodes)
      .option("uid", &Create::uid)
      .option("gid", &Create::gid)
      .option("no_quota", &Create::no_quota);
  value_class(module, std::move(create), "volume create --driver DRIVER -o KEY=VALUE...");

  Fields<Word> word{"SpecWord"};
  word.option("name", &Word::name)
      .option("aliases", &Word::aliases)
      .option("value", &Word::value)
      .option("summary", &Word::summary)
      .option("member", &Word::member)
      .option("own", &Word::own);
  value_class(module, std::move(word), "One word of the storage language, for completion, help and documentation.");
}

using Read = SpecMount (*)(std::string_view, const SpecContext&);

void define_read(py::module_& module, const char* name, const char* argument, Read read, const std::string& doc) {
  module.def(
      name,
      [read](const std::string& text, const ContextValue& context) {
        const SpecContext native = context.native();
        const Unlocked released;
        return read(text, native);
      },
      py::arg(argument), py::arg("context") = ContextValue{},
      (std::string{name} + "(" + argument + ", context=...)\n--\n\n" + doc + " Raises SpecError.").c_str());
}

void define_flags(py::module_& module) {
  define_read(module, "read_docker_volume", "text", read_docker_volume, "docker run -v: [SOURCE:]TARGET[:OPTIONS].");
  define_read(module, "read_docker_mount", "text", read_docker_mount, "docker run --mount: one record of CSV.");
  define_read(module, "read_podman_volume", "text", read_podman_volume, "podman run -v.");
  define_read(module, "read_podman_mount", "text", read_podman_mount, "podman run --mount.");
  module.def(
      "read_tmpfs",
      [](const std::string& text, Engine engine, const ContextValue& context) {
        const SpecContext native = context.native();
        const Unlocked released;
        return read_tmpfs(text, engine, native);
      },
      py::arg("text"), py::arg("engine") = Engine::Docker, py::arg("context") = ContextValue{},
      "read_tmpfs(text, engine='docker', context=...)\n--\n\n--tmpfs TARGET[:OPTIONS]. Raises SpecError.");
  module.def(
      "read_flags",
      [](const SpecFlags& flags, Engine engine, const ContextValue& context) {
        const SpecContext native = context.native();
        const Unlocked released;
        return read_flags(flags, engine, native);
      },
      py::arg("flags"), py::arg("engine") = Engine::Docker, py::arg("context") = ContextValue{},
      "read_flags(flags, engine='docker', context=...)\n--\n\nThe flags of one command line, and what follows from "
      "their being together: duplicates, precedence. Sorted by target. Raises SpecError.");
}

void define_volumes(py::module_& module) {
  module.def(
      "read_volumes_from", [](const std::string& text, Engine engine) { return read_volumes_from(text, engine); },
      py::arg("text"), py::arg("engine") = Engine::Docker,
      "read_volumes_from(text, engine='docker')\n--\n\n--volumes-from CONTAINER[:MODE]. Raises SpecError.");
  module.def(
      "read_volume_name", [](const std::string& name, Engine engine) { return read_volume_name(name, engine); },
      py::arg("name"), py::arg("engine") = Engine::Docker,
      "read_volume_name(name, engine='docker')\n--\n\nThe name given to `volume create`; an empty one asks for an "
      "anonymous volume. Raises SpecError.");
  module.def(
      "read_volume_create",
      [](const std::string& driver, const py::object& options, Engine engine, const ContextValue& context) {
        const auto texts = value_from<std::vector<std::string>>(options, "read_volume_create(): options");
        const SpecContext native = context.native();
        const Unlocked released;
        return read_volume_create(driver, texts, engine, native);
      },
      py::arg("driver"), py::arg("options"), py::arg("engine") = Engine::Docker, py::arg("context") = ContextValue{},
      "read_volume_create(driver, options, engine='docker', context=...)\n--\n\nvolume create --driver DRIVER -o "
      "KEY=VALUE..., with a list of the latter. Raises SpecError.");
}

/// A list of a service, which shares its targets with another one.
template <class ReadList>
void define_compose_list(py::module_& module, const char* name, const char* other, ReadList read,
                         const std::string& doc) {
  module.def(
      name,
      [read](const std::string& yaml, const std::string& beside, const ContextValue& context) {
        const SpecContext native = context.native();
        const Unlocked released;
        return read(yaml, beside, native);
      },
      py::arg("yaml"), py::arg(other) = "", py::arg("context") = ContextValue{},
      (std::string{name} + "(yaml, " + other + "='', context=...)\n--\n\n" + doc + " Raises SpecError.").c_str());
}

void define_compose(py::module_& module) {
  define_read(module, "read_compose_short", "text", read_compose_short,
              "One entry of a service's `volumes:` in short form, before interpolation.");
  define_read(module, "read_compose_long", "yaml", read_compose_long,
              "One entry in long form, as YAML or JSON text; errors carry the line and column in it.");
  define_compose_list(module, "read_compose_volumes", "tmpfs", read_compose_volumes,
                      "A service's `volumes:`, as YAML, with Compose's merging. Sorted by target. `tmpfs` is the "
                      "service's `tmpfs:`, as YAML.");
  define_compose_list(module, "read_compose_tmpfs", "volumes", read_compose_tmpfs,
                      "A service's `tmpfs:`, a text or a list, as YAML: the entries that remain. `volumes` is the "
                      "service's `volumes:`, as YAML.");
  module.def(
      "read_compose_top_level",
      [](const std::string& yaml, const ContextValue& context) {
        const SpecContext native = context.native();
        const Unlocked released;
        return read_compose_top_level(yaml, native);
      },
      py::arg("yaml"), py::arg("context") = ContextValue{},
      "read_compose_top_level(yaml, context=...)\n--\n\nA mapping with `volumes:` in it, as YAML: a dict of "
      "ComposeVolume by the key in the file. Raises SpecError.");
}

std::string json_of(const py::object& value) {
  if (py::isinstance<SpecMount>(value)) return to_json(value.cast<const SpecMount&>());
  if (py::isinstance<SpecVolumesFrom>(value)) return to_json(value.cast<const SpecVolumesFrom&>());
  if (py::isinstance<SpecVolumeCreate>(value)) return to_json(value.cast<const SpecVolumeCreate&>());
  if (py::isinstance<py::dict>(value)) return to_json(value_from<ComposeVolumes>(value, "to_json(): value"));
  if (py::isinstance<py::list>(value)) return to_json(value_from<std::vector<Change>>(value, "to_json(): value"));
  if (py::isinstance(value, py::module_::import("dunnage._errors").attr("SpecError"))) {
    return value.attr("_json").cast<std::string>();
  }
  refuse_value("to_json(): value", "what a read_ function returns or raises", value);
}

void define_results(py::module_& module) {
  module.def(
      "to_json", json_of, py::arg("value"),
      "to_json(value)\n--\n\nA SpecMount, SpecVolumesFrom, SpecVolumeCreate, dict of ComposeVolume, SpecError or "
      "list of Change in one line.");
  module.def(
      "to_mount", [](const SpecMount& mount) { return to_mount(mount); }, py::arg("mount"),
      "to_mount(mount)\n--\n\nThe BindMount, VolumeMount, Tmpfs or ImageMount that means the same. Raises SpecError "
      "for what this "
      "library does not have; nothing is left out silently.");
  module.def(
      "to_volumes_from", [](const SpecVolumesFrom& value) { return to_volumes_from(value); }, py::arg("value"),
      "to_volumes_from(value)\n--\n\nThe VolumesFrom for Container.launch(). Raises SpecError for a service of "
      "Compose.");
  module.def("spec_words", words_of, py::arg("flag"), py::arg("engine") = Engine::Docker,
             "spec_words(flag, engine='docker')\n--\n\nThe SpecWord objects of \"-v\", \"--mount\" or \"--tmpfs\". "
             "Raises SpecError for another flag.");
}

}  // namespace

void bind_spec(py::module_& module) {
  bind_spec_context(module);
  bind_spec_mount(module);
  define_spec_values(module);
  define_flags(module);
  define_volumes(module);
  define_compose(module);
  define_results(module);
}

}  // namespace dunnage::python
