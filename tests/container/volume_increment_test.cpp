// SPDX-License-Identifier: Apache-2.0
// Exports that hold what differs from earlier ones, and what comes of all of them together.

#include "container/support.hpp"
#include "support/tree.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace dunnage::test {
namespace {

/// A volume, changed step by step, and an export after each.
class Steps {
 public:
  void change(const std::string& script) {
    (void)output_of(ground_.shell("cd /data && " + script, {VolumeMount{"data", "/data"}}));
    const auto file = ground_.path("step-" + std::to_string(archives_.size()));
    last_ = store().export_to(
        "data", file,
        {.compression = archives_.size() % 2 == 1 ? ArchiveCompression::Zstd : ArchiveCompression::None,
         .since = archives_});
    archives_.push_back(file);
  }
  [[nodiscard]] VolumeStore store() const { return ground_.volumes(); }
  [[nodiscard]] const VolumeExportResult& last() const { return last_; }
  [[nodiscard]] const std::vector<std::filesystem::path>& archives() const { return archives_; }
  [[nodiscard]] VolumeImportResult restore(const std::string& name, std::vector<std::filesystem::path> chosen) const {
    const std::filesystem::path whole = chosen.front();
    chosen.erase(chosen.begin());
    return store().import_from(whole, name, {.increments = std::move(chosen)});
  }
  [[nodiscard]] std::string bytes(const std::string& name) const {
    std::string all;
    (void)store().export_to(name, [&](std::string_view part) { all += part; });
    return all;
  }
  [[nodiscard]] std::string tree(const std::string& name) const { return tree_of(store().get(name).mountpoint()); }

 private:
  Ground ground_;
  VolumeExportResult last_;
  std::vector<std::filesystem::path> archives_;
};

}  // namespace

TEST_CASE("a whole export and its increments are the volume as it was at the last of them", "[volume][increment]") {
  Steps steps;
  steps.change(
      "mkdir -p d/deep gone/deep turn; echo one > d/one; ln d/one d/two; ln d/one d/three; echo x > gone/deep/x; "
      "echo y > turn/y; echo z > kind; ln -s d link; mkfifo pipe; head -c 3000000 /dev/urandom > big; truncate -s 5M "
      "hole; "
      "echo same > same; touch -d @1600000000 same; echo a > a; mkdir a-b; echo ab > a-b/f");
  const auto whole = steps.last();
  const std::string first_tree = steps.tree("data");
  steps.change(
      "rm -r gone turn; echo now > turn; rm kind; mkdir kind; echo in > kind/in; echo more >> d/one; rm link; "
      "ln -s kind link; chmod 0700 d/deep; printf y | dd of=hole bs=1 seek=2000000 conv=notrunc 2>/dev/null; "
      "echo SAME > same; touch -d @1600000000 same; rm pipe; mkfifo -m 0600 pipe");
  CHECK(steps.last().size < 100'000);
  CHECK(steps.last().entries < whole.entries);
  steps.change("rm d/one; rm a; rm -r a-b; mkdir a; echo new > a/f; mv d/deep moved; echo x > d/two; touch 'new name'");
  steps.change("true");
  CHECK(steps.last().entries == 1);
  CHECK(steps.last().bytes == 0);
  const auto restored = steps.restore("restored", steps.archives());
  CHECK(steps.tree("restored") == steps.tree("data"));
  CHECK(steps.bytes("restored") == steps.bytes("data"));
  (void)steps.restore("first", {steps.archives()[0]});
  CHECK(steps.tree("first") == first_tree);
}

TEST_CASE("an increment goes on top of what it was made against, and nowhere else", "[volume][increment]") {
  Steps steps;
  steps.change("echo one > f; echo kept > g");
  steps.change("echo two > f");
  steps.change("rm f");
  const auto& archives = steps.archives();
  const auto code = [&](const std::vector<std::filesystem::path>& chosen) {
    return code_of([&] { (void)steps.restore("new", chosen); });
  };
  CHECK(code({archives[0], archives[2]}) == errc::digest_mismatch);
  CHECK(code({archives[0], archives[2], archives[1]}) == errc::digest_mismatch);
  CHECK(code({archives[0], archives[0]}) == errc::digest_mismatch);
  CHECK(code({archives[1]}) == errc::invalid_argument);
  CHECK_FALSE(steps.store().find("new"));
  CHECK(code_of([&] {
          (void)steps.store().export_to("data", archives[0].parent_path() / "x", {.since = {archives[1]}});
        }) == errc::invalid_argument);
  CHECK(code_of([&] {
          (void)steps.store().export_to("data", archives[0].parent_path() / "x", {.since = {archives[0], archives[2]}});
        }) == errc::invalid_argument);
  CHECK_FALSE(std::filesystem::exists(archives[0].parent_path() / "x"));
}

TEST_CASE("a name that would mean a deletion is in a whole export, and in no increment", "[volume][increment]") {
  Steps steps;
  steps.change("echo one > .wh.f; echo two > f");
  (void)steps.restore("restored", steps.archives());
  CHECK(steps.tree("restored") == steps.tree("data"));
  CHECK(code_of([&] { steps.change("echo three > f"); }) == errc::not_supported);
  CHECK(steps.archives().size() == 1);
}

}  // namespace dunnage::test
