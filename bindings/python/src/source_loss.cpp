// SPDX-License-Identifier: Apache-2.0
#include "source_loss.hpp"

#include "bindings.hpp"
#include "value.hpp"

namespace dunnage::python {

SourceLoss source_loss_from(py::handle object, const std::string& name) {
  if (py::isinstance<SourceLoss>(object)) return object.cast<SourceLoss>();
  return {.policy = value_from<LossPolicy>(object, name)};
}

void bind_source_loss(py::module_& module) {
  const auto word = [](LossPolicy policy) { return std::string{to_string(policy)}; };
  Enumeration<LossPolicy>::define(module, "LossPolicy",
                                  "What happens to a container when the source of a mount dies: nothing, the mount is "
                                  "mended, the container is paused until then, or stopped.",
                                  {{"Keep", LossPolicy::Keep, word(LossPolicy::Keep)},
                                   {"Repair", LossPolicy::Repair, word(LossPolicy::Repair)},
                                   {"Pause", LossPolicy::Pause, word(LossPolicy::Pause)},
                                   {"Stop", LossPolicy::Stop, word(LossPolicy::Stop)}});
  Fields<SourceLoss> fields{"SourceLoss"};
  fields.required("policy", &SourceLoss::policy)
      .option("interval", &SourceLoss::interval)
      .option("timeout", &SourceLoss::timeout);
  value_class(module, std::move(fields),
              "A source is asked every `interval` seconds, and is lost when it answers with an error, does not answer "
              "in `timeout` seconds, or was removed. Mounts take a policy alone, too: on_loss=\"repair\".");
}

}  // namespace dunnage::python
