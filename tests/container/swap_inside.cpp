// SPDX-License-Identifier: Apache-2.0
#include "container/swap_inside.hpp"

#include "support/swap.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <utility>

namespace dunnage::test {
namespace {

constexpr auto kTag = "[.swaps-inside]";
constexpr auto kProgram = "/opt/swap";
constexpr std::size_t kReported = 1024;  ///< exchanges for each byte that says so

/// This program, in a container.
LaunchSpec swapping(const Ground& ground, MountSet mounts, const std::string& name,
                    const std::vector<std::string>& others, Stdio out) {
  mounts.add(BindMount{std::filesystem::read_symlink("/proc/self/exe"), kProgram, {.read_only = true}});
  LaunchSpec spec = ground.program({kProgram, kTag}, std::move(mounts));
  std::string all;
  for (const std::string& other : others) all += other + " ";
  spec.env = {{"SWAP_NAME", name}, {"SWAP_OTHERS", all}};
  spec.in = Stdio::pipe();
  spec.out = std::move(out);
  return spec;
}

std::vector<std::string> words_of(const char* variable) {
  const char* text = std::getenv(variable);
  std::istringstream stream{text != nullptr ? text : ""};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

volatile std::sig_atomic_t asked_to_stop = 0;

}  // namespace

SwapInside::SwapInside(const Ground& ground, MountSet mounts, const std::string& name,
                       const std::vector<std::string>& others)
    : container_{Container::launch(swapping(ground, std::move(mounts), name, others, out_.stdio()))} {
  REQUIRE(out_.wait_for("x"));
}

SwapInside::~SwapInside() {
  container_.kill(SIGTERM);
  const ExitStatus status = container_.wait();
  CHECK(status.success());
}

std::size_t SwapInside::count() const {
  const std::string text = out_.text();
  return kReported * static_cast<std::size_t>(std::count(text.begin(), text.end(), 'x'));
}

/// The program of such a container.
TEST_CASE("exchanges names in a container", "[.swaps-inside]") {
  const std::vector<std::string> name = words_of("SWAP_NAME");
  const std::vector<std::string> others = words_of("SWAP_OTHERS");
  if (name.empty()) return skip("is run by another test");
  (void)std::signal(SIGTERM, [](int) { asked_to_stop = 1; });
  bool good = true;
  for (std::size_t count = 0; good && asked_to_stop == 0;) {
    for (const std::string& other : others) {
      good = good && exchange_names(name[0], other) && exchange_names(name[0], other);
      count += 2;
      if (count == 2 || count % kReported == 0) (void)!::write(STDOUT_FILENO, "x", 1);
    }
  }
  CHECK(good);
}

}  // namespace dunnage::test
