// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "container.hpp"
#include "progress.hpp"
#include "size.hpp"
#include "value.hpp"
#include "volume.hpp"

#include <dunnage/copy.hpp>

#define DUNNAGE_OPTION(name, ...) \
  option(                         \
      #name, [](auto& call) -> auto& { return call.options.name; } __VA_OPT__(, ) __VA_ARGS__)

namespace dunnage::python {
namespace {

struct CopyCall {
  py::object place = py::none{};
  std::string source{};
  std::string target{};
  CopyOptions options{};
  Watching watching{};
};

Fields<CopyCall> fields_of(const char* name) {
  Fields<CopyCall> fields{name};
  fields.required("place", &CopyCall::place)
      .required("source", &CopyCall::source)
      .required("target", &CopyCall::target)
      .DUNNAGE_OPTION(archive)
      .DUNNAGE_OPTION(follow_links)
      .DUNNAGE_OPTION(most_bytes, size_from)
      .DUNNAGE_OPTION(most_entries);
  add_watching(fields);
  return fields;
}

/// Calls `copy` with the place: a Container, or a VolumeStore and the name of a volume.
template <class Copy>
void run_copy(const Fields<CopyCall>& fields, const py::args& args, const py::kwargs& kwargs, Copy copy) {
  CopyCall call = fields.parse(args, kwargs);
  std::function<void()> work;
  if (py::isinstance<ContainerHandle>(call.place)) {
    work = [&, container = call.place.cast<const ContainerHandle&>().get()] { copy(call, *container); };
  } else if (py::isinstance<StoredVolume>(call.place)) {
    work = [&, volume = call.place.cast<const StoredVolume&>()] {
      copy(call, VolumeStore::open(volume.store), volume.volume.name());
    };
  } else {
    refuse_value(fields.label_of("place"), "a Container or a Volume", call.place);
  }
  run_watched(call.watching, [&](const Watch& watch) {
    call.options.watch = watch;
    work();
  });
}

}  // namespace

void bind_copy(py::module_& module) {
  static const auto* const in = new Fields<CopyCall>{fields_of("copy_in")};
  static const auto* const out = new Fields<CopyCall>{fields_of("copy_out")};
  const std::string in_doc =
      "copy_in" + in->signature() +
      "\n--\n\nCopies `source` of this machine to the path `target` in a Container that runs, or "
      "in a Volume, as `docker cp` does.";
  const std::string out_doc =
      "copy_out" + out->signature() +
      "\n--\n\nCopies the path `source` in a Container that runs, or in a Volume, to `target` on "
      "this machine, as `docker cp` does.";
  module.def(
      "copy_in",
      [](const py::args& args, const py::kwargs& kwargs) {
        run_copy(*in, args, kwargs, [](const CopyCall& call, const auto&... place) {
          copy_in(place..., call.source, call.target, call.options);
        });
      },
      in_doc.c_str());
  module.def(
      "copy_out",
      [](const py::args& args, const py::kwargs& kwargs) {
        run_copy(*out, args, kwargs, [](const CopyCall& call, const auto&... place) {
          copy_out(place..., call.source, call.target, call.options);
        });
      },
      out_doc.c_str());
}

}  // namespace dunnage::python
