// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A PostgreSQL server in a container, as postgres_volume and postgres_image run it: from this machine's packages or
/// from an image.

#include "example.hpp"

#include <dunnage/dunnage.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

namespace example {

constexpr auto kData = "/var/lib/postgresql/data";
constexpr std::size_t kRowsBeforeTheCrash = 1000;

/// A running server. What it logs is kept, to see the recovery in it.
class PostgresServer {
 public:
  /// \param launch how the server is started; \param bin where its programs are in the container, "" for its PATH;
  /// \param socket the directory where server and client meet
  PostgresServer(dunnage::LaunchSpec launch, std::filesystem::path bin, std::string socket)
      : bin_{std::move(bin)},
        socket_{std::move(socket)},
        log_{std::make_unique<std::string>()},
        container_{dunnage::Container::launch(logging_to(*log_, std::move(launch)))} {
    using namespace std::chrono_literals;
    for (int attempt = 0; attempt < 1200; ++attempt) {
      const auto ready = container_.exec({.argv = {program("pg_isready"), "-q", "-h", socket_}});
      if (ready.wait().success()) return;
      std::this_thread::sleep_for(50ms);
    }
    throw std::runtime_error{"PostgreSQL does not get ready: " + *log_};
  }

  [[nodiscard]] const dunnage::Container& container() const { return container_; }

  /// A psql in the server's container. `script` says in words of sh where its statements come from.
  [[nodiscard]] dunnage::Process psql(const std::string& script) const {
    const std::string client = program("psql") + " -X -q -A -t -v ON_ERROR_STOP=1 -U postgres -h " + socket_;
    return container_.exec({
        .argv = {"sh", "-c", script + " | " + client},
        .env = {{"LC_ALL", "C"}},
        .out = dunnage::Stdio::pipe(),
        .err = dunnage::Stdio::null(),
    });
  }

  /// Runs statements and returns their result.
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

  /// Stops the server and returns its whole log.
  [[nodiscard]] static std::string stop(PostgresServer server) {
    const auto status = server.container_.stop(std::chrono::seconds{30});
    if (!status.success()) throw std::runtime_error{"the server " + status.to_string()};
    std::string* const log = server.log_.get();
    { const dunnage::Container ended = std::move(server.container_); }  // its callbacks have returned now
    return *log;
  }

 private:
  static dunnage::LaunchSpec logging_to(std::string& log, dunnage::LaunchSpec launch) {
    launch.out = dunnage::Stdio::null();
    launch.err = dunnage::Stdio::callback([&log](std::string_view bytes) { log += bytes; });
    return launch;
  }

  [[nodiscard]] std::string program(const std::string& name) const { return (bin_ / name).string(); }

  std::filesystem::path bin_;
  std::string socket_;
  std::unique_ptr<std::string> log_;
  dunnage::Container container_;
};

/// The numbers in complete lines: a line that was cut off by the crash is no acknowledgement.
inline std::set<long> numbers_in(const std::string& text) {
  std::set<long> numbers;
  std::istringstream lines{text.substr(0, text.rfind('\n') + 1)};
  for (long number = 0; lines >> number;) numbers.insert(number);
  return numbers;
}

/// Inserts row after row through one psql session. It prints the id of each when the server has acknowledged it; when
/// enough are, the container is killed, while psql goes on inserting. Returns the acknowledged ids.
inline std::set<long> insert_until_crash(const PostgresServer& server) {
  (void)server.query("CREATE TABLE entries (id bigserial PRIMARY KEY, note text NOT NULL);");
  say("inserting rows, one transaction each");
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
  check(server.container().wait().signal() == SIGKILL, "the container was killed in the middle of it");
  return numbers_in(text);
}

/// Every row whose insertion was acknowledged is there, after a recovery.
inline void check_rows(PostgresServer server, const std::set<long>& acknowledged) {
  const auto found = numbers_in(server.query("SELECT id FROM entries ORDER BY id;"));
  std::cout << "acknowledged rows: " << acknowledged.size() << ", found rows: " << found.size()
            << ", last acknowledged id: " << *acknowledged.rbegin() << ", last found id: " << *found.rbegin() << '\n';
  check(std::includes(found.begin(), found.end(), acknowledged.begin(), acknowledged.end()),
        "every acknowledged row is there");
  const std::string log = PostgresServer::stop(std::move(server));
  check(log.find("automatic recovery in progress") != std::string::npos, "PostgreSQL has recovered from the crash");
}

}  // namespace example
