// SPDX-License-Identifier: Apache-2.0
#include "volume_seed.hpp"

#include "bindings.hpp"
#include "value.hpp"

namespace dunnage::python {

VolumeSeed seed_from(py::handle object, const std::string& name) {
  if (object.is_none()) return {};
  if (py::isinstance<SeedDirectory>(object)) return object.cast<SeedDirectory>();
  if (py::isinstance<SeedFiles>(object)) return object.cast<SeedFiles>();
  if (py::isinstance<SeedSnapshot>(object)) return object.cast<SeedSnapshot>();
  if (py::isinstance<SeedArchive>(object)) return object.cast<SeedArchive>();
  refuse_value(name, "a SeedDirectory, SeedFiles, SeedSnapshot or SeedArchive, or None", object);
}

namespace {

/// Text, or bytes: a file may hold anything.
std::map<std::string, std::string> files_from(py::handle object, const std::string& name) {
  const py::object dict = dict_from(object);
  if (!py::isinstance<py::dict>(dict)) refuse_value(name, "a dict of str to str or bytes", object);
  std::map<std::string, std::string> files;
  for (const auto& [path, content] : py::reinterpret_borrow<py::dict>(dict)) {
    files[value_from<std::string>(path, name)] = py::isinstance<py::bytes>(content)
                                                     ? content.cast<py::bytes>().cast<std::string>()
                                                     : value_from<std::string>(content, name);
  }
  return files;
}

}  // namespace

void bind_volume_seed(py::module_& module) {
  Fields<SeedDirectory> directory{"SeedDirectory"};
  directory.required("path", &SeedDirectory::path).option("keep_owner", &SeedDirectory::keep_owner);
  value_class(module, std::move(directory),
              "The content of a directory of the host, for a new volume. Without `keep_owner` it belongs to the "
              "containers' root.");
  Fields<SeedFiles> files{"SeedFiles"};
  files.required("files", &SeedFiles::files, files_from);
  value_class(module, std::move(files),
              "Files for a new volume: a dict of their paths in it to what is in them, str or bytes.");
  Fields<SeedSnapshot> snapshot{"SeedSnapshot"};
  snapshot.required("volume", &SeedSnapshot::volume).required("snapshot", &SeedSnapshot::snapshot);
  value_class(module, std::move(snapshot), "A snapshot of a volume of the same store, for a new volume.");
  Fields<SeedArchive> archive{"SeedArchive"};
  archive.required("path", &SeedArchive::path)
      .option("digest", &SeedArchive::digest)
      .option("accept_losses", &SeedArchive::accept_losses);
  value_class(
      module, std::move(archive),
      "A tar archive, also one packed by gzip or zstd, for a new volume, as VolumeStore.import_from() reads it. "
      "`digest` is \"sha256:...\" of it or of the tar in it; with `accept_losses` devices, ids and attributes "
      "that cannot be had here are left out.");
}

}  // namespace dunnage::python
