// SPDX-License-Identifier: Apache-2.0
// P-13: what is far longer, or far more, than anybody needs arrives as it is, or is an error.

#include "container/records_support.hpp"
#include "container/support.hpp"
#include "support/rounds.hpp"

using namespace dunnage;
using namespace dunnage::test;

namespace {

constexpr std::size_t kLong = 70'000;
constexpr std::size_t kMebibyte = 1U << 20U;

/// A text whose every part is another, so that a cut or a shift shows.
std::string text_of(std::size_t size) {
  std::string text;
  for (std::size_t number = 0; text.size() < size; ++number) text += std::to_string(number) + ".";
  text.resize(size);
  return text;
}

/// Does it, or throws an error that one can act on. \return whether it was done
bool done_or_clear(const std::function<void()>& work) {
  try {
    work();
    return true;
  } catch (const Error& error) {
    INFO(std::string{error.what()}.substr(0, 500));
    CHECK_FALSE(error.remedy().empty());
    return false;
  }
}

}  // namespace

TEST_CASE("P-13: thousands of mounts are attached in one launch, each in its place", "[container][mounts][attack]") {
  const Ground ground;
  const int many = Rounds::are_long() ? 10'000 : 2'000;
  const auto source = ground.directory().write("source/token", "").parent_path();
  MountSet mounts;
  for (int number = 0; number < many; ++number) mounts.add(BindMount{source, "/many/" + std::to_string(number)});
  const Outcome outcome = outcome_of(ground.shell(
      "grep -c ' /many/' /proc/mounts; cd /many; n=0; for d in *; do test -e $d/token && n=$((n + 1)); done; echo $n",
      std::move(mounts)));
  CHECK(outcome.out == std::to_string(many) + "\n" + std::to_string(many) + "\n");
}

TEST_CASE("P-13: labels of a mebibyte come back byte for byte", "[container][records][attack]") {
  const Ground ground;
  const std::string label = text_of(kMebibyte);
  LaunchSpec spec = ground.program({"true"});
  spec.name = "box";
  spec.remove_on_exit = false;
  spec.labels = {{"big", label}, {"small", "s"}};
  if (done_or_clear([&] { (void)run(std::move(spec)); })) {
    const Labels labels = ground.containers().inspect("box").labels;
    CHECK((labels.at("big") == label));
    CHECK(labels.at("small") == "s");
    ground.containers().remove("box");
  }
  CHECK(ground.containers().list().empty());
  if (done_or_clear([&] { (void)ground.volumes().create("data", {.labels = {{"big", label}}}); })) {
    CHECK((ground.volumes().get("data").labels().at("big") == label));
    ground.volumes().remove("data");
  }
  CHECK(ground.volumes().list().empty());
}

TEST_CASE("P-13: options, paths and variables of seventy thousand bytes are errors, or what the container gets",
          "[container][mounts][attack]") {
  const Ground ground;
  const std::string text = text_of(kLong);
  const auto source = ground.directory().make("source");
  const auto launch = [&](const std::function<void(LaunchSpec&)>& change) {
    LaunchSpec spec = ground.program({"true"});
    change(spec);
    return done_or_clear([&] { (void)outcome_of(std::move(spec)); });
  };
  const auto mounts = [&](const Mount& mount) {
    return done_or_clear([&] { (void)outcome_of(ground.program({"true"}, {mount})); });
  };
  CHECK_FALSE(mounts(BindMount{source, "/" + text}));
  CHECK_FALSE(mounts(BindMount{source.string() + "/" + text, "/x"}));
  CHECK_FALSE(mounts(VolumeMount{"data", "/x", {.subpath = text}}));
  CHECK_FALSE(mounts(VolumeMount{text, "/x"}));
  CHECK_FALSE(mounts(VolumeMount{
      "data", "/x", {.driver_options = {{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", "size=1m," + text}}}}));
  CHECK_FALSE(mounts(VolumeMount{"data", "/x", {.driver_options = {{text, text}}}}));
  (void)mounts(BindMount{source, "/x", {.exclude = {text}}});
  CHECK_FALSE(launch([&](LaunchSpec& spec) { spec.hostname = text; }));
  CHECK_FALSE(launch([&](LaunchSpec& spec) { spec.cwd = "/" + text; }));
  CHECK_FALSE(launch([&](LaunchSpec& spec) { spec.user = text; }));
  CHECK_FALSE(launch([&](LaunchSpec& spec) { spec.name = text; }));
  for (const char* flag : {"-v", "--mount", "--tmpfs"}) {
    CHECK_FALSE(done_or_clear([&] { (void)MountSet{}.add_spec(std::string{flag} + " /x:" + text); }));
  }
  LaunchSpec spec = ground.program({"sh", "-c", "echo $LONG | cksum"});
  spec.env = {{"LONG", text}};
  LaunchSpec as_argument = ground.program({"sh", "-c", "echo $1 | cksum", "sh", text});
  CHECK(output_of(std::move(spec)) == output_of(std::move(as_argument)));
  CHECK(output_of(ground.program({"true"})).empty());  // the next one is as ever
}
