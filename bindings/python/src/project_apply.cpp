// SPDX-License-Identifier: Apache-2.0
// ProjectPlan.apply(), with functions of Python that hear how far it is.
#include "blocking.hpp"
#include "error.hpp"
#include "gil.hpp"
#include "progress.hpp"
#include "project_plan.hpp"

#include <exception>
#include <functional>

namespace dunnage::python {
namespace {

struct ApplyCall {
  ApplyOptions options{};
  py::object event = py::none{};
  Watching watching{};
};

const Fields<ApplyCall>& apply_fields() {
  static const auto* const fields = [] {
    auto* made = new Fields<ApplyCall>{"ProjectPlan.apply"};
    made->option(
            "destroy_data", [](auto& call) -> auto& { return call.options.destroy_data; })
        .option(
            "parallel", [](auto& call) -> auto& { return call.options.parallel; })
        .option("event", &ApplyCall::event, function_of("an ApplyEvent"));
    add_watching(*made);
    return made;
  }();
  return *fields;
}

/// Functions of Python may raise where those of the library may not: what one raises first ends the work, in the order
/// that the library ends it in, and comes out in the end.
class Hearing {
 public:
  explicit Hearing(const Watching& watching) : stop_{watching} {}

  /// A function of the library's that calls that one, which has to stay; empty for None.
  template <class What>
  [[nodiscard]] std::function<void(const What&)> heard(py::handle function) {
    if (function.is_none()) return {};
    return [this, function](const What& what) { hear([&] { (void)function(py::cast(what)); }); };
  }

  [[nodiscard]] CallStop& stop() { return stop_; }
  [[nodiscard]] const std::exception_ptr& failure() const { return failure_; }

 private:
  /// Called without the GIL, which it takes for `make_call`.
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
    if (failed) stop_.request();  // without the GIL, which another thread may need to come to its end
  }

  CallStop stop_;
  std::exception_ptr failure_;  ///< with the GIL only
};

ApplyOptions options_of(const ApplyCall& call, Hearing& hearing) {
  ApplyOptions options = call.options;
  options.watch = watch_of(call.watching, hearing.stop().token());
  options.watch.progress = hearing.heard<Progress>(call.watching.progress);
  options.event = hearing.heard<ApplyEvent>(call.event);
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
  Hearing hearing{call.watching};
  const ApplyOptions options = options_of(call, hearing);
  py::object context;
  try {
    run_interruptibly([&] { plan.apply(options); }, [&] { hearing.stop().request(); });
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
      "images that are fetched; both may be called in another thread. What they raise, a `timeout`, `stop` "
      "and a KeyboardInterrupt end it: what has begun is finished, such as a container's time to stop, and nothing "
      "else is "
      "begun.";
  cls.def("apply", apply, doc.c_str());
}

}  // namespace dunnage::python
