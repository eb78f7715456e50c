// SPDX-License-Identifier: Apache-2.0
#include "live_mounts.hpp"

#include "gil.hpp"
#include "mount_coercion.hpp"
#include "value.hpp"

#include <utility>
#include <vector>

namespace pybind11::detail {
template <>
struct type_caster<dunnage::MountEvent::Kind> : dunnage::python::EnumerationCaster<dunnage::MountEvent::Kind> {};
}  // namespace pybind11::detail

namespace dunnage::python {
namespace {

Mount one_mount_from(const py::object& what, const char* owner) {
  const MountSet set = mount_set_from(what);
  if (set.size() != 1) throw py::value_error{std::string{owner} + ": give one mount"};
  return set[0];
}

MountPlan attach(const ContainerHandle& self, const py::object& mounts) {
  const auto container = self.get();
  if (py::isinstance<MountPlan>(mounts)) {
    const MountPlan plan = mounts.cast<MountPlan>();
    const Unlocked released;
    return container->attach(plan);
  }
  const MountSet set = mount_set_from(mounts);
  const Unlocked released;
  if (set.size() == 1) return MountPlan{{container->attach(set[0])}};
  return container->attach(set.resolve({.store = self.store(), .current_directory = {}}));
}

void detach(ContainerHandle& self, const std::optional<std::string>& target, bool lazy) {
  if (!target) {
    self.detach();
    return;
  }
  const auto container = self.get();
  const Unlocked released;
  container->detach(*target, {.lazy = lazy});
}

}  // namespace

void define_live_mount_values(py::module_& module) {
  Fields<MountHolder> holder{"MountHolder"};
  holder.option("pid", &MountHolder::pid).option("program", &MountHolder::program);
  value_class(module, std::move(holder), "A process that has something of a mount open.");

  using Kind = MountEvent::Kind;
  const py::object kind =
      inner_enumeration<Kind>("MountEvent", "Kind", "What was done.",
                              {{"Attached", Kind::Attached, std::string{to_string(Kind::Attached)}},
                               {"Detached", Kind::Detached, std::string{to_string(Kind::Detached)}},
                               {"Replaced", Kind::Replaced, std::string{to_string(Kind::Replaced)}},
                               {"Lost", Kind::Lost, std::string{to_string(Kind::Lost)}},
                               {"Restored", Kind::Restored, std::string{to_string(Kind::Restored)}}});
  Fields<MountEvent> event{"MountEvent"};
  event.option("kind", &MountEvent::kind).option("mount", &MountEvent::mount).option("missed", &MountEvent::missed);
  event.option("cause", &MountEvent::cause);
  auto cls =
      value_class(module, std::move(event),
                  "A mount of a running container that was attached, detached or replaced, or follows the name of its "
                  "source and cannot show what has it, for `cause`; `missed` counts those that were lost before it.");
  cls.attr("Kind") = kind;
  cls.def("__str__", &MountEvent::to_string);

  py::class_<MountEventIterator> events{module, "MountEvents",
                                        "Changes of a container's mounts; Container.mount_events() makes them."};
  adopt(events);
  define_iterator(events);
  events
      .def("poll", &MountEventIterator::poll,
           "poll(self)\n--\n\nThe next MountEvent, or None if there is none now; never waits.")
      .def_property_readonly("ended", &MountEventIterator::ended, "Nothing more will come: the container has ended.")
      .def("fileno", &MountEventIterator::descriptor,
           "fileno(self)\n--\n\nA descriptor that can be read when poll(), which had nothing, has something, or the "
           "end.");
}

void define_live_mounts(py::class_<ContainerHandle>& cls) {
  cls.def("attach", attach, py::arg("mounts"),
          "attach(self, mounts)\n--\n\nMounts something in the running container: what MountSet() takes, or a "
          "MountPlan. "
          "All or nothing; it is in its plan and its record then. Returns the MountPlan of what was attached. Raises "
          "MountError, NotRunning.")
      .def("detach", detach, py::arg("target") = py::none{}, py::kw_only{}, py::arg("lazy") = false,
           "detach(self, target=None, *, lazy=False)\n--\n\nTakes a mount of its plan off; with lazy=True also one "
           "that is "
           "in use, which stays so for who has files of it open. Raises MountError, which names who uses it. Without a "
           "target: lets the container outlive this handle and process; it needs a record.")
      .def(
          "replace",
          [](const ContainerHandle& self, const std::string& target, const py::object& mount) {
            const auto container = self.get();
            const Mount given = one_mount_from(mount, "Container.replace()");
            const Unlocked released;
            return container->replace(target, given);
          },
          py::arg("target"), py::arg("mount"),
          "replace(self, target, mount)\n--\n\nPuts another mount in the place of one of the plan, at once: at no "
          "instant "
          "is nothing there. Returns the ResolvedMount. Raises MountError.")
      .def(
          "mount_holders",
          [](const ContainerHandle& self, const std::string& target) {
            const auto container = self.get();
            const Unlocked released;
            return container->mount_holders(target);
          },
          py::arg("target"),
          "mount_holders(self, target)\n--\n\nWho has something of a mount open: a list of MountHolder.")
      .def(
          "mount_events",
          [](const ContainerHandle& self) {
            const auto container = self.get();
            std::optional<MountEvents> events;
            {
              const Unlocked released;
              events.emplace(container->mount_events());
            }
            return std::make_unique<MountEventIterator>(std::move(*events));
          },
          "mount_events(self)\n--\n\nThe changes of its mounts from now on, by whichever process: an iterator of "
          "MountEvent that waits, with poll() and fileno() for who does not.");
}

}  // namespace dunnage::python
