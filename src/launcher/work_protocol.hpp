// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Work on trees of files, which takes rights an ordinary user has in a user namespace only, and time.
///
///     host                                launcher ── worker (one per request, forked)
///      │ socket: Work + [channel, …] ─────▶ forks the worker, and knows no more of it
///      │   channel: Descriptors … ─────────────────▶  (what did not fit into one message)
///      │   channel ◀──────────────────── Progress ──│ a few times a second
///      │   channel ◀─────────────────────── Found ──│ what an operation has to list
///      │   channel ◀────────────────────── Answer ──│ the end of the work, and of the worker
///      ✕ channel closed, or shut down ─────────────▶  the worker ends at once
///
/// The payload of Work is a WorkRequest, with the texts of the operation behind it; that of Progress and Answer is a
/// WorkReport, and behind it the path that a failure is about. All trees are named by descriptors.

#include "launcher/protocol.hpp"

#include <stdint.h>

namespace dunnage::launcher {

enum class WorkKind : uint32_t {
  Own = 1,  ///< descriptors: tree, memory with OwnRecords
  /// Descriptors: a directory and an empty one; with kCopyEntry: an entry, and the directory it goes to. What comes
  /// after them is kept open until the end. Texts: the entry's name there; where in the first descriptor, taken for the
  /// root, the source is, and where in the second the target; empty: the descriptor itself.
  Copy,
  Look,  ///< descriptor: a root; text: a path in it. Answered with a LookReport, and behind it where a link leads
  /// Descriptors: two directories; texts: a name in each, and where below the second that is. With kMoveExchange both
  /// are there, and change places.
  Move,
  /// Descriptors: the upper directory of an overlay, and its lower ones, topmost first. Answered with many Found, each
  /// of which holds entries: a letter (A, C or D), a path, and its NUL.
  Changes,
  /// Descriptor: a root; what comes after it is kept open until the end. Text: a path in it; kLookFollow counts.
  /// Answered with a Found for it and for each entry below it, in the order of names: a PackRecord with its texts, and
  /// the descriptor of a file.
  Pack,
  Spill,  ///< descriptor: a directory; text: one in it, whose entries move up, but for those whose name is taken
  /// Descriptor: a root; texts: a path in it, which is followed, and behind its NUL an ExamineUser with its groups and
  /// one more NUL. Answered with an ExamineReport, its texts behind it, and with what was found, O_PATH.
  Examine,
  /// Descriptors: a directory, and one it is compared with, or none. Answered with many Found, each of which holds
  /// CompareRecords with their paths. With one directory it is counted only: entries, and bytes that hold content.
  Compare,
  /// Descriptors: the upper directory of an overlay, and its one lower; or a directory alone, of which every entry is
  /// told. Answered with many Found, each of which holds RevealRecords with their paths.
  Reveal,
  /// Descriptors: the upper directory of an overlay, its one lower, and memory with AmendRecords. Texts: the name of a
  /// directory in the lower one that is made for the work and is gone after it; and "user" if the overlay's marks are
  /// attributes of the user.
  Amend,
};

enum RevealFlags : uint32_t {
  kRevealUserMarks = 2U,  ///< the overlay's marks are attributes of the user
};

enum class RevealKind : uint32_t {
  Upper = 1,  ///< it is in the upper directory, and is no mark; "." is the directory itself
  Hidden,     ///< it is in the lower one, and the upper one hides it; or, neither there nor covered, a mark for nothing
  Lower,      ///< an entry of a directory that was given alone; "." is itself
};

enum RevealMarks : uint32_t {
  kRevealThere = 1U,    ///< the lower directory has it, too
  kRevealOpaque = 2U,   ///< a directory that hides all that is below it
  kRevealCovered = 4U,  ///< something is mounted on it, or on what it is in, so that it cannot be seen
};

/// A handle: it is a copy, and without privilege the overlay does not remember of what.
inline constexpr uint64_t kOfSomething = 2;

/// What is known of an entry.
struct EntryState {
  uint32_t mode = 0;
  uint32_t uid = 0;  ///< ids as containers see them
  uint32_t gid = 0;
  uint32_t links = 0;
  uint64_t size = 0;
  uint64_t inode = 0;
  int64_t modified = 0;  ///< seconds
  int64_t changed = 0;   ///< of its status, seconds
  uint32_t modified_nanoseconds = 0;
  uint32_t changed_nanoseconds = 0;
  uint64_t attributes = 0;  ///< a hash; with RevealKind::Lower of directories only
  uint64_t handle = 0;      ///< a hash: below of what it is, above of what it was copied of
};

/// Followed by the path below the top, without a NUL.
struct RevealRecord {
  RevealKind kind{};
  uint32_t marks = 0;
  uint32_t what = 0;  ///< CompareWhat, if it is there twice and of one kind
  uint32_t path_size = 0;
  EntryState upper{};
  EntryState lower{};
};

enum class AmendAction : uint32_t {
  Put = 1,        ///< what the upper directory has, no directory, appears in the lower one, whatever is there
  MakeDirectory,  ///< likewise a directory, without what is in it; one that is there is kept, and given what Give gives
  Give,           ///< a directory in both: owner, mode, attributes and times
  Link,           ///< a further name, in the lower one, of the file with the other path
  Remove,         ///< the lower one has it no longer, nor what is below it
  Unveil,         ///< a directory of the upper one is not opaque any more, and each entry it hid is hidden by itself
  Drop,           ///< the upper one has it no longer; directories only if they are empty
};

/// Followed by two paths below the top, each with its NUL, and zeros up to a multiple of 8 bytes.
struct AmendRecord {
  uint32_t size = 0;
  AmendAction action{};
  uint32_t path_size = 0;
  uint32_t other_size = 0;
};

enum MoveFlags : uint32_t {
  kMoveExchange = 1U,  ///< the two names change places
};

enum CompareFlags : uint32_t {
  kCompareTrustTimes = 1U,  ///< files of one size that were last modified at one time have the same content
};

enum class CompareKind : uint32_t {
  Added = 1,
  Deleted,
  Changed,     ///< `what` says in what
  OtherKind,   ///< a file in one, a directory in the other
  LinkBefore,  ///< not a change: a name in the first tree of what has several, with its inode
  LinkAfter,   ///< likewise in the second
};

enum CompareWhat : uint32_t {
  kDiffersContent = 1U,
  kDiffersTarget = 2U,  ///< of a symbolic link
  kDiffersDevice = 4U,  ///< the number of a device
  kDiffersMode = 8U,
  kDiffersOwner = 16U,
  kDiffersAttributes = 32U,
  kDiffersTime = 64U,  ///< of the last modification; not of directories
};

/// Followed by the path below the top, without a NUL.
struct CompareRecord {
  CompareKind kind{};
  uint32_t what = 0;
  uint64_t inode = 0;
  uint32_t path_size = 0;
  uint32_t reserved = 0;
};

enum LookFlags : uint32_t {
  kLookFollow = 1U,  ///< what a link leads to in the root, not the link
};

enum ChangesFlags : uint32_t {
  kChangesUserMarks = 1U,  ///< the overlay's marks are attributes of the user
};

struct LookReport {
  uint32_t mode = 0;
  uint32_t has_entries = 0;  ///< it is a directory with something in it
  uint64_t size = 0;
  uint64_t inode = 0;
  uint64_t device = 0;
  uint32_t target_size = 0;
  uint32_t reserved = 0;
};

/// As whom a path is looked at once more. Followed by the supplementary groups.
struct ExamineUser {
  uint64_t capabilities = 0;  ///< in effect
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint32_t group_count = 0;
  uint32_t reserved = 0;
};

/// What there is at a path, or at the part of it that exists. An errno of 0 is a yes.
struct ExamineReport {
  uint32_t error = 0;       ///< of looking the whole path up, as root of the containers
  uint32_t found_size = 0;  ///< bytes of the path that exist; less than all with an error
  uint32_t mode = 0;
  uint32_t uid = 0;  ///< ids as containers see them
  uint32_t gid = 0;
  uint32_t immutable = 0;
  uint64_t mount = 0;        ///< as mountinfo has it
  uint64_t file_system = 0;  ///< its magic number
  uint64_t mount_flags = 0;  ///< ST_RDONLY and the like
  uint32_t user_error = 0;   ///< of becoming the user
  uint32_t reach_error = 0;  ///< of looking what was found up as the user
  uint32_t read_error = 0;
  uint32_t write_error = 0;
  uint32_t execute_error = 0;
  uint32_t reached_size = 0;  ///< bytes of `resolved` the user came to, if not to its end
  uint32_t reached_mode = 0;  ///< of the directory that let nobody go on
  uint32_t reached_uid = 0;
  uint32_t reached_gid = 0;
  uint32_t resolved_size = 0;  ///< where the path leads, from the root; empty if the kernel has no name for it
  uint32_t target_size = 0;    ///< where a link leads that leads nowhere
  uint32_t reserved = 0;
};

/// Followed by the path below the top (empty: the top itself), where a link leads to, and the attributes: for each its
/// name with its NUL, the size of its value in four bytes, and the value.
struct PackRecord {
  uint32_t mode = 0;
  uint32_t uid = 0;  ///< ids as containers see them
  uint32_t gid = 0;
  uint32_t links = 0;
  uint64_t size = 0;
  uint64_t blocks = 0;
  uint64_t inode = 0;
  uint64_t device = 0;
  int64_t seconds = 0;  ///< of the last modification
  uint32_t device_major = 0;
  uint32_t device_minor = 0;
  uint32_t path_size = 0;
  uint32_t target_size = 0;
  uint32_t nanoseconds = 0;
  uint32_t reserved = 0;
};

enum CopyFlags : uint32_t {
  kCopySync = 1U,     ///< what was written is on the disk when the work has ended
  kCopyEntry = 2U,    ///< the source itself, of any kind, becomes an entry; its name there is the text
  kCopyMerge = 4U,    ///< into what is there: directories are one, anything else is replaced by its like
  kCopyMounts = 8U,   ///< what is mounted below is copied too, but for the kernel's own file systems
  kCopyQuiet = 16U,   ///< nobody changes the source meanwhile; if somebody does, a device may be opened, and no more
  kCopyFollow = 32U,  ///< a source that is a link stands for what it leads to
  kCopyKeep = 64U,    ///< directories that are there keep owner, mode and times
  kCopyTop = 128U,    ///< owner, mode, attributes and times of the directory itself, and nothing of what is in it
};

struct WorkRequest {
  WorkKind kind{};
  uint32_t flags = 0;
  uint32_t uid = UINT32_MAX;  ///< whom the copies belong to, as containers see it; UINT32_MAX: as the originals
  uint32_t gid = UINT32_MAX;
  uint64_t most_entries = uint64_t{1} << 24U;
  uint64_t most_bytes = UINT64_MAX;  ///< of content
};

struct WorkReport {
  uint64_t entries = 0;
  uint64_t bytes = 0;
  uint64_t total = 0;   ///< entries there will be; 0: not known
  uint64_t cloned = 0;  ///< of the bytes, those a copy shares with its original
  uint32_t path_size = 0;
  uint32_t reserved = 0;
};

enum OwnFlags : uint32_t {
  kOwnOwner = 1U,
  kOwnMode = 2U,
  kOwnTime = 4U,
};

/// What an entry of the tree shall have. Followed by its path below the tree ("." is the tree itself) with its NUL, by
/// the value of security.capability, and by zeros up to a multiple of 8 bytes. Records are obeyed in their order.
struct OwnRecord {
  uint32_t size = 0;  ///< of the record, with all that follows
  uint32_t flags = 0;
  uint32_t uid = 0;  ///< ids as containers see them
  uint32_t gid = 0;
  uint32_t mode = 0;  ///< all 12 bits; not for a symbolic link, which has none
  uint32_t path_size = 0;
  uint32_t capability_size = 0;  ///< 0: none
  uint32_t nanoseconds = 0;
  int64_t seconds = 0;  ///< of the last modification; the time of the last access stays
};

}  // namespace dunnage::launcher
