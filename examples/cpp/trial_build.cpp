// SPDX-License-Identifier: Apache-2.0

// git worktree add /tmp/trial && docker run -v /tmp/trial:/src builder make && git diff
//
// A build nobody trusts changes a checkout. The checkout stays as it is; what the build did is looked at, what is
// wanted of it is taken over, and the rest is thrown away.
//
//     trial_build [DIRECTORY]

#include "example.hpp"

#include <dunnage/dunnage.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

using example::check;
using example::say;

namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream{file};
  return {std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{}};
}

std::filesystem::path make_checkout(const std::filesystem::path& directory) {
  const auto checkout = directory / "checkout";
  std::filesystem::create_directories(checkout / "src");
  std::ofstream{checkout / "src/main.c"} << "int main(void) { return 0; }\n";
  std::ofstream{checkout / "Makefile"} << "all: main\n";
  return checkout;
}

// What somebody else's build script does to the checkout, wanted or not.
void build(const dunnage::Transaction& trial, const std::filesystem::path& store) {
  const auto status = dunnage::run({.argv = {"sh", "-c",
                                             "cd /src && mkdir -p out && cp src/main.c out/main.o && "
                                             "echo 'int version = 2;' > src/version.h && rm Makefile"},
                                    .mounts = dunnage::MountSet{trial.at("/src")},
                                    .store = store});
  check(status.success(), "the build has run, and has seen a checkout it may write to");
}

int run(const std::filesystem::path& directory) {
  const auto checkout = make_checkout(directory);
  auto transactions = dunnage::TransactionStore::open(directory / "store");
  const auto trial = transactions.begin(checkout, "trial");
  build(trial, transactions.root());
  check(std::filesystem::exists(checkout / "Makefile") && !std::filesystem::exists(checkout / "out"),
        "the checkout is as it was");

  say("what the build did");
  for (const auto& change : trial.changes()) say("  " + std::string{to_string(change.kind)} + " " + change.path);
  check(trial.changes().size() == 4, "it made out and out/main.o, made src/version.h, and deleted the Makefile");

  say("somebody works on the checkout meanwhile");
  std::ofstream{checkout / "Makefile"} << "all: main version\n";
  check(trial.conflicts().size() == 1, "the Makefile was changed on both sides, and applying it would stop there");

  const auto applied = trial.apply({.filter = {.include = {"src"}}});
  check(applied.changes.size() == 1 && text_of(checkout / "src/version.h") == "int version = 2;\n",
        "src/version.h is in the checkout");
  trial.discard();
  check(text_of(checkout / "Makefile") == "all: main version\n" && !std::filesystem::exists(checkout / "out"),
        "the rest is gone, and never touched anything");
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return example::show_in_directory(argc, argv, run); }
