// SPDX-License-Identifier: Apache-2.0
#include "container/rootfs_support.hpp"

using namespace dunnage;
using namespace dunnage::test;

TEST_CASE("a user is given by number or by name, with or without a group", "[container][identity]") {
  if (!requires_many_ids()) return;
  const Ground ground;
  const DirectoryRoot root{ground};
  const auto identity = [&](const char* user, std::vector<std::string> groups = {}) {
    LaunchSpec spec = root.shell("echo $(id -u) $(id -g) $(id -G) $HOME");
    spec.user = user;
    spec.groups = std::move(groups);
    return output_of(std::move(spec));
  };
  CHECK(identity("") == "0 0 0 /root\n");
  CHECK(identity("app") == "1000 1001 1001 50 /home/app\n");
  CHECK(identity("1000") == "1000 1001 1001 50 /home/app\n");
  CHECK(identity("app:staff") == "1000 50 50 /home/app\n");
  CHECK(identity("app:7") == "1000 7 7 /home/app\n");
  CHECK(identity("4000") == "4000 0 0 /\n");
  CHECK(identity("4000:4001", {"staff", "9"}) == "4000 4001 4001 9 50 /\n");
}

TEST_CASE("a user with one id can be any one user inside", "[container][identity]") {
  if (!requires_single_id()) return;
  const Ground ground{"1000:1001"};
  const auto file = ground.directory().write("file", "mine");
  LaunchSpec spec = ground.shell("echo $(id -u) $(id -g); cat /file; stat -c '%u %g' /file; touch /data/new",
                                 {BindMount{file, "/file"}, BindMount{ground.directory().make("data"), "/data"}});
  spec.user = "1000:1001";
  CHECK(output_of(std::move(spec)) == "1000 1001\nmine1000 1001\n");
  spec = ground.program({"true"});
  spec.groups = {"5"};
  CHECK(message_of([&] { (void)run(std::move(spec)); })
            .ends_with(": supplementary groups need more than the one group id this user has: not supported here "
                       "[EOPNOTSUPP]; leave groups out, or give this user ranges in /etc/subuid and /etc/subgid"));
}

TEST_CASE("files that root of a container makes belong to who launched it", "[container][identity]") {
  const Ground ground;
  const auto data = ground.directory().make("data");
  (void)output_of(ground.shell("touch /data/file", {BindMount{data, "/data"}}));
  struct stat status {};
  REQUIRE(::stat((data / "file").c_str(), &status) == 0);
  CHECK(status.st_uid == ::geteuid());
  CHECK(status.st_gid == ::getegid());
}

TEST_CASE("a name that is no user or group is an error with the nearest one", "[container][identity]") {
  const Ground ground;
  const auto message = [&](const char* user, std::vector<std::string> groups = {}) {
    return message_of([&] {
      LaunchSpec spec = ground.program({"true"});
      spec.user = user;
      spec.groups = std::move(groups);
      (void)run(std::move(spec));
    });
  };
  CHECK(message("rot") ==
        "cannot use the user \"rot\": /etc/passwd of the container does not have it: no such user in the container "
        "[EINVAL]; did you mean \"root\"?");
  CHECK(message("somebody-else") ==
        "cannot use the user \"somebody-else\": /etc/passwd of the container does not have it: no such user in the "
        "container [EINVAL]; add it there, or give its number");
  CHECK(message("root:rooot") ==
        "cannot use the group \"rooot\": /etc/group of the container does not have it: no such user in the container "
        "[EINVAL]; did you mean \"root\"?");
  CHECK(message("", {"nogrup"}).ends_with("did you mean \"nogroup\"?"));
  for (const char* user : {"4294967295", "-1", "+5", "1:", "0x10", "99999999999"}) {
    INFO(user);
    CHECK_FALSE(message(user).empty());
  }
}

TEST_CASE("an id beyond the range is an error and nothing runs", "[container][identity]") {
  if (who() != Launcher::Range) {
    skip("needs a user with a range of ids");
    return;
  }
  const Ground ground;
  LaunchSpec spec = ground.program({"true"});
  spec.user = "4000000";
  CHECK(message_of([&] {
          (void)run(std::move(spec));
        }).ends_with("; that id does not exist in this user's range; give it more ids in /etc/subuid and /etc/subgid"));
}
