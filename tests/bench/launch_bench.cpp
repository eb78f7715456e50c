// SPDX-License-Identifier: Apache-2.0
// What a launch costs: from the call to the end of a program that ends at once, beside the least the kernel can do and
// beside what people use today. One run, rounds in which every row is measured once in an order of chance; a ratio is
// the median of the ratios within the rounds, so that a busy machine slows both. Run it as root; run.sh does all.

#include "bench/launch/report.hpp"
#include "bench/launch/residency.hpp"
#include "bench/launch/rounds.hpp"
#include "bench/launch/row.hpp"
#include "bench/launch/stage.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace dunnage::bench;

struct Options {
  bool quick = false;
  bool peers = true;
  std::string json{};
  std::string only{};               ///< one session
  std::vector<std::string> rows{};  ///< a row's name holds one of them; empty: all rows
};

[[noreturn]] void usage(int code) {
  std::fputs(
      "usage: launch_bench [--quick] [--no-peers] [--json FILE] [--only launch|engines|hosts|threads|memory] "
      "[--rows TEXT]...\n",
      code == 0 ? stdout : stderr);
  std::exit(code);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int index = 1; index < argc; ++index) {
    const std::string_view word = argv[index];
    const auto text = [&]() -> std::string { return index + 1 < argc ? argv[++index] : (usage(2), ""); };
    if (word == "--quick") {
      options.quick = true;
    } else if (word == "--no-peers") {
      options.peers = false;
    } else if (word == "--json") {
      options.json = text();
    } else if (word == "--only") {
      options.only = text();
    } else if (word == "--rows") {
      options.rows.push_back(text());
    } else {
      usage(word == "--help" ? 0 : 2);
    }
  }
  return options;
}

std::vector<Session> make_sessions(const Options& options, const Stage& stage) {
  const bool quick = options.quick;
  std::vector<Session> sessions;
  Session launch{"launch", "Launch, start to end of a static `true`", quick ? 12U : 60U, quick ? 8U : 40U};
  add_floor_rows(launch.rows, stage);
  add_our_rows(launch.rows, stage);
  if (options.peers) {
    add_peer_rows(launch.rows, stage);
  }
  sessions.push_back(std::move(launch));
  if (options.peers) {
    Session engines{"engines", "Beside programs that take longer", quick ? 4U : 15U, quick ? 4U : 20U};
    add_engine_rows(engines.rows, stage);
    sessions.push_back(std::move(engines));
  }
  Session hosts{"hosts", "In hosts that have much", quick ? 20U : 100U};
  add_host_rows(hosts.rows, stage);
  sessions.push_back(std::move(hosts));
  Session threads{"threads", "Launches by several threads at once, milliseconds for each", quick ? 3U : 11U};
  add_thread_rows(threads.rows, stage);
  sessions.push_back(std::move(threads));
  return sessions;
}

void leave_out_rows(Session& session, const std::vector<std::string>& wanted) {
  const auto unwanted = [&](const Row& row) {
    return std::ranges::none_of(wanted, [&](const std::string& text) { return row.name.find(text) != row.name.npos; });
  };
  if (!wanted.empty()) {
    std::erase_if(session.rows, unwanted);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  try {
    const Stage stage;
    Report report;
    report.load_before = load_now();
    for (Session& session : make_sessions(options, stage)) {
      if (options.only.empty() || options.only == session.name) {
        leave_out_rows(session, options.rows);
        measure(session);
        report.sessions.push_back(std::move(session));
      }
    }
    if (options.only.empty() || options.only == "memory") {
      report.residency = measure_residency(stage, 1000);
    }
    report.load_after = load_now();
    print_markdown(report);
    if (!options.json.empty()) {
      write_json(report, options.json);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "launch_bench: %s\n", error.what());
    return 1;
  }
}
