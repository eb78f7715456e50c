// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A source with a transaction, and containers that work on it.

#include "container/support.hpp"

#include <string>
#include <vector>

namespace dunnage::test {

/// "modified deep/file: content, time", and of what was renamed both halves.
[[nodiscard]] std::vector<std::string> halves_of(const std::vector<TransactionChange>& changes);
/// The same, with "renamed to <- from".
[[nodiscard]] std::vector<std::string> lines_of(const std::vector<TransactionChange>& changes);
/// "modified a: deleted", as the container did: as the source did.
[[nodiscard]] std::vector<std::string> lines_of(const std::vector<TransactionConflict>& conflicts);

/// A program for python3, which says what it does.
extern const char* const kTransactionTree;

class TransactionGround {
 public:
  TransactionGround() { ground_.directory().make("source"); }

  [[nodiscard]] const Ground& ground() const noexcept { return ground_; }
  [[nodiscard]] std::filesystem::path source() const { return ground_.path("source"); }
  [[nodiscard]] TransactionStore store() const { return TransactionStore::open(ground_.store_path()); }
  void write(const std::string& path, const std::string& text) const {
    ground_.directory().write("source/" + path, text);
  }
  [[nodiscard]] std::string read(const std::string& path) const { return ground_.directory().read("source/" + path); }
  /// Runs a script in `/app`, which is the transaction's; the source itself is `/source`, read-only.
  std::string run(const Transaction& transaction, const std::string& script) const;
  /// Runs kTransactionTree, with the source itself at /source, and with one the transaction's at /app.
  std::string tree(std::vector<std::string> words) const { return tree(std::move(words), nullptr); }
  std::string tree(std::vector<std::string> words, const Transaction& transaction) const {
    return tree(std::move(words), &transaction);
  }

 private:
  std::string tree(std::vector<std::string> words, const Transaction* transaction) const;

  Ground ground_;
};

}  // namespace dunnage::test
