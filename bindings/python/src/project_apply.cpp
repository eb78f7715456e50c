// SPDX-License-Identifier: Apache-2.0
// ProjectPlan.apply(), with functions of Python that hear how far it is.
#include "blocking.hpp"
#include "error.hpp"
#include "gil.hpp"
#include "progress.hpp"
#include "project_plan.hpp"

#include <exception>
#include <stop_token>

namespace dunnage::python {
namespace {

struct ApplyCall {
  ApplyOptions options{};
  py::object event = py::none{};
  Watching watching{};
};

py::object event_from(py::handle object, const std::string& name) {
  if (!object.is_none() && PyCallable_Check(object.ptr()) == 0) {
    refuse_value(name, "a function that takes an ApplyEvent, or None", object);
  }
  return py::reinterpret_borrow<py::object>(object);
}

const Fields<ApplyCall>& apply_fields() {
  static const auto* const fields = [] {
    auto* made = new Fields<ApplyCall>{"ProjectPlan.apply"};
    made->option(
            "destroy_data", [](auto& call) -> auto& { return call.options.destroy_data; })
        .option(
            "parallel", [](auto& call) -> auto& { return call.options.parallel; })
        .option("event", &ApplyCall::event, event_from);
    add_watching(*made);
    return made;
  }();
  return *fields;
}

/// Functions of Python may raise where those of the library may not: what one raises first ends the work, in the order
/// that the library ends it in, and comes out in the end.
class Hearing {
 public:
  /// `make_call` is called without the GIL, and takes it.
  template <class Call>
  void hear(Call make_call) {
    bool failed = false;
    {
      const Locked locked;
      try {
        if (!failure_) make_call();
      } catch (...) {
        failure_ = std::current_exception();
        failed = true;
      }
    }
    if (failed) stop_.request_stop();  // without the GIL, which another thread may need to come to its end
  }

  [[nodiscard]] std::stop_source& stop() { return stop_; }
  [[nodiscard]] const std::exception_ptr& failure() const { return failure_; }

 private:
  std::stop_source stop_;
  std::exception_ptr failure_;  ///< with the GIL only
};

ApplyOptions options_of(const ApplyCall& call, Hearing& hearing) {
  ApplyOptions options = call.options;
  options.watch.stop = hearing.stop().get_token();
  if (call.watching.timeout) options.watch.deadline = std::chrono::steady_clock::now() + *call.watching.timeout;
  if (!call.event.is_none()) {
    options.event = [&hearing, function = py::handle{call.event}](const ApplyEvent& event) {
      hearing.hear([&] { (void)function(py::cast(event)); });
    };
  }
  if (!call.watching.progress.is_none()) {
    options.watch.progress = [&hearing, function = py::handle{call.watching.progress}](const Progress& now) {
      hearing.hear([&] { (void)function(py::cast(now)); });
    };
  }
  return options;
}

/// What was done and what was not is in the exception that an exception of a function was raised in the context of.
[[noreturn]] void rethrow_in_context(const std::exception_ptr& failure, const py::object& context) {
  try {
    std::rethrow_exception(failure);
  } catch (py::error_already_set& error) {
    if (context && PyErr_GivenExceptionMatches(error.value().ptr(), PyExc_BaseException) != 0) {
      PyException_SetContext(error.value().ptr(), py::object{context}.release().ptr());
    }
    throw;
  }
}

void apply(const ProjectPlan& plan, const py::args& args, const py::kwargs& kwargs) {
  const ApplyCall call = apply_fields().parse(args, kwargs);
  Hearing hearing;
  const ApplyOptions options = options_of(call, hearing);
  py::object context;
  try {
    run_interruptibly([&] { plan.apply(options); }, [&] { hearing.stop().request_stop(); });
  } catch (const Error& error) {
    if (!hearing.failure()) throw;
    context = exception_of(error);
  }
  if (hearing.failure()) rethrow_in_context(hearing.failure(), context);
}

}  // namespace

void define_apply(py::class_<ProjectPlan>& cls) {
  const std::string doc =
      "apply" + apply_fields().method_signature() +
      "\n--\n\nLooks again, and does it. Raises LaunchError, before anything is done, if the plan is no longer what "
      "would be planned (errno EAGAIN) or if it has data_loss and `destroy_data` is not set (EPERM); afterwards "
      "ApplyError, with `done` and `undone`. `event` is a function of one ApplyEvent, `progress` one of a Progress of "
      "images that are fetched; both may be called in another thread. What they raise, a `timeout` and a "
      "KeyboardInterrupt end it: what has begun is finished, such as a container's time to stop, and nothing else is "
      "begun.";
  cls.def("apply", apply, doc.c_str());
}

}  // namespace dunnage::python
