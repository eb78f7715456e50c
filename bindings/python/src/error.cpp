// SPDX-License-Identifier: Apache-2.0
// The classes of exceptions are Python's (dunnage/_errors.py); this hands over what an Error of C++ knows.
#include "error.hpp"

#include "bindings.hpp"
#include "closed.hpp"
#include "enumeration.hpp"

#include <pybind11/stl.h>

#include <exception>
#include <system_error>

namespace dunnage::python {
namespace {

constexpr std::pair<const char*, errc> kErrorCodes[] = {
    {"invalid_spec", errc::invalid_spec},
    {"invalid_argument", errc::invalid_argument},
    {"duplicate_target", errc::duplicate_target},
    {"source_missing", errc::source_missing},
    {"target_conflict", errc::target_conflict},
    {"volume_missing", errc::volume_missing},
    {"volume_exists", errc::volume_exists},
    {"volume_in_use", errc::volume_in_use},
    {"volume_damaged", errc::volume_damaged},
    {"store_unusable", errc::store_unusable},
    {"container_missing", errc::container_missing},
    {"container_exists", errc::container_exists},
    {"not_running", errc::not_running},
    {"program_missing", errc::program_missing},
    {"program_unusable", errc::program_unusable},
    {"user_unknown", errc::user_unknown},
    {"not_supported", errc::not_supported},
    {"launcher_lost", errc::launcher_lost},
    {"wrong_process", errc::wrong_process},
    {"timed_out", errc::timed_out},
    {"image_missing", errc::image_missing},
    {"image_in_use", errc::image_in_use},
    {"image_invalid", errc::image_invalid},
    {"digest_mismatch", errc::digest_mismatch},
    {"limit_exceeded", errc::limit_exceeded},
    {"pull_failed", errc::pull_failed},
    {"cancelled", errc::cancelled},
    {"not_granted", errc::not_granted},
    {"snapshot_missing", errc::snapshot_missing},
    {"snapshot_exists", errc::snapshot_exists},
    {"volume_protected", errc::volume_protected},
    {"transaction_missing", errc::transaction_missing},
    {"transaction_exists", errc::transaction_exists},
    {"transaction_in_use", errc::transaction_in_use},
    {"transaction_conflict", errc::transaction_conflict},
};

/// Members for the exception beside those every Error has.
py::dict particulars(const Error& error) {
  py::dict extra;
  if (const auto* spec = dynamic_cast<const SpecError*>(&error)) {
    extra["line"] = spec->line();
    extra["column"] = spec->column();
    extra["length"] = spec->length();
    extra["spec_code"] = spec->spec_code();
    extra["spec_stage"] = spec->spec_stage();
    extra["engine_words"] = spec->engine_words();
    extra["_json"] = to_json(*spec);
  } else if (const auto* mount = dynamic_cast<const MountError*>(&error)) {
    extra["source"] = mount->source();
    extra["target"] = mount->target();
  } else if (const auto* volume = dynamic_cast<const VolumeError*>(&error)) {
    extra["users"] = volume->users();
  } else if (const auto* image = dynamic_cast<const ImageError*>(&error)) {
    extra["users"] = image->users();
  } else if (const auto* project = dynamic_cast<const ProjectError*>(&error)) {
    extra["place"] = project->place();
    extra["path"] = project->path();
  } else if (const auto* apply = dynamic_cast<const ApplyError*>(&error)) {
    extra["done"] = apply->done();
    extra["undone"] = apply->undone();
  }
  return extra;
}

const char* family_of(const Error& error) {
  if (dynamic_cast<const SpecError*>(&error) != nullptr) return "SpecError";
  if (dynamic_cast<const MountError*>(&error) != nullptr) return "MountError";
  if (dynamic_cast<const LaunchError*>(&error) != nullptr) return "LaunchError";
  if (dynamic_cast<const VolumeError*>(&error) != nullptr) return "VolumeError";
  if (dynamic_cast<const ImageError*>(&error) != nullptr) return "ImageError";
  if (dynamic_cast<const ProjectError*>(&error) != nullptr) return "ProjectError";
  if (dynamic_cast<const ApplyError*>(&error) != nullptr) return "ApplyError";
  return "Error";
}

/// Sets Python's error, or the one that came up on the way there.
template <class Set>
void set_or_restore(Set set) {
  try {
    set();
  } catch (py::error_already_set& failure) {
    failure.restore();
  }
}

/// Of a text that need not be UTF-8, as what it quotes need not be.
void set_error(PyObject* type, const char* text) {
  set_or_restore([&] { PyErr_SetObject(type, text_to(text).ptr()); });
}

void translate(std::exception_ptr pointer) {
  try {
    if (pointer) std::rethrow_exception(pointer);
  } catch (const Error& error) {
    set_or_restore([&] {
      const py::object exception = exception_of(error);
      PyErr_SetObject(py::type::handle_of(exception).ptr(), exception.ptr());
    });
  } catch (const std::system_error& error) {  // of the standard library, and of what waits here
    if (error.code().category() != std::generic_category() && error.code().category() != std::system_category()) throw;
    set_or_restore([&] { PyErr_SetObject(PyExc_OSError, py::make_tuple(error.code().value(), error.what()).ptr()); });
  } catch (const Closed& closed) {
    set_or_restore([&] {
      const py::object type = py::module_::import("dunnage._errors").attr("ClosedError");
      PyErr_SetObject(type.ptr(), text_to(closed.what()).ptr());
    });
  } catch (const py::type_error& error) {
    set_error(PyExc_TypeError, error.what());
  } catch (const py::value_error& error) {
    set_error(PyExc_ValueError, error.what());
  } catch (const py::key_error& error) {
    set_error(PyExc_KeyError, error.what());
  }
}

}  // namespace

py::object exception_of(const Error& error) {
  const bool ours = error.code().category() == error_category();
  const auto condition = error.code().default_error_condition();
  const bool system =
      condition.category() == std::generic_category() || error.code().category() == std::system_category();
  py::object code = py::none{};
  if (ours) code = py::cast(static_cast<errc>(error.code().value()));
  return py::module_::import("dunnage._errors")
      .attr("make")(family_of(error), std::string{error.what()}, code,
                    system ? py::object{py::int_{condition.value()}} : py::none{}, error.stage(), error.operation(),
                    error.subject(), error.code().message(), error.remedy(), particulars(error));
}

void bind_error(py::module_& module) {
  std::vector<Enumeration<errc>::Member> codes;
  for (const auto& [name, value] : kErrorCodes) codes.push_back({name, value, name});
  Enumeration<errc>::define(module, "errc", "What went wrong, where a plain errno would not say it.", std::move(codes));

  std::vector<Enumeration<Stage>::Member> stages;
  constexpr std::pair<const char*, Stage> kStages[] = {{"Parse", Stage::Parse},     {"Resolve", Stage::Resolve},
                                                       {"Prepare", Stage::Prepare}, {"Launch", Stage::Launch},
                                                       {"Run", Stage::Run},         {"Store", Stage::Store}};
  for (const auto& [name, value] : kStages) stages.push_back({name, value, std::string{to_string(value)}});
  Enumeration<Stage>::define(module, "Stage", "Where in the flow an error arose.", std::move(stages));
  py::register_exception_translator(translate);
}

}  // namespace dunnage::python
