// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "image.hpp"
#include "value.hpp"

#define DUNNAGE_OPTION(name) \
  option(                    \
      #name, [](auto& mount) -> auto& { return mount.options.name; })

namespace dunnage::python {
namespace {

/// A name or an id; an Image is its id.
std::string image_from(py::handle object, const std::string& name) {
  return py::isinstance<StoredImage>(object) ? object.cast<const StoredImage&>().image.id()
                                             : value_from<std::string>(object, name);
}

}  // namespace

void bind_image_mount(py::module_& module) {
  Fields<ImageMount> fields{"ImageMount"};
  fields.required("image", &ImageMount::image, image_from)
      .required("target", &ImageMount::target)
      .DUNNAGE_OPTION(subpath)
      .DUNNAGE_OPTION(suid)
      .DUNNAGE_OPTION(dev)
      .DUNNAGE_OPTION(exec)
      .DUNNAGE_OPTION(overlay)
      .option("store", &ImageMount::store);
  value_class(
      module, std::move(fields),
      "An image, or a part of it, at a place in the container: read-only, or with changes that are kept in "
      "memory (`overlay`). The image has to be in the store. `store` is its root; None: the one resolve() uses.")
      .def("__str__", [](const ImageMount& mount) { return to_string(mount); });
}

}  // namespace dunnage::python

#undef DUNNAGE_OPTION
