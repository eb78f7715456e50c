// SPDX-License-Identifier: Apache-2.0
#include "container/transaction_support.hpp"

#include <algorithm>

namespace dunnage::test {
namespace {

std::string line_of(std::string_view kind, const std::string& path, const std::vector<std::string>& what) {
  std::string line = std::string{kind} + ' ' + path;
  for (std::size_t index = 0; index < what.size(); ++index) line += (index == 0 ? ": " : ", ") + what[index];
  return line;
}

}  // namespace

std::vector<std::string> halves_of(const std::vector<TransactionChange>& changes) {
  std::vector<std::string> lines;
  for (const TransactionChange& change : changes) {
    if (change.kind == TransactionChange::Kind::Renamed) {
      lines.push_back("added " + change.path);
      lines.push_back("deleted " + change.from);
    } else {
      lines.push_back(line_of(to_string(change.kind), change.path, change.what));
    }
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::vector<std::string> lines_of(const std::vector<TransactionChange>& changes) {
  std::vector<std::string> lines;
  for (const TransactionChange& change : changes) {
    lines.push_back(line_of(to_string(change.kind),
                            change.from.empty() ? change.path : change.path + " <- " + change.from, change.what));
  }
  return lines;
}

std::vector<std::string> lines_of(const std::vector<TransactionConflict>& conflicts) {
  std::vector<std::string> lines;
  for (const TransactionConflict& conflict : conflicts) {
    lines.push_back(line_of(to_string(conflict.change), conflict.path, {std::string{to_string(conflict.source)}}));
  }
  return lines;
}

std::string TransactionGround::run(const Transaction& transaction, const std::string& script) const {
  return output_of(ground_.shell("set -e; cd /app; " + script, {transaction.at("/app", {.suid = true}),
                                                                BindMount{source(), "/source", {.read_only = true}}}));
}

std::string TransactionGround::tree(std::vector<std::string> words, const Transaction* transaction) const {
  std::vector<std::string> argv{"python3", "-c", kTransactionTree};
  argv.insert(argv.end(), words.begin(), words.end());
  MountSet mounts{BindMount{source(), "/source", {.suid = true}}};
  if (transaction != nullptr) mounts.add(transaction->at("/app", {.suid = true}));
  return output_of(ground_.program(std::move(argv), std::move(mounts)));
}

}  // namespace dunnage::test
