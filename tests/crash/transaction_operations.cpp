// SPDX-License-Identifier: Apache-2.0
#include "crash/store_operation.hpp"

#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>
#include <dunnage/prepared_mounts.hpp>
#include <dunnage/transaction.hpp>

#include "launcher/connection.hpp"
#include "launcher/identity.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace dunnage::test {

namespace {

using Place = StoreOperation::Place;

void write_file(const Place& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream{file} << text;
}

/// What is answered although a call has failed has to be right.
void require(bool right) {
  if (!right) throw std::runtime_error{"the answer is wrong"};
}

TransactionStore open_transactions(const Place& place) { return TransactionStore::open(place / "store"); }

/// A source as it was, and a transaction with changes of every kind, written to it as an overlay would.
void make_transaction(const Place& place) {
  TransactionStore store = open_transactions(place);
  for (const TransactionInfo& each : store.list()) store.get(each.name).discard();
  const Place source = place / "store-source";
  std::filesystem::remove_all(source);
  write_file(source / "d/file", "as it was");
  write_file(source / "kept", "as it was");
  std::filesystem::create_hard_link(source / "kept", source / "d/linked");
  const Place upper = store.begin(source, "try").info().upper;
  write_file(upper / "d/file", "changed");
  write_file(upper / "new/deep/file", "new");
  std::filesystem::create_hard_link(upper / "new/deep/file", upper / "new/two");
}

}  // namespace

std::vector<StoreOperation> transaction_operations() {
  const auto operation = [](std::string name, std::function<void(TransactionStore&, const Place&)> call,
                            std::error_code done_before) {
    return StoreOperation{.name = std::move(name),
                          .prepare = make_transaction,
                          .ready =
                              [call](const Place& place) {
                                (void)launcher::Connection::get(launcher::identity_for(0, 0));
                                return
                                    [store = open_transactions(place), place, call]() mutable { call(store, place); };
                              },
                          .undo = make_transaction,
                          .done_before = done_before,
                          .launcher = true};
  };
  std::vector<StoreOperation> operations{
      operation(
          "begin a transaction",
          [](TransactionStore& store, const Place& place) { (void)store.begin(place / "store-source", "other"); },
          errc::transaction_exists),
      operation(
          "discard a transaction", [](TransactionStore& store, const Place&) { store.get("try").discard(); },
          errc::transaction_missing),
      operation("list the changes of a transaction",
                [](TransactionStore& store, const Place&) { require(store.get("try").changes().size() == 5); }, {}),
      operation("look for conflicts of a transaction",
                [](TransactionStore& store, const Place&) { require(store.get("try").conflicts().empty()); }, {}),
      operation("prepare the mount of a transaction",
                [](TransactionStore& store, const Place& place) {
                  const MountSet mounts{store.get("try").at("/app")};
                  const PreparedMounts prepared = mounts.resolve({.store = place / "store"}).prepare();
                  require(store.get("try").info().in_use);
                },
                {}),
      operation("apply a transaction", [](TransactionStore& store, const Place&) { (void)store.get("try").apply(); },
                {})};
  operations[4].unsynced = true;     // and an overlay cannot write to every disk
  operations.back().resumes = true;  // each file appears as a whole, one after the other
  return operations;
}

}  // namespace dunnage::test
