// SPDX-License-Identifier: Apache-2.0
#include "model/target.hpp"
#include "model/volume_name.hpp"
#include "support/catch.hpp"

#include <dunnage/error.hpp>
#include <dunnage/mount_set.hpp>
#include <dunnage/size.hpp>

#include <nlohmann/json.hpp>

#include <sstream>
#include <string>

namespace {

using dunnage::BindMount;
using dunnage::errc;
using dunnage::ImageMount;
using dunnage::MountError;
using dunnage::MountSet;
using dunnage::Tmpfs;
using dunnage::VolumeMount;
using namespace dunnage::literals;

template <typename Action>
std::string message_of(errc code, Action action) {
  try {
    action();
  } catch (const dunnage::Error& error) {
    CHECK(error.code() == code);
    return error.what();
  }
  FAIL_CHECK("nothing was thrown");
  return {};
}

TEST_CASE("a set keeps its mounts in order with clean targets", "[model]") {
  MountSet mounts{VolumeMount{"db", "/data/"}, Tmpfs{"/./run//x/../y"}};
  mounts.add(BindMount{"/srv/conf", "/etc/app"});
  REQUIRE(mounts.size() == 3);
  CHECK(target_of(mounts[0]) == "/data");
  CHECK(target_of(mounts[1]) == "/run/y");
  CHECK(target_of(mounts[2]) == "/etc/app");
  CHECK(mounts == MountSet{VolumeMount{"db", "/data"}, Tmpfs{"/run/y"}, BindMount{"/srv/conf", "/etc/app"}});
  CHECK_FALSE(mounts == MountSet{});
}

TEST_CASE("one place in a container takes one mount however it is spelled", "[model]") {
  MountSet mounts{VolumeMount{"db-data", "/x"}};
  for (const std::string target : {"/x", "/x/", "/./x", "//x", "/y/../x", "/../x"}) {
    INFO(target);
    const std::string message = message_of(errc::duplicate_target, [&] { mounts.add(BindMount{"/srv/conf", target}); });
    CHECK(message == "cannot add bind mount \"/srv/conf\" -> \"" + target +
                         "\": taken by volume \"db-data\" -> \"/x\": the target is taken [EEXIST]; choose another "
                         "target or leave one of the two out");
  }
  CHECK(mounts.size() == 1);
  CHECK_NOTHROW(mounts.add(Tmpfs{"/x/y"}).add(Tmpfs{"/xy"}));
}

TEST_CASE("a set refuses a target that is no place in a container", "[model]") {
  MountSet mounts;
  CHECK(message_of(errc::invalid_argument, [&] { mounts.add(Tmpfs{"run"}); }) ==
        "cannot add tmpfs \"run\": the target is not an absolute path: invalid argument [EINVAL]; begin it with \"/\"");
  CHECK(message_of(errc::invalid_argument,
                   [&] {
                     mounts.add(VolumeMount{"db", "/a/../.."});
                   }) ==
        "cannot add volume \"db\" -> \"/a/../..\": the target is the root of the container: invalid argument [EINVAL]; "
        "choose a directory below \"/\", or another rootfs");
  CHECK_THROWS_AS(mounts.add(Tmpfs{""}), MountError);
  CHECK_THROWS_AS(mounts.add(Tmpfs{"/a\nb"}), MountError);
  CHECK_THROWS_AS(mounts.add(Tmpfs{std::string("/a\0b", 4)}), MountError);
  CHECK_THROWS_AS(mounts.add(Tmpfs{"/" + std::string(5000, 'a')}), MountError);
  CHECK(mounts.empty());
}

TEST_CASE("a mount error says which source and target it is about", "[model]") {
  MountSet mounts{BindMount{"/srv/a", "/x"}};
  try {
    mounts.add(BindMount{"/srv/b", "/x"});
    FAIL("was accepted");
  } catch (const MountError& error) {
    CHECK(error.source() == "/srv/b");
    CHECK(error.target() == "/x");
    CHECK(error.stage() == dunnage::Stage::Parse);
    CHECK(error.code() == std::errc::file_exists);
  }
}

TEST_CASE("add_spec takes a flag with its value or a bare value", "[spec]") {
  MountSet mounts;
  mounts.add_spec("-v /host/logs:/app/logs")
      .add_spec("--volume db-data:/data:ro")
      .add_spec("--mount type=tmpfs,dst=/run")
      .add_spec("--mount=type=bind,src=/a,dst=/b")
      .add_spec("--tmpfs /tmp:size=1m")
      .add_spec("/srv/conf:/etc/app")
      .add_spec("type=volume,source=x,target=/y")
      .add_spec("\"source=z\",target=/z")
      .add_spec("readonly,dst=/ro");
  CHECK(mounts.to_string() ==
        "type=bind,source=/host/logs,target=/app/logs,bind-create-src\n"
        "type=volume,source=db-data,target=/data,readonly\n"
        "type=tmpfs,target=/run,tmpfs-size=67108864,tmpfs-mode=1777\n"
        "type=bind,source=/a,target=/b\n"
        "type=tmpfs,target=/tmp,tmpfs-size=1048576,tmpfs-mode=1777\n"
        "type=bind,source=/srv/conf,target=/etc/app,bind-create-src\n"
        "type=volume,source=x,target=/y\n"
        "type=volume,source=z,target=/z\n"
        "type=volume,target=/ro,readonly");
  std::ostringstream out;
  out << mounts;
  CHECK(out.str() == mounts.to_string());
  CHECK_THROWS_AS(mounts.add_spec("-v other:/data"), MountError);
  CHECK(mounts.size() == 9);
}

TEST_CASE("errors of add_spec point into the whole text", "[spec]") {
  MountSet mounts;
  CHECK(message_of(errc::invalid_spec, [&] { mounts.add_spec("--mount type=bind,readonyl,src=/a,dst=/b"); }) ==
        "mount spec, column 19: unknown option \"readonyl\" for type \"bind\"; did you mean \"readonly\"?\n"
        "  --mount type=bind,readonyl,src=/a,dst=/b\n"
        "                    ^~~~~~~~");
  CHECK(message_of(errc::invalid_spec, [&] { mounts.add_spec("tpye=bind,src=/a,dst=/b"); }) ==
        "mount spec, column 1: unknown option \"tpye\" for type \"volume\"; did you mean \"type\"?\n"
        "  tpye=bind,src=/a,dst=/b\n"
        "  ^~~~");
  CHECK(message_of(errc::invalid_spec, [&] { mounts.add_spec("--tmpsf /run"); }) ==
        "mount spec, column 1: unknown flag \"--tmpsf\"; did you mean \"--tmpfs\"?\n"
        "  --tmpsf /run\n"
        "  ^~~~~~~");
  CHECK(message_of(errc::invalid_spec, [&] { mounts.add_spec("-v"); }) ==
        "volume spec, column 3: the text is empty; write \"SOURCE:TARGET\", like \"db-data:/data\"\n"
        "  -v\n"
        "    ^");
  CHECK(message_of(errc::invalid_spec, [&] { mounts.add_spec("-v /srv:data"); }) ==
        "volume spec, column 9: the target is not an absolute path; begin it with \"/\"\n"
        "  -v /srv:data\n"
        "          ^~~~");
}

TEST_CASE("JSON has the field names of Docker", "[model]") {
  const MountSet mounts{
      BindMount{"/srv/a", "/a", {.read_only = true, .recursion = dunnage::Recursion::Disabled}},
      VolumeMount{"db", "/data", {.no_copy = true, .labels = {{"team", "core"}}}},
      Tmpfs{"/run", {.size = 1_MiB, .mode = 0700}},
      ImageMount{"busybox:1", "/opt", {.subpath = "bin"}},
      ImageMount{"busybox:1", "/scratch", {.overlay = dunnage::OverlayOptions{}}},
  };
  const auto json = nlohmann::json::parse(mounts.to_json());
  REQUIRE(json.size() == 5);
  CHECK(json[0]["Type"] == "bind");
  CHECK(json[0]["Source"] == "/srv/a");
  CHECK(json[0]["Target"] == "/a");
  CHECK(json[0]["ReadOnly"] == true);
  CHECK(json[0]["BindOptions"]["Propagation"] == "rprivate");
  CHECK(json[0]["BindOptions"]["NonRecursive"] == true);
  CHECK(json[1]["VolumeOptions"]["NoCopy"] == true);
  CHECK(json[1]["VolumeOptions"]["Labels"]["team"] == "core");
  CHECK(json[2]["TmpfsOptions"]["SizeBytes"] == 1048576);
  CHECK(json[2]["TmpfsOptions"]["Mode"] == 0700);
  CHECK(json[3]["Type"] == "image");
  CHECK(json[3]["Source"] == "busybox:1");
  CHECK(json[3]["ReadOnly"] == true);
  CHECK(json[3]["ImageOptions"]["Subpath"] == "bin");
  CHECK(json[4]["ReadOnly"] == false);
}

TEST_CASE("JSON keeps names that are not Unicode", "[model]") {
  const MountSet mounts{BindMount{"/srv/\xff", "/a"}};
  CHECK(nlohmann::json::parse(mounts.to_json())[0]["Source"]["Base16"] == "2f7372762fff");
}

TEST_CASE("names of volumes follow one rule", "[model]") {
  using dunnage::model::is_valid_volume_name;
  for (const std::string name : {"a", "9", "ledger.2026-x_y", "L3", "a-", "a.", "a..b"}) {
    CHECK(is_valid_volume_name(name));
  }
  CHECK(is_valid_volume_name(std::string(128, 'a')));
  CHECK_FALSE(is_valid_volume_name(std::string(129, 'a')));
  CHECK_FALSE(is_valid_volume_name(std::string("a\0b", 3)));
  for (const std::string name :
       {"", ".", "..", "-a", "_a", ".a", "a/b", "../a", "a b", "a:b", "a\n", "~", "\xc3\xa4"}) {
    INFO(name);
    CHECK_FALSE(is_valid_volume_name(name));
  }
}

TEST_CASE("cleaning a path never leaves the root", "[model]") {
  using dunnage::model::clean_path;
  CHECK(clean_path("/") == "/");
  CHECK(clean_path("") == "/");
  CHECK(clean_path("//a//b/") == "/a/b");
  CHECK(clean_path("/a/./b/../c") == "/a/c");
  CHECK(clean_path("/../../a") == "/a");
  CHECK(clean_path("/a/../..") == "/");
  CHECK(clean_path("/...") == "/...");
}

}  // namespace
