// SPDX-License-Identifier: Apache-2.0

// transaction begin, ls, changes, conflicts, apply, discard.

#include "command.hpp"
#include "json.hpp"
#include "moment.hpp"
#include "progress_line.hpp"
#include "table.hpp"

#include <dunnage/transaction.hpp>

#include <iostream>

namespace cli {
namespace {

struct TransactionFlags {
  std::string name{};
  std::string source{};
  std::vector<std::string> names{};
  std::vector<std::string> include{};
  std::vector<std::string> exclude{};
  bool quiet = false;
  bool json = false;
  bool overwrite = false;
};

using TransactionVerb = int (*)(const TransactionFlags&, const Session&);

dunnage::TransactionStore transactions(const Session& session) {
  return dunnage::TransactionStore::open(session.store_root());
}

int begin_transaction(const TransactionFlags& flags, const Session& session) {
  ProgressLine progress{flags.quiet};
  const auto begun = transactions(session).begin(flags.source, flags.name, progress.watch());
  progress.clear();
  std::cout << begun.name() << '\n';
  return 0;
}

int list_transactions(const TransactionFlags& flags, const Session& session) {
  Table table{{"TRANSACTION", "SOURCE", "CREATED", "IN USE"}};
  for (const auto& transaction : transactions(session).list()) {
    if (flags.quiet) {
      std::cout << transaction.name << '\n';
    } else if (flags.json) {
      std::cout << one_line(Json::parse(to_json(transaction))) << '\n';
    } else {
      table.add({transaction.name, transaction.source.string(), age(transaction.created_at),
                 transaction.in_use ? "yes" : "no"});
    }
  }
  if (!flags.quiet && !flags.json) std::cout << table;
  return 0;
}

void print_change(const dunnage::TransactionChange& change) {
  std::cout << to_string(change.kind) << ' ' << change.path;
  if (!change.from.empty()) std::cout << " <- " << change.from;
  for (const auto& word : change.what) std::cout << (&word == change.what.data() ? "  " : ", ") << word;
  std::cout << '\n';
}

template <typename Values>
void print_json(const Values& values) {
  std::vector<std::string> objects;
  for (const auto& value : values) objects.push_back(to_json(value));
  std::cout << pretty_array(objects) << '\n';
}

int list_changes(const TransactionFlags& flags, const Session& session) {
  ProgressLine progress{flags.quiet};
  const auto changes = transactions(session).get(flags.name).changes(progress.watch());
  progress.clear();
  if (flags.json) {
    print_json(changes);
  } else {
    for (const auto& change : changes) print_change(change);
  }
  return 0;
}

/// 1: there are some.
int list_conflicts(const TransactionFlags& flags, const Session& session) {
  ProgressLine progress{flags.quiet};
  const auto conflicts = transactions(session).get(flags.name).conflicts(progress.watch());
  progress.clear();
  if (flags.json) {
    print_json(conflicts);
  } else {
    for (const auto& conflict : conflicts) {
      std::cout << conflict.path << "  " << to_string(conflict.change) << ", in the source "
                << to_string(conflict.source) << '\n';
    }
  }
  return conflicts.empty() ? 0 : 1;
}

int apply_transaction(const TransactionFlags& flags, const Session& session) {
  ProgressLine progress{flags.quiet};
  const auto applied = transactions(session)
                           .get(flags.name)
                           .apply({.filter = {.include = flags.include, .exclude = flags.exclude},
                                   .overwrite = flags.overwrite,
                                   .watch = progress.watch()});
  progress.clear();
  for (const auto& change : applied.changes) print_change(change);
  for (const auto& path : applied.came_along) complain("\"" + path + "\" came along, as others need it");
  return 0;
}

int discard_transactions(const TransactionFlags& flags, const Session& session) {
  const auto store = transactions(session);
  return for_each_name(flags.names, [&](const std::string& name) {
    store.get(name).discard();
    std::cout << name << std::endl;
  });
}

std::pair<CLI::App*, std::shared_ptr<TransactionFlags>> add_transaction_verb(CLI::App& parent, Session& session,
                                                                             const std::string& name,
                                                                             const std::string& description,
                                                                             TransactionVerb verb) {
  CLI::App& command = add_command(parent, session, name, description);
  auto flags = std::make_shared<TransactionFlags>();
  on_chosen(command, session, flags,
            [&session, verb](const TransactionFlags& chosen) { return verb(chosen, session); });
  command.add_flag("-q,--quiet", flags->quiet, "Show no progress; of ls, names only");
  return {&command, flags};
}

void add_name(CLI::App& command, TransactionFlags& flags) {
  command.add_option("TRANSACTION", flags.name, "The transaction")->required()->type_name("");
}

}  // namespace

void add_transaction(CLI::App& parent, Session& session) {
  CLI::App& group = add_command(parent, session, "transaction",
                                "Directories whose changes wait: begin, ls, changes, conflicts, apply, discard");
  group.require_subcommand(1);
  const auto [begin, begin_flags] = add_transaction_verb(
      group, session, "begin", "Begin one; --mount type=bind,transaction=NAME,... uses it", begin_transaction);
  begin->add_option("SOURCE", begin_flags->source, "A directory of the host")->required()->type_name("");
  add_name(*begin, *begin_flags);
  const auto [ls, ls_flags] = add_transaction_verb(group, session, "ls", "List transactions", list_transactions);
  add_format(*ls, ls_flags->json);
  const auto [changes, changes_flags] =
      add_transaction_verb(group, session, "changes", "List what has changed", list_changes);
  add_name(*changes, *changes_flags);
  add_format(*changes, changes_flags->json);
  const auto [conflicts, conflicts_flags] =
      add_transaction_verb(group, session, "conflicts",
                           "List what the source has changed, too; exits with 1 if there is any", list_conflicts);
  add_name(*conflicts, *conflicts_flags);
  add_format(*conflicts, conflicts_flags->json);
  const auto [apply, flags] = add_transaction_verb(
      group, session, "apply", "Take changes over into the source, and list them", apply_transaction);
  add_name(*apply, *flags);
  add_repeated(*apply, "--include", flags->include, "Only what this pattern means: src, **/*.c");
  add_repeated(*apply, "--exclude", flags->exclude, "Not what this pattern means");
  apply->add_flag("--overwrite", flags->overwrite, "Also what the source has changed meanwhile");
  const auto [discard, discard_flags] =
      add_transaction_verb(group, session, "discard", "Throw transactions away", discard_transactions);
  add_names(*discard, discard_flags->names, "Transactions");
}

}  // namespace cli
