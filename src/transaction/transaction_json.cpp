// SPDX-License-Identifier: Apache-2.0
#include <dunnage/transaction.hpp>

#include "volume/timestamp.hpp"

#include <nlohmann/json.hpp>

namespace dunnage {
namespace {

using TransactionJson = nlohmann::ordered_json;

std::string text_of(const TransactionJson& json) {
  return json.dump(-1, ' ', false, TransactionJson::error_handler_t::replace);
}

}  // namespace

std::string_view to_string(TransactionChange::Kind kind) noexcept {
  switch (kind) {
    case TransactionChange::Kind::Added:
      return "added";
    case TransactionChange::Kind::Deleted:
      return "deleted";
    case TransactionChange::Kind::Modified:
      return "modified";
    case TransactionChange::Kind::Metadata:
      return "metadata";
    case TransactionChange::Kind::Replaced:
      return "replaced";
    case TransactionChange::Kind::Renamed:
      return "renamed";
    case TransactionChange::Kind::NestedMount:
      return "nested-mount";
  }
  return "";
}

std::string_view to_string(TransactionConflict::Source source) noexcept {
  switch (source) {
    case TransactionConflict::Source::Added:
      return "added";
    case TransactionConflict::Source::Deleted:
      return "deleted";
    case TransactionConflict::Source::Modified:
      return "modified";
    case TransactionConflict::Source::Metadata:
      return "metadata";
    case TransactionConflict::Source::Replaced:
      return "replaced";
    case TransactionConflict::Source::Mounted:
      return "mounted";
  }
  return "";
}

std::string to_json(const TransactionInfo& transaction) {
  return text_of({{"Name", transaction.name},
                  {"Source", transaction.source.string()},
                  {"CreatedAt", volume::format_time(transaction.created_at, volume::Precision::Seconds)},
                  {"Upper", transaction.upper.string()},
                  {"InUse", transaction.in_use}});
}

std::string to_json(const TransactionChange& change) {
  return text_of(
      {{"Kind", to_string(change.kind)}, {"Path", change.path}, {"From", change.from}, {"What", change.what}});
}

std::string to_json(const TransactionConflict& conflict) {
  return text_of(
      {{"Path", conflict.path}, {"Change", to_string(conflict.change)}, {"Source", to_string(conflict.source)}});
}

}  // namespace dunnage
