// SPDX-License-Identifier: Apache-2.0
// The main of every test program. It differs from Catch2's own in one thing: skipping is an outcome.

#define CATCH_CONFIG_RUNNER
#include "support/catch.hpp"
#include "support/requires.hpp"

namespace {

int cases_run = 0;

#if DUNNAGE_CATCH2_VERSION >= 3
using ListenerBase = Catch::EventListenerBase;
#else
using ListenerBase = Catch::TestEventListenerBase;
#endif

class CaseCounter : public ListenerBase {
 public:
  using ListenerBase::ListenerBase;
  void testCaseStarting(const Catch::TestCaseInfo& info) override {
    ListenerBase::testCaseStarting(info);
    ++cases_run;
  }
};

}  // namespace

CATCH_REGISTER_LISTENER(CaseCounter)

int main(int argc, char** argv) {
  const int failed = Catch::Session().run(argc, argv);
  if (failed != 0) return failed;
  return cases_run > 0 && dunnage::test::skipped_count() >= cases_run ? dunnage::test::kSkipExitCode : 0;
}
