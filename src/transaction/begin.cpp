// SPDX-License-Identifier: Apache-2.0
#include "transaction/begin.hpp"

#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/random_hex.hpp"
#include "launcher/connection.hpp"
#include "launcher/copy_tree.hpp"
#include "launcher/reveal.hpp"
#include "model/volume_name.hpp"
#include "transaction/baseline.hpp"
#include "transaction/clearing.hpp"
#include "transaction/view.hpp"
#include "volume/private_directory.hpp"
#include "volume/stage.hpp"
#include "volume/trash.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <system_error>
#include <utility>

namespace dunnage::transaction {
namespace {

VolumeError refusal(const volume::Deed& deed, std::string cause, std::string remedy) {
  return volume::deed_failure(deed, std::move(cause), make_error_code(errc::invalid_argument), std::move(remedy));
}

std::string source_path(const volume::Layout& layout, const volume::Deed& deed, const std::filesystem::path& source) {
  std::error_code fault;
  const std::filesystem::path found = std::filesystem::canonical(source, fault);
  if (fault) {
    const bool missing = fault == std::errc::no_such_file_or_directory;
    throw volume::deed_failure(deed, fmt::format("the source \"{}\"", source.string()),
                               missing ? make_error_code(errc::source_missing) : fault, "give a directory of the host");
  }
  if (!std::filesystem::is_directory(found, fault)) {
    throw refusal(deed, fmt::format("the source \"{}\" is no directory", source.string()),
                  "give the directory it is in");
  }
  const std::filesystem::path store = std::filesystem::canonical(layout.path, fault);
  if (is_within(store.native(), found.native()) || found == "/") {
    throw refusal(deed, fmt::format("the source \"{}\" is the store, or holds it", source.string()),
                  "choose a store elsewhere with DUNNAGE_STORE");
  }
  return found.string();
}

void make_directories(int stage) {
  for (const char* name : {kUpperName, kWorkName}) {
    if (!kernel::make_directory(stage, name, volume::kPrivateDirectory)) {
      throw kernel::CallError{"mkdir", EEXIST};
    }
  }
}

/// The root of an overlay is its upper directory; that has to look like the source. \return in what it does not: what
/// has no id in the user namespace cannot be given, and looks like nobody's either way
std::uint32_t liken_upper(const volume::Deed& deed, int stage, int source, const Watch& watch) {
  const auto upper = kernel::open_beneath(stage, kUpperName, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  struct stat status {};
  if (!upper || ::fstat(source, &status) != 0) {
    throw kernel::CallError{"open the upper directory", errno};
  }
  const auto connection = launcher::connection_of_containers();
  launcher::TreeCopy copy{.from = source, .to = upper.get()};
  copy.only_top = true;
  auto outcome = launcher::copy_tree(*connection, copy, watch);
  const bool nobodys =
      outcome.end == launcher::WorkOutcome::End::Failed && outcome.failure.step == launcher::Step::SetOwner;
  if (nobodys) {
    if (const int number = kernel::set_mode(upper.get(), status.st_mode & 07777U); number != 0) {
      throw kernel::CallError{"chmod", number};
    }
  } else {
    volume::require_done(deed, outcome);
  }
  kernel::sync(upper.get());  // a name on the disk brings no mode with it
  std::uint32_t differs = 0;
  outcome = launcher::reveal_overlay(
      *connection, upper.get(), source,
      [&](const launcher::RevealRecord& record, std::string_view) { differs |= record.what; }, watch);
  volume::require_done(deed, outcome);
  return differs;
}

kernel::FileDescriptor make_transactions(const volume::Layout& layout) {
  auto transactions = open_transactions(layout);
  if (!transactions) {
    (void)kernel::make_directory(layout.root.get(), kTransactionsName, volume::kPrivateDirectory);  // or another has
    kernel::sync(layout.root.get());
    transactions = open_transactions(layout);
  }
  if (!transactions) {
    throw kernel::CallError{"open the transactions", ENOENT};
  }
  return transactions;
}

VolumeError exists_failure(const volume::Deed& deed) {
  return volume::deed_failure(deed, "", make_error_code(errc::transaction_exists),
                              "choose another name, or discard that one");
}

}  // namespace

void begin_transaction(const volume::Layout& layout, const volume::Deed& deed, const std::filesystem::path& source,
                       const Watch& watch) {
  if (!model::is_valid_volume_name(deed.volume)) {
    throw refusal(deed, "not a name for a transaction",
                  "use 1 to 128 letters, digits, \"_\", \".\" or \"-\", a letter or digit first");
  }
  Metadata metadata{.name = deed.volume,
                    .id = kernel::random_hex(kIdDigits),
                    .source = source_path(layout, deed, source),
                    .created_at = std::chrono::system_clock::now()};
  const auto opened = open_transaction_source(deed, metadata.source);
  const auto transactions = make_transactions(layout);
  if (kernel::exists_at(transactions.get(), deed.volume)) {
    throw exists_failure(deed);
  }
  volume::Stage stage{layout.open_staging()};
  make_directories(stage.directory());
  metadata.ignored = liken_upper(deed, stage.directory(), opened.get(), watch);
  const auto text = encode(metadata);
  if (!text) {
    throw refusal(deed, fmt::format("the path of the source \"{}\" is not UTF-8", source.string()),
                  "mount or rename it so that it is");
  }
  write_baseline(stage.directory(), take_baseline(deed, opened.get(), watch));
  kernel::write_new_file(stage.directory(), volume::kMetadataName, *text, volume::kPrivateFile);
  if (!stage.publish(transactions.get(), deed.volume)) {
    throw exists_failure(deed);
  }
}

namespace {

/// A source that is gone, or a transaction that is damaged, keeps nobody from discarding it.
void clear_source_if_there(const volume::Layout& layout, const volume::Deed& deed, int lock) {
  try {
    const Place place = open_place(layout, deed, deed.volume);
    clear_source(deed, place, open_transaction_source(deed, place.metadata.source).get(), lock);
  } catch (const VolumeError&) {
  } catch (const kernel::CallError&) {
  }
}

/// One that is damaged can be discarded, too.
std::unique_ptr<TransactionLock> lock_to_discard(const volume::Layout& layout, const volume::Deed& deed,
                                                 int directory) {
  std::unique_ptr<TransactionLock> lock;
  try {
    lock = std::make_unique<TransactionLock>(directory);
  } catch (const kernel::CallError&) {
    require_place(layout, deed, directory);  // somebody else discards it
    throw;
  }
  if (!lock->held()) {
    throw in_use_failure(deed);
  }
  require_place(layout, deed, directory);
  return lock;
}

}  // namespace

void discard_transaction(const volume::Layout& layout, const volume::Deed& deed) {
  const auto transactions = open_transactions(layout);
  if (!transactions || !model::is_valid_volume_name(deed.volume)) {
    throw missing_failure(deed, transactions.get());
  }
  const auto directory = kernel::open_beneath(transactions.get(), deed.volume, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!directory) {
    if (errno == ENOENT) {
      throw missing_failure(deed, transactions.get());
    }
    throw kernel::CallError{"open the transaction", errno};
  }
  const auto lock = lock_to_discard(layout, deed, directory.get());
  clear_source_if_there(layout, deed, lock->get());
  (void)volume::throw_away(transactions.get(), deed.volume, layout.open_trash().get());
  volume::sweep_trash_of_ids(layout.root.get(), launcher::identity_for(0, 0));
}

}  // namespace dunnage::transaction
