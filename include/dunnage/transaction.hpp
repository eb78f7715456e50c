// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A directory of the host that a container may write to, and that stays as it is until you say so.
///
///     auto transactions = dunnage::TransactionStore::open();
///     auto trial = transactions.begin("/srv/app", "try-1");
///     mounts.add(trial.at("/app"));                       // run whatever you do not trust
///     for (const auto& change : trial.changes()) std::cout << to_string(change.kind) << ' ' << change.path << '\n';
///     trial.apply({.filter = {.include = {"src"}}});      // these changes reach /srv/app
///     trial.discard();                                    // the others are gone
///
/// The container sees an overlay (overlayfs): the source below, and its own changes above. These lie in the store, in
/// `transactions/NAME/`, so they outlive the container and the host program; any process finds them again by name. One
/// container after the other may use a transaction, one at a time; the kernel's lock says who.
///
/// What it is not: the source is not a snapshot. A file of it that the container has not changed is the source's file,
/// and the kernel leaves open when an overlay shows what changes below it; it never breaks the source or the container.
/// Programs that need one state of the source throughout need a copy of it (VolumeSeed), or a snapshot.
///
/// Root needs nothing more. An ordinary user reads and writes the source with the ids of the containers, as a bind
/// mount does; what they may not write cannot be applied. The store has to lie on a file system that can be the upper
/// layer of an overlay, the source on any. Kernel: Linux 6.13.

#include <dunnage/bind_mount.hpp>
#include <dunnage/export.hpp>
#include <dunnage/progress.hpp>
#include <dunnage/volume_store.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {

/// One path in which what the container sees differs from the source as it is now.
struct TransactionChange {
  enum class Kind {
    Added,
    Deleted,   ///< each entry of a directory that was deleted is told by itself
    Modified,  ///< its content: of a file, where a link leads, which device it is
    Metadata,  ///< anything but its content; `what` says what
    Replaced,  ///< it is of another kind: a directory was there, and a file is
    /// The file that was at `from` is at `path` now: the overlay knows that it is a copy, and for root of which file.
    /// For an ordinary user it is the one deleted file of its size and time of modification; if there are several, or
    /// it was written to, it is told as added and deleted. So are, for everybody, directories and files with several
    /// names: an overlay has the program copy them. What merely has the same content is never told as renamed.
    Renamed,
    NestedMount,  ///< no change: something is mounted there, below the source. See `conflicts()`
  };

  Kind kind = Kind::Modified;
  std::string path;    ///< below the source, "src/main.c"; "." is the source itself; bytes as the file system has them
  std::string from{};  ///< of Renamed, else empty
  /// "content", "target", "device", "mode", "owner", "attributes" (of the user, access lists, capabilities), "time" (of
  /// the last modification, not of directories), "links" (which other names the file has). Empty for Added, Deleted and
  /// Replaced. Of a renamed file "content" means that its size or time of modification differs; it is not read.
  std::vector<std::string> what{};

  friend bool operator==(const TransactionChange&, const TransactionChange&) = default;
};

/// "added", "deleted", "modified", "metadata", "replaced", "renamed", "nested-mount"
[[nodiscard]] DUNNAGE_API std::string_view to_string(TransactionChange::Kind kind) noexcept;

/// A path that is changed in the transaction, and was changed in the source since the transaction began.
struct TransactionConflict {
  enum class Source {
    Added,
    Deleted,
    Modified,  ///< it is another file, or has another size or time of modification
    Metadata,  ///< owner, mode, attributes, links: its status has changed. Content may have, with its time set back
    Replaced,  ///< it is of another kind
    Mounted,   ///< something is mounted on it, above it or, if it is to go, below it
  };

  std::string path;
  TransactionChange::Kind change = TransactionChange::Kind::Modified;  ///< what the container did
  Source source = Source::Modified;                                    ///< what happened in the source

  friend bool operator==(const TransactionConflict&, const TransactionConflict&) = default;
};

/// "added", "deleted", "modified", "metadata", "replaced", "mounted"
[[nodiscard]] DUNNAGE_API std::string_view to_string(TransactionConflict::Source source) noexcept;

/// Which changes are meant. One that is renamed is meant if either of its paths is.
struct TransactionFilter {
  /// Paths below the source, with `*` and `?` in a name, and `**` for any number of names; a directory means all that
  /// is in it. Empty: all.
  std::vector<std::string> include{};
  std::vector<std::string> exclude{};                      ///< likewise; these are left out again
  std::function<bool(const TransactionChange&)> accept{};  ///< has the last word; it must not call the library
};

struct TransactionApplyOptions {
  TransactionFilter filter{};
  bool overwrite = false;  ///< what is changed on both sides becomes as the container has it. Not Source::Mounted
  Watch watch{};           ///< progress is in entries
};

/// What apply() has done.
struct TransactionApplied {
  std::vector<TransactionChange> changes;  ///< sorted by path
  /// Of these, what no filter chose and others need: directories that are new, what is in a directory that goes,
  /// further names of a file.
  std::vector<std::string> came_along;
};

/// What is known of a transaction.
struct TransactionInfo {
  std::string name;
  std::filesystem::path source;  ///< without links
  std::chrono::system_clock::time_point created_at;
  std::filesystem::path upper;  ///< where the changes lie; not to be written to
  std::filesystem::path work;   ///< the kernel's
  bool in_use = false;          ///< by a container, or by whoever applies it

  friend bool operator==(const TransactionInfo&, const TransactionInfo&) = default;
};

/// `{"Name","Source","CreatedAt","Upper","InUse"}`
[[nodiscard]] DUNNAGE_API std::string to_json(const TransactionInfo& transaction);
/// `{"Kind","Path","From","What"}`; bytes of a path that are not UTF-8 are U+FFFD.
[[nodiscard]] DUNNAGE_API std::string to_json(const TransactionChange& change);
/// `{"Path","Change","Source"}`
[[nodiscard]] DUNNAGE_API std::string to_json(const TransactionConflict& conflict);

/// A handle on a transaction; it holds no lock and no descriptor of its own.
/// Thread safety: all members may be called from any thread, and from several processes.
class DUNNAGE_API Transaction {
 public:
  [[nodiscard]] const std::string& name() const noexcept;
  /// Throws: VolumeError(transaction_missing, volume_damaged).
  [[nodiscard]] TransactionInfo info() const;

  /// The source at `target`, writable, with all that the transaction has changed so far. Mounts below the source are
  /// not shown; the plan names each. `options.overlay` has to be absent, and so have `chown` and an owner. Preparing it
  /// throws MountError(device_or_resource_busy) while another container uses the transaction.
  [[nodiscard]] BindMount at(std::string target, BindOptions options = {}) const;

  /// Sorted by path, complete, told by content and not by times. It costs what was changed, and one walk over the
  /// source if files with several names are among it. While a container writes, it is what was seen on the way. Marks
  /// that an overlay inside of the container made itself (`*.overlay.*` attributes) are not carried. Throws:
  /// VolumeError(transaction_missing, cancelled, timed_out), or with the errno of what failed.
  [[nodiscard]] std::vector<TransactionChange> changes(const Watch& watch = {}) const;

  /// What the transaction changes and the source has changed, too, since begin(): each entry of the source was written
  /// down then (kind, inode, size, owner, mode, times, attributes of directories), and is compared with what is there
  /// now. What the source changed before the container first wrote to it counts, too. No change is missed, unless it
  /// comes within the file system's clock tick after its file was written down, with size and time of modification as
  /// before. A false one is possible where the status of a file alone has changed and changed back; where source and
  /// container did the very same, there is no change and no conflict. Throws: as changes().
  [[nodiscard]] std::vector<TransactionConflict> conflicts(const Watch& watch = {}) const;

  /// Takes changes over into the source, and out of the transaction. Each file appears by a rename, whole or not at
  /// all; a directory that goes, goes at once. What is needed comes along, and the result says so. Conflicts stop it
  /// before anything is touched. Links of the source are never followed, whoever puts them there meanwhile.
  ///
  /// If it is killed, fails, or loses its power in the middle, some changes are in the source, each whole, and all are
  /// still in the transaction: the same call again does the rest, and takes what was done already for done. A directory
  /// `.dunnage-apply-…` that is left in the source then goes with it, or with discard().
  ///
  /// Throws: VolumeError(transaction_in_use) while a container uses it, VolumeError(transaction_conflict) naming paths,
  /// VolumeError(transaction_missing, cancelled, timed_out), or with the errno of what failed.
  TransactionApplied apply(const TransactionApplyOptions& options = {}) const;

  /// The transaction and its changes are gone; the source was never touched. Throws: VolumeError(transaction_in_use,
  /// transaction_missing).
  void discard() const;

 private:
  friend class TransactionStore;
  struct State;
  explicit Transaction(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

/// The transactions of a store. Cheap to copy. Thread safety: all members may be called from any thread.
class DUNNAGE_API TransactionStore {
 public:
  /// Opens the store, creating it when it is absent. Throws: as VolumeStore::open().
  [[nodiscard]] static TransactionStore open(const std::filesystem::path& root = default_store());

  [[nodiscard]] const std::filesystem::path& root() const noexcept;

  /// Writes down the source as it is, by one walk over it: 0.9 MB for 10,000 files, and 0.1 s. The transaction
  /// appears whole or not at all. What changes in the source during the walk may count as before or after it.
  /// \param source  a directory, neither the store nor above it; its path in UTF-8
  /// \param name  as names of volumes
  /// Throws: VolumeError(transaction_exists, invalid_argument, source_missing, cancelled, timed_out), or with the errno
  /// of what failed.
  Transaction begin(const std::filesystem::path& source, const std::string& name, const Watch& watch = {});
  /// Throws: VolumeError(transaction_missing), with the nearest name as remedy.
  [[nodiscard]] Transaction get(const std::string& name) const;
  [[nodiscard]] std::optional<Transaction> find(const std::string& name) const;
  /// Sorted by name. One whose metadata is damaged is left out; get() says what is wrong with it.
  [[nodiscard]] std::vector<TransactionInfo> list() const;

 private:
  struct State;
  explicit TransactionStore(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

}  // namespace dunnage
