// SPDX-License-Identifier: Apache-2.0
// Copying as a tar archive, out of containers and volumes, and into them.

#include "container/archive_place.hpp"
#include "container/image_support.hpp"
#include "container/records_support.hpp"
#include "image/archive.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <thread>

namespace dunnage::test {
TEST_CASE("a directory comes out as a tar archive that others read", "[cp][archive]") {
  Place place;
  place.sh(
      "mkdir -p log/deep; echo one > log/one; ln log/one log/deep/again; ln -s deep/again log/link; mkfifo log/pipe; "
      "echo two > log/deep/two; chmod 4711 log/deep/two; chmod 0700 log/deep; truncate -s 10M log/hole; "
      "printf x >> log/hole");
  place.pack("/log");
  CHECK(place.read("out/log/one") == "one\n");
  CHECK(place.read("out/log/deep/two") == "two\n");
  CHECK(std::filesystem::read_symlink(place.host("out/log/link")) == "deep/again");
  CHECK(std::filesystem::is_fifo(place.host("out/log/pipe")));
  CHECK(std::filesystem::equivalent(place.host("out/log/one"), place.host("out/log/deep/again")));
  CHECK(std::filesystem::file_size(place.host("out/log/hole")) == (10U << 20U) + 1);
  CHECK(std::filesystem::file_size(place.host("packed")) < 100'000);
  CHECK(place.listing("grep -c '^-rws--x--x .*log/deep/two'") == "1\n");
  place.pack("/log/.");
  CHECK(place.read("out/one") == "one\n");
  place.pack("/log/deep/two");
  CHECK(place.read("out/two") == "two\n");
  place.pack("/log/link");
  CHECK(std::filesystem::is_symlink(place.host("out/link")));
  place.pack("/log/link", {.follow_links = true, .watch = {}});
  CHECK(place.read("out/link") == "one\n");
}

TEST_CASE("an archive has the owners a container sees, and files this user cannot read", "[cp][archive]") {
  if (!requires_many_ids()) return;
  Place place;
  place.sh("mkdir d; echo secret > d/f; chmod 0600 d/f; chown -R 42:43 d; chmod 0700 d");
  place.pack("/d");
  CHECK(place.listing("grep -c ' 42/43 .* d/f'") == "1\n");
  CHECK(place.read("out/d/f") == "secret\n");
  const std::string tar = place.read("packed");
  place.sh("mkdir kept given");
  place.unpack(tar, "/kept", {.archive = true, .watch = {}});
  place.unpack(tar, "/given");
  CHECK(place.sh("stat -c %u:%g:%a kept/d/f given/d/f") == "42:43:600\n0:0:600\n");
}

TEST_CASE("what was packed is unpacked as it was, packed once more or not", "[cp][archive]") {
  Place place;
  place.sh(
      "mkdir -p log/deep to; echo one > log/one; ln log/one log/deep/again; ln -s deep/again log/link; "
      "mkfifo log/pipe; touch -d @1600000000 log/deep/again log/deep log");
  place.pack("/log");
  const std::string tar = place.read("packed");
  for (const std::string& archive : {tar, gzip(tar), zstd(tar)}) {
    place.sh("rm -rf to/log");
    place.unpack(archive, "/to/");
    CHECK(place.sh(
              "cd to/log && find . | sort | tr '\\n' ' '; cat one; stat -c '%h %Y' one; readlink link; test -p pipe") ==
          ". ./deep ./deep/again ./link ./one ./pipe one\n2 1600000000\ndeep/again\n");
  }
}

TEST_CASE("an archive is unpacked into what is there, and changes nothing but what it names", "[cp][archive]") {
  Place place;
  place.sh(
      "mkdir -p there/sub; chmod 0700 there/sub; echo old > there/sub/f; echo kept > there/sub/kept; "
      "ln -s /etc there/link; ln -s there to-there; echo x > file");
  place.unpack(Archive{}.file("sub/f", "new").file("link", "no link now").file("more/deep/f", "f").tar(), "/to-there");
  CHECK(place.sh("cd there; cat sub/f sub/kept link more/deep/f; stat -c %a sub") == "newkept\nno link nowf700\n");
  CHECK(code_of([&] { place.unpack(Archive{}.file("f").tar(), "/none"); }) == std::errc::no_such_file_or_directory);
  CHECK(code_of([&] { place.unpack(Archive{}.file("f").tar(), "/file"); }) == std::errc::not_a_directory);
  CHECK(code_of([&] { place.unpack(Archive{}.file("there", "a file").tar()); }) == std::errc::is_a_directory);
  CHECK(place.sh("ls there/sub | tr '\\n' ' '") == "f kept ");
}

TEST_CASE("directories that are there keep what they are, whatever an archive says of them", "[cp][archive]") {
  Place place;
  place.sh("mkdir -p to/sub; chmod 0700 to; chmod 0711 to/sub; touch -d @1600000000 to/sub");
  place.unpack(Archive{}.directory("./", {.mode = 0777}).directory("./sub", {.mode = 0777}).file("./f", "f").tar(),
               "/to");
  CHECK(place.sh("stat -c '%a' to to/sub; stat -c %Y to/sub; cat to/f") == "700\n711\n1600000000\nf");
}

TEST_CASE("owners this user cannot give are refused where they count", "[cp][archive]") {
  if (!requires_single_id()) return;
  Place place;
  const std::string tar = Archive{}.file("f", "x", {.uid = 42, .gid = 43}).tar();
  CHECK(code_of([&] { place.unpack(tar, "/", {.archive = true, .watch = {}}); }) == std::errc::operation_not_permitted);
  CHECK(place.sh("ls -A").empty());
  place.unpack(tar);
  CHECK(place.sh("cat f") == "x");
}

TEST_CASE("names that are not text stay as they are", "[cp][archive]") {
  Place place;
  place.sh("mkdir -p n to; printf x > \"n/$(printf 'caf\\303\\251')\"; printf y > \"n/$(printf 'bad\\377')\"");
  place.pack("/n/.");
  CHECK(place.read("out/caf\xc3\xa9") == "x");
  CHECK(place.read("out/bad\xff") == "y");
  place.unpack(place.read("packed"), "/to");
  CHECK(place.sh("cd to; cat \"$(printf 'caf\\303\\251')\" \"$(printf 'bad\\377')\"") == "xy");
}

TEST_CASE("set-user-ID bits and capabilities come out of an archive only where owners do", "[cp][archive]") {
  Place place;
  const std::string tar = Archive{}.file("program", "x", {.mode = 06755}).tar();
  place.unpack(tar);
  CHECK(place.sh("stat -c %a program") == "755\n");
  place.unpack(tar, "/", {.archive = true, .watch = {}});
  CHECK(place.sh("stat -c %a program") == "6755\n");
}

TEST_CASE("an archive goes through pipes, out of one container and into another", "[cp][archive]") {
  const Ground ground;
  const Container from = Container::launch(
      ground.shell("mkdir /tmp/d; head -c 3000000 /dev/zero | tr '\\0' x > /tmp/d/big; echo ready; exec sleep 1000",
                   {VolumeMount{"mark", "/mark"}}));
  const Container to = Container::launch(ground.shell("exec sleep 1000"));
  REQUIRE(eventually([&] {
    return outcome_of(from, {.argv = {"sh", "-c", "stat -c %s /tmp/d/big"}}).out == "3000000\n";
  }));
  int ends[2] = {-1, -1};
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  std::thread packing{[&] {
    const kernel::FileDescriptor end{ends[1]};
    copy_out(from, "/tmp/d", end.get());
  }};
  {
    const kernel::FileDescriptor end{ends[0]};
    copy_in(to, end.get(), "/tmp");
  }
  packing.join();
  CHECK(outcome_of(to, {.argv = {"sh", "-c", "tr -d x < /tmp/d/big | wc -c; stat -c %s /tmp/d/big"}}).out ==
        "0\n3000000\n");
}

TEST_CASE("an archive goes out of a container that has ended, and into it", "[cp][archive][ended]") {
  if (!requires_busybox()) return;
  Place place;
  TestImages images{place.ground()};
  images.add("app", {base_layer()});
  LaunchSpec spec =
      images.shell("app", "cat /d/f /data/more || { mkdir /d; echo mine > /d/f; }", {VolumeMount{"data", "/data"}});
  spec.name = "box";
  spec.remove_on_exit = false;
  spec.out = Stdio::log();
  (void)run(std::move(spec));
  const ContainerStore store = place.ground().containers();
  {
    const kernel::FileDescriptor archive{::open(place.host("packed").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
    copy_out(store, "box", "/d", archive.get());
  }
  place.unpack_packed();
  CHECK(place.read("out/d/f") == "mine\n");
  const auto file = place.ground().directory().write("more", Archive{}.file("more", "more\n").tar());
  const kernel::FileDescriptor archive{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  copy_in(store, "box", archive.get(), "/data");
  CHECK(store.start("box").wait().success());
  CHECK(log_of(store, "box") == "mine\nmore\n");
}

TEST_CASE("an archive that failed has no end that would make it look whole", "[cp][archive]") {
  Place place;
  place.sh("mkdir d; echo one > d/one; echo two > d/two");
  CHECK(code_of([&] { place.pack("/d", {.most_bytes = 5, .watch = {}}); }) == errc::limit_exceeded);
  CHECK(std::filesystem::file_size(place.host("packed")) == 0);
}

TEST_CASE("a reader that goes away is an error and no signal", "[cp][archive]") {
  Place place;
  place.sh("head -c 1000000 /dev/zero > f");
  int ends[2] = {-1, -1};
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  (void)::close(ends[0]);
  const kernel::FileDescriptor end{ends[1]};
  CHECK(code_of([&] { copy_out(place.volumes(), "data", "/f", end.get()); }) == std::errc::broken_pipe);
  sigset_t pending{};
  REQUIRE(::sigpending(&pending) == 0);
  CHECK(::sigismember(&pending, SIGPIPE) == 0);
}

TEST_CASE("copying as an archive can be ended, whoever does not read or write", "[cp][archive]") {
  Place place;
  place.sh("head -c 1000000 /dev/zero > f");
  int ends[2] = {-1, -1};
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const kernel::FileDescriptor reader{ends[0]};
  const kernel::FileDescriptor writer{ends[1]};
  const auto soon = [] { return CopyOptions{.watch = {.deadline = std::chrono::steady_clock::now() + 300ms}}; };
  CHECK(code_of([&] { copy_out(place.volumes(), "data", "/f", writer.get(), soon()); }) == errc::timed_out);
  int empty[2] = {-1, -1};
  REQUIRE(::pipe2(empty, O_CLOEXEC) == 0);
  const kernel::FileDescriptor silent{empty[0]};
  const kernel::FileDescriptor open{empty[1]};
  CHECK(code_of([&] { copy_in(place.volumes(), "data", silent.get(), "/", soon()); }) == errc::timed_out);
  CHECK(place.volumes().users("data").empty());
}

}  // namespace dunnage::test
