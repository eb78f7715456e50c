// SPDX-License-Identifier: Apache-2.0
// Another project's program: it says what would be mounted in a container, and mounts nothing.

#include <dunnage/dunnage.hpp>

#include <iostream>

int main() {
  try {
    dunnage::MountSet mounts;
    mounts.add(dunnage::BindMount{"/usr", "/host/usr", {.read_only = true}})
        .add(dunnage::Tmpfs{"/run"})
        .add_spec("-v /etc:/host/etc:ro");
    std::cout << "dunnage " << DUNNAGE_VERSION << '\n' << mounts.resolve();
    return 0;
  } catch (const dunnage::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
