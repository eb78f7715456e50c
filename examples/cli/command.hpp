// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The commands. Each function adds one to the parser and sets Session::action when the user has chosen it.

#include "session.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cli {

void add_run(CLI::App& parent, Session& session);
void add_plan(CLI::App& parent, Session& session);
void add_exec(CLI::App& parent, Session& session);
void add_ps(CLI::App& parent, Session& session);
void add_inspect(CLI::App& parent, Session& session);
void add_logs(CLI::App& parent, Session& session);
void add_lifecycle(CLI::App& parent, Session& session);  // start, restart, stop, kill, pause, unpause, wait
void add_rm(CLI::App& parent, Session& session);
void add_cp(CLI::App& parent, Session& session);
void add_diff(CLI::App& parent, Session& session);
void add_explain(CLI::App& parent, Session& session);
void add_volume(CLI::App& parent, Session& session);
void add_volume_history(CLI::App& parent, Session& session);  // below volume: snapshot, clone
void add_transaction(CLI::App& parent, Session& session);
void add_image(CLI::App& parent, Session& session);
void add_spec(CLI::App& parent, Session& session);
void add_compose(CLI::App& parent, Session& session);
void add_stats(CLI::App& parent, Session& session);
void add_update(CLI::App& parent, Session& session);
void add_live_mounts(CLI::App& parent, Session& session);  // attach, detach, replace
void add_store(CLI::App& parent, Session& session);
void add_support(CLI::App& parent, Session& session);

void add_volume_moves(CLI::App& volume, Session& session);  // export, import, rename, cp, adopt

// The verbs of image.
void add_image_pull(CLI::App& parent, Session& session);
void add_image_load(CLI::App& parent, Session& session);
void add_image_import(CLI::App& parent, Session& session);
void add_image_ls(CLI::App& parent, Session& session, const std::string& name);
void add_image_rm(CLI::App& parent, Session& session, const std::string& name);
void add_image_prune(CLI::App& parent, Session& session);

/// A subcommand with the options every command has.
CLI::App& add_command(CLI::App& parent, Session& session, const std::string& name, const std::string& description);

/// An option that may be given any number of times and takes one value each time, as it stands.
CLI::Option* add_repeated(CLI::App& app, const std::string& names, std::vector<std::string>& values,
                          const std::string& description);

/// The names a command is about; at least one.
CLI::Option* add_names(CLI::App& app, std::vector<std::string>& names, const std::string& description);

/// `--format table|json`.
void add_format(CLI::App& app, bool& json);

/// Lets `command` set `session.action` to `act(*options)`.
template <typename Options, typename Act>
void on_chosen(CLI::App& command, Session& session, std::shared_ptr<Options> options, Act act,
               int failure_code = kFailure) {
  command.callback([&session, options = std::move(options), act = std::move(act), failure_code] {
    session.failure_code = failure_code;
    session.action = [options, act] { return act(*options); };
  });
}

}  // namespace cli
