// SPDX-License-Identifier: Apache-2.0
#include "image/registry.hpp"
#include "support/host.hpp"
#include "support/leak_guard.hpp"
#include "support/requires.hpp"
#include "unit/image_support.hpp"

#include <dunnage/dunnage.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>
#include <cstdlib>
#include <thread>
#include <utility>

using namespace dunnage;
using test::code_of;
using test::json;
using test::message_of;
using test::OciLayout;
using test::Registry;
using test::TemporaryImages;

namespace {

constexpr auto kPatience = std::chrono::seconds{20};

bool requires_registry() { return test::requires_program("skopeo") && test::requires_program("docker-registry"); }

/// An image whose layers are new ones each time, unless `mark` is the same.
OciLayout layout_of(const std::string& mark, json config = json::object()) {
  OciLayout layout;
  layout.name(
      layout.image({test::small_layer("below", "the same"), test::small_layer("above", mark)}, std::move(config)),
      "latest");
  return layout;
}

void push(const Registry& registry, const TemporaryImages& images, const OciLayout& layout, std::string_view name,
          const std::vector<std::string>& flags = {}) {
  std::filesystem::remove_all(images.directory.path() / "push");
  registry.push("oci:" + layout.write(images.directory, "push").string() + ":latest", name, flags);
}

/// Takes connections and never answers.
class SilentServer {
 public:
  SilentServer() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(socket_, 16) == 0);
    REQUIRE(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  ~SilentServer() { ::close(socket_); }

  [[nodiscard]] std::string name(const std::string& rest) const {
    return "127.0.0.1:" + std::to_string(port_) + "/" + rest;
  }

 private:
  int socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  unsigned port_ = 0;
};

PullOptions plain(PullPolicy policy = PullPolicy::Always) {
  PullOptions options;
  options.policy = policy;
  options.tls_verify = false;
  return options;
}

}  // namespace

TEST_CASE("an image is pulled from a registry, and nothing of it is fetched twice", "[image][pull]") {
  if (!requires_registry()) return;
  const Registry registry;
  TemporaryImages images;
  push(registry, images, layout_of("one", {{"Cmd", {"sh"}}}), "app:1");
  test::LeakGuard guard;
  const Image pulled = images.store.pull(registry.name("app:1"), plain());
  guard.check();
  CHECK(pulled.info().names == std::vector<std::string>{registry.name("app:1")});
  CHECK(pulled.info().repo_digests == std::vector<std::string>{registry.name("app@" + pulled.info().digest)});
  CHECK(pulled.config().cmd == std::vector<std::string>{"sh"});
  CHECK(pulled.info().layers.size() == 2);
  CHECK(pulled.info().layers[0].media_type == "application/vnd.oci.image.layer.v1.tar+gzip");
  CHECK(images.is_tidy());
  CHECK(images.store.get(registry.name("app@" + pulled.info().digest)) == pulled);

  constexpr std::size_t served = 3;
  CHECK(test::becomes_true([&] { return registry.blobs_served() == served; }, kPatience));
  CHECK(images.store.pull(registry.name("app:1"), plain()) == pulled);
  CHECK(images.store.pull(registry.name("app:1"), plain(PullPolicy::Missing)) == pulled);
  CHECK(registry.blobs_served() == served);

  push(registry, images, layout_of("two", {{"Cmd", {"sh"}}}), "app:2");
  const std::size_t pushed = registry.blobs_served();
  const Image second = images.store.pull(registry.name("app:2"), plain());
  CHECK(second.info().layers[0] == pulled.info().layers[0]);
  // its configuration and the one layer that is new
  CHECK(test::becomes_true([&] { return registry.blobs_served() >= pushed + 2; }, kPatience));
  CHECK(registry.blobs_served() == pushed + 2);
}

TEST_CASE("a tag that has moved is followed only by who asks for it", "[image][pull]") {
  if (!requires_registry()) return;
  const Registry registry;
  TemporaryImages images;
  push(registry, images, layout_of("one"), "app:1");
  const std::string name = registry.name("app:1");
  const Image first = images.store.pull(name, plain());
  push(registry, images, layout_of("two"), "app:1");
  CHECK(images.store.pull(name, plain(PullPolicy::Missing)) == first);
  CHECK(images.store.pull(name, plain(PullPolicy::Never)) == first);
  const Image second = images.store.pull(name, plain());
  CHECK(second.id() != first.id());
  CHECK(images.store.get(name) == second);
  CHECK(images.store.get(first.id()).info().names.empty());

  const std::string by_digest = registry.name("app@" + first.info().digest);
  CHECK(images.store.get(by_digest).id() == first.id());
  TemporaryImages others;
  const Image pulled = others.store.pull(by_digest, plain());
  CHECK(pulled.id() == first.id());
  CHECK(pulled.info().names.empty());
  CHECK(pulled.info().repo_digests == std::vector<std::string>{by_digest});
  CHECK(others.store.pull(by_digest, plain(PullPolicy::Missing)) == pulled);
}

TEST_CASE("an image that must be there is not fetched", "[image][pull]") {
  if (!requires_registry()) return;
  TemporaryImages images;
  CHECK(message_of([&] { images.store.pull("busybox", plain(PullPolicy::Never)); }) ==
        "cannot pull image \"busybox\": no such image [ENOENT]; pull or load it first, or list the images");
  CHECK(code_of([&] { images.store.pull("Busybox", plain()); }) == errc::invalid_argument);
}

TEST_CASE("a registry that wants a password is given the one of the auth file", "[image][pull]") {
  if (!requires_registry()) return;
  const Registry registry{Registry::Access::WithPassword};
  TemporaryImages images;
  push(registry, images, layout_of("secret"), "app:1");
  PullOptions options = plain();
  CHECK(code_of([&] { images.store.pull(registry.name("app:1"), options); }) == errc::pull_failed);
  options.auth_file = registry.auth_file("wrong");
  const std::string message = message_of([&] { images.store.pull(registry.name("app:1"), options); });
  INFO(message);
  CHECK_THAT(message, Catch::Contains("the registry did not give the image [EIO]; check the"));
  CHECK_THAT(message, Catch::Contains("password in the auth file"));
  CHECK(images.blobs().empty());
  options.auth_file = registry.auth_file();
  CHECK(images.store.pull(registry.name("app:1"), options).info().layers.size() == 2);

  const auto helper = images.directory.write(
      "bin/docker-credential-dunnage-test",
      "#!/bin/sh\ncat >/dev/null\nprintf '{\"Username\":\"sailor\",\"Secret\":\"open sesame\"}'\n");
  std::filesystem::permissions(helper, std::filesystem::perms::owner_all);
  const std::string path = std::getenv("PATH") == nullptr ? "/usr/bin:/bin" : std::getenv("PATH");
  ::setenv("PATH", (helper.parent_path().string() + ":" + path).c_str(), 1);
  TemporaryImages others;
  options.auth_file =
      images.directory.write("helper.json", json{{"credHelpers", {{registry.address(), "dunnage-test"}}}}.dump());
  CHECK(others.store.pull(registry.name("app:1"), options).info().layers.size() == 2);
  ::setenv("PATH", path.c_str(), 1);
}

TEST_CASE("what a registry refuses is said in its own words", "[image][pull]") {
  if (!requires_registry()) return;
  const Registry registry;
  TemporaryImages images;
  CHECK(code_of([&] { images.store.pull(registry.name("none:1"), plain()); }) == errc::image_missing);
  CHECK_THAT(message_of([&] { images.store.pull(registry.name("none:1"), plain()); }),
             Catch::Contains("manifest unknown: no such image [ENOENT]; check its name and tag"));
  PullOptions verified = plain();
  verified.tls_verify = true;
  CHECK_THAT(message_of([&] { images.store.pull(registry.name("none:1"), verified); }),
             Catch::Contains("server gave HTTP response to HTTPS client") &&
                 Catch::Contains("set tls_verify to false if this registry can be trusted without it"));
  CHECK_THAT(message_of([&] { images.store.pull("127.0.0.1:1/app", plain()); }),
             Catch::Contains("connection refused") && Catch::Contains("and that it runs"));
  CHECK(images.is_tidy());
}

TEST_CASE("an image is pulled through a mirror", "[image][pull]") {
  if (!requires_registry()) return;
  const Registry registry;
  TemporaryImages images;
  push(registry, images, layout_of("mirrored"), "app:1");
  PullOptions options = plain();
  options.tls_verify = true;
  options.registries_conf = images.directory.write(
      "registries.conf", "[[registry]]\nlocation = \"origin.invalid\"\n\n[[registry.mirror]]\nlocation = \"" +
                             registry.address() + "\"\ninsecure = true\n");
  const Image pulled = images.store.pull("origin.invalid/app:1", options);
  CHECK(pulled.info().names == std::vector<std::string>{"origin.invalid/app:1"});
}

TEST_CASE("of an image for several platforms the wanted one is pulled", "[image][pull]") {
  if (!requires_registry()) return;
  const Registry registry;
  TemporaryImages images;
  OciLayout layout;
  json entries = json::array();
  for (const char* architecture : {"amd64", "arm64", "s390x"}) {
    json manifest = layout.image({test::small_layer(architecture)}, {}, {{"architecture", architecture}});
    manifest["platform"] = {{"os", "linux"}, {"architecture", architecture}};
    entries.push_back(std::move(manifest));
  }
  const std::string index = json{{"schemaVersion", 2}, {"mediaType", test::kIndexType}, {"manifests", entries}}.dump();
  layout.name(layout.add(test::kIndexType, index), "latest");
  push(registry, images, layout, "app:1", {"--all", "--preserve-digests"});
  PullOptions options = plain();
  for (const char* architecture : {"arm64", "s390x"}) {
    options.platform = parse_platform(architecture);
    const Image pulled = images.store.pull(registry.name("app:1"), options);
    CHECK(pulled.info().platform.architecture == architecture);
    CHECK(pulled.info().repo_digests == std::vector<std::string>{registry.name("app@" + image::digest_of(index))});
    CHECK(images.store.pull(registry.name("app:1"), options) == pulled);
    options.policy = PullPolicy::Missing;
    CHECK(images.store.pull(registry.name("app:1"), options) == pulled);
    options.policy = PullPolicy::Always;
  }
  CHECK(images.store.list().size() == 2);
  options.platform = parse_platform("linux/riscv64");
  CHECK_THAT(
      message_of([&] { images.store.pull(registry.name("app:1"), options); }),
      Catch::Contains("there is none for linux/riscv64: no such image [ENOENT]; choose a platform that is there: "
                      "linux/amd64, linux/arm64, linux/s390x"));

  push(registry, images, layout_of("single"), "single:1");
  options.platform = parse_platform("linux/arm64");
  CHECK(code_of([&] { images.store.pull(registry.name("single:1"), options); }) == errc::image_missing);
  CHECK(images.store.list().size() == 2);
}

TEST_CASE("an image in Docker's own format keeps its id and its health check", "[image][pull]") {
  if (!requires_registry()) return;
  const Registry registry;
  TemporaryImages images;
  for (const bool packed : {true, false}) {
    INFO(packed);
    const std::string plain_layer = test::small_layer("docker", packed ? "packed" : "plain");
    std::string layer = plain_layer;
    if (packed) {
      images.directory.write("layer", plain_layer);
      layer = test::run_tool({"gzip", "-nc", images.directory.path() / "layer"});
    }
    const std::string config = json{{"os", "linux"},
                                    {"architecture", "amd64"},
                                    {"config", {{"Healthcheck", {{"Test", {"CMD", "true"}}}}}},
                                    {"rootfs", {{"type", "layers"}, {"diff_ids", {image::digest_of(plain_layer)}}}}}
                                   .dump();
    json manifest = {{"schemaVersion", 2}, {"mediaType", "application/vnd.docker.distribution.manifest.v2+json"}};
    manifest["config"] = test::descriptor_of("application/vnd.docker.container.image.v1+json", config);
    manifest["layers"] = json::array({test::descriptor_of(
        packed ? "application/vnd.docker.image.rootfs.diff.tar.gzip" : "application/vnd.docker.image.rootfs.diff.tar",
        layer)});
    const std::string directory = packed ? "packed" : "plain";
    images.directory.write(directory + "/version", "Directory Transport Version: 1.1\n");
    images.directory.write(directory + "/manifest.json", manifest.dump());
    images.directory.write(directory + "/" + image::digest_of(config).substr(7), config);
    images.directory.write(directory + "/" + image::digest_of(layer).substr(7), layer);
    registry.push("dir:" + (images.directory.path() / directory).string(), directory + ":1", {"--preserve-digests"});

    const Image pulled = images.store.pull(registry.name(directory + ":1"), plain());
    CHECK(pulled.id() == image::digest_of(config));
    REQUIRE(pulled.config().healthcheck);
    CHECK(pulled.config().healthcheck->test == std::vector<std::string>{"CMD", "true"});
    const std::string asked = registry.name(directory + "@" + image::digest_of(manifest.dump()));
    CHECK(pulled.info().repo_digests == std::vector<std::string>{asked});
    CHECK(images.store.get(asked) == pulled);
    if (packed) CHECK(pulled.info().layers[0].digest == image::digest_of(layer));
    std::size_t served = 0;
    const auto settled = [&] {
      const std::size_t before = std::exchange(served, registry.blobs_served());
      return before == served;
    };
    CHECK(test::becomes_true(settled, kPatience));
    CHECK(images.store.pull(registry.name(directory + ":1"), plain()) == pulled);
    CHECK(registry.blobs_served() == served);
  }
}

TEST_CASE("a pull ends when its caller wants it, and leaves nothing", "[image][pull]") {
  if (!requires_registry()) return;
  TemporaryImages images;
  const SilentServer silent;
  const std::string name = silent.name("app");
  PullOptions options = plain();
  const auto begin = std::chrono::steady_clock::now();
  options.watch.deadline = begin + std::chrono::milliseconds{500};
  test::LeakGuard guard;
  CHECK(code_of([&] { images.store.pull(name, options); }) == errc::timed_out);
  std::stop_source stop;
  options.watch = {.stop = stop.get_token()};
  std::thread stopper{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    stop.request_stop();
  }};
  CHECK(code_of([&] { images.store.pull(name, options); }) == errc::cancelled);
  stopper.join();
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{10});
  guard.check();
  CHECK(images.is_tidy());
}

TEST_CASE("a pull ends with its host, however that ends", "[image][pull]") {
  if (!requires_registry()) return;
  TemporaryImages images;
  const SilentServer silent;
  const std::string name = silent.name("app");
  const pid_t host = test::start_process([&] { images.store.pull(name, plain()); });
  const std::string argument = "docker://" + name + ":latest";
  REQUIRE(test::becomes_true([&] { return !test::processes_with(argument).empty(); }, std::chrono::seconds{20}));
  ::kill(host, SIGKILL);
  CHECK(WIFSIGNALED(test::wait_for(host)));
  CHECK(test::becomes_true([&] { return test::processes_with(argument).empty(); }, std::chrono::seconds{10}));
  (void)ImageStore::open(images.root);
  CHECK(images.is_tidy());
}
