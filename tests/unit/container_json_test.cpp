// SPDX-License-Identifier: Apache-2.0
#include "container/config.hpp"
#include "support/without_checksum.hpp"
#include "unit/container_support.hpp"
#include "volume/metadata.hpp"

#include <nlohmann/json.hpp>

#include <csignal>
#include <stdexcept>

using namespace dunnage;
using Json = nlohmann::json;

namespace {

ContainerInfo database() {
  ResolvedMount data;
  data.kind = MountKind::Volume;
  data.volume = "db-data";
  data.source = "/store/volumes/db-data/_data";
  data.target = "/data";
  ResolvedMount settings;
  settings.source = "/srv/conf";
  settings.target = "/etc/app";
  settings.read_only = true;
  settings.follow = Follow::Name;
  settings.on_loss.policy = LossPolicy::Repair;
  ResolvedMount scratch;
  scratch.kind = MountKind::Tmpfs;
  scratch.target = "/run";

  ResolvedMount tools;
  tools.kind = MountKind::Image;
  tools.image = "busybox:1";
  tools.image_id = "sha256:0123";
  tools.target = "/tools";
  tools.read_only = true;

  ContainerInfo info;
  info.id = std::string(64, 'a');
  info.name = "db";
  info.status = ContainerStatus::Running;
  info.pid = 4711;
  info.argv = {"postgres", "-D", "/data"};
  info.rootfs = "host";
  info.env = {{"HOME", "/root"}, {"PATH", "/bin"}};
  info.cwd = "/data";
  info.user = "5:6";
  info.hostname = "box";
  info.labels = {{"app", "shop"}};
  info.restart = {RestartPolicy::Kind::OnFailure, 5};
  info.restart_count = 2;
  info.mounts = MountPlan{{data, settings, scratch, tools}};
  info.stop_signal = SIGINT;
  info.created_at = std::chrono::system_clock::time_point{std::chrono::seconds{1'700'000'000}};
  info.started_at = info.created_at + std::chrono::milliseconds{250};
  info.log = "/store/containers/db/log";
  return info;
}

}  // namespace

TEST_CASE("a container is described in JSON with Docker's names", "[container][json]") {
  const Json json = Json::parse(to_json(database()));
  CHECK(json.at("Id") == std::string(64, 'a'));
  CHECK(json.at("Name") == "db");
  CHECK(json.at("Created") == "2023-11-14T22:13:20.000000000Z");
  CHECK(json.at("Path") == "postgres");
  CHECK(json.at("Args") == Json{"-D", "/data"});
  CHECK(json.at("Rootfs") == "host");
  CHECK(json.at("RestartCount") == 2);
  CHECK(json.at("LogPath") == "/store/containers/db/log");
  CHECK(json.at("HostConfig") ==
        Json::parse(R"({"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":5},"AutoRemove":false,
                        "SecurityOpt":["seccomp=builtin"]})"));
  CHECK(json.at("Config") == Json::parse(R"({
    "Hostname": "box", "User": "5:6", "Env": ["HOME=/root", "PATH=/bin"], "Cmd": ["postgres", "-D", "/data"],
    "WorkingDir": "/data", "Labels": {"app": "shop"}, "Tty": false, "StopSignal": "SIGINT"})"));
  CHECK(json.at("State") == Json::parse(R"({
    "Status": "running", "Running": true, "Paused": false, "Restarting": false, "OOMKilled": false,
    "Dead": false, "Pid": 4711,
    "ExitCode": 0, "Error": "", "StartedAt": "2023-11-14T22:13:20.250000000Z", "FinishedAt": "0001-01-01T00:00:00Z"})"));
}

TEST_CASE("the image of a container and what it wrote to it are described in JSON as Docker does",
          "[container][json]") {
  ContainerInfo info = database();
  CHECK_FALSE(Json::parse(to_json(info)).contains("GraphDriver"));
  info.image = "postgres:16";
  info.image_id = "sha256:1";
  info.changes = "/store/images/changes/a/upper";
  const Json json = Json::parse(to_json(info));
  CHECK(json.at("Image") == "sha256:1");
  CHECK(json.at("Config").at("Image") == "postgres:16");
  CHECK(json.at("GraphDriver") == Json::parse(R"({"Name": "overlay", "Data": {
    "UpperDir": "/store/images/changes/a/upper", "WorkDir": "/store/images/changes/a/work"}})"));
}

TEST_CASE("the mounts of a container are described in JSON as Docker does", "[container][json]") {
  CHECK(Json::parse(to_json(database())).at("Mounts") == Json::parse(R"([
    {"Type": "volume", "Name": "db-data", "Source": "/store/volumes/db-data/_data", "Destination": "/data",
     "Driver": "local", "Mode": "", "RW": true, "Propagation": ""},
    {"Type": "bind", "Name": "", "Source": "/srv/conf", "Destination": "/etc/app",
     "Driver": "", "Mode": "ro", "RW": false, "Propagation": "rprivate", "Follow": "name",
     "OnLoss": {"Policy": "repair", "Interval": 1000, "Timeout": 5000}},
    {"Type": "tmpfs", "Name": "", "Source": "", "Destination": "/run",
     "Driver": "", "Mode": "", "RW": true, "Propagation": ""},
    {"Type": "image", "Name": "busybox:1", "Source": "", "Destination": "/tools",
     "Driver": "", "Mode": "", "RW": false, "Propagation": "rprivate"}])"));
}

TEST_CASE("the exit code of a container in JSON is 128 + the signal that killed it", "[container][json]") {
  ContainerInfo info = database();
  info.status = ContainerStatus::Dead;
  info.exit = ExitStatus::signaled(SIGKILL, true);
  const Json state = Json::parse(to_json(info)).at("State");
  CHECK(state.at("ExitCode") == 137);
  CHECK(state.at("Error") == "");
  CHECK(state.at("Dead") == true);
  CHECK(state.at("Running") == false);
  info.exit = ExitStatus::exited(1).with_cause("a mount lost its source");
  CHECK(Json::parse(to_json(info)).at("State").at("Error") == "a mount lost its source");
  CHECK(info.exit->to_string() == "exited with 1: a mount lost its source");
}

TEST_CASE("a container that is paused or waits for its next start runs, to Docker", "[container][json]") {
  ContainerInfo info = database();
  info.status = ContainerStatus::Paused;
  CHECK(Json::parse(to_json(info)).at("State").at("Running") == true);
  CHECK(Json::parse(to_json(info)).at("State").at("Paused") == true);
  info.status = ContainerStatus::Restarting;
  CHECK(Json::parse(to_json(info)).at("State").at("Running") == true);
  CHECK(Json::parse(to_json(info)).at("State").at("Restarting") == true);
}

TEST_CASE("texts of a container that are not Unicode do not spoil its JSON", "[container][json]") {
  ContainerInfo info = database();
  info.argv = {"echo", "\xff"};
  info.labels = {{"\xfe", "x"}};
  CHECK(Json::parse(to_json(info)).at("Args").at(0).at("Base16") == "ff");
}

TEST_CASE("the configuration of a container survives its way through config.json", "[container][record]") {
  container::Config config = test::RecordStore::config_of("db");
  config.argv = {"printf", "a\nb \xff", ""};
  config.env = {{"A", "1=2"}, {"B", "\xfe"}};
  config.cwd = "/w";
  config.user = "5:6";
  config.groups = {7, 4294967294};
  config.hostname = "box";
  config.labels = {{"a.b/c", "ä"}, {"\xfe", ""}};
  config.restart = {RestartPolicy::Kind::OnFailure, 3};
  config.mounts = database().mounts;
  config.anonymous_volumes = {"abc", "def"};
  config.terminal = true;
  config.remove_on_exit = true;
  config.detached = true;
  config.stop_signal = SIGQUIT;
  config.image = "app:1";
  config.image_id = "sha256:2";
  config.capabilities = UINT64_MAX;
  config.no_new_privileges = false;
  const container::Config back = container::decode_config(container::encode_config(config));
  CHECK(back.id == config.id);
  CHECK(back.name == config.name);
  CHECK(back.argv == config.argv);
  CHECK(back.rootfs == config.rootfs);
  CHECK(back.env == config.env);
  CHECK(back.cwd == config.cwd);
  CHECK(back.user == config.user);
  CHECK(back.groups == config.groups);
  CHECK(back.hostname == config.hostname);
  CHECK(back.labels == config.labels);
  CHECK(back.restart == config.restart);
  CHECK(back.mounts == config.mounts);
  CHECK(back.anonymous_volumes == config.anonymous_volumes);
  CHECK(back.terminal);
  CHECK(back.remove_on_exit);
  CHECK(back.detached);
  CHECK(back.stop_signal == SIGQUIT);
  CHECK(back.image == "app:1");
  CHECK(back.image_id == "sha256:2");
  CHECK(back.created_at == config.created_at);
  CHECK(back.capabilities == config.capabilities);
  CHECK_FALSE(back.no_new_privileges);
}

TEST_CASE("a seccomp profile comes back from its record as it was read, and is shown as Docker takes it",
          "[container][record][seccomp]") {
  const std::string text = "{\"defaultAction\": \"\xfe\"}";
  for (const auto& [profile, shown] :
       {std::pair{Seccomp::standard(), std::string{"seccomp=builtin"}},
        std::pair{Seccomp::unconfined(), std::string{"seccomp=unconfined"}},
        std::pair{Seccomp::json("{}"), std::string{"seccomp={}"}}, std::pair{Seccomp::json(text), std::string{}},
        std::pair{Seccomp::file("/etc/p.json").with_text(text), std::string{"seccomp=/etc/p.json"}}}) {
    container::Config config = test::RecordStore::config_of("db");
    config.seccomp = profile;
    CHECK(container::decode_config(container::encode_config(config)).seccomp == profile);
    ContainerInfo info = database();
    info.seccomp = profile;
    if (!shown.empty()) {
      CHECK(Json::parse(to_json(info)).at("HostConfig").at("SecurityOpt") == Json{shown});
    }
  }
}

TEST_CASE("a config.json that is none is refused whatever is wrong with it", "[container][record]") {
  const std::string good = test::without_checksum(container::encode_config(test::RecordStore::config_of("db")));
  REQUIRE_NOTHROW(container::decode_config(good));
  std::vector<std::string> bad{"", "{}", "[]", "null", "\xff", good.substr(0, good.size() / 2)};
  const std::vector<std::pair<std::string, std::string>> changes{{"\"Format\": 1", "\"Format\": 2"},
                                                                 {"\"StopSignal\": 15", "\"StopSignal\": -1"},
                                                                 {"\"Restart\": \"no\"", "\"Restart\": \"maybe\""},
                                                                 {"\"Argv\": [", "\"Argw\": ["},
                                                                 {"\"Terminal\": false", "\"Terminal\": 0"},
                                                                 {"\"Seccomp\": \"default\"", "\"Seccomp\": \"none\""},
                                                                 {"\"Seccomp\": \"default\"", "\"Seccomp\": {}"}};
  for (const auto& [from, to] : changes) {
    std::string text = good;
    REQUIRE(text.find(from) != std::string::npos);
    bad.push_back(text.replace(text.find(from), from.size(), to));
  }
  for (const std::string& text : bad) {
    INFO(text);
    CHECK_THROWS_AS(container::decode_config(text), std::invalid_argument);
  }
}

TEST_CASE("any damaged byte of a container's configuration is noticed", "[container][record]") {
  const std::string whole = container::encode_config(test::RecordStore::config_of("db"));
  for (std::size_t index = 0; index < whole.size(); ++index) {
    CAPTURE(index);
    std::string text = whole;
    for (const char bit : {'\x01', '\x20'}) {
      text[index] = static_cast<char>(whole[index] ^ bit);
      CHECK_THROWS_AS(container::decode_config(text), std::invalid_argument);
    }
    CHECK_THROWS_AS(container::decode_config(whole.substr(0, index)), std::invalid_argument);
  }
  CHECK_THROWS_AS(container::decode_config(whole + " "), std::invalid_argument);
  const container::Config before = container::decode_config(test::without_checksum(whole));
  CHECK(container::encode_config(before) == whole);  // what earlier versions wrote is read
}

TEST_CASE("what the launcher writes of a container's state is understood, and nothing else", "[container][record]") {
  const auto exited = container::decode_state(test::kExitedState);
  REQUIRE(exited);
  CHECK(exited->status == ContainerStatus::Exited);
  CHECK(exited->exit == ExitStatus::exited(7));
  CHECK(exited->restart_count == 2);
  CHECK(exited->finished_at.time_since_epoch() == std::chrono::seconds{3});
  const auto running = container::decode_state(test::kRunningState);
  REQUIRE(running);
  CHECK_FALSE(running->exit);
  const auto killed = container::decode_state(
      R"({"status":"exited","exit_code":0,"signal":9,"started_at":1,"finished_at":3,"restart_count":0})");
  REQUIRE(killed);
  CHECK(killed->exit == ExitStatus::signaled(9));
  for (const char* text : {"", "{}", R"({"status":"exited"})", "{\"status\":\"gone\"}"}) {
    CHECK_FALSE(container::decode_state(text));
  }
  const std::string whole = volume::with_checksum(test::kExitedState.substr(1));
  REQUIRE(container::decode_state(whole));
  for (std::size_t index = 0; index < whole.size(); ++index) {
    CAPTURE(index);
    std::string text = whole;
    text[index] = static_cast<char>(whole[index] ^ 0x01);
    CHECK_FALSE(container::decode_state(text));
    CHECK_FALSE(container::decode_state(whole.substr(0, index)));
  }
}
