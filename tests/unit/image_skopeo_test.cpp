// SPDX-License-Identifier: Apache-2.0
#include "image/skopeo.hpp"
#include "unit/image_support.hpp"

using namespace dunnage;

TEST_CASE("of what skopeo writes the last words are kept, without its dressing", "[image][skopeo]") {
  CHECK(image::last_words("") == "");
  CHECK(image::last_words("hello\n\n") == "hello");
  CHECK(image::last_words("time=\"2026-11-26T17:00:00Z\" level=warning msg=\"first\"\n"
                          "time=\"2026-11-26T17:00:01Z\" level=fatal msg=\"reading \\\"a\\\": no\\nway\"\n") ==
        "reading \"a\": no way");
  const std::string words = image::last_words(std::string(5000, 'x') + " end");
  CHECK(words.size() < 1100);
  CHECK(words.substr(words.size() - 4) == " end");
}

TEST_CASE("what skopeo says decides what to do about it", "[image][skopeo]") {
  const auto code = [](const char* words) { return image::refusal(words, 1).code(); };
  CHECK(code("reading manifest 1 in 127.0.0.1:5000/x: manifest unknown: manifest unknown") == errc::image_missing);
  CHECK(code("reading manifest: unauthorized: authentication required") == errc::pull_failed);
  CHECK(code("x509: certificate signed by unknown authority") == errc::pull_failed);
  CHECK(image::refusal("", 137).cause() == "skopeo ended with 137, without a word");
  CHECK(image::refusal("x509: certificate", 1).remedy() ==
        "give the registry's certificate with PullOptions::certificates");
}
