// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "container.hpp"
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
  std::string source{};
  std::string target{};
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

void run_call(CopyCall& call, const std::function<void()>& work) {
  run_watched(call.watching, [&](const Watch& watch) {
    call.options.watch = watch;
    work();
  });
}

/// Calls `copy` with the place: a Container, or a VolumeStore and the name of a volume.
template <class Copy>
void run_copy(const Fields<CopyCall>& fields, const py::args& args, const py::kwargs& kwargs, Copy copy) {
  CopyCall call = fields.parse(args, kwargs);
  if (py::isinstance<ContainerHandle>(call.place)) {
    const auto container = call.place.cast<const ContainerHandle&>().get();
    run_call(call, [&] { copy(call, *container); });
  } else if (py::isinstance<StoredVolume>(call.place)) {
    const auto volume = call.place.cast<const StoredVolume&>();
    run_call(call, [&] { copy(call, VolumeStore::open(volume.store), volume.volume.name()); });
  } else {
    refuse_value(fields.label_of("place"), "a Container or a Volume", call.place);
  }
}

/// A function of the module, and a method of ContainerStore.
template <class Copy>
void define(py::module_& module, const char* name, const std::string& what, Copy copy) {
  static const auto* const any = fields_of(name, Place::Any);
  static const auto* const named = fields_of(name, Place::Named);
  const std::string rest =
      ", as `docker cp` does. A container that has ended is one too, as long as its record is there.";
  module.def(
      name, [copy](const py::args& args, const py::kwargs& kwargs) { run_copy(*any, args, kwargs, copy); },
      (name + any->signature() + "\n--\n\n" + what + " in a Container, or in a Volume" + rest).c_str());
  const py::object cls = module.attr("ContainerStore");
  cls.attr(name) = py::cpp_function(
      [copy](const ContainerStore& store, const py::args& args, const py::kwargs& kwargs) {
        CopyCall call = named->parse(args, kwargs);
        run_call(call, [&] { copy(call, store, call.name); });
      },
      py::name(name), py::is_method(cls),
      (name + named->method_signature() + "\n--\n\n" + what + " in a container" + rest).c_str());
}

}  // namespace

void bind_copy(py::module_& module) {
  define(module, "copy_in", "Copies `source` of this machine to the path `target`",
         [](const CopyCall& call, const auto&... place) { copy_in(place..., call.source, call.target, call.options); });
  define(
      module, "copy_out", "Copies to `target` of this machine the path `source`",
      [](const CopyCall& call, const auto&... place) { copy_out(place..., call.source, call.target, call.options); });
}

}  // namespace dunnage::python
