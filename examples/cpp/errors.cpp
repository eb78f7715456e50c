// SPDX-License-Identifier: Apache-2.0

// One error of each stage: what its sentence looks like, and how a program decides by code(), never by text.
// A call that throws has changed nothing.

#include "example.hpp"

#include <dunnage/dunnage.hpp>

using example::check;
using example::say;

namespace {

// Runs something that must fail with this code in this stage, and shows the sentence.
template <typename Action>
void expect(const std::string& situation, dunnage::Stage stage, std::error_code code, Action action) {
  say(situation);
  try {
    action();
  } catch (const dunnage::Error& error) {
    std::cout << "  " << error.what() << '\n';
    check(error.code() == code && error.stage() == stage,
          "stage " + std::string{to_string(error.stage())} + ", code " + error.code().message());
    return;
  }
  throw std::runtime_error{"NOT SO: this must fail"};
}

void wrong_texts() {
  expect("A text that cannot be understood; the caret shows where:", dunnage::Stage::Parse, dunnage::errc::invalid_spec,
         [] { dunnage::MountSet{}.add_spec("type=bind,readonyl,source=/a,target=/b"); });
  expect("Two mounts at one place:", dunnage::Stage::Parse, dunnage::errc::duplicate_target, [] {
    dunnage::MountSet{}.add(dunnage::Tmpfs{"/data"}).add(dunnage::BindMount{"/srv", "/data/"});
  });
}

void wrong_sources(const std::filesystem::path& directory) {
  const auto absent = directory / "absent";
  const dunnage::MountSet mounts{dunnage::BindMount{absent, "/data"}};
  expect("A host path that is not there:", dunnage::Stage::Resolve, dunnage::errc::source_missing,
         [&] { (void)mounts.resolve(); });

  say("The error names the path, so a program can do something about it and try again:");
  try {
    (void)mounts.resolve();
  } catch (const dunnage::MountError& error) {
    if (error.code() == dunnage::errc::source_missing) std::filesystem::create_directory(error.source());
  }
  const dunnage::MountPlan plan = mounts.resolve();
  check(plan.size() == 1, "with the directory made, the same set resolves");

  std::filesystem::remove(absent);
  expect("It went away between the plan and prepare():", dunnage::Stage::Prepare, dunnage::errc::source_missing,
         [&] { (void)plan.prepare(); });
}

void wrong_programs() {
  expect("A program the container does not have:", dunnage::Stage::Launch, dunnage::errc::program_missing,
         [] { (void)dunnage::run({.argv = {"no-such-program"}}); });

  say("A program that fails is not an error but a value:");
  const auto status = dunnage::run({.argv = {"sh", "-c", "exit 3"}});
  check(status.exit_code() == 3, "the program " + status.to_string());

  const auto container = dunnage::Container::launch({.argv = {"true"}});
  (void)container.wait();
  expect("A signal for a container that has ended:", dunnage::Stage::Run, dunnage::errc::not_running,
         [&] { container.kill(SIGTERM); });
}

void wrong_names(const std::filesystem::path& store) {
  auto volumes = dunnage::VolumeStore::open(store);
  const auto data = volumes.create("db-data");
  expect("A volume that is not there, but nearly:", dunnage::Stage::Store, dunnage::errc::volume_missing,
         [&] { (void)volumes.get("db-dta"); });
  {
    const auto user = dunnage::Container::launch({
        .argv = {"sleep", "infinity"},
        .mounts = dunnage::MountSet{data.at("/data")},
    });
    expect("A volume that is being used:", dunnage::Stage::Store, dunnage::errc::volume_in_use,
           [&] { volumes.remove("db-data"); });
  }
  volumes.remove("db-data");
  check(!volumes.find("db-data"), "when its container is gone, it can be removed");
}

int run() {
  const example::TemporaryDirectory directory;
  wrong_texts();
  wrong_sources(directory.path());
  wrong_programs();
  wrong_names(directory.path() / "store");
  say("Every stage says what failed, on what, why, and what to do.");
  return 0;
}

}  // namespace

int main() { return example::show(run); }
