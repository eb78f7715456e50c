// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// One kind of launch, and what was measured of it. To add one, add a line to floor_rows.cpp, our_rows.cpp,
/// peer_rows.cpp, engine_rows.cpp or host_rows.cpp.

#include "bench/launch/stage.hpp"
#include "bench/launch/worker.hpp"
#include "bench/statistics.hpp"

#include <functional>
#include <string>
#include <vector>

namespace dunnage::bench {

struct Row {
  std::string name;
  std::string floor{};  ///< the row that does the same at the least cost
  std::string ours{};   ///< ours that does the same
  std::function<Launch()> make{};
  Pace hot{};
  bool cold = false;     ///< is measured after idleness, too
  bool program = false;  ///< a program of its own is started, whose memory is of interest

  std::string trouble{};  ///< why it could not be measured
  Series hot_series{};    ///< milliseconds
  Series cold_series{};
  long peak_kib = 0;  ///< of a program
};

/// Rows that take turns.
struct Session {
  std::string name;
  std::string title;
  unsigned rounds = 0;
  unsigned cold_rounds = 0;
  std::vector<Row> rows{};
};

inline const std::vector<unsigned> kBinds{0, 1, 10, 100, 1000};
/// Ours as it is by default. All other rows of ours have no seccomp filter, as the floors and peers have none.
inline constexpr const char* kFiltered = "dunnage, 0 binds, default seccomp filter";
/// LaunchTemplate::keep_ready() before what is timed.
inline constexpr const char* kKeptReady = "dunnage from a template, networks kept ready";

/// Ours with limits of memory and processes, which are these.
inline constexpr const char* kLimited = "dunnage, 0 binds, cgroup limits";
inline constexpr unsigned long kLimitedMemory = 64UL << 20U;
inline constexpr unsigned long kLimitedPids = 100;

/// "dunnage, 10 binds, host's network" and the like.
[[nodiscard]] std::string row_name(const std::string& who, unsigned binds, bool network = true);
/// Many binds take long; so many launches do then.
[[nodiscard]] Pace pace_of(unsigned binds);

/// The floors of every number of binds, and the rows beside which ours are read.
void add_floor_rows(std::vector<Row>& rows, const Stage& stage);
void add_our_rows(std::vector<Row>& rows, const Stage& stage);
/// Programs: crun, runc, bubblewrap, lxc.
void add_peer_rows(std::vector<Row>& rows, const Stage& stage);
/// Podman, Docker, systemd-nspawn, with ours and the floor beside them.
void add_engine_rows(std::vector<Row>& rows, const Stage& stage);
/// Ours in hosts that have much.
void add_host_rows(std::vector<Row>& rows, const Stage& stage);
/// Ours and the floor by 1, 2, 4 and 8 threads.
void add_thread_rows(std::vector<Row>& rows, const Stage& stage);

}  // namespace dunnage::bench
