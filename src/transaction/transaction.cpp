// SPDX-License-Identifier: Apache-2.0
#include <dunnage/transaction.hpp>

#include <dunnage/error.hpp>

#include "kernel/files.hpp"
#include "transaction/apply.hpp"
#include "transaction/baseline.hpp"
#include "transaction/begin.hpp"
#include "transaction/changes.hpp"
#include "transaction/conflicts.hpp"
#include "transaction/journal.hpp"
#include "transaction/place.hpp"
#include "transaction/view.hpp"

#include <algorithm>
#include <utility>

namespace dunnage {

struct TransactionStore::State {
  volume::Layout layout;
};

struct Transaction::State {
  std::shared_ptr<const volume::Layout> layout;
  std::string name;
};

namespace {

using transaction::Place;

/// A transaction and its source, with what a killed apply has left to be done.
struct Opened {
  Place place;
  kernel::FileDescriptor source;
};

Opened open_both(const volume::Layout& layout, const volume::Deed& deed) {
  Opened opened{transaction::open_place(layout, deed, deed.volume), {}};
  opened.source = transaction::open_transaction_source(deed, opened.place.metadata.source);
  if (transaction::has_to_finish(opened.place.directory.get())) {
    const transaction::TransactionLock lock{opened.place.directory.get()};
    if (lock.held()) {
      transaction::finish_apply(deed, opened.place, opened.source.get());
    }
  }
  return opened;
}

TransactionInfo info_of(const Place& place) {
  using transaction::TransactionLock;
  const TransactionLock lock{place.directory.get(), TransactionLock::Wish::Look};
  return {.name = place.metadata.name,
          .source = place.metadata.source,
          .created_at = place.metadata.created_at,
          .upper = place.path / transaction::kUpperName,
          .work = place.path / transaction::kWorkName,
          .in_use = !lock.held()};
}

}  // namespace

Transaction::Transaction(std::shared_ptr<const State> state) : state_{std::move(state)} {}

const std::string& Transaction::name() const noexcept { return state_->name; }

TransactionInfo Transaction::info() const {
  const volume::Deed deed{"look at transaction", name()};
  return volume::with_deed(deed, [&] { return info_of(transaction::open_place(*state_->layout, deed, name())); });
}

BindMount Transaction::at(std::string target, BindOptions options) const {
  const volume::Deed deed{"mount transaction", name()};
  return volume::with_deed(deed, [&] {
    const Opened opened = open_both(*state_->layout, deed);
    options.transaction = opened.place.path.string();
    return BindMount{
        .source = opened.place.metadata.source, .target = std::move(target), .options = std::move(options)};
  });
}

std::vector<TransactionChange> Transaction::changes(const Watch& watch) const {
  const volume::Deed deed{"list the changes of transaction", name()};
  return volume::with_deed(deed, [&] {
    const Opened opened = open_both(*state_->layout, deed);
    return transaction::changes_in(transaction::look_at_transaction(deed, opened.place, opened.source.get(), watch));
  });
}

std::vector<TransactionConflict> Transaction::conflicts(const Watch& watch) const {
  const volume::Deed deed{"look for conflicts of transaction", name()};
  return volume::with_deed(deed, [&] {
    const Opened opened = open_both(*state_->layout, deed);
    const auto view = transaction::look_at_transaction(deed, opened.place, opened.source.get(), watch);
    return transaction::conflicts_of(transaction::changes_in(view), view,
                                     transaction::read_baseline(deed, opened.place.directory.get()),
                                     transaction::begun_paths(opened.place));
  });
}

TransactionApplied Transaction::apply(const TransactionApplyOptions& options) const {
  const volume::Deed deed{"apply transaction", name()};
  return volume::with_deed(deed, [&] {
    const Place place = transaction::open_place(*state_->layout, deed, name());
    const transaction::TransactionLock lock{place.directory.get()};
    if (!lock.held()) {
      throw transaction::in_use_failure(deed);
    }
    transaction::require_place(*state_->layout, deed, place.directory.get());
    const auto source = transaction::open_transaction_source(deed, place.metadata.source);
    return transaction::apply_changes(deed, place, source.get(), lock.get(), options);
  });
}

void Transaction::discard() const {
  const volume::Deed deed{"discard transaction", name()};
  volume::with_deed(deed, [&] { transaction::discard_transaction(*state_->layout, deed); });
}

TransactionStore::TransactionStore(std::shared_ptr<const State> state) : state_{std::move(state)} {}

TransactionStore TransactionStore::open(const std::filesystem::path& root) {
  return TransactionStore{std::make_shared<const State>(State{volume::open_layout(root)})};
}

const std::filesystem::path& TransactionStore::root() const noexcept { return state_->layout.path; }

Transaction TransactionStore::begin(const std::filesystem::path& source, const std::string& name, const Watch& watch) {
  const volume::Deed deed{"begin transaction", name};
  volume::with_deed(deed, [&] { transaction::begin_transaction(state_->layout, deed, source, watch); });
  return Transaction{std::make_shared<const Transaction::State>(Transaction::State{{state_, &state_->layout}, name})};
}

Transaction TransactionStore::get(const std::string& name) const {
  const volume::Deed deed{"get transaction", name};
  volume::with_deed(deed, [&] { (void)transaction::open_place(state_->layout, deed, name); });
  return Transaction{std::make_shared<const Transaction::State>(Transaction::State{{state_, &state_->layout}, name})};
}

std::optional<Transaction> TransactionStore::find(const std::string& name) const {
  try {
    return get(name);
  } catch (const VolumeError& error) {
    if (error.code() != errc::transaction_missing) {
      throw;
    }
    return std::nullopt;
  }
}

std::vector<TransactionInfo> TransactionStore::list() const {
  const volume::Deed deed{"list the transactions of the store", root().string()};
  return volume::with_deed(deed, [&] {
    std::vector<TransactionInfo> found;
    const auto transactions = transaction::open_transactions(state_->layout);
    for (const std::string& name : transactions ? kernel::names_in(transactions.get()) : std::vector<std::string>{}) {
      try {
        found.push_back(info_of(transaction::open_place(state_->layout, {deed.operation, name}, name)));
      } catch (const VolumeError&) {  // damaged, or gone at this moment
      } catch (const kernel::CallError&) {
      }
    }
    std::sort(found.begin(), found.end(),
              [](const TransactionInfo& one, const TransactionInfo& other) { return one.name < other.name; });
    return found;
  });
}

}  // namespace dunnage
