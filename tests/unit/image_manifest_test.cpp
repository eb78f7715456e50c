// SPDX-License-Identifier: Apache-2.0
#include "image/config.hpp"
#include "image/failure.hpp"
#include "image/json.hpp"
#include "image/layer_type.hpp"
#include "image/manifest.hpp"
#include "image/platform.hpp"
#include "unit/image_support.hpp"

#include <pthread.h>

using namespace dunnage;
using test::json;

namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

json good_manifest() {
  return {{"schemaVersion", 2},
          {"config", {{"mediaType", test::kConfigType}, {"digest", kDigest}, {"size", 2}}},
          {"layers", {{{"mediaType", test::kLayerType}, {"digest", kDigest}, {"size", 2}}}}};
}

std::string fault_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const image::Fault& fault) {
    return fault.cause();
  }
  return "it was accepted";
}

std::string refusal(const json& manifest) {
  return fault_of([&] { (void)image::parse_manifest(manifest.dump()); });
}

json with(json document, const json& patch) {
  document.merge_patch(patch);
  return document;
}

/// Runs `work` on a thread with a small stack.
void on_small_stack(std::function<void()> work) {
  pthread_attr_t attributes;
  REQUIRE(::pthread_attr_init(&attributes) == 0);
  REQUIRE(::pthread_attr_setstacksize(&attributes, std::size_t{256} << 10U) == 0);
  pthread_t thread{};
  const auto run = [](void* argument) -> void* {
    (*static_cast<std::function<void()>*>(argument))();
    return nullptr;
  };
  REQUIRE(::pthread_create(&thread, &attributes, run, &work) == 0);
  REQUIRE(::pthread_join(thread, nullptr) == 0);
  ::pthread_attr_destroy(&attributes);
}

}  // namespace

TEST_CASE("manifests of OCI and of Docker are read", "[image][manifest]") {
  CHECK(image::parse_manifest(good_manifest().dump()).layers.size() == 1);
  const json docker = with(
      good_manifest(),
      {{"mediaType", "application/vnd.docker.distribution.manifest.v2+json"},
       {"config", {{"mediaType", "application/vnd.docker.container.image.v1+json"}}},
       {"layers",
        {{{"mediaType", "application/vnd.docker.image.rootfs.diff.tar.gzip"}, {"digest", kDigest}, {"size", 2}}}}});
  CHECK(image::parse_manifest(docker.dump()).layers.front().digest == kDigest);
  CHECK(image::packing_of("application/vnd.docker.image.rootfs.diff.tar.gzip") == "+gzip");
  CHECK(image::packing_of("application/vnd.oci.image.layer.v1.tar+zstd") == "+zstd");
  CHECK(image::packing_of("application/vnd.oci.image.layer.v1.tar").empty());
}

TEST_CASE("a malformed manifest is refused with what is wrong with it", "[image][manifest]") {
  CHECK(refusal(json::array()) == "its manifest is not a JSON object");
  CHECK(refusal(with(good_manifest(), {{"schemaVersion", 1}})) == "its manifest is of Docker's schema 1");
  CHECK(refusal(with(good_manifest(), {{"layers", json::array()}})) == "it has no layers");
  CHECK(refusal(with(good_manifest(), {{"layers", "x"}})) == "its \"layers\" is not a list of objects");
  CHECK(refusal(with(good_manifest(), {{"config", nullptr}})) == "its manifest names no configuration");
  CHECK(refusal(with(good_manifest(), {{"config", {{"size", -1}}}})) == "its \"size\" is not a whole number");
  CHECK(refusal(with(good_manifest(), {{"config", {{"size", 1e30}}}})) == "its \"size\" is not a whole number");
  CHECK(refusal(with(good_manifest(), {{"config", {{"digest", "sha256:../../etc/passwd"}}}})) ==
        "\"sha256:../../etc/passwd\" is not a digest");
  CHECK(refusal(with(good_manifest(), {{"config", {{"digest", "sha256:" + std::string(64, 'A')}}}})) ==
        "\"sha256:" + std::string(64, 'A') + "\" is not a digest");
  CHECK(refusal(with(good_manifest(), {{"config", {{"mediaType", "application/vnd.cncf.helm.config.v1+json"}}}})) ==
        "it is an artifact of type \"application/vnd.cncf.helm.config.v1+json\", not an image");
  CHECK(refusal(with(good_manifest(), {{"layers",
                                        {{{"mediaType", "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"},
                                          {"digest", kDigest},
                                          {"size", 2}}}}})) ==
        "a layer of type \"application/vnd.oci.image.layer.v1.tar+gzip+encrypted\"");
  CHECK(refusal(with(good_manifest(), {{"mediaType", "text/plain"}})) == "its manifest is of type \"text/plain\"");
  CHECK(refusal(with(good_manifest(), {{"manifests", json::array()}})) == "it is neither a manifest nor an index");
  CHECK(refusal(with(good_manifest(), {{"mediaType", test::kManifestType}, {"manifests", json::array()}})) ==
        "its manifest is an index as well");
  CHECK(fault_of([] { (void)image::parse_manifest("{\"a\":\"\xff\"}"); }) == "its manifest is not a JSON object");
}

TEST_CASE("a manifest nested a hundred thousand deep is an error on a small stack", "[image][manifest][hostile]") {
  constexpr std::size_t kDepth = 100'000;
  for (const char* open : {"[", "{\"a\":"}) {
    std::string text = "{\"layers\":";
    for (std::size_t depth = 0; depth < kDepth; ++depth) text += open;
    std::string cause;
    on_small_stack([&] { cause = fault_of([&] { (void)image::parse_manifest(text); }); });
    CHECK(cause == "its manifest is nested more than 64 deep");
  }
  const std::string in_text = R"({"schemaVersion":2,"mediaType":")" + std::string(kDepth, '[') + "\\\"" + "\"}";
  CHECK_THAT(fault_of([&] { (void)image::parse_manifest(in_text); }), Catch::Contains("its manifest is of type"));
}

TEST_CASE("the platform that suits best is chosen from an index", "[image][manifest]") {
  const auto entry = [](const char* os, const char* architecture, const char* variant, char digit) {
    return image::Descriptor{.media_type = test::kManifestType,
                             .digest = "sha256:" + std::string(64, digit),
                             .size = 1,
                             .platform = Platform{os, architecture, variant}};
  };
  const std::vector<image::Descriptor> index{entry("unknown", "unknown", "", '0'), entry("linux", "amd64", "v3", '1'),
                                             entry("linux", "amd64", "", '2'),     entry("linux", "arm", "v5", '3'),
                                             entry("linux", "arm", "v7", '4'),     entry("linux", "arm64", "v8", '5'),
                                             entry("windows", "amd64", "", '6')};
  const auto chosen = [&](std::string_view platform) {
    return image::choose(index, parse_platform(platform)).digest.back();
  };
  CHECK(chosen("linux/amd64") == '2');
  CHECK(chosen("linux/amd64/v3") == '1');
  CHECK(chosen("linux/arm") == '4');
  CHECK(chosen("linux/arm/v5") == '3');
  CHECK(chosen("arm64") == '5');
  CHECK(chosen("linux/arm64/v8") == '5');
  CHECK(chosen("linux/aarch64") == '5');
  CHECK(chosen("windows/amd64") == '6');
  CHECK(fault_of([&] { (void)chosen("linux/s390x"); }) == "there is none for linux/s390x");
}

TEST_CASE("platforms are read and written as Docker does", "[image][manifest]") {
  CHECK(parse_platform("linux/arm64/v8") == Platform{"linux", "arm64", "v8"});
  CHECK(parse_platform("arm64") == Platform{"linux", "arm64", ""});
  CHECK(parse_platform("linux") == Platform{"linux", "", ""});
  CHECK(to_string(Platform{"linux", "arm", "v7"}) == "linux/arm/v7");
  for (const char* text : {"", "/", "linux/", "linux/a/b/c", "Linux/amd64", "linux/amd 64", "linux/\n"}) {
    INFO(text);
    CHECK(test::code_of([&] { (void)parse_platform(text); }) == errc::invalid_argument);
  }
}

TEST_CASE("what an image says about running it is read as Docker reads it", "[image][config]") {
  const auto read = image::parse_configuration(R"({
    "os":"linux","architecture":"arm64","variant":"v8","author":"somebody","created":"2024-02-29T12:30:00.5+02:00",
    "rootfs":{"type":"layers","diff_ids":[]},
    "config":{"Entrypoint":["/init","-x"],"Cmd":"serve","Env":["A=1","B=x=y","EMPTY=","NOVALUE","=bad"],
      "WorkingDir":"/srv","User":"app:staff","Volumes":{"/data":{},"/cache":{}},"StopSignal":"SIGINT",
      "Labels":{"a":"b","none":null},"ExposedPorts":{"5432/tcp":{}},
      "Healthcheck":{"Test":["CMD","true"],"Interval":5000000000,"Retries":3}}})");
  CHECK(read.platform == Platform{"linux", "arm64", "v8"});
  CHECK(read.author == "somebody");
  CHECK(std::chrono::duration_cast<std::chrono::milliseconds>(read.created_at.time_since_epoch()).count() ==
        1'709'202'600'500);
  CHECK(read.config.entrypoint == std::vector<std::string>{"/init", "-x"});
  CHECK(read.config.cmd == std::vector<std::string>{"serve"});
  CHECK(read.config.env == Environment{{"A", "1"}, {"B", "x=y"}, {"EMPTY", ""}});
  CHECK(read.config.cwd == "/srv");
  CHECK(read.config.user == "app:staff");
  CHECK(read.config.volumes == std::vector<std::string>{"/cache", "/data"});
  CHECK(read.config.stop_signal == "SIGINT");
  CHECK(read.config.labels == Labels{{"a", "b"}, {"none", ""}});
  CHECK(read.config.exposed_ports == std::vector<std::string>{"5432/tcp"});
  REQUIRE(read.config.healthcheck);
  CHECK(read.config.healthcheck->interval == std::chrono::seconds{5});
  CHECK(read.config.healthcheck->retries == 3);

  const std::string written = image::write_configuration(read, "test");
  CHECK(image::parse_configuration(written).config == read.config);
}

TEST_CASE("a malformed configuration is refused with what is wrong with it", "[image][config]") {
  const auto refused = [](const char* text) { return fault_of([&] { (void)image::parse_configuration(text); }); };
  CHECK(refused("{}") == "its configuration names no layers");
  CHECK(refused(R"({"rootfs":{"diff_ids":["x"]}})") == "\"x\" is not a digest");
  CHECK(refused(R"({"rootfs":{"diff_ids":[]},"config":[]})") == "its \"config\" is not an object");
  CHECK(refused(R"({"rootfs":{"diff_ids":[]},"config":{"Env":{}}})") == "its \"Env\" is not a list");
  CHECK(refused(R"({"rootfs":{"diff_ids":[]},"config":{"Cmd":[1]}})") == "its \"Cmd\" is not a text");
  CHECK(refused(R"({"rootfs":{"diff_ids":[]},"config":{"User":"a\u0000b"}})") == "its \"User\" holds a NUL");
  CHECK(refused(R"({"rootfs":{"diff_ids":[]},"config":{"Labels":{"a":1}}})") == "its \"Labels\" is not a text");
  CHECK(refused(R"({"rootfs":{"diff_ids":[]},"created":"yesterday"})") == "it was accepted");
}

TEST_CASE("chain ids are those of the OCI image specification", "[image][config]") {
  const std::string a = image::digest_of("a");
  const std::string b = image::digest_of("b");
  CHECK(image::chain_ids({}).empty());
  CHECK(image::chain_ids({a, b}) == std::vector<std::string>{a, image::digest_of(a + " " + b)});
}
