// SPDX-License-Identifier: Apache-2.0
// What skopeo is told: no secret, and nothing that it could take for something else.

#include "image/registry.hpp"
#include "support/find_program.hpp"
#include "support/host.hpp"
#include "support/requires.hpp"
#include "unit/image_support.hpp"

#include <dunnage/dunnage.hpp>

#include <cstdlib>

using namespace dunnage;
using test::code_of;
using test::message_of;
using test::Registry;
using test::TemporaryImages;

namespace {

bool requires_registry() { return test::requires_program("skopeo") && test::requires_program("docker-registry"); }

/// An image of two layers, called app:1.
void push(const Registry& registry, const TemporaryImages& images) {
  test::OciLayout layout;
  layout.name(layout.image({test::small_layer("below", "x"), test::small_layer("above", "y")}), "latest");
  registry.push("oci:" + layout.write(images.directory, "push").string() + ":latest", "app:1");
}

PullOptions plain() {
  PullOptions options;
  options.tls_verify = false;
  return options;
}

}  // namespace

TEST_CASE("I-40: a registry's password is in no argument, no error and no file of the store", "[image][pull][attack]") {
  if (!requires_registry()) return;
  const Registry registry{Registry::Access::WithPassword};
  TemporaryImages images;
  push(registry, images);
  // what skopeo is started with, by a script in its place
  const auto real = test::find_program("skopeo");
  REQUIRE(real);
  const auto script = images.directory.write(
      "bin/skopeo", "#!/bin/sh\nprintf '%s\\n' \"$@\" >> " + (images.directory.path() / "said").string() + "\nenv >> " +
                        (images.directory.path() / "said").string() + "\nexec " + real->string() + " \"$@\"\n");
  std::filesystem::permissions(script, std::filesystem::perms{0755});
  const std::string path = std::getenv("PATH") != nullptr ? std::getenv("PATH") : "";
  ::setenv("PATH", (script.parent_path().string() + ":" + path).c_str(), 1);
  PullOptions options = plain();
  options.auth_file = registry.auth_file("another secret");
  const std::string message = message_of([&] { (void)images.store.pull(registry.name("app:1"), options); });
  options.auth_file = registry.auth_file();
  (void)images.store.pull(registry.name("app:1"), options);
  ::setenv("PATH", path.c_str(), 1);
  const std::string said = images.directory.read("said");
  CHECK(said.find("copy") != std::string::npos);
  const std::string login = std::string{Registry::kUser} + ":";
  for (const std::string& secret : {std::string{"another secret"}, std::string{Registry::kPassword}, login,
                                    Registry::encoded_login("another secret"), Registry::encoded_login()}) {
    INFO(secret);
    CHECK(message.find(secret) == std::string::npos);
    CHECK(said.find(secret) == std::string::npos);
    for (const auto& entry : std::filesystem::recursive_directory_iterator{images.store.root()}) {
      if (entry.is_regular_file()) CHECK(test::file_text(entry.path()).find(secret) == std::string::npos);
    }
  }
}

TEST_CASE("P-54: the place of a store may have any name where an image is pulled, and names of images may not",
          "[image][pull][attack]") {
  if (!requires_registry()) return;
  const Registry registry;
  const TemporaryImages other;
  push(registry, other);
  for (const char* name : {"-store", "a+b", "%s", "a;b", "a b", "a\nb", "a,b", "a@b", "'\""}) {
    INFO(name);
    const test::TemporaryDirectory directory;
    ImageStore store = ImageStore::open(directory.path() / name);
    CHECK(store.pull(registry.name("app:1"), plain()).info().layers.size() == 2);
  }
  const test::TemporaryDirectory directory;
  CHECK(code_of([&] { (void)ImageStore::open(directory.path() / "a:b").pull(registry.name("app:1"), plain()); }) ==
        errc::not_supported);  // which says that skopeo takes it for a separator
  for (const char* name : {"-app:1", "--help", "app;1", "app\n:1", "a b", "docker://app", "oci:/etc", "%s", "app:-1",
                           "app@sha256:%", "../app", "/etc/passwd", "a,b"}) {
    INFO(name);
    CHECK(code_of([&] { (void)other.store.get(name); }) == errc::invalid_argument);
    CHECK(code_of([&] { (void)ImageStore{other.store}.pull(name, plain()); }) == errc::invalid_argument);
  }
}
