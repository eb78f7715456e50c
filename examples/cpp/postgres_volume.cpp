// SPDX-License-Identifier: Apache-2.0

// docker volume create db-data
// docker run -v db-data:/var/lib/postgresql/data postgres
//
// A real database with its data on a volume. While rows are inserted, one transaction each, the container is killed
// with SIGKILL and removed. A new container takes the volume: PostgreSQL recovers, and every row whose insertion was
// acknowledged is there.
//
// Uses this machine's PostgreSQL (/usr/lib/postgresql/*/bin); exits with 77 if there is none.
//
//     postgres_volume [STORE]

#include "postgres.hpp"

using namespace dunnage::literals;
using example::kData;
using example::say;
namespace fs = std::filesystem;

namespace {

constexpr auto kSocket = "/run/postgresql";  // where server and client meet, on a tmpfs
// PostgreSQL refuses to run as root, and wants a user that /etc/passwd knows: nobody.
constexpr auto kUser = "65534:65534";

// The newest PostgreSQL of this machine, or an empty path. /usr is the container's as well, read-only.
fs::path find_postgres() {
  fs::path newest;
  int newest_version = 0;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator{"/usr/lib/postgresql", none}) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version > newest_version && fs::exists(entry.path() / "bin/initdb")) {
      newest_version = version;
      newest = entry.path() / "bin";
    }
  }
  return newest;
}

dunnage::MountSet storage(const dunnage::Volume& data) {
  return dunnage::MountSet{data.at(kData), dunnage::Tmpfs{kSocket, {.size = 1_MiB}}};
}

// Runs one program to its end in a container with the volume, and returns what it printed.
std::string run_once(const dunnage::Volume& data, const std::string& user, std::vector<std::string> argv) {
  std::string text;
  dunnage::ExitStatus status = dunnage::ExitStatus::exited(0);
  {
    const auto collect = dunnage::Stdio::callback([&text](std::string_view bytes) { text += bytes; });
    auto container = dunnage::Container::launch({
        .argv = std::move(argv),
        .mounts = storage(data),
        .env = {{"LC_ALL", "C"}},
        .user = user,
        .out = collect,
        .err = collect,
    });
    status = container.wait();
  }
  if (!status.success()) throw std::runtime_error{"it " + status.to_string() + ": " + text};
  return text;
}

// A fresh volume belongs to the container's root. Root gives it to the database's user, if it is not that user's
// already: a user of the host who has only one id is seen in the container as whoever the container runs as.
void give_to_postgres(const dunnage::Volume& data) {
  const std::string owner = run_once(data, kUser, {"stat", "-c", "%u", kData});
  if (owner != "65534\n") (void)run_once(data, "root", {"chown", kUser, kData});
}

// The server on the volume.
example::PostgresServer start(const fs::path& bin, const dunnage::Volume& data) {
  return {{
              .argv = {bin / "postgres", "-D", kData, "-k", kSocket, "-c", "listen_addresses="},
              .mounts = storage(data),
              .env = {{"LC_ALL", "C"}},
              .user = kUser,
              .stop_signal = SIGINT,  // PostgreSQL's "fast shutdown"
          },
          bin,
          kSocket};
}

int run(dunnage::VolumeStore store) {
  const fs::path bin = find_postgres();
  if (bin.empty()) {
    say("skipped: this machine has no PostgreSQL in /usr/lib/postgresql");
    return 77;
  }
  say("making the database cluster of " + bin.parent_path().filename().string() + " on the volume db-data");
  const auto data = store.create("db-data");
  give_to_postgres(data);
  (void)run_once(data, kUser, {bin / "initdb", "-D", kData, "-U", "postgres", "-A", "trust", "--no-locale"});

  const auto acknowledged = [&] {
    const auto first = start(bin, data);
    return example::insert_until_crash(first);
  }();  // the container is removed here
  say("launching a new container with the volume");
  example::check_rows(start(bin, data), acknowledged);

  store.remove("db-data");
  say("Every acknowledged row has outlived the container.");
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return example::show_in_store(argc, argv, run); }
