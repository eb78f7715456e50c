// SPDX-License-Identifier: Apache-2.0
#include "plan/transaction_source.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "model/mount_name.hpp"
#include "model/volume_name.hpp"
#include "transaction/nested_mounts.hpp"
#include "transaction/place.hpp"

#include <fmt/format.h>

#include <utility>

namespace dunnage::plan {
namespace {

[[noreturn]] void refuse_transaction(const BindMount& bind, std::string cause, std::error_code code,
                                     std::string remedy) {
  throw model::mount_error(Stage::Resolve, "resolve", bind, std::move(cause), code, std::move(remedy));
}

std::filesystem::path transaction_path(const BindMount& bind, StoreLook& stores) {
  const std::string& said = bind.options.transaction;
  if (said.starts_with('/')) {
    return said;
  }
  if (!model::is_valid_volume_name(said)) {
    refuse_transaction(bind, fmt::format("\"{}\" is neither the name of a transaction nor an absolute path", said),
                       make_error_code(errc::invalid_argument), "give what it was begun as");
  }
  return stores.root_of({}) / transaction::kTransactionsName / said;
}

}  // namespace

void take_transaction(const BindMount& bind, ResolvedMount& mount, StoreLook& stores) {
  const std::filesystem::path path = transaction_path(bind, stores);
  try {
    const transaction::Place place = transaction::open_place(path, {"find transaction", path.filename().string()});
    if (place.metadata.source != mount.source) {
      refuse_transaction(bind,
                         fmt::format("transaction \"{}\" is one of \"{}\"", place.metadata.name, place.metadata.source),
                         make_error_code(errc::invalid_argument), "begin another one for this source");
    }
    mount.transaction = place.path.string();
    mount.overlay =
        OverlayOptions{.upper = place.path / transaction::kUpperName, .work = place.path / transaction::kWorkName};
    mount.reasons.push_back(fmt::format(
        "changes go to transaction \"{}\", and the source stays as it is until they are applied", place.metadata.name));
    for (const std::string& nested : transaction::nested_mounts(place.metadata.source)) {
      mount.reasons.push_back(fmt::format(
          "what is mounted at \"{}/{}\" is not shown; what is below that mount is not part of the transaction",
          mount.source.string(), nested));
    }
  } catch (const VolumeError& error) {
    refuse_transaction(bind, fmt::format("transaction \"{}\"", bind.options.transaction), error.code(), error.remedy());
  } catch (const kernel::CallError& error) {
    refuse_transaction(bind, fmt::format("transaction \"{}\": {}", bind.options.transaction, error.call()),
                       error.code(), "look at its directory in the store");
  }
}

}  // namespace dunnage::plan
