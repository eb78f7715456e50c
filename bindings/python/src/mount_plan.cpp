// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "gil.hpp"
#include "indexing.hpp"
#include "prepared_mounts.hpp"
#include "rootfs.hpp"
#include "source_loss.hpp"
#include "value.hpp"

#include <algorithm>

namespace dunnage::python {
namespace {

void add_of_kinds(Fields<ResolvedMount>& fields) {
  using R = ResolvedMount;
  fields.option("size", &R::size)
      .option("mode", &R::mode)
      .option("uid", &R::uid)
      .option("gid", &R::gid)
      .option("nr_inodes", &R::nr_inodes)
      .option("no_swap", &R::no_swap)
      .option("create_mode", &R::create_mode)
      .option("create_uid", &R::create_uid)
      .option("create_gid", &R::create_gid)
      .option("require_mountpoint", &R::require_mountpoint)
      .option("follow", &R::follow)
      .option("on_loss", &R::on_loss, source_loss_from)
      .option("left_out", &R::left_out)
      .option("subpath", &R::subpath)
      .option("image", &R::image)
      .option("image_id", &R::image_id)
      .option("driver", &R::driver)
      .option("driver_options", &R::driver_options)
      .option("owner", &R::owner)
      .option("chown", &R::chown)
      .option("relabel", &R::relabel)
      .option("exclude", &R::exclude)
      .option("overlay", &R::overlay)
      .option("transaction", &R::transaction)
      .option("masked", &R::masked)
      .option("reasons", &R::reasons);
}

Fields<ResolvedMount> resolved_fields() {
  using R = ResolvedMount;
  Fields<R> fields{"ResolvedMount"};
  fields.option("kind", &R::kind)
      .option("file_kind", &R::file_kind)
      .option("target", &R::target)
      .option("source", &R::source)
      .option("create_source", &R::create_source)
      .option("read_only", &R::read_only)
      .option("recursive_read_only", &R::recursive_read_only)
      .option("recursive", &R::recursive)
      .option("suid", &R::suid)
      .option("dev", &R::dev)
      .option("exec", &R::exec)
      .option("propagation", &R::propagation)
      .option("volume", &R::volume)
      .option("store", &R::store)
      .option("create_volume", &R::create_volume)
      .option("no_copy", &R::no_copy)
      .option("copy_up", &R::copy_up)
      .option("labels", &R::labels)
      .option("limit_way", &R::limit_way)
      .option("access", &R::access)
      .option("access_timeout", &R::access_timeout);
  add_of_kinds(fields);
  return fields;
}

const ResolvedMount& mount_at_target(const MountPlan& plan, const std::string& target) {
  try {
    return plan[std::string_view{target}];
  } catch (const std::out_of_range&) {
    throw py::key_error{"nothing is mounted at " + target};
  }
}

bool serves(const MountPlan& plan, const std::string& target) {
  return std::any_of(plan.begin(), plan.end(), [&](const auto& mount) { return mount.target == target; });
}

PreparedHandle prepare(const MountPlan& plan, const py::kwargs& kwargs) {
  static const auto fields = [] {
    Fields<PrepareOptions> options{"MountPlan.prepare"};
    options.option("user", &PrepareOptions::user)
        .option("container_id", &PrepareOptions::container_id)
        .option("container_name", &PrepareOptions::container_name)
        .option("rootfs", &PrepareOptions::rootfs, rootfs_from)
        .option("store", &PrepareOptions::store);
    return options;
  }();
  const auto options = fields.parse(py::args{}, kwargs);
  const Unlocked released;
  return PreparedHandle{plan.prepare(options)};
}

std::string repr_of_plan(const MountPlan& plan) {
  std::string text;
  for (const auto& mount : plan) text += (text.empty() ? "" : ", ") + repr_of(py::cast(mount));
  return "MountPlan([" + text + "])";
}

void define_plan_enumerations(py::module_& module) {
  Enumeration<MountKind>::define(module, "MountKind", "The kinds of mounts.",
                                 {{"Bind", MountKind::Bind, std::string{to_string(MountKind::Bind)}},
                                  {"Volume", MountKind::Volume, std::string{to_string(MountKind::Volume)}},
                                  {"Tmpfs", MountKind::Tmpfs, std::string{to_string(MountKind::Tmpfs)}},
                                  {"Image", MountKind::Image, std::string{to_string(MountKind::Image)}}});
  Enumeration<FileKind>::define(module, "FileKind", "What is mounted.",
                                {{"Directory", FileKind::Directory, "directory"}, {"File", FileKind::File, "file"}});
}

}  // namespace

void bind_mount_plan(py::module_& module) {
  define_plan_enumerations(module);
  value_class(module, resolved_fields(),
              "One mount as it will be. What the container sees in its mountinfo has exactly these attributes.")
      .def("__str__", &ResolvedMount::to_string);

  py::class_<MountPlan> cls{module, "MountPlan",
                            "The decision: every mount with its resolved source, its "
                            "attributes, its place in the order, and why. print(plan) is the dry run. A sequence; "
                            "plan[\"/data\"] is the mount at that target."};
  adopt(cls);
  cls.def(py::init<std::vector<ResolvedMount>>(), py::arg("mounts") = py::tuple{}, "__init__(self, mounts=())\n--\n\n")
      .def("__len__", &MountPlan::size)
      .def("__getitem__", mount_at_target, py::arg("target"))
      .def("__getitem__", [](const MountPlan& plan, py::ssize_t index) { return plan[index_in(plan, index)]; })
      .def("__iter__", [](const MountPlan& plan) { return iterator_over(plan); })
      .def("__contains__", serves)
      .def(
          "explain",
          [](const MountPlan& plan, const std::string& path, const std::string& user) {
            const Unlocked released;
            return plan.explain(path, {.user = user});
          },
          py::arg("path"), py::kw_only{}, py::arg("user") = "",
          "explain(self, path, *, user='')\n--\n\nWhich mount serves `path` in the container, from where on the host, "
          "and why: a PathExplanation. With a user, `uid[:gid]`, also what he may do with what the source is by now.")
      .def("prepare", prepare,
           "prepare(self, *, user='', container_id='', container_name='', rootfs=..., store=None)\n--\n\nAsks the "
           "kernel for detached mounts: "
           "a "
           "PreparedMounts, for Container.launch(mounts=...). All or nothing.")
      .def("to_json", &MountPlan::to_json, "to_json(self)\n--\n\nAll of it, as JSON.")
      .def("__str__", &MountPlan::to_string)
      .def("__repr__", repr_of_plan)
      .def("__hash__", [](const MountPlan& plan) { return py::hash(py::str(repr_of_plan(plan))); })
      .def("__eq__",
           [](const MountPlan& left, const py::object& right) {
             return py::isinstance<MountPlan>(right) && left == right.cast<const MountPlan&>();
           })
      .def(py::pickle(
          [](const MountPlan& plan) {
            return std::vector<ResolvedMount>{plan.begin(), plan.end()};
          },
          [](std::vector<ResolvedMount> mounts) { return MountPlan{std::move(mounts)}; }));
}

}  // namespace dunnage::python
