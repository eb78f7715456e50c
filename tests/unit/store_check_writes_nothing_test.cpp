// SPDX-License-Identifier: Apache-2.0
// check() where nothing can be written: the kernel kills who changes anything.

#include "support/locked_down.hpp"
#include "unit/store_check_support.hpp"
#include "unit/volume_index_support.hpp"

using namespace dunnage;

TEST_CASE("a check changes nothing, and works where nothing can be changed", "[volume][check][pure]") {
  test::TemporaryStore temporary;
  auto all = test::damages();
  for (std::size_t number = 0; number < all.size(); ++number) {
    test::make_volume(temporary.store, "v" + std::to_string(number));
  }
  test::make_volume(temporary.store, "other");
  (void)test::list_with_index(temporary.store);
  for (std::size_t number = 0; number < all.size(); ++number) {
    all[number].make(temporary.root / "volumes" / ("v" + std::to_string(number)));
  }
  std::filesystem::create_directories(temporary.root / "trash/left-over");
  std::filesystem::create_directories(temporary.root / "staging/left-over");
  const std::string before = test::tree_of(temporary.root);
  const StoreReport expected = check_store(temporary.root, test::kAtOnce);
  CHECK(expected.findings.size() == all.size() + 2);
  const auto end =
      test::locked_down([&](bool) { return test::write_out(check_store(temporary.root, test::kAtOnce).to_json()); });
  CHECK(end.status == 0);
  CHECK(end.words == expected.to_json());
  CHECK(test::tree_of(temporary.root) == before);
  for (const auto& volume : std::filesystem::directory_iterator{temporary.root / "volumes"}) {
    std::filesystem::permissions(volume.path(), std::filesystem::perms{0700});  // so that it can be deleted
  }
}
