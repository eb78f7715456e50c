// SPDX-License-Identifier: Apache-2.0
#include "launcher/work.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "launcher/conversation.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace dunnage::launcher {
namespace {

Request request_of(const Work& work) {
  Request request;
  request.payload.resize(sizeof work.request + work.texts.size());
  if (request.payload.size() > kInlinePayload) {
    throw kernel::CallError{"send the request", E2BIG};
  }
  std::memcpy(request.payload.data(), &work.request, sizeof work.request);
  if (!work.texts.empty()) {
    std::memcpy(request.payload.data() + sizeof work.request, work.texts.data(), work.texts.size());
  }
  request.descriptors = work.descriptors;
  return request;
}

const char* words_of(Step step) {
  switch (step) {
    case Step::StartWork:
      return "start the work";
    case Step::ReadRecords:
      return "read the list";
    case Step::OpenEntry:
    case Step::OpenSource:
    case Step::OpenTarget:
      return "open";
    case Step::MoveEntry:
      return "move";
    case Step::ExamineEntry:
      return "look at";
    case Step::SetOwner:
      return "set the owner of";
    case Step::SetMode:
      return "set the mode of";
    case Step::SetAttribute:
      return "set an attribute of";
    case Step::SetTimes:
      return "set the times of";
    case Step::ReadDirectory:
      return "read the directory";
    case Step::ReadEntry:
      return "read";
    case Step::ReadAttributes:
      return "read the attributes of";
    case Step::MakeEntry:
      return "make";
    case Step::ReplaceEntry:
      return "replace";
    case Step::WriteEntry:
      return "write";
    case Step::LinkEntry:
      return "link";
    case Step::SyncFiles:
      return "write what was copied to the disk";
    case Step::BoundEntries:
      return "there are more entries than may be copied";
    case Step::BoundBytes:
      return "there is more content than may be copied";
    case Step::BoundDepth:
      return "directories are too deep at";
    case Step::IntoItself:
      return "copy a directory into itself:";
    default:
      return "work";
  }
}

}  // namespace

std::error_code WorkOutcome::code() const noexcept {
  switch (end) {
    case End::Done:
      return {};
    case End::Failed:
      return std::error_code{failure.error, std::system_category()};
    case End::Cancelled:
      return make_error_code(errc::cancelled);
    case End::TimedOut:
      return make_error_code(errc::timed_out);
    case End::Lost:
      break;
  }
  return make_error_code(errc::launcher_lost);
}

std::string WorkOutcome::cause() const {
  if (end != End::Failed) {
    return {};
  }
  return path.empty() ? words_of(failure.step) : fmt::format("{} \"{}\"", words_of(failure.step), path);
}

WorkOutcome run_work(const Connection& connection, const Work& work, const Watch& watch, const WorkSink& sink) {
  WorkOutcome outcome;
  if (watch.stop.stop_requested()) {
    outcome.end = WorkOutcome::End::Cancelled;
    return outcome;
  }
  Conversation talk{connection.work(request_of(work), watch.deadline.value_or(kNever)), watch};
  outcome = talk.hear_out(work, watch, sink);
  if (outcome.end == WorkOutcome::End::Lost) {
    connection.notice_silence();
    if (talk.unread() && connection.alive()) {  // it lives, and could not take the descriptors
      outcome.end = WorkOutcome::End::Failed;
      outcome.failure.step = Step::StartWork;
      outcome.failure.error = EMFILE;
    }
  }
  return outcome;
}

}  // namespace dunnage::launcher
