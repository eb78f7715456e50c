// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "container.hpp"
#include "file_or_path.hpp"
#include "progress.hpp"
#include "size.hpp"
#include "value.hpp"
#include "volume.hpp"

#include <dunnage/container_store.hpp>
#include <dunnage/copy.hpp>

#define DUNNAGE_OPTION(name, ...) \
  option(                         \
      #name, [](auto& call) -> auto& { return call.options.name; } __VA_OPT__(, ) __VA_ARGS__)

namespace dunnage::python {
namespace {

struct CopyCall {
  py::object place = py::none{};
  std::string name{};  ///< in place of it
  py::object source = py::none{};
  py::object target = py::none{};
  CopyOptions options{};
  Watching watching{};
};

enum class Place { Any, Named };

Fields<CopyCall>* fields_of(const char* name, Place place) {
  auto* fields = new Fields<CopyCall>{name};
  if (place == Place::Any) {
    fields->required("place", &CopyCall::place);
  } else {
    fields->required("name", &CopyCall::name);
  }
  fields->required("source", &CopyCall::source)
      .required("target", &CopyCall::target)
      .DUNNAGE_OPTION(archive)
      .DUNNAGE_OPTION(follow_links)
      .DUNNAGE_OPTION(most_bytes, size_from)
      .DUNNAGE_OPTION(most_entries);
  add_watching(*fields);
  return fields;
}

enum class Direction { In, Out };

/// Calls the function of the library for a place: a Container, or a store and the name in it.
template <class... Place>
void copy(Direction direction, const Fields<CopyCall>& fields, CopyCall& call, const Place&... place) {
  const bool in = direction == Direction::In;
  const FileOrPath here = file_or_path_from(in ? call.source : call.target, fields.label_of(in ? "source" : "target"));
  const std::string there =
      value_from<std::string>(in ? call.target : call.source, fields.label_of(in ? "target" : "source"));
  run_watched(call.watching, [&](const Watch& watch) {
    call.options.watch = watch;
    std::visit(
        [&](const auto& file) {
          in ? copy_in(place..., file, there, call.options) : copy_out(place..., there, file, call.options);
        },
        here);
  });
}

void copy_any(Direction direction, const Fields<CopyCall>& fields, const py::args& args, const py::kwargs& kwargs) {
  CopyCall call = fields.parse(args, kwargs);
  if (py::isinstance<ContainerHandle>(call.place)) {
    copy(direction, fields, call, *call.place.cast<const ContainerHandle&>().get());
  } else if (py::isinstance<StoredVolume>(call.place)) {
    const auto volume = call.place.cast<const StoredVolume&>();
    copy(direction, fields, call, VolumeStore::open(volume.store), volume.volume.name());
  } else {
    refuse_value(fields.label_of("place"), "a Container or a Volume", call.place);
  }
}

/// A function of the module, and a method of ContainerStore.
void define(py::module_& module, Direction direction, const std::string& what) {
  const char* name = direction == Direction::In ? "copy_in" : "copy_out";
  const auto* const any = fields_of(name, Place::Any);
  const auto* const named = fields_of(name, Place::Named);
  const std::string rest =
      ", as `docker cp` does. A container that has ended is one too, as long as its record is there.";
  module.def(
      name, [=](const py::args& args, const py::kwargs& kwargs) { copy_any(direction, *any, args, kwargs); },
      (name + any->signature() + "\n--\n\n" + what + " in a Container, or in a Volume" + rest).c_str());
  const py::object cls = module.attr("ContainerStore");
  cls.attr(name) = py::cpp_function(
      [=](const ContainerStore& store, const py::args& args, const py::kwargs& kwargs) {
        CopyCall call = named->parse(args, kwargs);
        copy(direction, *named, call, store, call.name);
      },
      py::name(name), py::is_method(cls),
      (name + named->method_signature() + "\n--\n\n" + what + " in a container" + rest).c_str());
}

}  // namespace

void bind_copy(py::module_& module) {
  define(module, Direction::In, "Copies `source` of this machine, a path or an open tar archive, to the path `target`");
  define(module, Direction::Out,
         "Copies to `target` of this machine, a path or a file for a tar archive, the path `source`");
}

}  // namespace dunnage::python

#undef DUNNAGE_OPTION
