// SPDX-License-Identifier: Apache-2.0
#include <dunnage/launch_template.hpp>

#include "bindings.hpp"
#include "closed.hpp"
#include "container.hpp"
#include "gil.hpp"

#include <dunnage/volume_store.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace dunnage::python {
namespace {

/// What all of its containers have is no argument of one launch.
void refuse_shared(const py::kwargs& kwargs) {
  const auto has = [](const auto& fields, const std::string& name) {
    return std::ranges::any_of(fields.all(), [&](const auto& field) { return field.name == name; });
  };
  for (const auto& item : kwargs) {
    const auto name = item.first.cast<std::string>();
    if (has(launch_fields(), name) && !has(template_fields(), name)) {
      throw py::type_error{template_fields().label_of(name) +
                           " is what all containers of a template have; make another LaunchTemplate"};
    }
  }
}

/// A template and how its containers' streams are read, until close(). Used with the GIL.
class TemplateHandle {
 public:
  TemplateHandle(std::shared_ptr<const LaunchTemplate> shared, Lifetime lifetime, TextMode mode,
                 std::filesystem::path store)
      : shared_{std::move(shared)}, lifetime_{lifetime}, mode_{std::move(mode)}, store_{std::move(store)} {}

  [[nodiscard]] std::shared_ptr<const LaunchTemplate> get() const {
    if (!shared_) throw Closed{"this template is closed by close() or by leaving its with block; make another"};
    return shared_;
  }
  [[nodiscard]] bool closed() const noexcept { return shared_ == nullptr; }
  void close() { shared_.reset(); }

  [[nodiscard]] std::unique_ptr<ContainerHandle> launch(const py::args& args, const py::kwargs& kwargs) const {
    const auto shared = get();
    refuse_shared(kwargs);
    TemplateCall call = template_fields().parse(args, kwargs, TemplateCall{.spec = {}, .mode = mode_});
    const bool owned = call.spec.lifetime.value_or(lifetime_) == Lifetime::WithHost;
    std::optional<Container> container;
    {
      const Unlocked released;
      container.emplace(shared->launch(std::move(call.spec)));
    }
    return std::make_unique<ContainerHandle>(std::move(*container), owned, std::move(call.mode), store_);
  }

 private:
  std::shared_ptr<const LaunchTemplate> shared_;
  Lifetime lifetime_;
  TextMode mode_;
  std::filesystem::path store_;
};

std::unique_ptr<TemplateHandle> make(const py::args& args, const py::kwargs& kwargs) {
  LaunchCall call = launch_call_from(args, kwargs);
  const Lifetime lifetime = call.spec.lifetime;
  std::filesystem::path store = call.spec.store.empty() ? default_store() : call.spec.store;
  std::shared_ptr<const LaunchTemplate> shared;
  run_watched(call.watching, [&](const Watch& watch) {
    call.spec.watch = watch;
    shared = {new LaunchTemplate{std::move(call.spec)}, delete_without_gil<const LaunchTemplate>};
  });
  return std::make_unique<TemplateHandle>(std::move(shared), lifetime, std::move(call.mode), std::move(store));
}

}  // namespace

void bind_launch_template(py::module_& module) {
  const std::string doc = "LaunchTemplate" + launch_fields().signature() +
                          "\n--\n\nPrepared once, launched many times: with the keywords of Container.launch(), its "
                          "containers share the image, binds and volumes as they were then; memory and what is written "
                          "to the root are each container's own. Threads may launch from one at once. Leaving its with "
                          "block lets go of it, and of none of its containers.";
  py::class_<TemplateHandle> cls{module, "LaunchTemplate", doc.c_str()};
  adopt(cls);
  const std::string launch_doc = "launch" + template_fields().method_signature() +
                                 "\n--\n\nA Container. What is not given is the template's; `env` and `labels` are "
                                 "added to its.";
  cls.def(py::init(&make))
      .def("launch", &TemplateHandle::launch, launch_doc.c_str())
      .def_property_readonly(
          "plan",
          [](const TemplateHandle& self) {
            const auto shared = self.get();
            const Unlocked released;
            return shared->plan();
          },
          "The MountPlan; anonymous volumes have no names in it.")
      .def(
          "keep_ready",
          [](const TemplateHandle& self, unsigned launches) {
            const auto shared = self.get();
            const Unlocked released;
            shared->keep_ready(launches);
          },
          py::arg("launches"),
          "keep_ready(self, launches)\n--\n\nHas network namespaces for so many launches made ahead, at most 256, and "
          "waits until they are; 4 unasked. They are for all launches of this process and user.")
      .def_property_readonly("closed", &TemplateHandle::closed, "Whether close() has been called.")
      .def("close", &TemplateHandle::close, "close(self)\n--\n\nLets go of its image and volumes.")
      .def("__enter__",
           [](TemplateHandle& self) -> TemplateHandle& {
             (void)self.get();
             return self;
           })
      .def("__exit__", [](TemplateHandle& self, const py::args&) { self.close(); })
      .def("__repr__", [](const TemplateHandle& self) {
        return self.closed() ? "<dunnage.LaunchTemplate, closed>" : "<dunnage.LaunchTemplate>";
      });
}

}  // namespace dunnage::python
