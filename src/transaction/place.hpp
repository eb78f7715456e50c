// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What lies where of a transaction: `<store>/transactions/NAME/`
///
///     metadata   what it is of, see below
///     baseline   the source as it was, see baseline.hpp
///     lock       flock(2) by the launcher of the container that uses it, or by whoever applies or discards it
///     upper/     what differs from the source
///     work/      the kernel's
///     applying   which changes are about to be taken over, see journal.hpp
///     applied    they are in the source, and are about to leave `upper`

#include "kernel/file_descriptor.hpp"
#include "volume/deed.hpp"
#include "volume/layout.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace dunnage::transaction {

inline constexpr const char* kTransactionsName = "transactions";
inline constexpr const char* kBaselineName = "baseline";
inline constexpr const char* kUpperName = "upper";
inline constexpr const char* kWorkName = "work";

inline constexpr std::size_t kIdDigits = 16;

/// What a transaction is of.
struct Metadata {
  std::string name;
  std::string id;      ///< nothing else is called that
  std::string source;  ///< its path, without links
  std::chrono::system_clock::time_point created_at;
  std::uint32_t ignored = 0;  ///< CompareWhat of the top, which could not be given to `upper`
};

/// \return nothing if the source is not UTF-8
[[nodiscard]] std::optional<std::string> encode(const Metadata& metadata);

/// What the record of a transaction says.
struct MetadataReading {
  std::optional<Metadata> metadata{};
  std::string damage{};  ///< a sentence, if it says nothing
  bool newer = false;    ///< it is whole, and only a newer version of this library understands it
};
/// \param directory  of the transaction; \param name  what that is called. Throws: CallError.
[[nodiscard]] MetadataReading read_metadata(int directory, const std::string& name);

/// One that is there.
struct Place {
  Metadata metadata;
  std::filesystem::path path;
  kernel::FileDescriptor directory;  ///< readable
  kernel::FileDescriptor upper;      ///< O_PATH
};

/// The directory of all of them; empty if there is none. Throws: CallError.
[[nodiscard]] kernel::FileDescriptor open_transactions(const volume::Layout& layout);
[[nodiscard]] std::filesystem::path path_of(const volume::Layout& layout, const std::string& name);

/// Throws: VolumeError(transaction_missing, volume_damaged, not_supported), CallError.
[[nodiscard]] Place open_place(const volume::Layout& layout, const volume::Deed& deed, const std::string& name);
/// The same, opened by its path; for a mount. Throws: likewise.
[[nodiscard]] Place open_place(const std::filesystem::path& path, const volume::Deed& deed);

/// Whether one that was opened is still called so: it may have been discarded, and another one begun, while its lock
/// was waited for. Throws: VolumeError(transaction_missing), CallError.
void require_place(const volume::Layout& layout, const volume::Deed& deed, int directory);

/// The source, O_PATH. Throws: VolumeError(source_missing), CallError.
[[nodiscard]] kernel::FileDescriptor open_transaction_source(const volume::Deed& deed, const std::string& source);

/// The lock of a transaction. Whoever has a copy of the descriptor holds it.
class TransactionLock {
 public:
  enum class Wish {
    Hold,  ///< waits a moment for those who only look
    Look,  ///< whether nobody holds it
  };

  /// \param directory  of the transaction. Throws: CallError.
  explicit TransactionLock(int directory, Wish wish = Wish::Hold);
  TransactionLock(const TransactionLock&) = delete;
  TransactionLock& operator=(const TransactionLock&) = delete;
  ~TransactionLock();

  [[nodiscard]] bool held() const noexcept { return held_; }
  [[nodiscard]] int get() const noexcept { return lock_.get(); }
  /// Leaves it locked for whoever has the descriptor.
  [[nodiscard]] kernel::FileDescriptor release() noexcept;

 private:
  kernel::FileDescriptor lock_;
  bool held_ = false;
};

/// \param transactions  the directory of all of them, or -1
[[nodiscard]] VolumeError missing_failure(const volume::Deed& deed, int transactions);
[[nodiscard]] VolumeError in_use_failure(const volume::Deed& deed);

}  // namespace dunnage::transaction
