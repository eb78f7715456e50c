// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "strings.hpp"

#include <dunnage/dunnage.hpp>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::python {

/// An enum of C++ as an enum.Enum of Python: members have their names of C++, and their values are the words that
/// texts use ("rprivate"). Where a member is expected, its word is taken as well.
template <class E>
class Enumeration {
 public:
  struct Member {
    const char* name;
    E value;
    std::string word;
  };

  /// `scope` is the module, or the class the enum lies in; `prefix` is the class if it is not there yet.
  static void define(py::object scope, const char* name, const char* doc, std::vector<Member> members,
                     const std::string& prefix = {}) {
    members_ = std::move(members);
    py::dict words;
    for (const auto& member : members_) words[member.name] = member.word;
    std::string qualified = prefix + name;
    if (py::isinstance<py::type>(scope)) qualified = scope.attr("__qualname__").cast<std::string>() + "." + name;
    py::object type = py::module_::import("enum").attr("Enum")(name, words, py::arg("module") = "dunnage",
                                                               py::arg("qualname") = qualified);
    type.attr("__doc__") = doc;
    scope.attr(name) = type;
    name_ = qualified;
    type_ = type.release();  // as long as the process
  }

  [[nodiscard]] static py::object to(E value) {
    for (const auto& member : members_) {
      if (member.value == value) return py::reinterpret_borrow<py::object>(type_)(member.word);
    }
    throw py::value_error{name_ + " has no member for " + std::to_string(static_cast<int>(value))};
  }

  /// False for an object of another type. Throws: ValueError for a word that is none of them.
  static bool from(py::handle object, E& value) {
    const bool is_member = py::isinstance(object, type_);
    if (!is_member && !py::isinstance<py::str>(object)) return false;
    const auto word = (is_member ? py::object{object.attr("value")} : py::reinterpret_borrow<py::object>(object))
                          .template cast<std::string>();
    std::string words;
    for (const auto& member : members_) {
      if (member.word == word) {
        value = member.value;
        return true;
      }
      words += (words.empty() ? "\"" : ", \"") + member.word + "\"";
    }
    throw py::value_error{"there is no \"" + word + "\"; there is " + words};
  }

  [[nodiscard]] static const std::string& name() { return name_; }

 private:
  static inline std::vector<Member> members_;
  static inline py::handle type_;
  static inline std::string name_;
};

/// An enum that is needed before the class `owner` it lies in, whose signature shows it; it is put there afterwards.
template <class E>
[[nodiscard]] py::object inner_enumeration(const std::string& owner, const char* name, const char* doc,
                                           std::vector<typename Enumeration<E>::Member> members) {
  const py::object scope = py::module_::import("types").attr("SimpleNamespace")();
  Enumeration<E>::define(scope, name, doc, std::move(members), owner + ".");
  return scope.attr(name);
}

template <class E>
struct EnumerationCaster {
  PYBIND11_TYPE_CASTER(E, py::detail::const_name("enum"));
  bool load(py::handle source, bool) { return Enumeration<E>::from(source, value); }
  static py::handle cast(E source, py::return_value_policy, py::handle) { return Enumeration<E>::to(source).release(); }
};

}  // namespace dunnage::python

namespace pybind11::detail {

using dunnage::python::EnumerationCaster;

template <>
struct type_caster<dunnage::Follow> : EnumerationCaster<dunnage::Follow> {};
template <>
struct type_caster<dunnage::LossPolicy> : EnumerationCaster<dunnage::LossPolicy> {};
template <>
struct type_caster<dunnage::Propagation> : EnumerationCaster<dunnage::Propagation> {};
template <>
struct type_caster<dunnage::Recursion> : EnumerationCaster<dunnage::Recursion> {};
template <>
struct type_caster<dunnage::Relabel> : EnumerationCaster<dunnage::Relabel> {};
template <>
struct type_caster<dunnage::AccessMode> : EnumerationCaster<dunnage::AccessMode> {};
template <>
struct type_caster<dunnage::LimitWay> : EnumerationCaster<dunnage::LimitWay> {};
template <>
struct type_caster<dunnage::UsageWay> : EnumerationCaster<dunnage::UsageWay> {};
template <>
struct type_caster<dunnage::PruneDecision::Reason> : EnumerationCaster<dunnage::PruneDecision::Reason> {};
template <>
struct type_caster<dunnage::Ownership::Kind> : EnumerationCaster<dunnage::Ownership::Kind> {};
template <>
struct type_caster<dunnage::MountKind> : EnumerationCaster<dunnage::MountKind> {};
template <>
struct type_caster<dunnage::FileKind> : EnumerationCaster<dunnage::FileKind> {};
template <>
struct type_caster<dunnage::PullPolicy> : EnumerationCaster<dunnage::PullPolicy> {};
template <>
struct type_caster<dunnage::ArchiveCompression> : EnumerationCaster<dunnage::ArchiveCompression> {};
template <>
struct type_caster<dunnage::RootChanges::Kind> : EnumerationCaster<dunnage::RootChanges::Kind> {};
template <>
struct type_caster<dunnage::ImageVolumes> : EnumerationCaster<dunnage::ImageVolumes> {};
template <>
struct type_caster<dunnage::Change::Kind> : EnumerationCaster<dunnage::Change::Kind> {};
template <>
struct type_caster<dunnage::PathExplanation::Presence> : EnumerationCaster<dunnage::PathExplanation::Presence> {};
template <>
struct type_caster<dunnage::Network> : EnumerationCaster<dunnage::Network> {};
template <>
struct type_caster<dunnage::Lifetime> : EnumerationCaster<dunnage::Lifetime> {};
template <>
struct type_caster<dunnage::RestartPolicy::Kind> : EnumerationCaster<dunnage::RestartPolicy::Kind> {};
template <>
struct type_caster<dunnage::ContainerStatus> : EnumerationCaster<dunnage::ContainerStatus> {};
template <>
struct type_caster<dunnage::LogEntry::Stream> : EnumerationCaster<dunnage::LogEntry::Stream> {};
template <>
struct type_caster<dunnage::Rootfs::Kind> : EnumerationCaster<dunnage::Rootfs::Kind> {};
template <>
struct type_caster<dunnage::Seccomp::Kind> : EnumerationCaster<dunnage::Seccomp::Kind> {};
template <>
struct type_caster<dunnage::Stdio::Kind> : EnumerationCaster<dunnage::Stdio::Kind> {};
template <>
struct type_caster<dunnage::Replace> : EnumerationCaster<dunnage::Replace> {};
template <>
struct type_caster<dunnage::ProjectNote::Kind> : EnumerationCaster<dunnage::ProjectNote::Kind> {};
template <>
struct type_caster<dunnage::ServiceDependency::Condition> : EnumerationCaster<dunnage::ServiceDependency::Condition> {};
template <>
struct type_caster<dunnage::ProjectStep::Kind> : EnumerationCaster<dunnage::ProjectStep::Kind> {};
template <>
struct type_caster<dunnage::ApplyEvent::Phase> : EnumerationCaster<dunnage::ApplyEvent::Phase> {};
template <>
struct type_caster<dunnage::StoreFinding::Part> : EnumerationCaster<dunnage::StoreFinding::Part> {};
template <>
struct type_caster<dunnage::StoreFinding::Kind> : EnumerationCaster<dunnage::StoreFinding::Kind> {};
template <>
struct type_caster<dunnage::SnapshotWay> : EnumerationCaster<dunnage::SnapshotWay> {};
template <>
struct type_caster<dunnage::SnapshotConsistency> : EnumerationCaster<dunnage::SnapshotConsistency> {};
template <>
struct type_caster<dunnage::SnapshotChange::Kind> : EnumerationCaster<dunnage::SnapshotChange::Kind> {};
template <>
struct type_caster<dunnage::TransactionChange::Kind> : EnumerationCaster<dunnage::TransactionChange::Kind> {};
template <>
struct type_caster<dunnage::TransactionConflict::Source> : EnumerationCaster<dunnage::TransactionConflict::Source> {};
template <>
struct type_caster<dunnage::Engine> : EnumerationCaster<dunnage::Engine> {};
template <>
struct type_caster<dunnage::SpecCode> : EnumerationCaster<dunnage::SpecCode> {};
template <>
struct type_caster<dunnage::SpecStage> : EnumerationCaster<dunnage::SpecStage> {};
template <>
struct type_caster<dunnage::SpecType> : EnumerationCaster<dunnage::SpecType> {};
template <>
struct type_caster<dunnage::Stage> : EnumerationCaster<dunnage::Stage> {};
template <>
struct type_caster<dunnage::errc> : EnumerationCaster<dunnage::errc> {};

}  // namespace pybind11::detail
