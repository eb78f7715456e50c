// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"

#include <dunnage/error.hpp>
#include <dunnage/mount_set.hpp>
#include <dunnage/spec.hpp>

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using dunnage::BindMount;
using dunnage::Engine;
using dunnage::Mount;
using dunnage::OverlayOptions;
using dunnage::Ownership;
using dunnage::parse_mount_flag;
using dunnage::parse_tmpfs_flag;
using dunnage::parse_volume_flag;
using dunnage::Relabel;
using dunnage::SpecCode;
using dunnage::SpecContext;
using dunnage::SpecStage;
using dunnage::Tmpfs;
using dunnage::VolumeMount;

SpecContext reference() {
  SpecContext context;
  context.working_directory = "/srv/app";
  context.home = "/home/dev";
  context.project_name = "shop";
  context.environment = std::map<std::string, std::string>{{"SHARD", "7"}};
  context.volumes = dunnage::ComposeVolumes{{"ledger", {.name = "shop_ledger"}}};
  context.exists = [](const std::string& path) { return path != "/missing"; };
  return context;
}

template <typename Action>
dunnage::SpecError refusal_of(Action action) {
  try {
    action();
  } catch (const dunnage::SpecError& error) {
    return error;
  }
  throw std::logic_error{"nothing was refused"};
}

TEST_CASE("a text of Podman becomes the mount it means there", "[spec][engine]") {
  CHECK(parse_volume_flag("/a:/b:U,z,ro", Engine::Podman) ==
        Mount{BindMount{"/a", "/b", {.read_only = true, .chown = true, .relabel = Relabel::Shared}}});
  CHECK(parse_volume_flag("/a:/b:O", Engine::Podman) == Mount{BindMount{"/a", "/b", {.overlay = OverlayOptions{}}}});
  CHECK(parse_volume_flag("/a:/b:O,upperdir=/u,workdir=/w", Engine::Podman) ==
        Mount{BindMount{"/a", "/b", {.overlay = OverlayOptions{.upper = "/u", .work = "/w"}}}});
  CHECK(parse_volume_flag("q:/b:nocreate,nocopy,exec", Engine::Podman) ==
        Mount{VolumeMount{"q", "/b", {.no_copy = true, .create = false}}});
  CHECK(parse_mount_flag("type=bind,src=a,dst=/b/,relabel=private,U,bind-nonrecursive", Engine::Podman) ==
        Mount{BindMount{"a",
                        "/b",
                        {.propagation = dunnage::Propagation::Private,
                         .recursion = dunnage::Recursion::Disabled,
                         .chown = true,
                         .relabel = Relabel::Private}}});
  CHECK(parse_mount_flag("type=bind,dst=/b,idmap=uids=@10-0-5;gids=@20-1-6", Engine::Podman) ==
        Mount{BindMount{"/b", "/b", {.owner = Ownership::map({{0, 10, 5}}, {{1, 20, 6}})}}});
  CHECK(parse_tmpfs_flag("/run:size=1m,mode=0700,noswap", Engine::Podman) ==
        Mount{Tmpfs{"/run", {.size = 1U << 20U, .mode = 0700, .exec = true, .no_swap = true}}});
}

TEST_CASE("an entry of Compose becomes the mount it means there", "[spec][engine]") {
  CHECK(parse_volume_flag("./conf:/etc/app:ro", Engine::Compose) ==
        Mount{BindMount{"./conf", "/etc/app", {.read_only = true, .create_source = true}}});
  CHECK(parse_volume_flag("data:/d/", Engine::Compose) == Mount{VolumeMount{"data", "/d"}});
  CHECK(parse_volume_flag("${DUNNAGE_NOT_SET:-data}:/d", Engine::Compose) == Mount{VolumeMount{"data", "/d"}});
  CHECK(to_mount(dunnage::read_compose_short("ledger:/d/${SHARD}", reference())) ==
        Mount{VolumeMount{"shop_ledger", "/d/7"}});
  CHECK(to_mount(dunnage::read_compose_long("{type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 0700}}", reference())) ==
        Mount{Tmpfs{"/t", {.size = 1U << 20U, .mode = 0700}}});
  CHECK(to_mount(dunnage::read_compose_long("{type: bind, source: ~/k, target: /k}", reference())) ==
        Mount{BindMount{"/home/dev/k", "/k", {.create_source = true}}});
}

TEST_CASE("this library's own options have words", "[spec][engine]") {
  CHECK(parse_mount_flag("type=bind,src=/a,dst=/b,optional,require-mountpoint,exclude=node_modules,exclude=**/.git,"
                         "owner=match-user,create-mode=0700,create-uid=5") ==
        Mount{BindMount{"/a",
                        "/b",
                        {.create_mode = 0700,
                         .create_uid = 5,
                         .optional = true,
                         .require_mountpoint = true,
                         .owner = Ownership::match_user(),
                         .exclude = {"node_modules", "**/.git"}}}});
  CHECK(parse_mount_flag("type=volume,src=v,dst=/b,overlay-size=1m,owner=7:8") ==
        Mount{VolumeMount{
            "v", "/b", {.owner = Ownership::as(7, 8), .overlay = OverlayOptions{.size = std::uint64_t{1} << 20U}}}});
  CHECK(refusal_of([] { (void)parse_mount_flag("type=tmpfs,dst=/b,exclude=x"); }).spec_code() ==
        SpecCode::MixedOptions);
  CHECK(refusal_of([] { (void)parse_mount_flag("type=volume,dst=/b,optional"); }).column() == 20);
  CHECK(refusal_of([] {
          (void)dunnage::read_docker_mount("type=bind,src=/a,dst=/b,optional=true", reference());
        }).spec_code() == SpecCode::UnknownOption);
}

TEST_CASE("a refusal has a code, a stage and the engine's words", "[spec][engine]") {
  const auto error = refusal_of([] { (void)dunnage::read_docker_mount("type=bind,src=/missing,dst=/b", reference()); });
  CHECK(error.spec_code() == SpecCode::SourceNotFound);
  CHECK(to_string(error.spec_code()) == "SOURCE_NOT_FOUND");
  CHECK(error.spec_stage() == SpecStage::Create);
  CHECK(error.engine_words() == "invalid mount config for type \"bind\": bind source path does not exist: /missing");
  CHECK(error.code() == dunnage::errc::invalid_spec);
  CHECK(std::string{error.what()} ==
        "mount spec, column 15: there is no \"/missing\" on the host; make it, or add \"bind-create-src\"\n"
        "  type=bind,src=/missing,dst=/b\n"
        "                ^~~~~~~~");
}

TEST_CASE("errors in YAML point to the line and the column", "[spec][engine]") {
  const auto read = [](std::string_view yaml) {
    return refusal_of([&] { (void)dunnage::read_compose_long(yaml, reference()); });
  };
  const auto member = read("type: bind\nsource: ./a\ntarget: /b\nbind:\n  propagatoin: rslave\n");
  CHECK(member.line() == 5);
  CHECK(member.column() == 3);
  CHECK(std::string{member.what()} ==
        "compose volume, line 5, column 3: unknown member \"propagatoin\"; did you mean \"propagation\"?\n"
        "    propagatoin: rslave\n"
        "    ^~~~~~~~~~~");
  const auto type = read("type: vloume\ntarget: /b\n");
  CHECK(type.spec_code() == SpecCode::UnknownType);
  CHECK(type.remedy() == "did you mean \"volume\"?");
  const auto variable = read("type: volume\nsource: \"a${1}\"\ntarget: /b\n");
  CHECK(variable.spec_code() == SpecCode::BadTemplate);
  CHECK(variable.line() == 2);
  CHECK(variable.column() == 11);
  CHECK(read("type: [").spec_code() == SpecCode::BadYaml);
  CHECK(read("type: volume\ntype: volume\n").line() == 2);
  const auto entry =
      refusal_of([] { (void)dunnage::read_compose_volumes("- ledger:/d\n- ledger::ro\n", {}, reference()); });
  CHECK(entry.line() == 2);
  CHECK(entry.column() == 10);
}

TEST_CASE("what this library cannot mount is refused and not left out", "[spec][engine]") {
  const auto refused = [](std::string_view text, Engine engine) {
    const auto error = refusal_of([&] { (void)parse_mount_flag(text, engine); });
    CHECK(error.code() == dunnage::errc::not_supported);
    return std::string{error.what()};
  };
  CHECK_THAT(refused("type=devpts,dst=/i", Engine::Podman), Catch::Contains("mount type \"devpts\" is not supported"));
  CHECK_THAT(refused("type=bind,src=/a,dst=/b,no-dereference", Engine::Podman), Catch::Contains("no-dereference"));
  CHECK_THAT(refused("type=tmpfs,dst=/b,tmpcopyup", Engine::Podman), Catch::Contains("tmpcopyup"));
  CHECK_THAT(refused("type=bind,src=/a,dst=/b", Engine::Compose), Catch::Contains("Compose has no flag --mount"));
  CHECK_THROWS_AS(to_mount(dunnage::read_tmpfs("/run:mpol=default", Engine::Docker, reference())), dunnage::SpecError);
  CHECK_THROWS_AS(to_mount(dunnage::read_compose_short("ledger:d", reference())), dunnage::SpecError);
}

TEST_CASE("every engine's words for an image mount mean the same mount", "[spec][engine]") {
  const auto podman = [](std::string_view text) { return to_string(parse_mount_flag(text, Engine::Podman)); };
  CHECK(podman("type=image,src=alpine,dst=/i") == "type=image,source=alpine,target=/i");
  CHECK(podman("type=image,src=alpine,dst=/i,rw=false,subpath=/etc/") ==
        "type=image,source=alpine,target=/i,image-subpath=etc");
  CHECK(podman("type=image,src=alpine,dst=/i,subpath=/../etc") ==
        "type=image,source=alpine,target=/i,image-subpath=etc");
  CHECK(podman("type=image,src=alpine,dst=/i,subpath=/") == "type=image,source=alpine,target=/i");
  CHECK(podman("type=image,src=alpine,dst=/i,rw=true") == "type=image,source=alpine,target=/i,overlay");
  CHECK(podman("type=image,src=alpine,dst=/i,rw=true,overlay-size=1m") ==
        "type=image,source=alpine,target=/i,overlay,overlay-size=1048576");
  CHECK_THROWS_WITH(podman("type=image,src=alpine,dst=/i,readonly"), Catch::Contains("\"readonly\""));
  const auto compose = [](const char* yaml) {
    return to_string(to_mount(dunnage::read_compose_long(yaml, reference())));
  };
  CHECK(compose("{type: image, source: alpine, target: /i, image: {subpath: etc}}") ==
        "type=image,source=alpine,target=/i,image-subpath=etc");
  CHECK_THROWS_WITH(compose("{type: image, target: /i}"), Catch::Contains("no image; name one as the source"));
}

TEST_CASE("the mounts of another container are asked for in the words of each engine", "[spec][engine]") {
  using dunnage::read_volumes_from;
  CHECK(to_volumes_from(read_volumes_from("db:ro")) == dunnage::VolumesFrom{"db", true});
  CHECK(to_volumes_from(read_volumes_from("db", Engine::Podman)) == dunnage::VolumesFrom{"db", false});
  CHECK(to_volumes_from(read_volumes_from("container:db:ro", Engine::Compose)) == dunnage::VolumesFrom{"db", false});
  CHECK_THROWS_AS(to_volumes_from(read_volumes_from("db", Engine::Compose)), dunnage::SpecError);
}

TEST_CASE("without a context the text is read for this process", "[spec][engine]") {
  CHECK(dunnage::read_docker_mount("type=bind,src=/,dst=/host").source == "/");
  CHECK(refusal_of([] { (void)dunnage::read_docker_mount("type=bind,src=/no/such/path,dst=/x"); }).spec_code() ==
        SpecCode::SourceNotFound);
}

}  // namespace
