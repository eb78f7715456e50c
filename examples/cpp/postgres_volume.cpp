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

#include "example.hpp"

#include <dunnage/dunnage.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <set>
#include <sstream>
#include <thread>

using namespace dunnage::literals;
using namespace std::chrono_literals;
using example::check;
using example::say;
namespace fs = std::filesystem;

namespace {

constexpr auto kData = "/var/lib/postgresql/data";
constexpr auto kSocket = "/run/postgresql";  // where server and client meet, on a tmpfs
// PostgreSQL refuses to run as root, and wants a user that /etc/passwd knows: nobody.
constexpr auto kUser = "65534:65534";
constexpr std::size_t kRowsBeforeTheCrash = 1000;

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

// A running server. What it logs is kept, to see the recovery in it.
class Server {
 public:
  Server(const fs::path& bin, const dunnage::Volume& data)
      : bin_{bin},
        log_{std::make_unique<std::string>()},
        container_{dunnage::Container::launch({
            .argv = {bin / "postgres", "-D", kData, "-k", kSocket, "-c", "listen_addresses="},
            .mounts = storage(data),
            .env = {{"LC_ALL", "C"}},
            .user = kUser,
            .out = dunnage::Stdio::null(),
            .err = dunnage::Stdio::callback([log = log_.get()](std::string_view bytes) { *log += bytes; }),
            .stop_signal = SIGINT,  // PostgreSQL's "fast shutdown"
        })} {
    for (int attempt = 0; attempt < 600; ++attempt) {
      const auto ready = container_.exec({.argv = {bin_ / "pg_isready", "-q", "-h", kSocket}});
      if (ready.wait().success()) return;
      std::this_thread::sleep_for(50ms);
    }
    throw std::runtime_error{"PostgreSQL does not get ready: " + *log_};
  }

  [[nodiscard]] const dunnage::Container& container() const { return container_; }

  // A psql in the server's container. `script` says in words of sh where its statements come from.
  [[nodiscard]] dunnage::Process psql(const std::string& script) const {
    const std::string client = (bin_ / "psql").string() + " -X -q -A -t -v ON_ERROR_STOP=1 -U postgres -h " + kSocket;
    return container_.exec({
        .argv = {"sh", "-c", script + " | " + client},
        .env = {{"LC_ALL", "C"}},
        .out = dunnage::Stdio::pipe(),
        .err = dunnage::Stdio::null(),
    });
  }

  // Runs statements and returns their result.
  [[nodiscard]] std::string query(const std::string& statements) const {
    const auto process = psql("echo '" + statements + "'");
    std::string text;
    std::array<char, 65536> buffer{};
    for (ssize_t count; (count = read(process.stdout_fd(), buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    if (!process.wait().success()) throw std::runtime_error{"psql has failed: " + statements};
    return text;
  }

  // Stops the server and returns its whole log.
  [[nodiscard]] static std::string stop(Server server) {
    const auto status = server.container_.stop(30s);
    if (!status.success()) throw std::runtime_error{"the server " + status.to_string()};
    std::string* const log = server.log_.get();
    { const dunnage::Container ended = std::move(server.container_); }  // its callbacks have returned now
    return *log;
  }

 private:
  fs::path bin_;
  std::unique_ptr<std::string> log_;
  dunnage::Container container_;
};

// The numbers in complete lines: a line that was cut off by the crash is no acknowledgement.
std::set<long> numbers_in(const std::string& text) {
  std::set<long> numbers;
  std::istringstream lines{text.substr(0, text.rfind('\n') + 1)};
  for (long number = 0; lines >> number;) numbers.insert(number);
  return numbers;
}

// Inserts row after row through one psql session. It prints the id of each when the server has acknowledged it; when
// enough are, the container is killed, while psql goes on inserting. Returns the acknowledged ids.
std::set<long> insert_until_crash(const Server& server) {
  const auto session = server.psql("yes \"INSERT INTO entries (note) VALUES ('cargo') RETURNING id;\"");
  std::string text;
  bool killed = false;
  std::array<char, 4096> buffer{};
  for (ssize_t count; (count = read(session.stdout_fd(), buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
    const auto rows = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    if (!killed && rows >= kRowsBeforeTheCrash) {
      server.container().kill(SIGKILL);
      killed = true;
    }
  }
  if (!killed) throw std::runtime_error{"psql has ended early, having printed " + text};
  return numbers_in(text);
}

// One life of the database, ended by SIGKILL in the middle of its work.
std::set<long> first_life(const fs::path& bin, const dunnage::Volume& data) {
  const Server server{bin, data};
  (void)server.query("CREATE TABLE entries (id bigserial PRIMARY KEY, note text NOT NULL);");
  say("inserting rows, one transaction each");
  auto acknowledged = insert_until_crash(server);
  const auto status = server.container().wait();
  check(status.signal() == SIGKILL, "the container was killed in the middle of it");
  return acknowledged;
}  // and is removed

void second_life(const fs::path& bin, const dunnage::Volume& data, const std::set<long>& acknowledged) {
  Server server{bin, data};
  const auto found = numbers_in(server.query("SELECT id FROM entries ORDER BY id;"));
  std::cout << "acknowledged rows: " << acknowledged.size() << ", found rows: " << found.size()
            << ", last acknowledged id: " << *acknowledged.rbegin() << ", last found id: " << *found.rbegin() << '\n';
  check(std::includes(found.begin(), found.end(), acknowledged.begin(), acknowledged.end()),
        "every acknowledged row is there");
  const std::string log = Server::stop(std::move(server));
  check(log.find("automatic recovery in progress") != std::string::npos, "PostgreSQL has recovered from the crash");
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

  const auto acknowledged = first_life(bin, data);
  say("launching a new container with the volume");
  second_life(bin, data, acknowledged);

  store.remove("db-data");
  say("Every acknowledged row has outlived the container.");
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return example::show_in_store(argc, argv, run); }
