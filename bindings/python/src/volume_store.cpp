// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "gil.hpp"
#include "progress.hpp"
#include "store_report.hpp"
#include "value.hpp"
#include "volume.hpp"
#include "volume_care.hpp"
#include "volume_filter.hpp"
#include "volume_limit.hpp"
#include "volume_seed.hpp"

#include <dunnage/volume_store.hpp>

namespace dunnage::python {
namespace {

using Released = py::call_guard<Unlocked>;

struct PruneCall {
  bool all = false;
  VolumeFilter filter{};
};

Fields<VolumeFilter> filter_fields() {
  Fields<VolumeFilter> fields{"VolumeStore.list"};
  fields.option("labels", &VolumeFilter::labels, filter_labels_from)
      .option("anonymous", &VolumeFilter::anonymous)
      .option("in_use", &VolumeFilter::in_use);
  return fields;
}

Fields<PruneCall> prune_fields() {
  Fields<PruneCall> fields{"VolumeStore.prune"};
  fields.option("all", &PruneCall::all)
      .option(
          "labels", [](auto& call) -> auto& { return call.filter.labels; }, filter_labels_from)
      .option(
          "anonymous", [](auto& call) -> auto& { return call.filter.anonymous; })
      .option(
          "in_use", [](auto& call) -> auto& { return call.filter.in_use; });
  return fields;
}

struct CreateCall {
  VolumeOptions options{};
  Watching watching{};
};

Fields<CreateCall> create_fields(const char* call) {
  Fields<CreateCall> fields{call};
  fields
      .option(
          "labels", [](auto& made) -> auto& { return made.options.labels; })
      .option(
          "driver", [](auto& made) -> auto& { return made.options.driver; })
      .option(
          "driver_options", [](auto& made) -> auto& { return made.options.driver_options; })
      .option(
          "protect", [](auto& made) -> auto& { return made.options.protect; })
      .option(
          "access", [](auto& made) -> auto& { return made.options.access; })
      .option(
          "seed", [](auto& made) -> auto& { return made.options.seed; }, seed_from)
      .option(
          "limit", [](auto& made) -> auto& { return made.options.limit; });
  return fields;
}

VolumeOptions options_from(const char* call, const py::kwargs& kwargs) {
  return create_fields(call).parse(py::args{}, kwargs).options;
}

StoredVolume create(VolumeStore& store, const std::string& name, const py::kwargs& kwargs) {
  auto fields = create_fields("VolumeStore.create");
  add_watching(fields);
  const CreateCall call = fields.parse(py::args{}, kwargs);
  std::optional<Volume> volume;
  run_watched(call.watching, [&](const Watch& watch) { volume.emplace(store.create(name, call.options, watch)); });
  return {std::move(*volume), store.root()};
}

/// Calls `work` without the GIL; the volume it returns knows its store.
template <class Work>
StoredVolume stored(VolumeStore& store, Work work) {
  const Unlocked released;
  return {work(), store.root()};
}

StoredVolume get_volume(VolumeStore& store, const std::string& name) {
  return stored(store, [&] { return store.get(name); });
}

std::optional<StoredVolume> find_volume(const VolumeStore& store, const std::string& name) {
  const Unlocked released;
  auto volume = store.find(name);
  if (!volume) return std::nullopt;
  return StoredVolume{std::move(*volume), store.root()};
}

std::vector<StoredVolume> list_volumes(const VolumeStore& store, const VolumeFilter& filter) {
  const Unlocked released;
  std::vector<StoredVolume> volumes;
  for (auto& volume : store.list(filter)) volumes.push_back({std::move(volume), store.root()});
  return volumes;
}

void remove_volume(VolumeStore& store, const std::string& name, const py::kwargs& kwargs) {
  static const auto fields = [] {
    Fields<RemoveOptions> options{"VolumeStore.remove"};
    options.option("keep", &RemoveOptions::keep);
    return options;
  }();
  const auto options = fields.parse(py::args{}, kwargs);
  const Unlocked released;
  store.remove(name, options);
}

PruneResult prune(VolumeStore& store, const py::kwargs& kwargs) {
  static const auto fields = prune_fields();
  const auto call = fields.parse(py::args{}, kwargs);
  const Unlocked released;
  return store.prune(call.all, call.filter);
}

VolumeStore open_volume_store(const std::filesystem::path& root) {
  const Unlocked released;
  return root.empty() ? VolumeStore::open() : VolumeStore::open(root);
}

void define_making(py::class_<VolumeStore>& cls) {
  cls.def_static("open", open_volume_store, py::arg("root") = py::none{},
                 "open(root=None)\n--\n\nOpens the store, creating it when it is absent; None: default_store().")
      .def("create", create, py::arg("name"),
           "create(self, name, *, labels={}, driver='local', driver_options={}, protect=False, access=..., seed=None, "
           "limit=None, progress=None, timeout=None, "
           "stop=None)\n--\n\nRaises VolumeExists if it is there. `seed` is what is in it from the beginning: "
           "SeedFiles, SeedDirectory, SeedSnapshot or SeedArchive; `limit` a VolumeLimit, which holds or nothing is "
           "made.")
      .def(
          "create_anonymous",
          [](VolumeStore& store, const std::string& owner, const py::kwargs& kwargs) {
            const auto options = options_from("VolumeStore.create_anonymous", kwargs);
            return stored(store, [&] { return store.create_anonymous(owner, options); });
          },
          py::arg("owner") = "",
          "create_anonymous(self, owner='', *, labels={}, driver='local', driver_options={}, protect=False, "
          "access=..., seed=None, limit=None)\n--\n\nA "
          "volume with a "
          "random name; "
          "`owner` is the name, or id, of the container it will go with.")
      .def(
          "get_or_create",
          [](VolumeStore& store, const std::string& name, const py::kwargs& kwargs) {
            const auto options = options_from("VolumeStore.get_or_create", kwargs);
            return stored(store, [&] { return store.get_or_create(name, options); });
          },
          py::arg("name"),
          "get_or_create(self, name, *, labels={}, driver='local', driver_options={}, protect=False, access=..., "
          "seed=None, limit=None)\n--\n\nLabels, seed and limit "
          "are given only if it is created.");
}

void define_looking(py::class_<VolumeStore>& cls) {
  cls.def_property_readonly("root", [](const VolumeStore& store) { return store.root(); })
      .def("get", get_volume, py::arg("name"),
           "get(self, name)\n--\n\nThe volume; raises VolumeMissing, which is a KeyError.")
      .def("find", find_volume, py::arg("name"), "find(self, name)\n--\n\nThe volume, or None.")
      .def(
          "list",
          [](const VolumeStore& store, const py::kwargs& kwargs) {
            static const auto fields = filter_fields();
            return list_volumes(store, fields.parse(py::args{}, kwargs));
          },
          "list(self, *, labels=[], anonymous=None, in_use=None)\n--\n\nSorted by name. `labels` is a dict, or "
          "Docker's list "
          "of \"key\" and \"key=value\".")
      .def("damaged", &VolumeStore::damaged, Released{},
           "damaged(self)\n--\n\nNames of volumes whose metadata cannot be read.")
      .def("users", &VolumeStore::users, Released{}, py::arg("name"),
           "users(self, name)\n--\n\nNames of the containers that use the volume now.")
      .def("remove", remove_volume, py::arg("name"),
           "remove(self, name, *, keep=0.0)\n--\n\nWith everything in it; for `keep` seconds trash() brings it back. "
           "Raises VolumeInUse, VolumeProtected, VolumeMissing.")
      .def("prune", prune,
           "prune(self, *, all=False, labels=[], anonymous=None, in_use=None)\n--\n\nRemoves what no container uses: "
           "anonymous "
           "volumes, with `all` named ones too.");
}

}  // namespace

void bind_volume_store(py::module_& module) {
  module.def("default_store", &default_store,
             "default_store()\n--\n\nWhere the store of this user is: $DUNNAGE_STORE, /var/lib/dunnage for root, "
             "$XDG_DATA_HOME/dunnage, "
             "~/.local/share/dunnage.");
  py::class_<VolumeStore> cls{module, "VolumeStore",
                              "A store of volumes; open() opens one. A mapping of names to volumes, too: "
                              "store[\"db-data\"], \"db-data\" in store, len(store), for name in store."};
  adopt(cls);
  define_making(cls);
  define_looking(cls);
  define_care(cls);
  define_limits(cls);
  define_pruning(cls);
  define_trash(cls);
  define_checking(cls, "VolumeStore");
  cls.def("__getitem__", get_volume)
      .def("__contains__",
           [](const VolumeStore& store, const py::object& name) {
             return py::isinstance<py::str>(name) && find_volume(store, name.cast<std::string>()).has_value();
           })
      .def("__len__", [](const VolumeStore& store) { return list_volumes(store, {}).size(); })
      .def("__iter__",
           [](const VolumeStore& store) {
             py::list names;
             for (const auto& volume : list_volumes(store, {})) names.append(volume.volume.name());
             return py::iter(names);
           })
      .def("__repr__",
           [](const VolumeStore& store) { return "VolumeStore.open(" + repr_of(py::cast(store.root())) + ")"; })
      .def("__eq__",
           [](const VolumeStore& store, const py::object& other) {
             return py::isinstance<VolumeStore>(other) && store.root() == other.cast<const VolumeStore&>().root();
           })
      .def("__hash__", [](const VolumeStore& store) { return py::hash(py::str(text_to(store.root().native()))); })
      .def(
          py::pickle([](const VolumeStore& store) { return py::make_tuple(store.root()); },
                     [](const py::tuple& state) { return open_volume_store(state[0].cast<std::filesystem::path>()); }));
}

}  // namespace dunnage::python
