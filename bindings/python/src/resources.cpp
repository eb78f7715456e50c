// SPDX-License-Identifier: Apache-2.0
#include "resources.hpp"

#include "bindings.hpp"
#include "size.hpp"
#include "value.hpp"

#include <cstdint>
#include <limits>
#include <optional>

namespace dunnage::python {
namespace {

/// An int, which may be UNLIMITED, a text like "64MiB", or None.
std::optional<std::int64_t> limit_from(py::handle object, const std::string& name) {
  if (object.is_none()) return std::nullopt;
  if (!py::isinstance<py::str>(object)) return value_from<std::int64_t>(object, name);
  const std::uint64_t size = size_from(object, name);
  if (size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    throw py::value_error{name + " is more than a machine can count"};
  }
  return static_cast<std::int64_t>(size);
}

/// An int is as good as a float here.
std::optional<double> processors_from(py::handle object, const std::string& name) {
  if (py::isinstance<py::int_>(object) && !py::isinstance<py::bool_>(object)) return object.cast<double>();
  return value_from<std::optional<double>>(object, name);
}

Fields<Resources> make_resource_fields() {
  Fields<Resources> fields{"Resources"};
  fields.option("memory", &Resources::memory, limit_from)
      .option("memory_swap", &Resources::memory_swap, limit_from)
      .option("memory_reservation", &Resources::memory_reservation, limit_from)
      .option("pids", &Resources::pids)
      .option("cpus", &Resources::cpus, processors_from)
      .option("cpu_quota", &Resources::cpu_quota)
      .option("cpu_period", &Resources::cpu_period)
      .option("cpu_shares", &Resources::cpu_shares)
      .option("cpuset_cpus", &Resources::cpuset_cpus)
      .option("cpuset_mems", &Resources::cpuset_mems)
      .option("blkio_weight", &Resources::blkio_weight)
      .option("device_read_bps", &Resources::device_read_bps)
      .option("device_write_bps", &Resources::device_write_bps)
      .option("device_read_iops", &Resources::device_read_iops)
      .option("device_write_iops", &Resources::device_write_iops)
      .option("statistics", &Resources::statistics);
  return fields;
}

void define_stats(py::module_& module) {
  using M = ContainerStats;
  Fields<M> fields{"ContainerStats"};
  fields.option("memory_current", &M::memory_current)
      .option("memory_inactive_file", &M::memory_inactive_file)
      .option("memory_peak", &M::memory_peak)
      .option("memory_limit", &M::memory_limit)
      .option("swap_current", &M::swap_current)
      .option("swap_limit", &M::swap_limit)
      .option("oom_kills", &M::oom_kills)
      .option("pids_current", &M::pids_current)
      .option("pids_limit", &M::pids_limit)
      .option("cpu_user", &M::cpu_user)
      .option("cpu_system", &M::cpu_system)
      .option("cpu_periods", &M::cpu_periods)
      .option("cpu_throttled_periods", &M::cpu_throttled_periods)
      .option("cpu_throttled_time", &M::cpu_throttled_time)
      .option("io_read_bytes", &M::io_read_bytes)
      .option("io_write_bytes", &M::io_write_bytes);
  value_class(module, std::move(fields),
              "What a container uses at one moment: bytes, numbers, seconds; None where the kernel does not say, and "
              "for a limit where there is none.")
      .def("to_json", &M::to_json, "to_json(self)\n--\n\nTimes in nanoseconds.")
      .def("__str__", &M::to_string);
}

}  // namespace

const Fields<Resources>& resource_fields() {
  static const Fields<Resources>* const fields = new Fields<Resources>{make_resource_fields()};
  return *fields;
}

Resources resources_from(const py::args& args, const py::kwargs& kwargs) {
  if (args.size() == 1 && kwargs.empty()) return value_from<Resources>(args[0], "Container.update(): changes");
  return resource_fields().parse(args, kwargs);
}

void bind_resources(py::module_& module) {
  module.attr("UNLIMITED") = kUnlimited;
  Fields<DeviceRate> rate{"DeviceRate"};
  rate.required("device", &DeviceRate::device).required("rate", &DeviceRate::rate, size_from);
  value_class(module, std::move(rate), "Bytes or operations each second on one block device of the host.")
      .def_static(
          "parse_bytes", [](const std::string& text) { return DeviceRate::parse_bytes(text); }, py::arg("text"),
          "parse_bytes(text)\n--\n\n\"/dev/sda:10mb\".")
      .def_static(
          "parse_operations", [](const std::string& text) { return DeviceRate::parse_operations(text); },
          py::arg("text"), "parse_operations(text)\n--\n\n\"/dev/sda:1000\".");
  value_class(module, make_resource_fields(),
              "What a container may use of the machine, with Docker's meanings. Sizes are bytes or texts like "
              "\"512m\"; what is None is not limited, or for update() stays as it is; UNLIMITED takes a limit back.")
      .def("check", &Resources::check, "check(self)\n--\n\nRaises LaunchError for what no machine accepts.")
      .def(
          "with_", [](const Resources& self, const Resources& changes) { return self.with(changes); },
          py::arg("changes"), "with_(self, changes)\n--\n\nThese, with what `changes` sets in their place.")
      .def("to_json", &Resources::to_json, "to_json(self)\n--\n\nWith Docker's names.")
      .def("__bool__", [](const Resources& self) { return !self.empty(); });
  define_stats(module);
}

}  // namespace dunnage::python
