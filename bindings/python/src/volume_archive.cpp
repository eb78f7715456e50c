// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "enumeration.hpp"
#include "file_or_path.hpp"
#include "gil.hpp"
#include "progress.hpp"
#include "size.hpp"
#include "value.hpp"
#include "volume.hpp"
#include "volume_snapshot.hpp"

#include <dunnage/volume_archive.hpp>
#include <dunnage/volume_store.hpp>

#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#define DUNNAGE_OPTION(name, ...) \
  option(                         \
      #name, [](auto& call) -> auto& { return call.options.name; } __VA_OPT__(, ) __VA_ARGS__)

namespace dunnage::python {
namespace {

struct ExportCall {
  std::string name{};
  py::object target = py::none{};
  py::object freeze = py::none{};
  VolumeExportOptions options{};
  Watching watching{};
};

struct ImportCall {
  py::object source = py::none{};
  std::string name{};
  VolumeImportOptions options{};
  Watching watching{};
};

struct CopyVolumeCall {
  std::string name{};
  py::object other = py::none{};  ///< the store it goes to
  std::string new_name{};
  Watching watching{};
};

struct AdoptCall {
  py::object volume = py::none{};
  VolumeAdoptOptions options{};
  Watching watching{};
};

/// VolumeImportResult, and the store its volume is in.
struct StoredImport {
  VolumeImportResult result;
  std::filesystem::path store;
};

const Fields<ExportCall>& export_fields() {
  static const auto* const fields = [] {
    auto* made = new Fields<ExportCall>{"VolumeStore.export_to"};
    made->required("name", &ExportCall::name)
        .required("target", &ExportCall::target)
        .DUNNAGE_OPTION(compression)
        .DUNNAGE_OPTION(since)
        .option("freeze", &ExportCall::freeze, freeze_from)
        .DUNNAGE_OPTION(most_entries);
    add_watching(*made);
    return made;
  }();
  return *fields;
}

const Fields<ImportCall>& import_volume_fields() {
  static const auto* const fields = [] {
    auto* made = new Fields<ImportCall>{"VolumeStore.import_from"};
    made->required("source", &ImportCall::source)
        .required("name", &ImportCall::name)
        .DUNNAGE_OPTION(labels)
        .DUNNAGE_OPTION(digest)
        .DUNNAGE_OPTION(increments)
        .DUNNAGE_OPTION(replace)
        .DUNNAGE_OPTION(accept_losses)
        .DUNNAGE_OPTION(limits);
    add_watching(*made);
    return made;
  }();
  return *fields;
}

enum class Target { SameStore, OtherStore };

const Fields<CopyVolumeCall>& copy_volume_fields(const char* owner, Target target) {
  auto* made = new Fields<CopyVolumeCall>{owner};
  made->required("name", &CopyVolumeCall::name);
  if (target == Target::OtherStore) made->required("other", &CopyVolumeCall::other);
  made->required("new_name", &CopyVolumeCall::new_name);
  add_watching(*made);
  return *made;
}

const Fields<AdoptCall>& adopt_fields() {
  static const auto* const fields = [] {
    auto* made = new Fields<AdoptCall>{"VolumeStore.adopt"};
    made->required("volume", &AdoptCall::volume).DUNNAGE_OPTION(name).DUNNAGE_OPTION(copy).DUNNAGE_OPTION(labels);
    add_watching(*made);
    return made;
  }();
  return *fields;
}

/// `object.name` if it is a file that exists in Python alone, as io.BytesIO; else nothing.
py::object method_of_stream(const py::object& object, const char* name) {
  if (py::hasattr(object, "__fspath__") || !py::hasattr(object, name)) return py::none{};
  if (py::hasattr(object, "fileno")) {
    try {
      (void)object.attr("fileno")();
      return py::none{};
    } catch (const py::error_already_set& error) {
      if (!error.matches(PyExc_OSError)) throw;
    }
  }
  return object.attr(name);
}

ByteSink sink_of(const py::object& write) {
  return [&write](std::string_view bytes) {
    const Locked locked;
    write(py::bytes(bytes.data(), bytes.size()));
  };
}

ByteSource source_of(const py::object& read) {
  return [&read](char* buffer, std::size_t size) {
    const Locked locked;
    const auto got = read(size).cast<py::bytes>();
    const std::string_view bytes = got;
    if (bytes.size() <= size) std::memcpy(buffer, bytes.data(), bytes.size());
    return bytes.size();
  };
}

VolumeExportResult export_volume(const VolumeStore& store, const py::args& args, const py::kwargs& kwargs) {
  ExportCall call = export_fields().parse(args, kwargs);
  const std::string label = export_fields().label_of("target");
  const py::object write =
      PyCallable_Check(call.target.ptr()) != 0 ? call.target : method_of_stream(call.target, "write");
  const auto file = write.is_none() ? std::optional{file_or_path_from(call.target, label)} : std::nullopt;
  call.options.freeze = freeze_hook_of(call.freeze);
  VolumeExportResult result;
  run_watched(call.watching, [&](const Watch& watch) {
    call.options.watch = watch;
    result = !file ? store.export_to(call.name, sink_of(write), call.options)
                   : std::visit([&](const auto& to) { return store.export_to(call.name, to, call.options); }, *file);
  });
  return result;
}

StoredImport import_volume(VolumeStore& store, const py::args& args, const py::kwargs& kwargs) {
  ImportCall call = import_volume_fields().parse(args, kwargs);
  const py::object read = method_of_stream(call.source, "read");
  const auto file = read.is_none()
                        ? std::optional{file_or_path_from(call.source, import_volume_fields().label_of("source"))}
                        : std::nullopt;
  std::optional<VolumeImportResult> result;
  run_watched(call.watching, [&](const Watch& watch) {
    call.options.watch = watch;
    result.emplace(
        !file ? store.import_from(source_of(read), call.name, call.options)
              : std::visit([&](const auto& from) { return store.import_from(from, call.name, call.options); }, *file));
  });
  return {std::move(*result), store.root()};
}

StoredVolume copy_volume(const Fields<CopyVolumeCall>& fields, Target target, const VolumeStore& from,
                         const py::args& args, const py::kwargs& kwargs) {
  const CopyVolumeCall call = fields.parse(args, kwargs);
  if (target == Target::OtherStore && !py::isinstance<VolumeStore>(call.other)) {
    refuse_value(fields.label_of("other"), "a VolumeStore", call.other);
  }
  VolumeStore to = target == Target::OtherStore ? call.other.cast<VolumeStore>() : from;
  std::optional<Volume> volume;
  run_watched(call.watching, [&](const Watch& watch) {
    volume.emplace(from.copy_to(call.name, to, call.new_name, {.watch = watch}));
  });
  return {std::move(*volume), to.root()};
}

StoredVolume adopt_volume(VolumeStore& store, const py::args& args, const py::kwargs& kwargs) {
  AdoptCall call = adopt_fields().parse(args, kwargs);
  if (!py::isinstance<AdoptableVolume>(call.volume)) {
    refuse_value(adopt_fields().label_of("volume"), "an AdoptableVolume", call.volume);
  }
  const auto volume = call.volume.cast<AdoptableVolume>();
  std::optional<Volume> adopted;
  run_watched(call.watching, [&](const Watch& watch) {
    call.options.watch = watch;
    adopted.emplace(store.adopt(volume, call.options));
  });
  return {std::move(*adopted), store.root()};
}

void bind_archive_values(py::module_& module) {
  using Compression = ArchiveCompression;
  Enumeration<Compression>::define(module, "ArchiveCompression", "How the archive of a volume is packed.",
                                   {{"None_", Compression::None, std::string{to_string(Compression::None)}},
                                    {"Gzip", Compression::Gzip, std::string{to_string(Compression::Gzip)}},
                                    {"Zstd", Compression::Zstd, std::string{to_string(Compression::Zstd)}}});
  Fields<ArchiveLimits> limits{"ArchiveLimits"};
  limits.option("bytes", &ArchiveLimits::bytes, size_from)
      .option("file_bytes", &ArchiveLimits::file_bytes, size_from)
      .option("entries", &ArchiveLimits::entries)
      .option("ratio", &ArchiveLimits::ratio)
      .option("depth", &ArchiveLimits::depth);
  value_class(module, std::move(limits),
              "What an archive may cost before it is refused (LimitExceeded): bytes unpacked, bytes of one file, "
              "entries, unpacked bytes for each packed one, components of a path.");
  Fields<VolumeExportResult> result{"VolumeExportResult"};
  result.option("digest", &VolumeExportResult::digest)
      .option("tar_digest", &VolumeExportResult::tar_digest)
      .option("size", &VolumeExportResult::size)
      .option("entries", &VolumeExportResult::entries)
      .option("bytes", &VolumeExportResult::bytes)
      .option("users", &VolumeExportResult::users)
      .option("changed", &VolumeExportResult::changed);
  value_class(
      module, std::move(result),
      "What an export wrote: digests of its bytes and of the tar, bytes written, entries, bytes of content; the "
      "containers that used the volume, and files that changed while they were read.")
      .def_property_readonly("in_use", &VolumeExportResult::in_use, "Whether a container used the volume meanwhile.");
  Fields<AdoptableVolume> adoptable{"AdoptableVolume"};
  adoptable.option("engine", &AdoptableVolume::engine)
      .option("name", &AdoptableVolume::name)
      .option("directory", &AdoptableVolume::directory)
      .option("labels", &AdoptableVolume::labels)
      .option("driver_options", &AdoptableVolume::driver_options);
  value_class(module, std::move(adoptable),
              "A volume of \"docker\" or \"podman\", found on its disk; its data is in `_data` of `directory`.");
}

void bind_import_result(py::module_& module) {
  py::class_<StoredImport> cls{
      module, "VolumeImportResult",
      "What became of an archive: the volume, the digest of the tar, entries, bytes of content; "
      "and what of it could not be had, if that was accepted."};
  adopt(cls);
  cls.def_property_readonly("volume",
                            [](const StoredImport& made) {
                              return StoredVolume{made.result.volume, made.store};
                            })
      .def_property_readonly("tar_digest", [](const StoredImport& made) { return made.result.tar_digest; })
      .def_property_readonly("entries", [](const StoredImport& made) { return made.result.entries; })
      .def_property_readonly("bytes", [](const StoredImport& made) { return made.result.bytes; })
      .def_property_readonly("devices", [](const StoredImport& made) { return made.result.devices; })
      .def_property_readonly("attributes", [](const StoredImport& made) { return made.result.attributes; })
      .def_property_readonly("owners", [](const StoredImport& made) { return made.result.owners; })
      .def("__repr__", [](const StoredImport& made) {
        return "<dunnage.VolumeImportResult " + made.result.volume.name() + " " + made.result.tar_digest + ">";
      });
}

template <class Function>
void add_method(const py::object& cls, const char* name, Function function, const std::string& doc) {
  cls.attr(name) = py::cpp_function(std::move(function), py::name(name), py::is_method(cls), doc.c_str());
}

void bind_archives(const py::object& cls) {
  add_method(
      cls, "export_to",
      [](const VolumeStore& store, const py::args& args, const py::kwargs& kwargs) {
        return export_volume(store, args, kwargs);
      },
      "export_to" + export_fields().method_signature() +
          "\n--\n\nWrites a volume as a tar archive: to the file `target`, which appears whole or not at all; to a "
          "descriptor or an open file; or to a function of bytes. `freeze` is a context manager, "
          "entered before the reading of a volume that is in use, and left after it.");
  add_method(
      cls, "import_from",
      [](VolumeStore& store, const py::args& args, const py::kwargs& kwargs) {
        return import_volume(store, args, kwargs);
      },
      "import_from" + import_volume_fields().method_signature() +
          "\n--\n\nMakes a volume of an archive, a path, a descriptor or an open file, or with `replace` gives one "
          "that "
          "is there other data; whole or not at all.");
}

void bind_moves(py::module_& module, const py::object& cls) {
  add_method(
      cls, "rename",
      [](VolumeStore& store, const std::string& name, const std::string& new_name) {
        const Unlocked released;
        return StoredVolume{store.rename(name, new_name), store.root()};
      },
      "rename(self, name, new_name)\n--\n\nGives a volume another name, whoever uses it. Raises VolumeExists.");
  const auto add_copy = [&](const char* name, const char* owner, Target target, const std::string& doc) {
    const auto& fields = copy_volume_fields(owner, target);
    add_method(
        cls, name,
        [&fields, target](const VolumeStore& store, const py::args& args, const py::kwargs& kwargs) {
          return copy_volume(fields, target, store, args, kwargs);
        },
        name + fields.method_signature() + "\n--\n\n" + doc);
  };
  add_copy("copy", "VolumeStore.copy", Target::SameStore,
           "A new volume with the content and the labels of another one.");
  add_copy("copy_to", "VolumeStore.copy_to", Target::OtherStore, "The same as copy(), in another store.");
  add_method(
      cls, "adopt",
      [](VolumeStore& store, const py::args& args, const py::kwargs& kwargs) {
        return adopt_volume(store, args, kwargs);
      },
      "adopt" + adopt_fields().method_signature() +
          "\n--\n\nMakes a volume of one of Docker or Podman, which adoptable() found: in place, or as a copy.");
  module.def(
      "adoptable",
      [](const std::filesystem::path& volumes, const std::string& inspected) {
        const Unlocked released;
        return adoptable(volumes, inspected);
      },
      py::arg("volumes") = py::none{}, py::arg("inspected") = "",
      "adoptable(volumes=None, inspected='')\n--\n\nThe volumes in an engine's directory of volumes; None: where those "
      "of this user are by default. `inspected` is what `docker volume inspect` or `podman volume inspect` printed.");
}

}  // namespace

void bind_volume_archive(py::module_& module) {
  bind_archive_values(module);
  bind_import_result(module);
  const py::object cls = module.attr("VolumeStore");
  bind_archives(cls);
  bind_moves(module, cls);
}

}  // namespace dunnage::python

#undef DUNNAGE_OPTION
