// SPDX-License-Identifier: Apache-2.0
#include "image/failure.hpp"
#include "image/reference.hpp"
#include "unit/image_support.hpp"

#include <utility>

using namespace dunnage;

namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

std::string full(const std::string& text) { return image::to_string(image::parse_reference(text)); }

}  // namespace

TEST_CASE("names of images are completed as Docker completes them", "[image][reference]") {
  const std::vector<std::pair<std::string, std::string>> table{
      {"postgres", "docker.io/library/postgres:latest"},
      {"postgres:16", "docker.io/library/postgres:16"},
      {"library/postgres", "docker.io/library/postgres:latest"},
      {"docker.io/postgres", "docker.io/library/postgres:latest"},
      {"index.docker.io/library/postgres", "docker.io/library/postgres:latest"},
      {"bitnami/redis:7.2", "docker.io/bitnami/redis:7.2"},
      {"localhost/a", "localhost/a:latest"},
      {"localhost:5000/a:b", "localhost:5000/a:b"},
      {"127.0.0.1:5000/a/b/c", "127.0.0.1:5000/a/b/c:latest"},
      {"[::1]:5000/a", "[::1]:5000/a:latest"},
      {"quay.io/a/b__c-d.e", "quay.io/a/b__c-d.e:latest"},
      {"Registry/a", "Registry/a:latest"},
      {"a/b---c", "docker.io/a/b---c:latest"},
      {"a:_x.Y-9", "docker.io/library/a:_x.Y-9"},
      {"a@" + kDigest, "docker.io/library/a@" + kDigest},
      {"a:1@" + kDigest, "docker.io/library/a:1@" + kDigest},
  };
  for (const auto& [text, expected] : table) {
    INFO(text);
    CHECK(full(text) == expected);
  }
}

TEST_CASE("what cannot be the name of an image is refused with what is wrong with it", "[image][reference]") {
  const std::vector<std::pair<std::string, std::string>> table{
      {"", "the name is empty"},
      {std::string(2000, 'a'), "the name is too long"},
      {std::string(300, 'a'), "the name without its tag is too long"},
      {std::string(64, 'a'), "64 hex digits are the id of an image, not a name"},
      {"Postgres", "capital letters in the name"},
      {"quay.io/Postgres", "capital letters in the name"},
      {"a/../b", "\"..\" cannot be a part of a name"},
      {"/a", "\"\" cannot be a part of a name"},
      {"a//b", "\"\" cannot be a part of a name"},
      {"a/", "\"\" cannot be a part of a name"},
      {"-a", "\"-a\" cannot be a part of a name"},
      {"a_", "\"a_\" cannot be a part of a name"},
      {"a___b", "\"a___b\" cannot be a part of a name"},
      {"a..b", "\"a..b\" cannot be a part of a name"},
      {"a b", "\"a b\" cannot be a part of a name"},
      {"a\nb", "\"a\\x0ab\" cannot be a part of a name"},
      {std::string{"a\0b", 3}, "\"a\\x00b\" cannot be a part of a name"},
      {"a:", "\"\" cannot be a tag"},
      {"a:-x", "\"-x\" cannot be a tag"},
      {"a:b c", "\"b c\" cannot be a tag"},
      {"a:" + std::string(129, 'x'), "\"" + std::string(128, 'x') + "\" cannot be a tag"},
      {"a@sha256:12", "no digest behind \"@\""},
      {"a@" + kDigest + "0", "no digest behind \"@\""},
      {"a@sha512:" + std::string(128, 'a'), "a digest that is not a SHA-256"},
      {"-a.b/c", "\"-a.b\" is not the address of a registry"},
      {"a.b:x/c", "\"a.b:x\" is not the address of a registry"},
  };
  for (const auto& [text, cause] : table) {
    INFO(text);
    try {
      (void)image::parse_reference(text);
      FAIL("it was accepted");
    } catch (const image::Fault& fault) {
      CHECK(fault.cause() == cause);
    }
  }
}

TEST_CASE("names of images are shown as people write them", "[image][reference]") {
  CHECK(image::familiar("docker.io/library/postgres:16") == "postgres:16");
  CHECK(image::familiar("docker.io/bitnami/redis:7") == "bitnami/redis:7");
  CHECK(image::familiar("docker.io/library/a/b:1") == "docker.io/library/a/b:1");
  CHECK(image::familiar("quay.io/a:1") == "quay.io/a:1");
  CHECK(image::familiar("") == "");
}
