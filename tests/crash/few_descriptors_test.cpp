// SPDX-License-Identifier: Apache-2.0
// Descriptors are short, of the host or of its launcher: from where none can be opened, one more each time, to where
// all is done. Each launch and copy is as it should be, or says that descriptors are what it lacks; nothing of it is
// left, and the next one works.
//
// In a normal run not each number is tried, and not of each operation; with DUNNAGE_CRASHES all are.

#include "crash/failures.hpp"
#include "crash/places.hpp"
#include "launcher/connection.hpp"
#include "support/catch.hpp"
#include "support/requires.hpp"

#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

namespace dunnage::test {
namespace {

enum class Whose { Host, Launcher };

/// The lowest number a new descriptor of that process would have.
rlim_t lowest_free(pid_t process) {
  const std::string directory = "/proc/" + std::to_string(process) + "/fd/";
  rlim_t number = 0;
  std::error_code none;
  while (std::filesystem::exists(std::filesystem::symlink_status(directory + std::to_string(number), none))) ++number;
  return number;
}

/// So many more descriptors may be opened, as long as this is there. What is open stays so, whatever its number.
class FewDescriptors {
 public:
  FewDescriptors(pid_t process, rlim_t more) : process_{process} {
    rlimit few{lowest_free(process) + more, 0};
    set(nullptr, &before_);
    few.rlim_max = before_.rlim_max;
    set(&few, nullptr);
  }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;
  ~FewDescriptors() { (void)::prlimit(process_, RLIMIT_NOFILE, &before_, nullptr); }  // it may be gone

 private:
  void set(const rlimit* wanted, rlimit* before) const {
    if (::prlimit(process_, RLIMIT_NOFILE, wanted, before) != 0) {
      throw std::system_error{errno, std::generic_category(), "prlimit"};
    }
  }

  pid_t process_;
  rlimit before_{};
};

/// The operation, when there is so little of something.
StoreOperation with_few_descriptors(StoreOperation operation, Whose whose, const std::shared_ptr<rlim_t>& more) {
  operation.ready = [ready = std::move(operation.ready), whose, more](const StoreOperation::Place& place) {
    return [call = ready(place), whose, more] {
      if (*more == RLIM_INFINITY) return call();
      const bool host = whose == Whose::Host;
      const FewDescriptors few{host ? ::getpid() : launcher::connection_of_containers()->pid(), *more};
      call();
    };
  };
  return operation;
}

/// Whether it was done.
bool is_done_with(const Bench& bench, Whose whose, rlim_t more, rlim_t& now) {
  now = more;
  const TracedRun run = bench.run({}, leaks_since);
  now = RLIM_INFINITY;
  const Verdict verdict = verdict_of(run);
  CAPTURE(more, static_cast<int>(verdict), run.words);
  REQUIRE((verdict == Verdict::Done || verdict == Verdict::Refused));
  const std::string state = bench.state();
  if (verdict == Verdict::Done) {
    REQUIRE(state == bench.after());
  } else {
    // who knocks where nobody can be let in waits, and says so
    const bool knocked = bench.operation().name.starts_with("remove") && whose == Whose::Launcher;
    CHECK((run.words.find("[EMFILE]") != std::string::npos ||
           (knocked && run.words.find("[ETIMEDOUT]") != std::string::npos)));
    REQUIRE((bench.operation().resumes ? bench.strange_lines(state) == "" : bench.is_undone(state, false)));
    REQUIRE(bench.retry(false) == "");
  }
  bench.reset();
  return verdict == Verdict::Done;
}

void sweep_descriptors(const std::vector<StoreOperation>& operations, Whose whose, rlim_t usual_step) {
  if (!requires_root() || !requires_tracing()) return;
  const bool all = std::getenv("DUNNAGE_CRASHES") != nullptr;
  const rlim_t step = all ? 1 : usual_step;
  constexpr std::size_t kUsualPart = 3;
  for (std::size_t index = 0; index < operations.size(); index += all ? 1 : kUsualPart) {
    const StoreOperation& operation = operations[index];
    const auto place = make_place("machine");
    const auto more = std::make_shared<rlim_t>(RLIM_INFINITY);
    CAPTURE(operation.name, static_cast<int>(whose));
    const Bench bench{with_few_descriptors(operation, whose, more), place->path()};
    int done = 0;
    constexpr rlim_t kMost = 400;
    for (rlim_t number = 0; done < 2 && number < kMost; number += step) {
      if (is_done_with(bench, whose, number, *more)) ++done;
    }
    REQUIRE(done == 2);
  }
}

}  // namespace

TEST_CASE("T-5: whatever number of descriptors the host may have, a launch is as it should be or says what it lacks",
          "[crash][few]") {
  sweep_descriptors(launch_operations(), Whose::Host, 16);
  sweep_descriptors(asking_operations(), Whose::Host, 12);
}

TEST_CASE(
    "T-5: whatever number of descriptors the launcher may have, a launch is as it should be or says what it lacks",
    "[crash][few]") {
  sweep_descriptors(launch_operations(), Whose::Launcher, 16);
  sweep_descriptors(asking_operations(), Whose::Launcher, 12);
}

TEST_CASE("T-5: whatever number of descriptors there may be, a copy is done or says what it lacks", "[crash][few]") {
  sweep_descriptors(copy_operations(), Whose::Host, 12);
  sweep_descriptors(copy_operations(), Whose::Launcher, 12);
}

}  // namespace dunnage::test
