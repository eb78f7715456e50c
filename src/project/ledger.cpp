// SPDX-License-Identifier: Apache-2.0
#include "project/ledger.hpp"

#include <dunnage/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <system_error>
#include <utility>

namespace dunnage {
namespace project {
namespace {

constexpr std::size_t kMostNamed = 10;

std::string names_of(const std::vector<ProjectStep>& steps) {
  std::vector<std::string> names;
  for (const ProjectStep& step : steps) {
    if (names.size() == kMostNamed) {
      names.push_back(fmt::format("{} more", steps.size() - kMostNamed));
      break;
    }
    names.push_back(fmt::format("{} {}", to_string(step.kind), step.subject));
  }
  return names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", "));
}

struct Failure {
  std::string text;
  std::error_code code;
};

/// Without the line of a file and the caret under it: it becomes a part of a sentence.
std::string first_line(const char* text) {
  const std::string_view all{text};
  return std::string{all.substr(0, all.find('\n'))};
}

Failure told(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::system_error& error) {
    return {first_line(error.what()), error.code()};
  } catch (const std::exception& error) {
    return {first_line(error.what()), std::make_error_code(std::errc::io_error)};
  }
}

/// The one that matters: who was only asked to stop because of another says nothing.
Failure first_of(const std::vector<std::exception_ptr>& failures) {
  std::vector<Failure> all;
  std::transform(failures.begin(), failures.end(), std::back_inserter(all), told);
  const auto cause =
      std::find_if(all.begin(), all.end(), [](const Failure& failure) { return failure.code != errc::cancelled; });
  Failure first = cause == all.end() ? all.front() : *cause;
  for (const Failure& other : all) {
    if (other.code != errc::cancelled && other.text != first.text) {
      first.text += fmt::format("; and {}", other.text);
    }
  }
  return first;
}

}  // namespace

void Ledger::tell(ApplyEvent::Phase phase, const ProjectStep& step, const std::string& text) {
  if (options_.event) {
    const std::scoped_lock lock{telling_};
    options_.event({.phase = phase, .step = step, .text = text});
  }
}

void Ledger::check_time() const {
  const bool late = options_.watch.deadline && std::chrono::steady_clock::now() >= *options_.watch.deadline;
  if (late || options_.watch.stop.stop_requested()) {
    throw LaunchError{{.stage = Stage::Launch,
                       .operation = operation_,
                       .subject = project_,
                       .detail = {},
                       .cause = {},
                       .code = make_error_code(late ? errc::timed_out : errc::cancelled),
                       .remedy = "apply it again; what is done stays done"}};
  }
}

void Ledger::run(const ProjectStep& step, const std::function<void()>& work) {
  check_time();
  tell(ApplyEvent::Phase::Begin, step);
  try {
    work();
  } catch (const std::exception& error) {
    tell(ApplyEvent::Phase::Failure, step, error.what());
    throw;
  }
  {
    const std::scoped_lock lock{mutex_};
    done_.push_back(step);
  }
  tell(ApplyEvent::Phase::End, step);
}

void Ledger::wait(const ProjectStep& step, const std::string& what, const std::function<void()>& work) {
  check_time();
  tell(ApplyEvent::Phase::Waiting, step, what);
  try {
    work();
  } catch (const std::exception& error) {
    tell(ApplyEvent::Phase::Failure, step, error.what());
    throw;
  }
}

void Ledger::finish(const std::vector<ProjectStep>& plan, const std::vector<std::exception_ptr>& failures) const {
  std::vector<ProjectStep> undone;
  std::copy_if(plan.begin(), plan.end(), std::back_inserter(undone), [&](const ProjectStep& step) {
    return step.changes_something() && std::find(done_.begin(), done_.end(), step) == done_.end();
  });
  if (failures.empty() && undone.empty()) {
    return;
  }
  const Failure first =
      failures.empty() ? Failure{"it was ended", make_error_code(errc::cancelled)} : first_of(failures);
  std::vector<ProjectStep> done;
  std::copy_if(done_.begin(), done_.end(), std::back_inserter(done),
               [](const ProjectStep& step) { return step.changes_something(); });
  ErrorInfo info{.stage = Stage::Launch,
                 .operation = operation_,
                 .subject = project_,
                 .detail = {},
                 .cause = fmt::format("{}. Done: {}. Not done: {}", first.text, names_of(done), names_of(undone)),
                 .code = first.code,
                 .remedy = "do it again when the cause is gone; what is done is kept"};
  throw ApplyError{std::move(info), std::move(done), std::move(undone)};
}

}  // namespace project

ApplyError::ApplyError(ErrorInfo info, std::vector<ProjectStep> done, std::vector<ProjectStep> undone)
    : Error{std::move(info)}, state_{std::make_shared<const State>(State{std::move(done), std::move(undone)})} {}

ApplyError::~ApplyError() = default;

}  // namespace dunnage
