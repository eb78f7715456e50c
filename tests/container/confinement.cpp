// SPDX-License-Identifier: Apache-2.0
#include "container/confinement.hpp"

#include "container/support.hpp"

#include <string>

namespace dunnage::test {

void check_confined_as_first(const Container& container) {
  const std::string first = outcome_of(container, {.argv = {"cat", "/proc/1/status"}}).out;
  const std::string second = outcome_of(container, {.argv = {"cat", "/proc/self/status"}}).out;
  for (const char* name : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Uid", "Gid", "Groups",
                           "SigBlk", "SigIgn", "Umask", "Seccomp"}) {
    INFO(name);
    CHECK(field_of(second, name) == field_of(first, name));
  }
  const std::string namespaces = "cd /proc/$0/ns; for n in cgroup ipc mnt net pid user uts; do readlink $n; done";
  CHECK(outcome_of(container, {.argv = {"sh", "-c", namespaces, "self"}}).out ==
        outcome_of(container, {.argv = {"sh", "-c", namespaces, "1"}}).out);
  CHECK(outcome_of(container, {.argv = {"cat", "/proc/self/limits"}}).out ==
        outcome_of(container, {.argv = {"cat", "/proc/1/limits"}}).out);
  CHECK(outcome_of(container, {.argv = {"ls", "/proc/self/fd"}}).out == "0\n1\n2\n3\n");
}

}  // namespace dunnage::test
