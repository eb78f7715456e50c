// SPDX-License-Identifier: Apache-2.0
#include "image.hpp"

#include "bindings.hpp"
#include "gil.hpp"
#include "value.hpp"

#include <dunnage/image_store.hpp>

namespace dunnage::python {
namespace {

void bind_platform(py::module_& module) {
  Fields<Platform> fields{"Platform"};
  fields.option("os", &Platform::os)
      .option("architecture", &Platform::architecture)
      .option("variant", &Platform::variant);
  value_class(module, std::move(fields),
              "For which machine an image was made. Where one is expected, its text will do: \"linux/arm64/v8\".")
      .def_static(
          "parse", [](const std::string& text) { return parse_platform(text); }, py::arg("text"),
          "parse(text)\n--\n\nThe Platform of a text. Raises InvalidImage, a ValueError.")
      .def("__str__", [](const Platform& platform) { return to_string(platform); });
}

void bind_healthcheck(py::module_& module) {
  Fields<Healthcheck> fields{"Healthcheck"};
  fields.option("test", &Healthcheck::test)
      .option("interval", &Healthcheck::interval)
      .option("timeout", &Healthcheck::timeout)
      .option("start_period", &Healthcheck::start_period)
      .option("start_interval", &Healthcheck::start_interval)
      .option("retries", &Healthcheck::retries);
  value_class(module, std::move(fields), "A test the image brings along. Kept and shown; the library runs none.");
}

void bind_config(py::module_& module) {
  Fields<ImageConfig> fields{"ImageConfig"};
  fields.option("entrypoint", &ImageConfig::entrypoint)
      .option("cmd", &ImageConfig::cmd)
      .option("env", &ImageConfig::env)
      .option("cwd", &ImageConfig::cwd)
      .option("user", &ImageConfig::user)
      .option("volumes", &ImageConfig::volumes)
      .option("stop_signal", &ImageConfig::stop_signal)
      .option("labels", &ImageConfig::labels)
      .option("exposed_ports", &ImageConfig::exposed_ports)
      .option("healthcheck", &ImageConfig::healthcheck);
  value_class(module, std::move(fields), "How an image wants to be run; a launch has the last word on each.");
}

void bind_info(py::module_& module) {
  Fields<ImageLayer> layer{"ImageLayer"};
  layer.option("digest", &ImageLayer::digest)
      .option("diff_id", &ImageLayer::diff_id)
      .option("chain_id", &ImageLayer::chain_id)
      .option("media_type", &ImageLayer::media_type)
      .option("size", &ImageLayer::size);
  value_class(module, std::move(layer), "A layer of an image.");

  Fields<ImageInfo> fields{"ImageInfo"};
  fields.option("id", &ImageInfo::id)
      .option("digest", &ImageInfo::digest)
      .option("names", &ImageInfo::names)
      .option("repo_digests", &ImageInfo::repo_digests)
      .option("platform", &ImageInfo::platform, platform_from)
      .option("author", &ImageInfo::author)
      .option("created_at", &ImageInfo::created_at)
      .option("size", &ImageInfo::size)
      .option("layers", &ImageInfo::layers)
      .option("config", &ImageInfo::config);
  value_class(module, std::move(fields), "What is known about an image; Docker's `image inspect`.")
      .def(
          "to_json", [](const ImageInfo& info) { return to_json(info); },
          "to_json(self)\n--\n\nDocker's names for it, as JSON.");
}

std::string repr_of_image(const StoredImage& self) {
  constexpr std::size_t kDigits = 12;
  const ImageInfo& info = self.image.info();
  const std::string id = info.id.substr(info.id.find(':') + 1, kDigits);
  return "<dunnage.Image " + (info.names.empty() ? "" : repr_of(py::str(text_to(info.names.front()))) + " ") + id + ">";
}

}  // namespace

Platform platform_from(py::handle object, const std::string& name) {
  if (object.is_none()) return {};
  return py::isinstance<py::str>(object) ? parse_platform(object.cast<std::string>())
                                         : value_from<Platform>(object, name);
}

void bind_image(py::module_& module) {
  bind_platform(module);
  bind_healthcheck(module);
  bind_config(module);
  bind_info(module);

  py::class_<StoredImage> cls{module, "Image",
                              "A handle on an image that was in its store when the handle was made; ImageStore makes "
                              "them. Out of a pickle it is looked up again."};
  adopt(cls);
  cls.def_property_readonly("id", [](const StoredImage& self) { return self.image.id(); })
      .def_property_readonly("info", [](const StoredImage& self) { return self.image.info(); })
      .def_property_readonly("config", [](const StoredImage& self) { return self.image.config(); })
      .def("__repr__", repr_of_image)
      .def("__eq__",
           [](const StoredImage& self, const py::object& other) {
             return py::isinstance<StoredImage>(other) && self.image == other.cast<const StoredImage&>().image;
           })
      .def("__hash__", [](const StoredImage& self) { return py::hash(py::str(self.image.id())); })
      .def(py::pickle([](const StoredImage& self) { return py::make_tuple(self.store, self.image.id()); },
                      [](const py::tuple& state) {
                        const auto root = state[0].cast<std::filesystem::path>();
                        const auto id = state[1].cast<std::string>();
                        const Unlocked released;
                        return StoredImage{ImageStore::open(root).get(id), root};
                      }));
}

}  // namespace dunnage::python
