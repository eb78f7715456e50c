// SPDX-License-Identifier: Apache-2.0
#include "compose_support.hpp"

#include <dunnage/project.hpp>

#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace {

using dunnage::BindMount;
using dunnage::LaunchSpec;
using dunnage::MountSet;
using dunnage::Project;
using dunnage::Service;
using dunnage::test::ProjectDirectory;

constexpr const char* kShop = R"(name: shop
services:
  web:
    image: nginx:1
    command: nginx -g 'daemon off;'
    entrypoint: []
    environment: {A: 1, B: "two", GONE: }
    working_dir: /srv
    user: "1000:1000"
    group_add: [adm, 20]
    hostname: shop.example
    labels: {tier: front}
    volumes:
      - data:/data
      - ./logs:/logs:ro
      - /anon
      - {type: tmpfs, target: /cache, tmpfs: {size: 1m, mode: 0700}}
    tmpfs: /run:size=64k
    volumes_from: [db:ro]
    configs: [{source: site, target: /etc/site, mode: 0400}, plain]
    secrets: [key]
    read_only: true
    storage_opt: {size: 1.5G}
    tty: true
    network_mode: host
    security_opt: [no-new-privileges:true]
    cap_add: [NET_RAW]
    cap_drop: [ALL]
    restart: unless-stopped
    stop_signal: SIGINT
    stop_grace_period: 1m30s
    scale: 2
    healthcheck: {test: curl x, interval: 5s, retries: 3}
    depends_on: {cache: {condition: service_healthy}}
    pull_policy: always
  db: {image: postgres, container_name: the-db, deploy: {restart_policy: {condition: on-failure, max_attempts: 4}}}
  cache: {image: redis, healthcheck: {disable: true}}
volumes: {data: {labels: {keep: "yes"}}}
configs:
  site: {content: "hello\n"}
  plain: {file: ./plain.conf}
secrets: {key: {environment: KEY}}
)";

ProjectDirectory shop() {
  return ProjectDirectory{{{"compose.yaml", kShop}, {".env", "KEY=secret\n"}, {"plain.conf", "plain"}}};
}

}  // namespace

TEST_CASE("a service is what its file says", "[compose]") {
  const ProjectDirectory directory = shop();
  const Project project = Project::load(directory.trusted());
  const Service& web = project.service("web");
  CHECK(web.command == std::vector<std::string>{"nginx", "-g", "daemon off;"});
  CHECK(web.entrypoint == std::vector<std::string>{});
  CHECK(web.environment.at("A") == "1");
  CHECK(web.environment.at("GONE") == std::nullopt);
  CHECK(web.group_add == std::vector<std::string>{"adm", "20"});
  CHECK(web.volumes.size() == 5);
  CHECK(web.scale == 2);
  CHECK(web.stop_grace_period == std::chrono::seconds{90});
  CHECK(web.healthcheck->test == std::vector<std::string>{"CMD-SHELL", "curl x"});
  CHECK(web.healthcheck->retries == 3);
  CHECK(web.depends_on.at("cache").condition == dunnage::ServiceDependency::Condition::Healthy);
  CHECK(web.depends_on.contains("db"));
  CHECK(project.service("cache").healthcheck->test == std::vector<std::string>{"NONE"});
  CHECK(project.service("db").restart == "on-failure:4");
  CHECK(project.secrets().at("key").content == "secret");
  CHECK(project.start_order() == std::vector<std::string>{"cache", "db", "web"});
  CHECK_THAT(project.to_yaml(), !Catch::Contains("secret\n"));
}

TEST_CASE("what a service may write to its image is what its storage option says, or it is not launched", "[compose]") {
  const auto changes_with = [](const std::string& options) {
    const ProjectDirectory directory{{{"compose.yaml", "services: {a: {image: a, storage_opt: " + options + "}}"}}};
    return Project::load(directory.trusted()).launch_spec("a").root_changes;
  };
  const ProjectDirectory directory = shop();
  CHECK(Project::load(directory.trusted()).launch_spec("web", 1, "/files").root_changes.limit == std::uint64_t{1536}
                                                                                                     << 20U);
  CHECK(changes_with("{size: 1048576}").limit == 1048576);
  CHECK(changes_with("{size: 20mb}").limit == std::uint64_t{20} << 20U);
  CHECK(changes_with("{size: 0}").limit == std::nullopt);
  CHECK(changes_with("{}").limit == std::nullopt);
  CHECK_THROWS_WITH(changes_with("{size: much}"), Catch::Contains("services.a.storage_opt.size") &&
                                                      Catch::Contains("\"much\" is no size") &&
                                                      Catch::Contains("write a number"));
  CHECK_THROWS_WITH(changes_with("{inodes: 10}"),
                    Catch::Contains("services.a.storage_opt.inodes") && Catch::Contains("there is no such option"));
}

TEST_CASE("a name that is no service is answered with the nearest one", "[compose]") {
  const ProjectDirectory directory = shop();
  const Project project = Project::load(directory.trusted());
  CHECK_THROWS_WITH(project.service("wbe"), Catch::Contains("did you mean \"web\"?"));
}

TEST_CASE("services that no profile enables are known by name, with their profiles", "[compose]") {
  const ProjectDirectory directory{{{"compose.yaml",
                                     "services: {web: {image: i}, tool: {image: i, profiles: [debug, all]}}\n"
                                     "jobs: {nightly: {image: i, profiles: [jobs]}}\n"}}};
  dunnage::ProjectSource source = directory.trusted();
  const Project project = Project::load(source);
  CHECK(project.disabled_services() == std::map<std::string, std::vector<std::string>>{{"tool", {"debug", "all"}}});
  CHECK_THROWS_WITH(project.service("tool"), Catch::Contains("enable its profile \"debug\""));
  source.profiles = {"all"};
  CHECK(Project::load(source).disabled_services().empty());
}

TEST_CASE("the mounts of a service have the names and paths they have on the host", "[compose]") {
  const ProjectDirectory directory = shop();
  const Project project = Project::load(directory.trusted());
  const MountSet mounts = project.mounts("web", "/run/contents");
  REQUIRE(mounts.size() == 8);
  CHECK(std::get<dunnage::VolumeMount>(mounts[0]).name == "shop_data");
  const auto& logs = std::get<BindMount>(mounts[1]);
  CHECK(logs.source == directory.path() / "logs");
  CHECK(logs.options.read_only);
  CHECK(logs.options.create_source);
  CHECK(target_of(mounts[5]) == "/etc/site");
  CHECK(std::get<BindMount>(mounts[5]).source.parent_path() == "/run/contents");
  CHECK(std::get<BindMount>(mounts[6]).source == directory.path() / "plain.conf");
  CHECK(target_of(mounts[6]) == "/plain");
  CHECK(target_of(mounts[7]) == "/run/secrets/key");
  CHECK(std::get<BindMount>(mounts[7]).options.read_only);
  CHECK_THROWS_AS(project.mounts("web"), dunnage::ProjectError);
}

TEST_CASE("contents of configs and secrets become files of their own", "[compose]") {
  const ProjectDirectory directory = shop();
  const Project project = Project::load(directory.trusted());
  const std::filesystem::path files = directory.outside() / "contents";
  project.write_files(files);
  project.write_files(files);
  const MountSet mounts = project.mounts("web", files);
  const std::filesystem::path site = std::get<BindMount>(mounts[5]).source;
  CHECK(dunnage::test::read_text(site) == "hello\n");
  struct stat status {};
  REQUIRE(::stat(site.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0400);
  CHECK(dunnage::test::read_text(std::get<BindMount>(mounts[7]).source) == "secret");
  REQUIRE(::stat(files.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0700);
}

TEST_CASE("contents are not written where other users could change them", "[compose]") {
  const ProjectDirectory directory = shop();
  const Project project = Project::load(directory.trusted());
  const std::filesystem::path files = directory.outside() / "contents";
  std::filesystem::create_directory(files);
  for (const unsigned mode : {0777U, 0770U, 01777U}) {
    REQUIRE(::chmod(files.c_str(), mode) == 0);
    CHECK_THROWS_AS(project.write_files(files), dunnage::LaunchError);
    CHECK(std::filesystem::is_empty(files));
  }
  REQUIRE(::chmod(files.c_str(), 0755) == 0);
  project.write_files(files);
  CHECK_FALSE(std::filesystem::is_empty(files));
}

TEST_CASE("a service has the seccomp profile its security_opt names, and else the default one", "[compose]") {
  const auto profile = [](const std::string& options) {
    const ProjectDirectory directory{
        {{"compose.yaml", "services: {s: {image: i, security_opt: [" + options + "]}}\n"}}};
    const Project project = Project::load(directory.trusted());
    CHECK(project.notes().empty());
    dunnage::Seccomp seccomp = project.launch_spec("s").seccomp;
    CHECK(project.service("s").seccomp == seccomp);
    return seccomp.kind() == dunnage::Seccomp::Kind::File
               ? "file " + seccomp.path().lexically_relative(directory.path()).string()
               : seccomp.to_string();
  };
  CHECK(profile("no-new-privileges") == "default");
  CHECK(profile("seccomp=builtin") == "default");
  CHECK(profile("seccomp=unconfined") == "unconfined");
  CHECK(profile("\"seccomp:unconfined\"") == "unconfined");
  CHECK(profile("no-new-privileges, seccomp=./more/profile.json") == "file more/profile.json");
  CHECK(profile("seccomp=/etc/a=b.json").ends_with("/etc/a=b.json"));
}

TEST_CASE("a launch of a service has the labels that Docker Compose looks for", "[compose]") {
  const ProjectDirectory directory = shop();
  const Project project = Project::load(directory.trusted());
  const LaunchSpec spec = project.launch_spec("web", 2, "/run/contents");
  CHECK(spec.name == "shop-web-2");
  CHECK(spec.rootfs == dunnage::Rootfs::image("nginx:1"));
  CHECK(spec.argv == std::vector<std::string>{"nginx", "-g", "daemon off;"});
  CHECK(spec.entrypoint == std::vector<std::string>{});
  CHECK(spec.env == dunnage::Environment{{"A", "1"}, {"B", "two"}});
  CHECK(spec.network == dunnage::Network::Host);
  CHECK(spec.restart == dunnage::RestartPolicy{dunnage::RestartPolicy::Kind::Always, 0});
  CHECK(spec.stop_signal == 2);
  CHECK(spec.no_new_privileges);
  CHECK(spec.read_only_root);
  CHECK(spec.terminal);
  CHECK(spec.volumes_from == std::vector<dunnage::VolumesFrom>{{"the-db", true}});
  CHECK(spec.labels.at("tier") == "front");
  CHECK(spec.labels.at("com.docker.compose.project") == "shop");
  CHECK(spec.labels.at("com.docker.compose.service") == "web");
  CHECK(spec.labels.at("com.docker.compose.container-number") == "2");
  CHECK(spec.labels.at("com.docker.compose.oneoff") == "False");
  CHECK(spec.labels.at("com.docker.compose.config-hash") == project.config_hash("web"));
  CHECK(spec.labels.at("com.docker.compose.project.working_dir") == directory.path());
  CHECK(spec.labels.at("com.docker.compose.project.config_files") == directory.path() / "compose.yaml");
  CHECK(spec.labels.at("com.docker.compose.depends_on") == "cache:service_healthy:false,db:service_started:false");
}

TEST_CASE("a service without an image is refused when it is launched", "[compose]") {
  const ProjectDirectory directory{{{"compose.yaml", "services: {s: {build: .}}\n"}}};
  const Project project = Project::load(directory.trusted());
  CHECK_THROWS_WITH(project.launch_spec("s"), Catch::Contains("none is built here"));
}

TEST_CASE("a service can run on the host's programs, or on a directory", "[compose]") {
  const ProjectDirectory directory{{{"compose.yaml",
                                     "services: {a: {x-dunnage: {rootfs: host}, command: sh},"
                                     " b: {x-dunnage: {rootfs: ./root}, command: sh}}\n"}}};
  const Project project = Project::load(directory.trusted());
  CHECK(project.launch_spec("a").rootfs == dunnage::Rootfs::host());
  CHECK(project.launch_spec("b").rootfs == dunnage::Rootfs::directory(directory.path() / "root"));
}

TEST_CASE("a change of a config's content changes the hash of the services that use it, and of no other", "[compose]") {
  const auto load = [](const std::string& content) {
    dunnage::ProjectSource source;
    source.text = "name: n\nservices: {a: {image: i, configs: [c]}, b: {image: i}}\nconfigs: {c: {content: \"" +
                  content + "\"}}\n";
    return Project::load(source);
  };
  CHECK(load("x").config_hash("a") != load("y").config_hash("a"));
  CHECK(load("x").config_hash("b") == load("y").config_hash("b"));
}

TEST_CASE("what a service may use is said by its own keys or by deploy, as Docker Compose reads them", "[compose]") {
  const auto resources_of = [](const std::string& keys) {
    dunnage::ProjectSource source;
    source.text = "name: p\nservices: {s: {image: i, " + keys + "}}\n";
    const Project project = Project::load(source);
    CHECK(project.notes().empty());
    CHECK(project.launch_spec("s").resources == project.service("s").resources);
    return project.service("s").resources;
  };
  using dunnage::Resources;
  constexpr std::int64_t kMebibyte = 1 << 20;
  CHECK(resources_of("tty: true") == Resources{});
  CHECK(resources_of("mem_limit: 64m, memswap_limit: -1, mem_reservation: 32m, pids_limit: -1, cpus: 0.5, "
                     "cpu_shares: 512, cpuset: \"0,1\"") == Resources{.memory = 64 * kMebibyte,
                                                                      .memory_swap = dunnage::kUnlimited,
                                                                      .memory_reservation = 32 * kMebibyte,
                                                                      .pids = dunnage::kUnlimited,
                                                                      .cpus = 0.5,
                                                                      .cpu_shares = 512,
                                                                      .cpuset_cpus = "0,1"});
  CHECK(resources_of("cpu_quota: 5000, cpu_period: \"10000\", pids_limit: 0, mem_limit: 0") ==
        Resources{.cpu_quota = 5000, .cpu_period = 10000});
  CHECK(resources_of("blkio_config: {weight: 300, device_read_bps: [{path: /dev/sda, rate: 1mb}], "
                     "device_write_iops: [{path: /dev/sdb, rate: 10}]}") ==
        Resources{
            .blkio_weight = 300, .device_read_bps = {{"/dev/sda", 1048576}}, .device_write_iops = {{"/dev/sdb", 10}}});
  CHECK(resources_of(
            "deploy: {resources: {limits: {cpus: \"1.5\", memory: 64m, pids: 9}, reservations: {memory: 32m}}}") ==
        Resources{.memory = 64 * kMebibyte, .memory_reservation = 32 * kMebibyte, .pids = 9, .cpus = 1.5});
  CHECK(resources_of("mem_limit: 64m, memswap_limit: 96m, deploy: {resources: {limits: {memory: 64m}}}") ==
        Resources{.memory = 64 * kMebibyte, .memory_swap = 96 * kMebibyte});
}
