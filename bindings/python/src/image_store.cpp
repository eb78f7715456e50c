// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "file_or_path.hpp"
#include "gil.hpp"
#include "image.hpp"
#include "progress.hpp"
#include "size.hpp"
#include "store_report.hpp"
#include "value.hpp"

#include <dunnage/image_store.hpp>

#include <variant>

#define DUNNAGE_OPTION(name, ...) \
  option(                         \
      #name, [](auto& call) -> auto& { return call.options.name; } __VA_OPT__(, ) __VA_ARGS__)

namespace dunnage::python {
namespace {

struct PullCall {
  std::string name{};
  PullOptions options{};
  Watching watching{};
};

struct LoadCall {
  py::object source = py::none{};
  LoadOptions options{};
  Watching watching{};
};

struct ImportCall {
  std::filesystem::path path{};
  std::string name{};
  ImportOptions options{};
  Watching watching{};
};

struct UnpackCall {
  std::string name{};
  struct {
    ImageLimits limits{};
  } options{};
  Watching watching{};
};

void bind_limits(py::module_& module) {
  Fields<ImageLimits> fields{"ImageLimits"};
  fields.option("bytes", &ImageLimits::bytes, size_from)
      .option("file_bytes", &ImageLimits::file_bytes, size_from)
      .option("entries", &ImageLimits::entries)
      .option("ratio", &ImageLimits::ratio)
      .option("depth", &ImageLimits::depth);
  value_class(module, std::move(fields),
              "What a layer may cost before it is refused (LimitExceeded): bytes unpacked, bytes of one file, entries, "
              "unpacked bytes for each packed one, components of a path.");
}

void bind_values(py::module_& module) {
  Enumeration<PullPolicy>::define(module, "PullPolicy", "When an image is fetched from its registry.",
                                  {{"Missing", PullPolicy::Missing, std::string{to_string(PullPolicy::Missing)}},
                                   {"Always", PullPolicy::Always, std::string{to_string(PullPolicy::Always)}},
                                   {"Never", PullPolicy::Never, std::string{to_string(PullPolicy::Never)}}});
  bind_limits(module);
  Fields<ImagePruneResult> fields{"ImagePruneResult"};
  fields.option("removed", &ImagePruneResult::removed).option("bytes", &ImagePruneResult::bytes);
  value_class(module, std::move(fields), "Ids of the images that were removed, and bytes that became free.");
}

const Fields<PullCall>& pull_fields() {
  static const auto* const fields = [] {
    auto* made = new Fields<PullCall>{"ImageStore.pull"};
    made->required("name", &PullCall::name)
        .DUNNAGE_OPTION(policy)
        .DUNNAGE_OPTION(platform, platform_from)
        .DUNNAGE_OPTION(auth_file)
        .DUNNAGE_OPTION(tls_verify)
        .DUNNAGE_OPTION(certificates)
        .DUNNAGE_OPTION(registries_conf)
        .DUNNAGE_OPTION(limits);
    add_watching(*made);
    return made;
  }();
  return *fields;
}

const Fields<LoadCall>& load_fields() {
  static const auto* const fields = [] {
    auto* made = new Fields<LoadCall>{"ImageStore.load"};
    made->required("source", &LoadCall::source)
        .DUNNAGE_OPTION(name)
        .DUNNAGE_OPTION(platform, platform_from)
        .DUNNAGE_OPTION(limits);
    add_watching(*made);
    return made;
  }();
  return *fields;
}

const Fields<ImportCall>& import_fields() {
  static const auto* const fields = [] {
    auto* made = new Fields<ImportCall>{"ImageStore.import_"};
    made->required("path", &ImportCall::path)
        .required("name", &ImportCall::name)
        .DUNNAGE_OPTION(config)
        .DUNNAGE_OPTION(platform, platform_from)
        .DUNNAGE_OPTION(limits);
    add_watching(*made);
    return made;
  }();
  return *fields;
}

const Fields<UnpackCall>& unpack_fields() {
  static const auto* const fields = [] {
    auto* made = new Fields<UnpackCall>{"ImageStore.unpack"};
    made->required("name", &UnpackCall::name).DUNNAGE_OPTION(limits);
    add_watching(*made);
    return made;
  }();
  return *fields;
}

std::vector<StoredImage> stored(const ImageStore& store, std::vector<Image> images) {
  std::vector<StoredImage> all;
  for (auto& image : images) all.push_back({std::move(image), store.root()});
  return all;
}

StoredImage pull(ImageStore& store, const py::args& args, const py::kwargs& kwargs) {
  PullCall call = pull_fields().parse(args, kwargs);
  std::optional<Image> image;
  run_watched(call.watching, [&](const Watch& watch) {
    call.options.watch = watch;
    image.emplace(store.pull(call.name, call.options));
  });
  return {std::move(*image), store.root()};
}

std::vector<StoredImage> load(ImageStore& store, const py::args& args, const py::kwargs& kwargs) {
  LoadCall call = load_fields().parse(args, kwargs);
  const FileOrPath source = file_or_path_from(call.source, load_fields().label_of("source"));
  std::vector<Image> images;
  run_watched(call.watching, [&](const Watch& watch) {
    call.options.watch = watch;
    images = std::visit([&](const auto& from) { return store.load(from, call.options); }, source);
  });
  return stored(store, std::move(images));
}

StoredImage import_image(ImageStore& store, const py::args& args, const py::kwargs& kwargs) {
  ImportCall call = import_fields().parse(args, kwargs);
  std::optional<Image> image;
  run_watched(call.watching, [&](const Watch& watch) {
    call.options.watch = watch;
    image.emplace(store.import(call.path, call.name, call.options));
  });
  return {std::move(*image), store.root()};
}

void unpack(ImageStore& store, const py::args& args, const py::kwargs& kwargs) {
  const UnpackCall call = unpack_fields().parse(args, kwargs);
  run_watched(call.watching, [&](const Watch& watch) { store.unpack(call.name, call.options.limits, watch); });
}

StoredImage get_image(const ImageStore& store, const std::string& name) {
  const Unlocked released;
  return {store.get(name), store.root()};
}

std::optional<StoredImage> find_image(const ImageStore& store, const std::string& name) {
  const Unlocked released;
  auto image = store.find(name);
  if (!image) return std::nullopt;
  return StoredImage{std::move(*image), store.root()};
}

ImageStore open_image_store(const std::filesystem::path& root) {
  const Unlocked released;
  return root.empty() ? ImageStore::open() : ImageStore::open(root);
}

/// The docstring begins with the signature.
template <class Call>
std::string doc_of(const char* name, const Fields<Call>& fields, const char* doc) {
  return name + fields.method_signature() + "\n--\n\n" + doc;
}

void define_coming(py::class_<ImageStore>& cls) {
  const std::string pull_doc = doc_of("pull", pull_fields(),
                                      "Fetches an image from its registry, with skopeo(1), and returns it. Raises "
                                      "PullFailed, ImageMissing, ImageTimedOut.");
  const std::string load_doc = doc_of("load", load_fields(),
                                      "The images of an OCI layout (a directory or a tar) or of an archive of `docker "
                                      "save`: a path, a descriptor or an open file. Raises InvalidImage.");
  const std::string import_doc =
      doc_of("import_", import_fields(), "An image of one layer from a root file system: a tar or a directory.");
  const std::string unpack_doc =
      doc_of("unpack", unpack_fields(), "Unpacks the layers that are not unpacked yet; else the first launch does it.");
  cls.def_static("open", open_image_store, py::arg("root") = py::none{},
                 "open(root=None)\n--\n\nOpens the store, creating it when it is absent; None: default_store().")
      .def("pull", pull, pull_doc.c_str())
      .def("load", load, load_doc.c_str())
      .def("import_", import_image, import_doc.c_str())
      .def("unpack", unpack, unpack_doc.c_str());
}

void define_looking(py::class_<ImageStore>& cls) {
  using Released = py::call_guard<Unlocked>;
  cls.def_property_readonly("root", [](const ImageStore& store) { return store.root(); })
      .def("get", get_image, py::arg("name"),
           "get(self, name)\n--\n\nThe image; raises ImageMissing, which is a KeyError.")
      .def("find", find_image, py::arg("name"), "find(self, name)\n--\n\nThe image, or None.")
      .def(
          "list", [](const ImageStore& store) { return stored(store, store.list()); }, Released{},
          "list(self)\n--\n\nNewest first.")
      .def("damaged", &ImageStore::damaged, Released{},
           "damaged(self)\n--\n\nNames, or digests, of images that list() leaves out because their blobs are damaged "
           "or gone.")
      .def(
          "tag",
          [](ImageStore& store, const std::string& name, const std::string& new_name) {
            const Unlocked released;
            store.tag(name, new_name);
          },
          py::arg("name"), py::arg("new_name"),
          "tag(self, name, new_name)\n--\n\nGives a further name, taking it from the image that has it.");
}

void define_removing(py::class_<ImageStore>& cls) {
  cls.def(
         "remove",
         [](ImageStore& store, const std::string& name) {
           const Unlocked released;
           store.remove(name);
         },
         py::arg("name"),
         "remove(self, name)\n--\n\nTakes a name away, and the image with its last one; with an id all names go. "
         "Raises ImageMissing, "
         "ImageInUse.")
      .def(
          "prune",
          [](ImageStore& store, bool all) {
            const Unlocked released;
            return store.prune(all);
          },
          py::kw_only(), py::arg("all") = false,
          "prune(self, *, all=False)\n--\n\nRemoves images without a name, with `all` every one that no container "
          "uses, "
          "and what nobody needs.");
}

}  // namespace

void bind_image_store(py::module_& module) {
  bind_values(module);
  py::class_<ImageStore> cls{
      module, "ImageStore",
      "Where images live, and the verbs on them; open() opens it. store[\"postgres:16\"] is that "
      "image."};
  adopt(cls);
  define_coming(cls);
  define_looking(cls);
  define_removing(cls);
  define_checking(cls, "ImageStore");
  cls.def("__getitem__", get_image)
      .def("__contains__",
           [](const ImageStore& store, const py::object& name) {
             return py::isinstance<py::str>(name) && find_image(store, name.cast<std::string>()).has_value();
           })
      .def("__repr__",
           [](const ImageStore& store) { return "ImageStore.open(" + repr_of(py::cast(store.root())) + ")"; })
      .def("__eq__",
           [](const ImageStore& store, const py::object& other) {
             return py::isinstance<ImageStore>(other) && store.root() == other.cast<const ImageStore&>().root();
           })
      .def("__hash__", [](const ImageStore& store) { return py::hash(py::str(text_to(store.root().native()))); })
      .def(py::pickle([](const ImageStore& store) { return py::make_tuple(store.root()); },
                      [](const py::tuple& state) { return open_image_store(state[0].cast<std::filesystem::path>()); }));
}

}  // namespace dunnage::python

#undef DUNNAGE_OPTION
