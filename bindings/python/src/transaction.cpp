// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "gil.hpp"
#include "progress.hpp"
#include "value.hpp"

#include <dunnage/transaction.hpp>

#define DUNNAGE_MEMBER(name) option(#name, &M::name)

namespace dunnage::python {
namespace {

using Released = py::call_guard<Unlocked>;

template <class E>
std::vector<typename Enumeration<E>::Member> words_of(std::initializer_list<std::pair<const char*, E>> values) {
  std::vector<typename Enumeration<E>::Member> members;
  for (const auto& [name, value] : values) members.push_back({name, value, std::string{to_string(value)}});
  return members;
}

void define_change(py::module_& module) {
  using M = TransactionChange;
  using Kind = M::Kind;
  const auto kind = inner_enumeration<Kind>("TransactionChange", "Kind", "What has happened to a path.",
                                            words_of<Kind>({{"Added", Kind::Added},
                                                            {"Deleted", Kind::Deleted},
                                                            {"Modified", Kind::Modified},
                                                            {"Metadata", Kind::Metadata},
                                                            {"Replaced", Kind::Replaced},
                                                            {"Renamed", Kind::Renamed},
                                                            {"NestedMount", Kind::NestedMount}}));
  Fields<M> fields{"TransactionChange"};
  fields.DUNNAGE_MEMBER(kind).DUNNAGE_MEMBER(path).option("from_", &M::from).DUNNAGE_MEMBER(what);
  auto cls = value_class(module, std::move(fields),
                         "One path in which what the container sees differs from the source. `from_` is the path a "
                         "renamed file had; `what` are words: content, target, device, mode, owner, attributes, time, "
                         "links.");
  cls.attr("Kind") = kind;
  cls.def(
      "to_json", [](const M& change) { return to_json(change); }, "to_json(self)\n--\n\nAll of it, as JSON.");
}

void define_conflict(py::module_& module) {
  using M = TransactionConflict;
  using Source = M::Source;
  const auto source = inner_enumeration<Source>("TransactionConflict", "Source", "What has happened in the source.",
                                                words_of<Source>({{"Added", Source::Added},
                                                                  {"Deleted", Source::Deleted},
                                                                  {"Modified", Source::Modified},
                                                                  {"Metadata", Source::Metadata},
                                                                  {"Replaced", Source::Replaced},
                                                                  {"Mounted", Source::Mounted}}));
  Fields<M> fields{"TransactionConflict"};
  fields.DUNNAGE_MEMBER(path).DUNNAGE_MEMBER(change).DUNNAGE_MEMBER(source);
  auto cls = value_class(module, std::move(fields),
                         "A path that is changed in a transaction, and was changed in its source meanwhile.");
  cls.attr("Source") = source;
  cls.def(
      "to_json", [](const M& conflict) { return to_json(conflict); }, "to_json(self)\n--\n\nAll of it, as JSON.");
}

void define_info(py::module_& module) {
  using M = TransactionInfo;
  Fields<M> fields{"TransactionInfo"};
  fields.DUNNAGE_MEMBER(name)
      .DUNNAGE_MEMBER(source)
      .DUNNAGE_MEMBER(created_at)
      .DUNNAGE_MEMBER(upper)
      .DUNNAGE_MEMBER(work)
      .DUNNAGE_MEMBER(in_use);
  value_class(module, std::move(fields), "What is known of a transaction.")
      .def(
          "to_json", [](const M& info) { return to_json(info); }, "to_json(self)\n--\n\nAll of it, as JSON.");
}

/// What a verb is given.
struct TransactionCall {
  std::filesystem::path source{};
  std::string name{};
  TransactionFilter filter{};
  py::object accept = py::none{};
  bool overwrite = false;
  Watching watching{};
};

using Calls = Fields<TransactionCall>;

Calls* watched_fields(const char* call) {
  auto* made = new Calls{call};
  add_watching(*made);
  return made;
}

Calls* apply_fields() {
  auto* made = new Calls{"Transaction.apply"};
  made->option(
          "include", [](auto& call) -> auto& { return call.filter.include; })
      .option(
          "exclude", [](auto& call) -> auto& { return call.filter.exclude; })
      .option("accept", &TransactionCall::accept, function_of("a TransactionChange"))
      .option("overwrite", &TransactionCall::overwrite);
  add_watching(*made);
  return made;
}

Calls* begin_fields() {
  auto* made = new Calls{"TransactionStore.begin"};
  made->required("source", &TransactionCall::source).required("name", &TransactionCall::name);
  add_watching(*made);
  return made;
}

std::vector<TransactionChange> changes(const Transaction& transaction, const py::args& args, const py::kwargs& kwargs) {
  static const auto* const fields = watched_fields("Transaction.changes");
  const auto call = fields->parse(args, kwargs);
  std::vector<TransactionChange> found;
  run_watched(call.watching, [&](const Watch& watch) { found = transaction.changes(watch); });
  return found;
}

std::vector<TransactionConflict> conflicts(const Transaction& transaction, const py::args& args,
                                           const py::kwargs& kwargs) {
  static const auto* const fields = watched_fields("Transaction.conflicts");
  const auto call = fields->parse(args, kwargs);
  std::vector<TransactionConflict> found;
  run_watched(call.watching, [&](const Watch& watch) { found = transaction.conflicts(watch); });
  return found;
}

TransactionApplied apply(const Transaction& transaction, const py::args& args, const py::kwargs& kwargs) {
  static const auto* const fields = apply_fields();
  const auto call = fields->parse(args, kwargs);
  TransactionApplied applied;
  run_watched(call.watching, [&](const Watch& watch) {
    TransactionApplyOptions options{.filter = call.filter, .overwrite = call.overwrite, .watch = watch};
    if (!call.accept.is_none()) {
      options.filter.accept = [accept = py::handle{call.accept}](const TransactionChange& change) {
        const Locked locked;
        return py::cast<bool>(py::bool_(accept(change)));
      };
    }
    applied = transaction.apply(options);
  });
  return applied;
}

Transaction begin(TransactionStore& store, const py::args& args, const py::kwargs& kwargs) {
  static const auto* const fields = begin_fields();
  const auto call = fields->parse(args, kwargs);
  std::optional<Transaction> transaction;
  run_watched(call.watching,
              [&](const Watch& watch) { transaction.emplace(store.begin(call.source, call.name, watch)); });
  return *transaction;
}

py::object at(const Transaction& transaction, const std::string& target, const py::kwargs& options) {
  BindMount mount;
  {
    const Unlocked released;
    mount = transaction.at(target);
  }
  return py::cast(std::move(mount)).attr("replace")(**options);
}

std::string doc_of(const char* name, const Calls* fields, const char* doc) {
  return name + fields->method_signature() + "\n--\n\n" + doc;
}

void define_applied(py::module_& module) {
  using M = TransactionApplied;
  Fields<M> fields{"TransactionApplied"};
  fields.DUNNAGE_MEMBER(changes).DUNNAGE_MEMBER(came_along);
  value_class(module, std::move(fields),
              "What Transaction.apply() has done: the changes, and the paths among them that others needed.");
}

void define_transaction(py::module_& module) {
  py::class_<Transaction> cls{module, "Transaction",
                              "A directory a container may write to, and that stays as it is until apply()."};
  adopt(cls);
  cls.def_property_readonly("name", &Transaction::name)
      .def("info", &Transaction::info, Released{}, "info(self)\n--\n\nWhat is known of it, as a TransactionInfo.")
      .def("at", at, py::arg("target"),
           "at(self, target, **options)\n--\n\nThe source at `target` in a container, writable, with all changes so "
           "far: a BindMount, of which `options` are further keywords.")
      .def("changes", changes,
           doc_of("changes", watched_fields("Transaction.changes"),
                  "All changes, as a list of TransactionChange, sorted by path; told by content.")
               .c_str())
      .def("conflicts", conflicts,
           doc_of("conflicts", watched_fields("Transaction.conflicts"),
                  "What the transaction changes and its source has changed, too: a list of TransactionConflict.")
               .c_str())
      .def("apply", apply,
           doc_of("apply", apply_fields(),
                  "Takes changes over into the source: those whose paths match a pattern of `include`, none of "
                  "`exclude`, and for which `accept` answers True. Raises TransactionInUse, and TransactionConflicts "
                  "unless `overwrite` is True; then nothing was touched.")
               .c_str())
      .def("discard", &Transaction::discard, Released{},
           "discard(self)\n--\n\nIt is gone, and its source was never touched. Raises TransactionInUse.")
      .def("__repr__",
           [](const Transaction& self) { return "<dunnage.Transaction " + repr_of(py::str(self.name())) + ">"; });
}

void define_transaction_store(py::module_& module) {
  py::class_<TransactionStore> cls{module, "TransactionStore", "The transactions of a store."};
  adopt(cls);
  cls.def_static(
         "open",
         [](const std::filesystem::path& root) {
           const Unlocked released;
           return root.empty() ? TransactionStore::open() : TransactionStore::open(root);
         },
         py::arg("root") = py::none{},
         "open(root=None)\n--\n\nOpens the store, creating it when it is absent; None: default_store().")
      .def_property_readonly("root", &TransactionStore::root)
      .def("begin", begin,
           doc_of("begin", begin_fields(), "A new transaction of a directory. Raises TransactionExists.").c_str())
      .def("get", &TransactionStore::get, Released{}, py::arg("name"),
           "get(self, name)\n--\n\nThe transaction of that name; raises TransactionMissing, which is a KeyError.")
      .def("find", &TransactionStore::find, Released{}, py::arg("name"),
           "find(self, name)\n--\n\nThe transaction of that name, or None.")
      .def("list", &TransactionStore::list, Released{},
           "list(self)\n--\n\nWhat is known of each, as a list of TransactionInfo, sorted by name.")
      .def("__repr__", [](const TransactionStore& self) {
        return "<dunnage.TransactionStore " + repr_of(py::cast(self.root()).attr("__str__")()) + ">";
      });
}

}  // namespace

void bind_transaction(py::module_& module) {
  define_change(module);
  define_conflict(module);
  define_info(module);
  define_applied(module);
  define_transaction(module);
  define_transaction_store(module);
}

}  // namespace dunnage::python

#undef DUNNAGE_MEMBER
