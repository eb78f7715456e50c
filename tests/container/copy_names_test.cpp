// SPDX-License-Identifier: Apache-2.0
// P-26 and P-54: names that shells, engines and tools take for something else are names.

#include "container/archive_place.hpp"
#include "support/canary.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <string>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;

/// What has meant something to somebody: patterns, options, separators, quotes, the ends of lines.
const std::vector<std::string>& strange_names() {
  static const std::vector<std::string> names{
      "a*",   "a?",   "[ab]",      "{a,b}", "~",         "-rf", "--help", "a+b", "%s%n", "a;touch x",
      "a\nb", "a:b",  "a,ro=true", "$HOME", "`touch x`", "'",   "\"",     "\\",  "a b ", "=x",
      "#a",   "\xff", "\x1b[2J",   "...",   ".wh",       "a&b", "a|b",    "@a",  "!a",   "<a>"};
  return names;
}

}  // namespace

TEST_CASE(
    "P-26: targets with patterns, links and an end of /. mean what they are called, and change no mode of the host",
    "[cp][attack]") {
  const Canary canary;
  Place place;
  const auto mine = place.ground().directory().write("mine/file", "mine");
  ::chmod(mine.parent_path().c_str(), 0751);
  place.sh("echo literal > 'a*'; echo other > ab; echo q > 'a?'; mkdir '[x]' x; echo in > x/f; ln -s " +
           canary.path().string() + " out; ln -s ../../../../../../../../" + canary.path().string() +
           " up; ln -s x link; ln -s / top; mkdir -m 0700 closed");
  const auto got = [&](const std::string& source) {
    fs::remove_all(place.host("got"));
    copy_out(place.volumes(), "data", source, place.host("got"));
    return fs::is_regular_file(place.host("got")) ? place.read("got") : std::string{};
  };
  CHECK(got("/a*") == "literal\n");
  CHECK(got("/a?") == "q\n");
  CHECK(got("/link/f") == "in\n");
  CHECK(got("/top/top/x/../x/./f") == "in\n");
  CHECK(code_of([&] { (void)got("/[x]/f"); }) == std::errc::no_such_file_or_directory);
  CHECK(code_of([&] { (void)got("/b*"); }) == std::errc::no_such_file_or_directory);
  for (const char* target : {"/x*", "/[x]/", "/?", "/closed/.", "/link/.", "/x/*"}) {
    INFO(target);
    copy_in(place.volumes(), "data", mine, target);
  }
  for (const char* target :
       {"/out/file", "/out/", "/up/file", "/out/new/x", "/out/data/.", "/nothing/.", "/x/../../../y/"}) {
    INFO(target);
    (void)code_of([&] { copy_in(place.volumes(), "data", mine, target); });
    (void)code_of([&] { copy_in(place.volumes(), "data", mine.parent_path() / ".", target); });
    (void)code_of([&] { (void)got(target); });
    if (fs::is_regular_file(place.host("got"))) CHECK_FALSE(canary.is_in(place.read("got")));
    canary.verify();
  }
  CHECK(place.sh("cat 'x*' '[x]/file' '?' closed/file x/file 'x/*'; stat -c %a closed") ==
        "minemineminemineminemine700\n");
  struct stat status {};
  REQUIRE(::stat(mine.parent_path().c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0751U);
  canary.verify();
}

TEST_CASE("P-54: names of files that are options, patterns and separators elsewhere are copied and packed as they are",
          "[cp][attack]") {
  Place place;
  fs::create_directory(place.host("there"));
  fs::create_directory(place.host("back"));
  for (const std::string& name : strange_names()) {
    INFO(name);
    const auto file = place.ground().directory().write("there/" + name, name);
    copy_in(place.volumes(), "data", file, "/" + name);
    copy_out(place.volumes(), "data", "/" + name, place.host("back") / name);
    CHECK(place.read("back/" + name) == name);
  }
  CHECK(place.sh("ls -1A | wc -l") == std::to_string(strange_names().size() + 1) + "\n");  // one has two lines
  place.pack("/.");
  for (const std::string& name : strange_names()) CHECK(place.read("out/" + name) == name);
}

TEST_CASE("P-54: values that are options, patterns and separators elsewhere arrive, or are refused with a sentence",
          "[container][attack]") {
  const Ground ground;
  const auto told = [](const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& error) {
      return *error.what() != '\0';
    }
    return true;
  };
  for (const std::string& value : strange_names()) {
    INFO(value);
    LaunchSpec spec = ground.program({"sh", "-c", "printf %s \"$1\" \"$VALUE\"", "sh", value});
    spec.env = {{"VALUE", value}};
    CHECK(output_of(std::move(spec)) == value + value);
    const bool is_name = code_of([&] { (void)ground.volumes().create(value); }) == std::error_code{};
    CHECK(is_name == (value == "0"));  // none of these is one
    CHECK(told([&] {
      (void)ground.volumes().create("v" + std::to_string(value.size()), {.labels = {{value, value}}});
    }));
    CHECK(told([&] { (void)Rootfs::image(value); }));
    for (auto field : {&LaunchSpec::name, &LaunchSpec::user, &LaunchSpec::hostname, &LaunchSpec::cwd}) {
      CHECK(told([&] {
        LaunchSpec odd = ground.program({"true"});
        odd.*field = value;
        (void)run(std::move(odd));
      }));
    }
  }
}

}  // namespace dunnage::test
