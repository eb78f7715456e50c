// SPDX-License-Identifier: Apache-2.0
#include "container/copying.hpp"

#include <dunnage/error.hpp>

#include "volume/failure.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <stdexcept>
#include <utility>

namespace dunnage::container {

using launcher::WorkOutcome;

CopyPath::CopyPath(std::string text) : path{std::move(text)} {
  content = path == "." || path.ends_with("/.");
  while (path.size() > 1 && (path.ends_with("/") || path.ends_with("/."))) {
    slash = true;
    path.pop_back();
  }
  const std::size_t end = path.rfind('/');
  leaf = end == std::string::npos ? path : path.substr(end + 1);
  parent = end == std::string::npos ? "." : end == 0 ? "/" : path.substr(0, end);
}

CopyKind kind_of(std::uint32_t mode) noexcept { return S_ISDIR(mode) ? CopyKind::Directory : CopyKind::Other; }

void Copying::fail(std::string cause, std::error_code code, std::string remedy) const {
  place_.fail({detail_, std::move(cause), code, std::move(remedy)});
  throw std::logic_error{"a failure that throws nothing"};
}

CopyKind Copying::look(const std::string& path, launcher::Follow follow, launcher::Look& found) const {
  found = {};
  const WorkOutcome outcome = outcome_of(
      [&] { return launcher::look_at(place_.connection, place_.root, path, follow, found, options_.watch); });
  if (outcome.done()) {
    return kind_of(found.report.mode);
  }
  if (outcome.end == WorkOutcome::End::Failed && outcome.failure.error == ENOENT) {
    return CopyKind::Absent;
  }
  fail(outcome);
}

CopySource Copying::source(const std::string& written) const {
  CopySource source{.path = CopyPath{written.empty() ? "/" : written}};
  const std::string& path = source.path.path;
  source.follow = options_.follow_links || source.path.slash ? launcher::Follow::Yes : launcher::Follow::No;
  launcher::Look found;
  source.kind = look(path, source.follow, found);
  if (source.kind == CopyKind::Absent) {
    fail(fmt::format("open \"{}\"", path), ENOENT, "name something that is there");
  }
  if (source.path.slash && source.kind != CopyKind::Directory) {
    fail(fmt::format("open \"{}\"", path), ENOTDIR, "leave out the slash");
  }
  return source;
}

void Copying::run(launcher::TreeCopy copy) const {
  copy.merge = true;
  copy.locks = place_.locks;
  copy.mounts = true;
  copy.most_bytes = options_.most_bytes;
  copy.most_entries = options_.most_entries;
  if (!options_.archive) {
    // whom this process is inside: root, or for a user with one id that one
    const launcher::Identity& identity = place_.connection.identity();
    const bool single = identity.privilege == launcher::Privilege::Single;
    copy.uid = single ? identity.users.front().inside : 0;
    copy.gid = single ? identity.groups.front().inside : 0;
  }
  const WorkOutcome outcome = outcome_of([&] { return launcher::copy_tree(place_.connection, copy, options_.watch); });
  if (!outcome.done()) {
    fail(outcome);
  }
}

void Copying::fail(const WorkOutcome& outcome) const {
  const launcher::Step step = outcome.failure.step;
  const bool bound = step == launcher::Step::BoundBytes || step == launcher::Step::BoundEntries;
  const int number = outcome.failure.error;
  fail(outcome.cause(), bound ? make_error_code(errc::limit_exceeded) : outcome.code(),
       bound                                       ? std::string{"raise the limit of the copy, or copy less"}
       : outcome.end == WorkOutcome::End::TimedOut ? "give it more time"
       : step == launcher::Step::BoundDepth        ? "copy what is in there by itself"
       : number == ENOENT                          ? "make the directory first"
       : number == EROFS                           ? read_only_remedy()
       : number == ENOSPC || number == EDQUOT      ? "free space or inodes where the copy goes"
       : number == EACCES || number == EPERM       ? "look at owners and modes of both sides"
       : number == ENOTDIR || number == EISDIR     ? "a file and a directory never replace each other; remove one"
                                                   : "try again");
}

void Copying::fail(const kernel::CallError& error) const {
  fail(error.call(), error.code(), volume::call_failure({}, {}, error).remedy());
}

std::string Copying::read_only_remedy() const {
  return place_.read_only_remedy.empty() ? "choose a target that is not mounted read-only" : place_.read_only_remedy;
}

}  // namespace dunnage::container
